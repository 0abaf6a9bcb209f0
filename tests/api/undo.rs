//! `_history`, `_revert` and `_undo`: what the audit remembers, and what can be brought back by it.

use serde_json::{Value, json};

use super::sample::{Reply, call};
use crate::house::app::{Session, grant_all, on_each_app};

fn author(slug: &str) -> Value {
    json!({"name": "Ada", "slug": slug, "country": "GB"})
}

pub(super) async fn undo(session: &Session<'_>, body: &Value) -> Reply {
    call(session, ("POST", "/api/v1/_undo"), &[], Some(body)).await
}

async fn patch(session: &Session<'_>, path: &str, body: Value) {
    let (status, answer) = session.send("PATCH", path, body).await;
    assert_eq!(status, 200, "{answer}");
}

/// The change sets of a record, newest first.
async fn sets(session: &Session<'_>, path: &str) -> Vec<Value> {
    let (status, history) = session.get(&format!("{path}/_history")).await;
    assert_eq!(status, 200, "{history}");
    let all = history["data"].as_array().expect("entries").iter();
    all.map(|e| e["change_set"].clone()).collect()
}

#[tokio::test]
async fn a_history_tells_who_changed_what_and_goes_on_after_the_end() {
    let name = "a_history_tells_who_changed_what_and_goes_on_after_the_end";
    on_each_app(
        name,
        |b| b,
        async |app| {
            let made = app.make("author", author("ada")).await;
            let path = format!("/api/v1/author/{}", made["id"]);
            let admin = app.login("admin").await;
            let change = json!({"country": "FR"});
            let why = [("change-reason", "moved")];
            call(&admin, ("PATCH", &path), &why, Some(&change)).await;
            patch(&admin, &path, json!({"country": "DE"})).await;
            let (_, history) = admin.get(&format!("{path}/_history?limit=2")).await;
            let entry = &history["data"][1];
            assert_eq!(
                (
                    &entry["user"],
                    &entry["door"],
                    &entry["verb"],
                    &entry["reason"]
                ),
                (
                    &json!("admin"),
                    &json!("rest"),
                    &json!("patch"),
                    &json!("moved")
                )
            );
            assert_eq!(
                entry["changes"]["country"],
                json!({"old": "GB", "new": "FR"})
            );
            let next = history["page"]["next"].as_str().expect("a cursor");
            let (_, rest) = admin.get(&format!("{path}/_history?cursor={next}")).await;
            assert_eq!(rest["data"][0]["verb"], "create");
            assert_eq!(
                (rest["data"].as_array().map(Vec::len), &rest["page"]["next"]),
                (Some(1), &Value::Null)
            );
            assert_eq!(admin.send("DELETE", &path, Value::Null).await.0, 204);
            assert_eq!(sets(&admin, &path).await.len(), 4);
            for (path, status) in [
                ("/api/v1/author/99999/_history", 404),
                ("/api/v1/author/1/_history?page=2", 400),
                ("/api/v1/nothing/1/_history", 404),
            ] {
                assert_eq!(admin.get(path).await.0, status, "{path}");
            }
        },
    )
    .await;
}

#[tokio::test]
async fn r38_a20_a_history_shows_no_value_that_its_reader_may_not_see() {
    let name = "r38_a20_a_history_shows_no_value_that_its_reader_may_not_see";
    on_each_app(
        name,
        |b| b,
        async |app| {
            let made = app.make("author", author("ada")).await;
            let path = format!("/api/v1/author/{}", made["id"]);
            let admin = app.login("admin").await;
            patch(&admin, &path, json!({"country": "FR", "slug": "hush"})).await;
            patch(&admin, &path, json!({"country": "GB"})).await;
            let mut narrow = grant_all("author", json!("all"));
            narrow["readable"] = json!(["id", "name", "country"]);
            app.user("narrow", false, json!([narrow])).await;
            app.user(
                "ruled",
                false,
                json!([grant_all("author", json!({"country": "GB"}))]),
            )
            .await;
            let narrow = app.login("narrow").await;
            let seen = call(&narrow, ("GET", &format!("{path}/_history")), &[], None).await;
            assert!(
                seen.text.contains("FR") && !seen.text.contains("hush"),
                "{}",
                seen.text
            );
            assert!(!seen.text.contains("slug"), "{}", seen.text);
            // What it was while it was out of sight is not told because it has come into it.
            let ruled = app.login("ruled").await;
            let seen = call(&ruled, ("GET", &format!("{path}/_history")), &[], None).await;
            assert_eq!(seen.status, 200);
            assert!(
                !seen.text.contains("FR") && !seen.text.contains("hush"),
                "{}",
                seen.text
            );
            let back = json!({"before": sets(&admin, &path).await[0]});
            let refused = call(
                &ruled,
                ("POST", &format!("{path}/_revert")),
                &[],
                Some(&back),
            )
            .await;
            assert_eq!(refused.status, 403, "{}", refused.text);
            patch(&admin, &path, json!({"country": "FR"})).await;
            let hidden = call(&ruled, ("GET", &format!("{path}/_history")), &[], None).await;
            let absent = call(&ruled, ("GET", "/api/v1/author/99999/_history"), &[], None).await;
            assert_eq!(hidden.shape(), absent.shape());
            // A password is in no entry.
            let user = app.user("secretive", false, json!([])).await;
            let log = admin
                .get(&format!("/api/v1/qd_user/{user}/_history"))
                .await
                .1
                .to_string();
            assert!(!log.contains("hash") && !log.contains("argon"), "{log}");
        },
    )
    .await;
}

#[tokio::test]
async fn a_record_goes_back_to_a_point_and_comes_back_from_the_dead() {
    let name = "a_record_goes_back_to_a_point_and_comes_back_from_the_dead";
    on_each_app(
        name,
        |b| b,
        async |app| {
            let made = app.make("author", author("ada")).await;
            let path = format!("/api/v1/author/{}", made["id"]);
            let revert = format!("{path}/_revert");
            let admin = app.login("admin").await;
            patch(
                &admin,
                &path,
                json!({"country": "FR", "born": "1815-12-10"}),
            )
            .await;
            patch(&admin, &path, json!({"country": "DE"})).await;
            patch(&admin, &path, json!({"name": "Bob"})).await;
            let all = sets(&admin, &path).await;
            let to = json!({"change_set": all[2]});
            let tried = call(
                &admin,
                ("POST", &revert),
                &[("prefer", "dry-run")],
                Some(&to),
            )
            .await;
            assert_eq!(
                tried.json()["changes"][0]["after"]["country"],
                "FR",
                "{}",
                tried.text
            );
            let done = call(&admin, ("POST", &revert), &[], Some(&to)).await.json();
            assert_eq!(
                (&done["country"], &done["name"], &done["born"]),
                (&json!("FR"), &json!("Ada"), &json!("1815-12-10"))
            );
            let done = call(
                &admin,
                ("POST", &revert),
                &[],
                Some(&json!({"before": all[2]})),
            )
            .await;
            assert_eq!(
                (&done.json()["country"], &done.json()["born"]),
                (&json!("GB"), &Value::Null)
            );
            assert_eq!(admin.send("DELETE", &path, Value::Null).await.0, 204);
            let to = json!({"change_set": all[1]});
            let again = call(&admin, ("POST", &revert), &[], Some(&to)).await;
            assert_eq!(again.status, 200, "{}", again.text);
            assert_eq!(
                (&again.json()["id"], &again.json()["country"]),
                (&made["id"], &json!("DE"))
            );
            let stale = [("if-match", "\"stale\"")];
            assert_eq!(
                call(&admin, ("POST", &revert), &stale, Some(&to))
                    .await
                    .status,
                412
            );
            for (body, status) in [
                (json!({"before": all[3]}), 409),
                (json!({"change_set": 99_999}), 409),
                (json!({"change_set": "x"}), 400),
                (json!({}), 400),
            ] {
                let refused = call(&admin, ("POST", &revert), &[], Some(&body)).await;
                assert_eq!(refused.status, status, "{body} {}", refused.text);
            }
        },
    )
    .await;
}

#[tokio::test]
async fn a_change_set_is_undone_as_a_whole_or_says_what_stands_against_it() {
    let name = "a_change_set_is_undone_as_a_whole_or_says_what_stands_against_it";
    on_each_app(
        name,
        |b| b,
        async |app| {
            for slug in ["a", "b", "c"] {
                app.make("author", author(slug)).await;
            }
            let admin = app.login("admin").await;
            let (_, before) = admin.get("/api/v1/author?sort=slug").await;
            let all =
                json!({"verb": "patch", "where": {}, "data": {"country": "FR"}, "max_affected": 9});
            call(&admin, ("POST", "/api/v1/author/_bulk"), &[], Some(&all)).await;
            let path = format!("/api/v1/author/{}", before["data"][1]["id"]);
            let set = json!({"change_set": sets(&admin, &path).await[0]});
            patch(&admin, &path, json!({"country": "DE"})).await;
            let refused = undo(&admin, &set).await;
            assert_eq!(refused.status, 409, "{}", refused.text);
            let place = format!("/author/{}/country changed_since", before["data"][1]["id"]);
            assert_eq!(refused.faults(), [place]);
            assert_eq!(
                admin.get("/api/v1/author?country=FR&count=exact").await.1["page"]["count"],
                2
            );
            let mut skipping = set.clone();
            skipping["conflicts"] = json!("skip");
            let post = ("POST", "/api/v1/_undo");
            let tried = call(&admin, post, &[("prefer", "dry-run")], Some(&skipping)).await;
            assert_eq!(tried.json()["total"], 2, "{}", tried.text);
            let done = undo(&admin, &skipping).await.json();
            assert_eq!(
                (&done["undone"], done["conflicts"].as_array().map(Vec::len)),
                (&json!(2), Some(1)),
                "{done}"
            );
            // The undo can be undone, and the last change, and then all is as it was.
            let own = sets(
                &admin,
                &format!("/api/v1/author/{}", before["data"][0]["id"]),
            )
            .await;
            assert_eq!(
                undo(&admin, &json!({"change_set": own[0]})).await.json()["undone"],
                2
            );
            let last = sets(&admin, &path).await;
            undo(&admin, &json!({"change_set": last[0]})).await;
            assert_eq!(undo(&admin, &set).await.json()["undone"], 3);
            let countries = admin.get("/api/v1/author?country=GB&count=exact").await.1;
            assert_eq!(countries["page"]["count"], 3);
        },
    )
    .await;
}

#[tokio::test]
async fn r39_nobody_undoes_what_others_did_without_seeing_the_audit() {
    let name = "r39_nobody_undoes_what_others_did_without_seeing_the_audit";
    on_each_app(
        name,
        |b| b,
        async |app| {
            let made = app.make("author", author("a")).await;
            app.user("clerk", false, json!([grant_all("author", json!("all"))]))
                .await;
            let (admin, clerk) = (app.login("admin").await, app.login("clerk").await);
            let path = format!("/api/v1/author/{}", made["id"]);
            patch(&admin, &path, json!({"country": "FR"})).await;
            let others = json!({"change_set": sets(&admin, &path).await[0]});
            let refused = undo(&clerk, &others).await;
            let absent = undo(&clerk, &json!({"change_set": 99_999})).await;
            assert_eq!(refused.shape(), absent.shape());
            patch(&clerk, &path, json!({"country": "DE"})).await;
            let own = json!({"change_set": sets(&clerk, &path).await[0]});
            assert_eq!(undo(&clerk, &own).await.json()["undone"], 1);
            assert_eq!(undo(&app.anonymous(), &own).await.status, 401);
            for body in [
                json!({}),
                json!({"token": 1}),
                json!({"change_set": 1, "since": "x"}),
                json!({"change_set": 1, "user": 2}),
            ] {
                assert_eq!(undo(&admin, &body).await.status, 400, "{body}");
            }
        },
    )
    .await;
}
