//! What else writes while an import that is all or nothing is under way.

use std::time::Duration;

use sea_orm::DbBackend;
use serde_json::json;

use super::{CSV, Gate, LATER, begun, count, ended, import};
use crate::api::sample::call;
use crate::house::tuned::{On, built};

const FILE: &str = "name,slug,country\nA,a700,GB\n";

#[tokio::test]
async fn a84_who_writes_during_an_import_that_holds_the_writer_is_told_so_and_has_written_nothing()
{
    let gate = Gate::shut();
    let hook = gate.clone();
    built(
        "a84_who_writes_during_an_import_that_holds_the_writer",
        On::Each,
        |config| config.server.request = Duration::from_secs(2),
        move |b| b.hook(hook.clone()),
        async |app| {
            let admin = app.login("admin").await;
            let long = begun(&import(&admin, "author", CSV, FILE, &LATER).await);
            gate.reached().await;
            // The import ends after these alone: each is answered while it is under way.
            let body = json!({"name": "B", "slug": "b", "country": "GB"});
            let made = call(&admin, ("POST", "/api/v1/author"), &[], Some(&body)).await;
            let file = FILE.replace("a700", "c").replace('A', "C");
            let other = import(&admin, "author", CSV, file, &LATER).await;
            if app.app.engine.db().backend() == DbBackend::Sqlite {
                for refused in [&made, &other] {
                    assert_eq!(refused.status, 503, "{}", refused.text);
                    assert_eq!(refused.json()["code"], "database", "{}", refused.text);
                    assert_ne!(refused.header("retry-after"), "");
                }
                let read = admin.get("/api/v1/author?count=exact").await;
                assert_eq!((read.0, &read.1["page"]["count"]), (200, &json!(0)));
            } else {
                assert_eq!(made.status, 201, "{}", made.text);
                assert_eq!(ended(&admin, &begun(&other)).await["state"], "done");
            }
            gate.open();
            assert_eq!(ended(&admin, &long).await["state"], "done");
            let all = match app.app.engine.db().backend() {
                DbBackend::Sqlite => 1,
                _ => 3,
            };
            assert_eq!(count(app).await, all);
        },
    )
    .await;
}
