//! Days, months and typed times are those of the viewer's clocks, in the drill-down, in charts and in
//! conditions.

use serde_json::json;

use super::forms::{as_it_is, open};
use super::lists::{nth_form, sift};
use super::page::{post, visit};
use crate::house::app::{Session, TestApp, on_each_app};

/// Orders around the first midnight of a year, as Berlin has it.
async fn orders(app: &TestApp) {
    let customer = json!({"name": "Cy", "email": "cy@example.org", "preferences": {},
        "id": "0198f4a2-0000-7000-8000-000000000001", "created_at": "2026-01-01T00:00:00Z"});
    let customer = app.make("customer", customer).await["id"].clone();
    for at in [
        "2025-12-31T22:59:59Z",
        "2025-12-31T23:00:00Z",
        "2025-12-31T23:43:00Z",
        "2026-01-31T22:00:00Z",
        "2026-01-31T23:30:00Z",
    ] {
        let order = json!({"customer_id": customer, "total": "1.00", "placed_at": at});
        app.make("order", order).await;
    }
}

/// Chooses the zone of a browser in Berlin.
pub(super) async fn in_berlin(session: &Session<'_>) {
    let choices = [
        ("language", "en"),
        ("theme", "system"),
        ("density", "compact"),
        ("zone", "Europe/Berlin"),
    ];
    let choices = choices.map(|(n, v)| (format!("quarterdeck_{n}"), v.to_owned()));
    let kept = post(session, "/admin/_preferences", &choices).await;
    assert_eq!(kept.status(), 303);
}

/// January 2026 in Berlin.
const JANUARY: &str = "placed_at__gte=2025-12-31T23:00:00Z&placed_at__lt=2026-01-31T23:00:00Z";

#[tokio::test]
async fn dates_are_walked_and_drawn_in_the_viewers_zone() {
    on_each_app("dates_are_walked_in_zone", as_it_is, async |app| {
        orders(app).await;
        let admin = app.login("admin").await;
        in_berlin(&admin).await;
        let years = open(&admin, "/admin/order?_by=placed_at").await;
        let drill = years.text_of("nav", "class", "drill").expect("the walk");
        assert!(
            drill.contains("2025 1") && drill.contains("2026 4"),
            "{drill}"
        );
        let year = years.link("2026").expect("a year");
        assert_eq!(open(&admin, &year).await.rows().len(), 4);
        let months = open(&admin, &year).await;
        let drill = months.text_of("nav", "class", "drill").expect("the walk");
        assert!(
            drill.contains("2026-01 3") && drill.contains("2026-02 1"),
            "{drill}"
        );
        let january = months.link("2026-01").expect("a month");
        assert!(january.contains(JANUARY), "{january}");
        let days = open(&admin, &january).await;
        assert_eq!(days.rows().len(), 3);
        let drill = days.text_of("nav", "class", "drill").expect("the walk");
        assert!(drill.contains("2026-01-01 2"), "{drill}");
        // The conditions say the days, and the request that is shown is the one that was made.
        let text = days.text();
        assert!(text.contains("Placed at is at least 2026-01-01"), "{text}");
        assert!(text.contains("Placed at is less than 2026-02-01"), "{text}");
        assert!(days.reply.text.contains("2025-12-31T23:00:00Z"), "{text}");

        let chart = open(
            &admin,
            "/admin/order/_chart?bucket=month(placed_at)&count=*",
        )
        .await;
        let text = chart.text();
        assert!(text.contains("2025-12 1 2026-01 3 2026-02 1"), "{text}");
        assert!(
            chart.reply.text.contains("zone=Europe%2FBerlin"),
            "the request"
        );
        let january = chart.link("2026-01").expect("a month");
        assert!(january.contains(JANUARY), "{january}");
        let hours = open(&admin, "/admin/order/_chart?bucket=hour(placed_at)&count=*").await;
        let text = hours.text();
        assert!(text.contains("2026-01-01 00:00 CET"), "{text}");

        let home = open(&admin, "/admin").await;
        let links = home.links();
        // Months begin and end an hour or two before UTC's.
        let mut months = links.iter().filter_map(|l| l.split_once("placed_at__gte="));
        let (_, month) = months.next().expect("a month");
        let (begin, end) = month.split_once("&placed_at__lt=").expect("its end");
        assert!(begin.contains("T2") && end.contains("T2"), "{month}");
        // Who has chosen no zone has UTC's days.
        let other = app.login("admin").await;
        let chart = open(
            &other,
            "/admin/order/_chart?bucket=month(placed_at)&count=*",
        )
        .await;
        assert!(
            chart.text().contains("2025-12 3 2026-01 2"),
            "{}",
            chart.text()
        );
    })
    .await;
}

#[tokio::test]
async fn typed_times_are_those_of_the_viewers_clocks() {
    on_each_app(
        "typed_times_are_those_of_the_clocks",
        as_it_is,
        async |app| {
            orders(app).await;
            let admin = app.login("admin").await;
            in_berlin(&admin).await;
            // The form of the list: a day, which it shows again as one.
            let list = open(&admin, "/admin/order").await;
            let form = nth_form(&list, 0);
            let form = form
                .with("placed_at__gte", "2026-01-01")
                .with("placed_at__lt", "2026-02-01");
            let (found, page) = sift(&admin, &form).await;
            assert_eq!(found, format!("/admin/order?{JANUARY}"));
            assert_eq!(page.rows().len(), 3);
            let form = nth_form(&page, 0);
            assert_eq!(form.value("placed_at__gte"), Some("2026-01-01"));
            assert_eq!(form.value("placed_at__lt"), Some("2026-02-01"));
            assert_eq!(sift(&admin, &form).await.0, found);
            // The builder: a local time, several, and two ends.
            for (op, typed, second, condition, words) in [
                (
                    "gte",
                    "2026-02-01 00:30",
                    "",
                    "placed_at__gte=2026-01-31T23:30:00Z",
                    "2026-02-01 00:30 CET",
                ),
                (
                    "eq",
                    "2026-02-01T00:30:00",
                    "",
                    "placed_at__eq=2026-01-31T23:30:00Z",
                    "2026-02-01 00:30 CET",
                ),
                (
                    "lt",
                    "2026-01-01",
                    "",
                    "placed_at__lt=2025-12-31T23:00:00Z",
                    "2026-01-01",
                ),
                (
                    "between",
                    "2026-01-01",
                    "2026-01-01 00:43",
                    "placed_at__between=2025-12-31T23:00:00Z,2025-12-31T23:43:00Z",
                    "2026-01-01 and 2026-01-01 00:43 CET",
                ),
                (
                    "in",
                    "2026-01-01, 2026-02-01 00:30",
                    "",
                    "placed_at__in=2025-12-31T23:00:00Z,2026-01-31T23:30:00Z",
                    "2026-01-01, 2026-02-01 00:30 CET",
                ),
                (
                    "gte",
                    "2026-01-01T00:00:00Z",
                    "",
                    "placed_at__gte=2026-01-01T00:00:00Z",
                    "2026-01-01 01:00 CET",
                ),
                // The clocks go from 02:00 to 03:00 that night.
                (
                    "gte",
                    "2026-03-29 02:30",
                    "",
                    "placed_at__gte=2026-03-29T01:00:00Z",
                    "2026-03-29 03:00 CEST",
                ),
            ] {
                let build = format!(
                    "/admin/order/_build?_rest=&_field=placed_at&_op={op}&_value={}&_second={}",
                    typed.replace(' ', "+"),
                    second.replace(' ', "+")
                );
                let made = visit(&admin, &build).await;
                assert_eq!(made.status(), 303, "{}", made.reply.text);
                let list = format!("/admin/order?{condition}");
                let links = open(&admin, made.location()).await.links();
                assert!(links.contains(&list), "{list}: {links:?}");
                let page = open(&admin, &list).await;
                assert!(page.text().contains(words), "{words}: {}", page.text());
                let edit = open(&admin, &format!("{}&_at=0&_edit=1", made.location())).await;
                assert!(edit.text().contains("In Europe/Berlin."), "{}", edit.text());
                let form = edit.form("/admin/order/_build");
                let shown = form.value("_value").unwrap_or_default().to_owned();
                let again = visit(&admin, &form.address()).await;
                assert_eq!(again.location(), made.location(), "{shown}");
            }
        },
    )
    .await;
}

#[tokio::test]
async fn r34_a_hidden_instant_is_not_told_from_a_name_that_is_none() {
    let name = "r34_a_hidden_instant_is_not_told_from_a_name";
    on_each_app(name, as_it_is, async |app| {
        orders(app).await;
        let grants = json!([{"model": "order", "verbs": ["list"], "rows": "all",
            "readable": ["id", "status"], "writable": []}]);
        app.user("some", false, grants).await;
        let some = app.login("some").await;
        in_berlin(&some).await;
        for form in [
            "_filter?{}__gte=2026-01-01",
            "_filter?{}=2026-01-01+08:00",
            "_build?_rest=&_field={}&_op=gte&_value=2026-01-01",
            "_chart?bucket=month({})&count=*",
            "?_by={}",
        ] {
            let mut told = Vec::new();
            for name in ["placed_at", "plxced_at"] {
                let path = format!("/admin/order/{}", form.replace("{}", name));
                let page = visit(&some, &path.replace("/?", "?")).await;
                let said = format!("{} {}", page.location(), page.text());
                told.push((page.status(), said.replace(name, "{}")));
            }
            assert_eq!(told[0], told[1], "{form}");
        }
    })
    .await;
}
