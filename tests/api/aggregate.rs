//! `_aggregate` over HTTP: its answers, its refusals, and what it costs.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike as _, NaiveDate, Utc, Weekday};
use chrono_tz::Tz;
use serde_json::{Value, json};

use super::sample::{Reply, call, statements};
use crate::house::app::{Session, TestApp, on_each_app};

/// Customers of three kinds; one has more points than would be left for the others.
async fn customers(app: &TestApp) {
    for (i, (kind, points)) in [
        ("a", 3),
        ("a", 4),
        ("b", i64::MAX),
        ("b", 1),
        ("b", i64::MAX),
        ("c", -5),
    ]
    .into_iter()
    .enumerate()
    {
        let body = json!({
            "id": format!("00000000-0000-7000-8000-00000000000{i}"), "name": kind,
            "email": format!("c{i}@example.org"), "loyalty_points": points, "preferences": {},
            "created_at": "2026-11-22T00:00:00Z",
        });
        app.make("customer", body).await;
    }
}

async fn ask(session: &Session<'_>, query: &str) -> Reply {
    let path = format!("/api/v1/customer/_aggregate?{query}");
    call(session, ("GET", &path), &[], None).await
}

async fn data(session: &Session<'_>, query: &str) -> Value {
    let reply = ask(session, query).await;
    assert_eq!(reply.status, 200, "{query}: {}", reply.text);
    reply.json()["data"].clone()
}

#[tokio::test]
async fn groups_come_with_one_statement_and_a_tag() {
    on_each_app("groups_come_with_one_statement", |b| b, async |app| {
        let admin = app.login("admin").await;
        customers(app).await;
        app.statements();
        let query = "group_by=name&count=*&sum=loyalty_points&sort=-count&having.count__gt=1&loyalty_points__gt=0";
        let reply = ask(&admin, query).await;
        assert_eq!(statements(app).len(), 1);
        let wanted = json!({"data": [
            {"name": "b", "count": 3, "sum_loyalty_points": "18446744073709551615"},
            {"name": "a", "count": 2, "sum_loyalty_points": 7},
        ], "truncated": false});
        assert_eq!((reply.status, reply.json()), (200, wanted));
        let tag = reply.header("etag").to_owned();
        let path = format!("/api/v1/customer/_aggregate?{query}");
        let again = call(&admin, ("GET", &path), &[("if-none-match", &tag)], None).await;
        assert_eq!(again.status, 304);
        let head = call(&admin, ("HEAD", &path), &[], None).await;
        assert_eq!((head.status, head.header("etag"), head.text.as_str()), (200, &*tag, ""));
    })
    .await;
}

#[tokio::test]
async fn sums_beyond_64_bits_are_compared_and_ordered_exactly() {
    on_each_app(
        "sums_beyond_64_bits",
        |b| b,
        async |app| {
            let admin = app.login("admin").await;
            customers(app).await;
            let by = "group_by=name&sum=loyalty_points";
            let names = async |more: &str| -> Vec<String> {
                let groups = data(&admin, &format!("{by}&{more}")).await;
                let groups = groups.as_array().expect("groups").clone();
                groups
                    .iter()
                    .map(|g| g["name"].as_str().expect("a name").to_owned())
                    .collect()
            };
            let having = "having.sum_loyalty_points";
            for (more, wanted) in [
                ("sort=-sum_loyalty_points".to_owned(), vec!["b", "a", "c"]),
                ("sort=sum_loyalty_points".to_owned(), vec!["c", "a", "b"]),
                (format!("{having}__gt=18446744073709551614"), vec!["b"]),
                (format!("{having}=18446744073709551615"), vec!["b"]),
                (format!("{having}__gte=18446744073709551615.5"), vec![]),
                (format!("{having}__lt=18446744073709551615"), vec!["a", "c"]),
                (format!("{having}__lte=6.5"), vec!["c"]),
                (format!("{having}__gt=-5"), vec!["a", "b"]),
                (format!("{having}__ne=7"), vec!["b", "c"]),
                (format!("{having}__ne=7.5"), vec!["a", "b", "c"]),
                (format!("{having}=7.5"), vec![]),
            ] {
                assert_eq!(names(&more).await, wanted, "{more}");
            }
        },
    )
    .await;
}

#[tokio::test]
async fn all_records_are_one_group_even_when_there_are_none() {
    on_each_app(
        "all_records_are_one_group",
        |b| b,
        async |app| {
            let admin = app.login("admin").await;
            let query = "count=*,name&distinct=name&sum=loyalty_points&avg=loyalty_points&max=name";
            let none = json!([{"count": 0, "count_name": 0, "distinct_name": 0,
            "sum_loyalty_points": null, "avg_loyalty_points": null, "max_name": null}]);
            assert_eq!(data(&admin, query).await, none);
            customers(app).await;
            let query = format!("{query}&name__in=a,c");
            let some = json!([{"count": 3, "count_name": 3, "distinct_name": 2,
            "sum_loyalty_points": 2, "avg_loyalty_points": 2.0 / 3.0, "max_name": "c"}]);
            assert_eq!(data(&admin, &query).await, some);
            // Groups without a measure are the different values.
            assert_eq!(
                data(&admin, "group_by=name&limit=2").await,
                json!([{"name": "a"}, {"name": "b"}])
            );
            let more = ask(&admin, "group_by=name&limit=2").await.json();
            assert_eq!(more["truncated"], true);
        },
    )
    .await;
}

#[tokio::test]
async fn a_decimal_of_nothing_has_the_places_of_its_column() {
    on_each_app("a_decimal_of_nothing", |b| b, async |app| {
        let admin = app.login("admin").await;
        let author = app.make("author", json!({"name": "A", "slug": "a", "country": "GB"})).await;
        for (isbn, price) in [("9780000000002", "0"), ("9780000000019", "0.1"), ("9780000000026", "0.2")] {
            let body = json!({"isbn": isbn, "title": "T", "author_id": author["id"], "price": price, "pages": 1});
            app.make("book", body).await;
        }
        let path = "/api/v1/book/_aggregate?min=price&sum=price&avg=price&distinct=price";
        let (status, answer) = admin.get(path).await;
        let wanted = json!([{"distinct_price": 3, "sum_price": "0.30", "avg_price": "0.100000", "min_price": "0.00"}]);
        assert_eq!((status, &answer["data"]), (200, &wanted));
        let (_, list) = admin.get("/api/v1/book?sort=price&limit=1").await;
        assert_eq!(list["data"][0]["price"], "0.00");
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_asked_is_a_400_that_lists_what_can() {
    on_each_app(
        "what_cannot_be_asked_is_a_400",
        |b| b,
        async |app| {
            let admin = app.login("admin").await;
            for (query, fault, says) in [
                ("", "count required", "Nothing is asked for"),
                (
                    "group_by=nothing&count=*",
                    "group_by unknown_field",
                    "loyalty_points",
                ),
                ("sum=name", "sum unknown_field", "loyalty_points"),
                ("avg=created_at", "avg unknown_field", "loyalty_points"),
                (
                    "group_by=name,email,id&count=*",
                    "group_by too_many_keys",
                    "At most 2",
                ),
                (
                    "group_by=name,email&bucket=day(created_at)",
                    "bucket too_many_keys",
                    "At most 2",
                ),
                ("group_by=name,name", "group_by duplicate", "called name"),
                ("bucket=created_at", "bucket bucket", "year, quarter"),
                (
                    "bucket=decade(created_at)",
                    "bucket unknown_unit",
                    "year, quarter",
                ),
                ("bucket=day(name)", "bucket unknown_field", "created_at"),
                (
                    "bucket=day(created_at)&zone=Berlin",
                    "zone unknown_zone",
                    "Europe/Berlin",
                ),
                ("count=*&count=name", "count duplicate", "once"),
                ("count=*&sort=name", "sort unknown_output", "allowed: count"),
                ("count=*&sort=count,-count", "sort duplicate", "twice"),
                ("count=*&limit=1001", "limit out_of_range", "1000"),
                ("count=*&limit=0", "limit out_of_range", "1000"),
                (
                    "count=*&having.sum_id__gt=1",
                    "having.sum_id__gt unknown_output",
                    "allowed: count",
                ),
                (
                    "count=*&having.count__in=1",
                    "having.count__in unknown_operator",
                    "gte",
                ),
                (
                    "count=*&having.count__gt=x",
                    "having.count__gt type",
                    "whole number",
                ),
                ("count=*&page=2", "page unknown_parameter", "group_by"),
                (
                    "count=*&fields=name",
                    "fields unknown_parameter",
                    "group_by",
                ),
                ("count=*&nothing=1", "nothing unknown_field", "name"),
                ("count=*&q=a", "q too_short", "2 characters"),
            ] {
                let reply = ask(&admin, query).await;
                assert_eq!(reply.status, 400, "{query}: {}", reply.text);
                assert_eq!(reply.faults(), [fault], "{query}");
                assert!(reply.text.contains(says), "{query}: {}", reply.text);
            }
        },
    )
    .await;
}

/// The beginning of the period that the clocks of a zone show at an instant.
fn period(unit: &str, at: DateTime<Utc>, zone: Tz) -> NaiveDate {
    let day = at.with_timezone(&zone).date_naive();
    let first = |month| NaiveDate::from_ymd_opt(day.year(), month, 1).expect("a day");
    match unit {
        "year" => first(1),
        "quarter" => first(day.month0() / 3 * 3 + 1),
        "month" => first(day.month()),
        "week" => day.week(Weekday::Mon).first_day(),
        _ => day,
    }
}

#[tokio::test]
async fn buckets_are_the_days_and_months_of_the_zone_that_is_asked_for() {
    let name = "buckets_are_the_days_and_months_of_the_zone";
    on_each_app(name, |b| b, async |app| {
        let admin = app.login("admin").await;
        let moments = [
            "1969-12-31T23:30:00Z",
            "1981-03-28T23:30:00Z",
            "1999-12-31T22:59:59.999999Z",
            "2025-12-31T22:59:59.999999Z",
            "2025-12-31T23:00:00Z",
            "2026-01-01T04:59:59Z",
            "2026-01-01T05:00:00Z",
            "2026-03-28T23:30:00Z",
            "2026-03-29T00:59:59Z",
            "2026-03-29T01:00:00Z",
            "2026-03-29T22:00:00Z",
            "2026-06-30T18:30:00Z",
            "2026-10-24T22:30:00Z",
            "2026-10-25T22:30:00Z",
            "2026-10-25T23:00:00Z",
            "2037-10-31T22:30:00Z",
        ];
        for (i, at) in moments.into_iter().enumerate() {
            let body = json!({
                "id": format!("00000000-0000-7000-8000-0000000000{i:02}"), "name": "n",
                "email": format!("c{i}@example.org"), "loyalty_points": 1, "preferences": {},
                "created_at": at,
            });
            app.make("customer", body).await;
        }
        let zones = [
            Tz::UTC,
            Tz::Europe__Berlin,
            Tz::America__New_York,
            Tz::Asia__Kolkata,
            Tz::Pacific__Kiritimati,
            Tz::Australia__Lord_Howe,
        ];
        app.statements();
        for zone in zones {
            for unit in ["year", "quarter", "month", "week", "day"] {
                let mut wanted = BTreeMap::new();
                for at in moments {
                    let at: DateTime<Utc> = at.parse().expect("an instant");
                    *wanted.entry(period(unit, at, zone)).or_insert(0) += 1;
                }
                let asked = format!("bucket={unit}(created_at)&count=*&sum=loyalty_points&zone={zone}");
                let groups = data(&admin, &asked).await;
                assert_eq!(statements(app).len(), 1);
                let member = format!("{unit}_created_at");
                let wanted: Vec<Value> = wanted
                    .into_iter()
                    .map(|(day, n)| json!({&member: day.to_string(), "count": n, "sum_loyalty_points": n}))
                    .collect();
                assert_eq!(groups, json!(wanted), "{asked}");
            }
        }
        // A time without a zone is one of UTC, here as everywhere.
        let list = json!({"name": "Spring", "currency": "EUR", "valid_from": "2025-12-31T23:30:00Z"});
        app.make("price_list", list).await;
        let path = "/api/v1/price_list/_aggregate?bucket=day(valid_from)&count=*&zone=Europe/Berlin";
        let lists = call(&admin, ("GET", path), &[], None).await.json();
        assert_eq!(lists["data"], json!([{"day_valid_from": "2026-01-01", "count": 1}]));
        // Hours are those of UTC, and what is no instant is in no zone.
        let hours = data(&admin, "bucket=hour(created_at)&count=*&zone=Asia/Kolkata&limit=1").await;
        assert_eq!(hours[0]["hour_created_at"], "1969-12-31T23:00:00Z", "{hours}");
        let names = data(&admin, "group_by=name&count=*&zone=Asia/Kolkata").await;
        assert_eq!(names, json!([{"name": "n", "count": 16}]));
    })
    .await;
}
