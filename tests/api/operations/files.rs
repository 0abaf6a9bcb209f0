//! Exports that nobody waits for, and the files that they leave.

use std::path::Path;
use std::time::Duration;

use quarterdeck::auth::tokens::{NewToken, create};
use reqwest::Method;
use serde_json::{Value, json};

use super::{CSV, LATER, begun, ended, file, import};
use crate::api::export::{Got, get};
use crate::api::sample::call;
use crate::house::app::{Session, grant_all};
use crate::house::tuned::{On, tuned};

/// The end of an export that its caller did not wait for, and the address of its file.
async fn exported(session: &Session<'_>, path: &str) -> (Value, String) {
    let path = begun(&call(session, ("GET", path), &LATER, None).await);
    (ended(session, &path).await, format!("{path}/file"))
}

/// What every answer has of its own is left out.
fn told(got: &Got) -> (u16, [&str; 4]) {
    let names = [
        "content-type",
        "content-disposition",
        "cache-control",
        "x-content-type-options",
    ];
    (got.status, names.map(|name| got.header(name)))
}

fn names(folder: &Path) -> Vec<String> {
    let all = std::fs::read_dir(folder).expect("a folder");
    let name = |entry: std::io::Result<std::fs::DirEntry>| {
        entry.expect("an entry").file_name().into_string().unwrap()
    };
    all.map(name).collect()
}

#[tokio::test]
async fn an_export_that_nobody_waits_for_leaves_the_same_file() {
    let name = "an_export_that_nobody_waits_for_leaves_the_same_file";
    let home = tempfile::tempdir().expect("a folder");
    // It is made when it is first needed.
    let folder = home.path().join("a").join("b");
    let tune = |config: &mut quarterdeck::config::Config| {
        config.operations.folder.clone_from(&folder);
    };
    tuned(name, On::Each, tune, async |app| {
        let admin = app.login("admin").await;
        import(&admin, "author", CSV, file(700), &[]).await;
        for (format, rows) in [("csv", 700), ("ndjson", 699), ("xlsx", 1)] {
            let filter = match rows {
                700 => "",
                699 => "&slug__ne=a7",
                _ => "&slug=a7",
            };
            let path = format!("/api/v1/author/_export?format={format}{filter}");
            let (operation, file) = exported(&admin, &path).await;
            assert_eq!(operation["state"], "done", "{operation}");
            assert_eq!(operation["kind"], "export");
            assert_eq!(operation["progress"]["done"], rows, "{operation}");
            let (waited, left) = (get(&admin, &path).await, get(&admin, &file).await);
            assert_eq!(told(&left), told(&waited));
            let bytes = left.bytes.clone().expect("a whole file");
            assert!(
                bytes == waited.bytes.clone().expect("a whole file"),
                "{format}"
            );
            assert_eq!(left.header("content-length"), bytes.len().to_string());
            let of = &operation["result"]["file"];
            assert_eq!(
                (&of["bytes"], &of["format"]),
                (&json!(bytes.len()), &json!(format))
            );
            assert_eq!(of["media_type"], left.header("content-type"));
            let head = admin.request(Method::HEAD, &file).send().await;
            let head = head.expect("an answer");
            assert_eq!(
                head.headers()["content-length"],
                bytes.len().to_string().as_str()
            );
        }
        // What is wrong with the request is said at once.
        let wrong = call(
            &admin,
            ("GET", "/api/v1/author/_export?format=odt"),
            &LATER,
            None,
        )
        .await;
        assert_eq!(wrong.status, 400);
    })
    .await;
}

#[tokio::test]
async fn r39_a_file_is_for_who_began_it_and_may_see_the_same_still() {
    let name = "r39_a_file_is_for_who_began_it_and_may_see_the_same_still";
    let folder = tempfile::tempdir().expect("a folder");
    let tune = |config: &mut quarterdeck::config::Config| {
        config.operations.folder = folder.path().to_owned();
    };
    tuned(name, On::Each, tune, async |app| {
        let grants = json!([grant_all("author", json!("all"))]);
        let user_id = app.user("ada", false, grants.clone()).await;
        let grant = app
            .login("admin")
            .await
            .get("/api/v1/qd_grant?limit=1")
            .await
            .1;
        app.user("bob", false, grants).await;
        let (ada, bob) = (app.login("ada").await, app.login("bob").await);
        let (admin, anyone) = (app.login("admin").await, app.anonymous());
        let new = NewToken {
            user_id,
            name: "test".to_owned(),
            scopes: None,
            expires_at: None,
        };
        let token = create(app.app.engine.db(), new).await.expect("a token");
        let key = [("x-api-key", token.expose())];
        let path = "/api/v1/author/_export";
        let begun_by_key = call(&anyone, ("GET", path), &[key[0], LATER[0]], None).await;
        let by_key = begun(&begun_by_key);
        ended(&ada, &by_key).await;
        let by_key = format!("{by_key}/file");
        let (operation, file) = exported(&ada, path).await;
        assert_eq!(operation["state"], "done", "{operation}");
        assert_eq!(get(&ada, &file).await.status, 200);
        let got = call(&anyone, ("GET", &by_key), &key, None).await;
        assert_eq!(got.status, 200, "{}", got.text);
        let absent = call(&bob, ("GET", "/api/v1/_operations/999/file"), &[], None).await;
        let foreign = call(&bob, ("GET", &file), &[], None).await;
        assert_eq!((foreign.status, foreign.shape()), (404, absent.shape()));
        // Not even for who may read that it was, and not through another credential.
        assert_eq!(call(&admin, ("GET", &file), &[], None).await.status, 404);
        assert_eq!(call(&ada, ("GET", &by_key), &[], None).await.status, 404);
        assert_eq!(call(&anyone, ("GET", &file), &key, None).await.status, 404);
        assert_eq!(call(&anyone, ("GET", &file), &[], None).await.status, 401);
        // Whose rights are others now may not see what the file has.
        let grant = format!("/api/v1/qd_grant/{}", grant["data"][0]["id"]);
        let rows = json!({"rows": {"country": "GB"}});
        assert_eq!(admin.send("PATCH", &grant, rows).await.0, 200);
        for refused in [
            call(&ada, ("GET", &file), &[], None).await,
            call(&anyone, ("GET", &by_key), &key, None).await,
        ] {
            assert_eq!(
                (refused.status, &refused.json()["code"]),
                (403, &json!("rights_changed"))
            );
        }
        assert_eq!(
            admin.send("PATCH", &grant, json!({"rows": "all"})).await.0,
            200
        );
        assert_eq!(get(&ada, &file).await.status, 200);
    })
    .await;
}

#[tokio::test]
async fn there_are_only_so_many_files_and_what_is_not_there_is_told() {
    let name = "there_are_only_so_many_files_and_what_is_not_there_is_told";
    let folder = tempfile::tempdir().expect("a folder");
    let tune = |config: &mut quarterdeck::config::Config| {
        config.operations.folder = folder.path().to_owned();
        // One file of a header and a row.
        config.operations.files_limit = 16;
    };
    tuned(name, On::Sqlite, tune, async |app| {
        let admin = app.login("admin").await;
        let imported = begun(&import(&admin, "author", CSV, file(1), &LATER).await);
        ended(&admin, &imported).await;
        let none = admin.get(&format!("{imported}/file")).await;
        assert_eq!((none.0, &none.1["code"]), (409, &json!("no_file")));
        let path = "/api/v1/author/_export?fields=slug";
        let (operation, first) = exported(&admin, path).await;
        assert_eq!(operation["state"], "done", "{operation}");
        let (operation, second) = exported(&admin, path).await;
        assert_eq!(operation["state"], "failed", "{operation}");
        assert_eq!(operation["result"]["code"], "no_room", "{operation}");
        let none = admin.get(&second).await;
        assert_eq!((none.0, &none.1["code"]), (409, &json!("no_file")));
        let kept = names(folder.path());
        assert_eq!(kept.len(), 1, "{kept:?}");
        assert_eq!(get(&admin, &first).await.status, 200);
        assert_eq!(admin.get(&format!("{first}?x=1")).await.0, 400);
        std::fs::remove_file(folder.path().join(&kept[0])).expect("removed");
        let gone = admin.get(&first).await;
        assert_eq!((gone.0, &gone.1["code"]), (404, &json!("file_gone")));
    })
    .await;
}

#[tokio::test]
async fn an_old_file_is_given_to_nobody_and_is_removed() {
    let name = "an_old_file_is_given_to_nobody_and_is_removed";
    let folder = tempfile::tempdir().expect("a folder");
    let tune = |config: &mut quarterdeck::config::Config| {
        config.operations.folder = folder.path().to_owned();
        config.operations.kept = Duration::ZERO;
    };
    tuned(name, On::Sqlite, tune, async |app| {
        let admin = app.login("admin").await;
        let (operation, file) = exported(&admin, "/api/v1/author/_export").await;
        assert_eq!(operation["state"], "done", "{operation}");
        let gone = admin.get(&file).await;
        assert_eq!((gone.0, &gone.1["code"]), (404, &json!("file_gone")));
        app.app.engine.sweep_operations(false).await.expect("swept");
        assert!(names(folder.path()).is_empty());
    })
    .await;
}
