//! The process dies before each step of a request: all of it is there afterwards, or nothing.

use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use quarterdeck::app::{App, AppBuilder};
use quarterdeck::crud::Context;
use quarterdeck::hook::Hook;
use quarterdeck::model::{Input, ModelMeta, Verb};
use sea_orm::{ConnectionTrait as _, Statement};
use serde_json::{Value, json};

use crate::house::app::config;
use crate::house::fresh;

/// In which the child is told its database, and the step before which it dies.
const DATABASE: &str = "QUARTERDECK_TEST_CHILD_DATABASE";
const STEP: &str = "QUARTERDECK_TEST_CHILD_STEP";
/// The step after the commit, before anybody is told of it.
const ACKNOWLEDGED: &str = "acknowledged";

/// Dies when it hears of a commit.
struct Dying(bool);

#[async_trait]
impl Hook for Dying {
    fn id(&self) -> &'static str {
        "dying"
    }

    fn concerns(&self, model: &ModelMeta) -> bool {
        model.slug == "author"
    }

    fn committed(&self, _model: &ModelMeta, _verb: Verb) {
        if self.0 {
            std::process::abort();
        }
    }
}

async fn start(url: &str, change: impl FnOnce(AppBuilder) -> AppBuilder) -> App {
    let builder = quarterdeck::demo::register(App::builder(config(url)));
    change(builder).build().await.expect("an application")
}

/// Of the author with that slug, its id.
async fn id(app: &App, slug: &str) -> Value {
    let sql = format!("SELECT CAST(id AS CHAR(20)) FROM author WHERE slug = '{slug}'");
    texts(app, &sql)
        .await
        .into_iter()
        .next()
        .map_or(Value::Null, |id| id.trim().into())
}

/// One request of every kind of change, with a key.
async fn request(app: &App) -> (Input, &'static str) {
    let author = |slug: &str| json!({"name": "Ada", "slug": slug, "country": "GB"});
    let body = json!({"operations": [
        {"verb": "create", "data": author("new-1")},
        {"verb": "create", "data": author("new-2")},
        {"verb": "patch", "id": id(app, "kept").await, "data": {"country": "FR"}},
        {"verb": "delete", "id": id(app, "gone").await},
    ]});
    (Input::from(&body), "the-key")
}

async fn texts(app: &App, sql: &str) -> Vec<String> {
    let statement = Statement::from_string(app.engine.db().backend(), sql);
    let rows = app
        .engine
        .db()
        .reader()
        .query_all_raw(statement)
        .await
        .expect("rows");
    rows.iter()
        .map(|row| row.try_get_by_index(0).expect("a text"))
        .collect()
}

/// What a crash could have torn apart.
async fn state(app: &App) -> Value {
    json!({
        "authors": texts(app, "SELECT slug FROM author ORDER BY slug").await,
        "country": texts(app, "SELECT country FROM author WHERE slug = 'kept'").await,
        "audit": texts(app, "SELECT verb FROM qd_audit WHERE model = 'author' ORDER BY id").await,
        "answers": texts(app, "SELECT etag FROM qd_idempotency").await.len(),
    })
}

#[tokio::test]
#[ignore = "the child of d02_a_request_is_whole_or_absent_wherever_the_process_dies"]
async fn child_that_dies_at_a_step() {
    let (Ok(url), Ok(step)) = (std::env::var(DATABASE), std::env::var(STEP)) else {
        return;
    };
    let wanted: usize = step.parse().unwrap_or(usize::MAX);
    // Nothing is counted before the request.
    let step_now = Arc::new(AtomicUsize::new(usize::MAX / 2));
    let counted = Arc::clone(&step_now);
    let app = start(&url, |b| {
        b.hook(Dying(step == ACKNOWLEDGED)).observe(move |_| {
            if counted.fetch_add(1, Ordering::SeqCst) + 1 == wanted {
                std::process::abort();
            }
        })
    })
    .await;
    let (body, key) = request(&app).await;
    let model = app.engine.model("author").expect("a model").id;
    step_now.store(0, Ordering::SeqCst);
    let done = app
        .engine
        .bulk(&Context::operator(), model, (Some(key), body))
        .await;
    assert!(!done.expect("an answer").again);
}

/// Runs the child; whether it came to its end.
fn survives(url: &str, step: &str) -> bool {
    let ended = Command::new(std::env::current_exe().expect("this program"))
        .args([
            "--exact",
            "process::steps::child_that_dies_at_a_step",
            "--include-ignored",
        ])
        .env(DATABASE, url)
        .env(STEP, step)
        .stdin(Stdio::null())
        .output();
    let ended = ended.expect("it runs");
    // Dying on purpose is a signal; a failed test is a status, and says why.
    let text = String::from_utf8_lossy(&ended.stdout).into_owned();
    assert_ne!(ended.status.code(), Some(101), "{text}");
    ended.status.success()
}

#[tokio::test]
async fn d02_d25_a_request_is_whole_or_absent_wherever_the_process_dies() {
    for database in fresh("d02_d25_a_request_is_whole_or_absent_wherever_the_process_dies").await {
        let app = start(&database.url, |b| b).await;
        let model = app.engine.model("author").expect("a model").id;
        for slug in ["kept", "gone"] {
            let body = json!({"name": "Ada", "slug": slug, "country": "GB"});
            let made = app
                .engine
                .create(&Context::operator(), model, Input::from(&body))
                .await;
            made.expect("an author");
        }
        let before = state(&app).await;
        let mut deaths = 0;
        while !survives(&database.url, &(deaths + 1).to_string()) {
            deaths += 1;
            assert_eq!(state(&app).await, before, "step {deaths}");
            assert!(deaths < 100, "it never comes to its end");
        }
        // The answers that were kept, two inserts or one, the patch, the delete, the audit, the key.
        assert!(deaths >= 7, "{deaths} steps");
        let after = json!({
            "authors": ["kept", "new-1", "new-2"],
            "country": ["FR"],
            "audit": ["create", "create", "create", "create", "patch", "delete"],
            "answers": 1,
        });
        assert_eq!(state(&app).await, after);

        // Dead after the commit, before the answer: the client sends it again, and it is not done
        // again.
        let undo = "DELETE FROM qd_idempotency";
        crate::auth::sql(app.engine.db(), undo).await;
        crate::auth::sql(
            app.engine.db(),
            "DELETE FROM author WHERE slug LIKE 'new-%'",
        )
        .await;
        let gone = json!({"name": "Ada", "slug": "gone", "country": "GB"});
        let made = app
            .engine
            .create(&Context::operator(), model, Input::from(&gone))
            .await;
        made.expect("an author");
        let (body, key) = request(&app).await;
        assert!(!survives(&database.url, ACKNOWLEDGED));
        let whole = state(&app).await;
        assert_eq!(whole["authors"], after["authors"]);
        assert_eq!(whole["answers"], 1);
        let again = app
            .engine
            .bulk(&Context::operator(), model, (Some(key), body))
            .await;
        assert!(again.expect("the first answer").again);
        assert_eq!(state(&app).await, whole);
        app.engine.db().clone().close().await;
        database.remove().await;
    }
}
