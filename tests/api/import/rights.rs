//! An import is a door like the others: no right is got by it.

use serde_json::json;

use super::super::sample::call;
use super::{CSV, authors, import, slugs};
use crate::house::app::{grant_all, on_each_app};

#[tokio::test]
async fn r36_r39_an_import_reaches_no_row_and_no_field_that_its_caller_may_not() {
    let name = "r36_r39_an_import_reaches_no_row_and_no_field_that_its_caller_may_not";
    on_each_app(
        name,
        |b| b,
        async |app| {
            let mut grant = grant_all("author", json!({"country": "GB"}));
            let fields = json!(["id", "name", "country", "slug"]);
            (grant["readable"], grant["writable"]) = (fields.clone(), fields);
            app.user("clerk", false, json!([grant])).await;
            let clerk = app.login("clerk").await;
            // A field that cannot be seen is no field.
            let file = |column: &str| format!("name,slug,country,{column}\nA,a,GB,\n");
            let hidden = authors(&clerk, "", &file("biography")).await;
            let unknown = authors(&clerk, "", &file("biografie")).await;
            assert_eq!(hidden.faults(), ["/columns/biography unknown_field"]);
            assert_eq!(
                hidden.shape().replace("biography", "biografie"),
                unknown.shape()
            );
            let row = r#"{"name":"A","slug":"a","country":"GB","X":1}"#;
            let line = |field: &str| {
                import(
                    &clerk,
                    "author",
                    super::NDJSON,
                    row.replace('X', field),
                    &[],
                )
            };
            let (hidden, unknown) = (line("biography").await, line("biografie").await);
            assert_eq!(
                hidden.shape().replace("biography", "biografie"),
                unknown.shape()
            );
            // What would be no row of the caller's.
            let away = authors(&clerk, "", "name,slug,country\nA,a,GB\nB,b,FR\n").await;
            assert_eq!(
                (away.status, away.faults()),
                (403, vec!["/rows/1 row_rule".to_owned()])
            );
            assert!(slugs(app).await.is_empty());
            // Keys are for those who may make any record.
            let kept = authors(&clerk, "keys=keep", "id,name,slug,country\n7,A,a,GB\n").await;
            assert_eq!((kept.status, &kept.json()["code"]), (403, &json!("keys")));
            // An upsert finds what its caller may patch, and so makes what is there, unseen.
            let theirs = json!({"name": "T", "slug": "theirs", "country": "FR"});
            app.make("author", theirs).await;
            let over = "name,slug,country\nMine,theirs,GB\n";
            let refused = authors(&clerk, "mode=upsert&on=slug", over).await;
            assert_eq!(
                refused.faults(),
                ["/rows/0/slug unique"],
                "{}",
                refused.text
            );
            let admin = app.login("admin").await;
            assert_eq!(super::author(&admin, "theirs").await["name"], "T");
        },
    )
    .await;
}

#[tokio::test]
async fn r35_an_import_needs_the_verbs_of_what_it_does() {
    on_each_app("r35_an_import_needs_the_verbs_of_what_it_does", |b| b, async |app| {
        let grant = |verbs| {
            json!({"model": "author", "verbs": verbs, "rows": "all", "readable": "all", "writable": "all"})
        };
        app.user("maker", false, json!([grant(json!(["create", "read"]))])).await;
        app.user("reader", false, json!([grant(json!(["list", "read", "patch"]))])).await;
        app.user("stranger", false, json!([])).await;
        let file = "name,slug,country\nA,a,GB\n";
        let maker = app.login("maker").await;
        assert_eq!(authors(&maker, "", file).await.status, 200);
        assert_eq!(authors(&maker, "mode=upsert&on=slug", file).await.status, 403);
        let reader = app.login("reader").await;
        assert_eq!(authors(&reader, "", file).await.status, 403);
        assert_eq!(authors(&app.anonymous(), "", file).await.status, 401);
        let stranger = app.login("stranger").await;
        let (unseen, unknown) = (
            authors(&stranger, "", file).await,
            import(&stranger, "nothing", CSV, file, &[]).await,
        );
        assert_eq!((unseen.status, unseen.shape()), (404, unknown.shape()));
        let secrets = "username,password_hash\neve,x\n";
        let admin = app.login("admin").await;
        let refused = import(&admin, "qd_user", CSV, secrets, &[]).await;
        assert_eq!(refused.faults(), ["/columns/password_hash unknown_field"]);
        // What can be demanded of a writer cannot be demanded of a file.
        let log = import(&admin, "qd_audit", CSV, "id\n1\n", &[]).await;
        assert_eq!(log.status, 403, "{}", log.text);
    })
    .await;
}

#[tokio::test]
async fn d25_a_file_sent_again_gives_the_first_answer() {
    on_each_app(
        "d25_a_file_sent_again_gives_the_first_answer",
        |b| b,
        async |app| {
            let admin = app.login("admin").await;
            let key = [("idempotency-key", "k-1")];
            let send = async |to: &str, file: &str| import(&admin, to, CSV, file, &key).await;
            let file = "name,slug,country\nA,a,GB\n";
            let (first, again) = (send("author", file).await, send("author", file).await);
            assert_eq!((first.status, again.status), (200, 200), "{}", again.text);
            assert_eq!(
                (&first.text, again.header("idempotency-replayed")),
                (&again.text, "true")
            );
            for (to, file) in [
                ("author", "name,slug,country\nB,b,GB\n"),
                ("author?mode=upsert&on=slug", file),
                ("author?map=name:name", file),
            ] {
                let other = send(to, file).await;
                assert_eq!(
                    (other.status, other.faults()),
                    (422, vec!["Idempotency-Key idempotency_mismatch".to_owned()])
                );
            }
            assert_eq!(slugs(app).await, ["a"]);
        },
    )
    .await;
}

#[tokio::test]
async fn a_file_is_one_change_set_that_can_be_undone() {
    on_each_app(
        "a_file_is_one_change_set_that_can_be_undone",
        |b| b,
        async |app| {
            let admin = app.login("admin").await;
            app.make(
                "author",
                json!({"name": "Old", "slug": "old", "country": "FR"}),
            )
            .await;
            let file = "slug,name,country\nold,New,GB\nnew,New,GB\nthird,New,GB\n";
            let why = [("change-reason", "from the list")];
            let done = import(&admin, "author?mode=upsert&on=slug", CSV, file, &why)
                .await
                .json();
            assert_eq!(
                (&done["created"], &done["updated"]),
                (&json!(2), &json!(1)),
                "{done}"
            );
            let audit = admin
                .get("/api/v1/qd_audit?model=author&door=rest&sort=id")
                .await
                .1;
            let rows = audit["data"].as_array().expect("rows");
            assert_eq!(rows.len(), 3, "{audit}");
            assert!(
                rows[1..].iter().all(|r| r["change_set"] == rows[0]["id"]),
                "{audit}"
            );
            assert!(
                rows.iter().all(|r| r["reason"] == "from the list"),
                "{audit}"
            );
            let set = json!({"change_set": rows[0]["id"]});
            let undone = call(&admin, ("POST", "/api/v1/_undo"), &[], Some(&set)).await;
            assert_eq!(undone.json()["undone"], 3, "{}", undone.text);
            assert_eq!(slugs(app).await, ["old"]);
            assert_eq!(super::author(&admin, "old").await["country"], "FR");
        },
    )
    .await;
}
