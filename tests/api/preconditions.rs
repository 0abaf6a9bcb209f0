//! `If-Match`: no update is lost, and a writer who is late is told what happened meanwhile.

use futures_util::future::join_all;
use quarterdeck::app::AppBuilder;
use serde_json::{Value, json};

use super::reuse::{Make, tool};
use super::sample::{Reply, call};
use crate::house::app::{Session, on_each_app};

async fn write(
    session: &Session<'_>,
    (method, path): (&str, &str),
    tag: &str,
    body: Option<&Value>,
) -> Reply {
    call(session, (method, path), &[("if-match", tag)], body).await
}

fn ada() -> Value {
    json!({"name": "Ada", "slug": "ada", "country": "GB", "born": "1815-12-10"})
}

#[tokio::test]
async fn d28_a_stale_write_is_a_412_that_tells_what_has_changed() {
    let name = "d28_a_stale_write_is_a_412_that_tells_what_has_changed";
    on_each_app(
        name,
        |b| b,
        async |app| {
            let admin = app.login("admin").await;
            let made = call(&admin, ("POST", "/api/v1/author"), &[], Some(&ada())).await;
            let path = format!("/api/v1/author/{}", made.json()["id"]);
            let first = made.header("etag");
            let change = json!({"country": "FR"});
            let second = write(&admin, ("PATCH", &path), first, Some(&change)).await;
            assert_eq!(second.status, 200, "{}", second.text);
            let other = json!({"name": "Ada Lovelace"});
            let third = write(&admin, ("PATCH", &path), "\"x\", *", Some(&other)).await;
            assert_eq!(third.status, 400, "{}", third.text);
            let third = write(&admin, ("PATCH", &path), "*", Some(&other)).await;
            let current = third.header("etag");
            for (method, body) in [
                ("PATCH", Some(json!({"country": "DE"}))),
                ("PUT", Some(ada())),
                ("DELETE", None),
            ] {
                let late = write(&admin, (method, &path), first, body.as_ref()).await;
                let problem = late.json();
                assert_eq!(late.status, 412, "{method} {problem}");
                assert_eq!(problem["code"], "precondition_failed");
                assert_eq!(problem["current"], third.json(), "{method}");
                assert_eq!(problem["etag"], current, "{method}");
                let mut changed = problem["changed"].clone();
                // When it was changed is a change too.
                changed
                    .as_object_mut()
                    .expect("changes")
                    .remove("updated_at");
                let wanted = json!({
                    "country": {"old": "GB", "new": "FR"},
                    "name": {"old": "Ada", "new": "Ada Lovelace"},
                });
                assert_eq!(changed, wanted, "{method}");
            }
            let unknown = write(&admin, ("DELETE", &path), "\"of another life\"", None).await;
            assert_eq!(unknown.json()["changed"], Value::Null);
            assert_eq!(admin.get(&path).await, (200, third.json()));
            let late_and_current = format!("{first}, {current}");
            let gone = write(&admin, ("DELETE", &path), &late_and_current, None).await;
            assert_eq!(gone.status, 204, "{}", gone.text);
            let gone = write(&admin, ("DELETE", &path), "*", None).await;
            assert_eq!(gone.status, 404);
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn d28_of_many_writers_with_one_tag_one_wins() {
    on_each_app(
        "d28_of_many_writers_with_one_tag_one_wins",
        |b| b,
        async |app| {
            let admin = app.login("admin").await;
            let made = call(&admin, ("POST", "/api/v1/author"), &[], Some(&ada())).await;
            let path = format!("/api/v1/author/{}", made.json()["id"]);
            let mut tag = made.header("etag").to_owned();
            for round in 0..5 {
                let all = (0..8).map(async |n| {
                    let change = json!({"name": format!("{round} {n}")});
                    write(&admin, ("PATCH", &path), &tag, Some(&change)).await
                });
                let replies = join_all(all).await;
                let (won, late): (Vec<_>, Vec<_>) = replies.iter().partition(|r| r.status == 200);
                assert_eq!(won.len(), 1, "{round}: {:?}", replies[0].text);
                assert!(late.iter().all(|r| r.status == 412));
                assert_eq!(admin.get(&path).await.1, won[0].json());
                won[0].header("etag").clone_into(&mut tag);
            }
        },
    )
    .await;
}

#[tokio::test]
async fn r38_a_hidden_field_is_neither_in_the_tag_nor_in_the_412() {
    let name = "r38_a_hidden_field_is_neither_in_the_tag_nor_in_the_412";
    on_each_app(
        name,
        |b| b,
        async |app| {
            let fields = json!(["id", "name", "country"]);
            let grant = json!({"model": "author", "verbs": ["read", "patch"], "rows": "all",
            "readable": fields, "writable": ["name"]});
            app.user("clerk", false, json!([grant])).await;
            let (admin, clerk) = (app.login("admin").await, app.login("clerk").await);
            let made = call(&admin, ("POST", "/api/v1/author"), &[], Some(&ada())).await;
            let path = format!("/api/v1/author/{}", made.json()["id"]);
            let seen = call(&clerk, ("GET", &path), &[], None).await;
            let tag = seen.header("etag");
            let hidden = json!({"born": "1815-12-11", "slug": "lovelace"});
            let changed = call(&admin, ("PATCH", &path), &[], Some(&hidden)).await;
            assert_eq!(changed.status, 200, "{}", changed.text);
            let again = call(&clerk, ("GET", &path), &[], None).await;
            assert_eq!(again.header("etag"), tag);
            let body = json!({"name": "A. L."});
            let written = write(&clerk, ("PATCH", &path), tag, Some(&body)).await;
            assert_eq!(written.status, 200, "{}", written.text);
            let open = json!({"country": "FR", "born": null});
            call(&admin, ("PATCH", &path), &[], Some(&open)).await;
            let tag = written.header("etag");
            let late = write(&clerk, ("PATCH", &path), tag, Some(&body)).await;
            assert_eq!(late.status, 412, "{}", late.text);
            let wanted = json!({"country": {"old": "GB", "new": "FR"}});
            assert_eq!(late.json()["changed"], wanted);
            for secret in ["born", "1815", "lovelace"] {
                assert!(!late.text.contains(secret), "{secret} in {}", late.text);
            }
        },
    )
    .await;
}

/// Whoever may see a field on some rows only, or some rows only, could name the tag of a state that it
/// was not shown. Whether the record ever was in it, the 412 does not say.
#[tokio::test]
async fn r36_r38_t_oracle_a_forged_tag_confirms_no_state_that_was_hidden() {
    let name = "r36_r38_t_oracle_a_forged_tag_confirms_no_state_that_was_hidden";
    on_each_app(
        name,
        |b| b,
        async |app| {
            let british = json!({"country": "GB"});
            let all = json!(["id", "name", "country", "born"]);
            let some = json!(["id", "name", "country"]);
            let grant = |rows: &Value, fields: &Value| {
                json!({"model": "author", "verbs": ["read", "patch"], "rows": rows,
                "readable": fields, "writable": ["name"]})
            };
            let everything = grant(&json!("all"), &all);
            let on_some_rows = json!([grant(&json!("all"), &some), grant(&british, &all)]);
            let (open, row_rule) = (json!([everything]), json!([grant(&british, &all)]));
            app.user("open", false, open).await;
            app.user("on-some-rows", false, on_some_rows).await;
            app.user("row-rule", false, row_rule).await;
            let admin = app.login("admin").await;
            let body = json!({"name": "Ada", "slug": "ada", "country": "FR", "born": "1815-12-10"});
            let made = call(&admin, ("POST", "/api/v1/author"), &[], Some(&body)).await;
            let path = format!("/api/v1/author/{}", made.json()["id"]);
            // The tag that a right guess would have: that of the same bytes.
            let guessed = format!("{path}?fields=id,name,country,born");
            let guessed = call(&admin, ("GET", &guessed), &[], None).await;
            let forged = guessed.header("etag");
            let change = json!({"country": "GB", "born": null});
            call(&admin, ("PATCH", &path), &[], Some(&change)).await;
            let mine = json!({"name": "A. L."});
            for (user, told) in [("open", true), ("on-some-rows", false), ("row-rule", false)] {
                let user = app.login(user).await;
                let right = write(&user, ("PATCH", &path), forged, Some(&mine)).await;
                let wrong = write(&user, ("PATCH", &path), "\"wrong\"", Some(&mine)).await;
                assert_eq!((right.status, wrong.status), (412, 412), "{}", right.text);
                let (mut right, mut wrong) = (right.json(), wrong.json());
                assert_eq!(right["changed"].is_object(), told, "{right}");
                assert_eq!(right["current"]["country"], "GB", "{right}");
                for problem in [&mut right, &mut wrong] {
                    let members = problem.as_object_mut().expect("a problem");
                    members.remove("request_id");
                }
                assert_eq!(right == wrong, !told, "{right} {wrong}");
            }
        },
    )
    .await;
}

#[tokio::test]
async fn a_model_may_demand_that_writers_say_what_they_know() {
    let build = |b: AppBuilder| {
        b.migrations(vec![Box::new(Make("m1_shed", tool::Entity))])
            .model::<tool::Entity>(|m| m.require_if_match())
    };
    on_each_app("a_model_may_demand_if_match", build, async |app| {
        let admin = app.login("admin").await;
        let body = json!({"code": "saw", "name": "Saw"});
        let made = call(&admin, ("POST", "/api/v1/shed_tool"), &[], Some(&body)).await;
        assert_eq!(made.status, 201, "{}", made.text);
        let path = "/api/v1/shed_tool/saw";
        let change = json!({"name": "Small saw"});
        for (method, body) in [
            ("PATCH", Some(&change)),
            ("PUT", Some(&change)),
            ("DELETE", None),
        ] {
            let refused = call(&admin, (method, path), &[], body).await;
            assert_eq!(refused.status, 428, "{method} {}", refused.text);
            assert_eq!(refused.json()["code"], "precondition_required");
        }
        let tag = made.header("etag");
        let bulk = ("POST", "/api/v1/shed_tool/_bulk");
        let saw = json!({"code": "saw", "name": "Sly saw"});
        for body in [
            json!({"operations": [{"verb": "patch", "id": "saw", "data": change}]}),
            json!({"operations": [{"verb": "delete", "id": "saw"}]}),
            json!({"operations": [{"verb": "upsert", "on": ["code"], "data": saw}]}),
            json!({"verb": "patch", "where": {}, "data": change, "max_affected": 9}),
        ] {
            let refused = call(&admin, bulk, &[], Some(&body)).await;
            assert_eq!(refused.status, 428, "{body} {}", refused.text);
        }
        let known = json!({"verb": "patch", "id": "saw", "if_match": tag, "data": change});
        let written = call(&admin, bulk, &[], Some(&json!({"operations": [known]}))).await;
        assert_eq!(written.status, 200, "{}", written.text);
        let late = call(&admin, bulk, &[], Some(&json!({"operations": [known]}))).await;
        assert_eq!(late.status, 412, "{}", late.text);
        let gone = write(&admin, ("DELETE", path), "*", None).await;
        assert_eq!(gone.status, 204, "{}", gone.text);
    })
    .await;
}
