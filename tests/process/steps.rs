//! The process dies before each step of a request: all of it is there afterwards, or nothing.

use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use quarterdeck::app::{App, AppBuilder};
use quarterdeck::crud::{Action, Context, Done, IfMatch, Selection, Target, Written};
use quarterdeck::error::Error;
use quarterdeck::hook::Hook;
use quarterdeck::model::{Input, ModelMeta, Verb};
use quarterdeck_entity::demo::author;
use sea_orm::{ConnectionTrait as _, Statement};
use serde_json::{Value, json};

use crate::house::app::config;
use crate::house::fresh;

/// In which the child is told its database, and the step before which it dies.
const DATABASE: &str = "QUARTERDECK_TEST_CHILD_DATABASE";
const STEP: &str = "QUARTERDECK_TEST_CHILD_STEP";
/// And which request it is to do.
const REQUEST: &str = "QUARTERDECK_TEST_CHILD_REQUEST";
/// The requests: a list of operations, and an action that does them one after the other.
const REQUESTS: [&str; 2] = ["bulk", "action"];
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
    let builder = builder.action::<author::Entity>(Action::new("change", "Change", change_them));
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

fn author(slug: &str) -> Value {
    json!({"name": "Ada", "slug": slug, "country": "GB"})
}

/// Every kind of change, each by itself.
async fn change_them(selection: Selection) -> Result<Done, Error> {
    let Selection {
        engine,
        ctx,
        model,
        keys,
        ..
    } = selection;
    for slug in ["new-1", "new-2"] {
        engine
            .create(&ctx, model, Input::from(&author(slug)))
            .await?;
    }
    let target = |key| Target {
        key,
        condition: &IfMatch::Unconditional,
    };
    let patch = Input::from(&json!({"country": "FR"}));
    engine
        .update(&ctx, (model, Verb::Patch), target(&keys[0]), patch)
        .await?;
    engine.delete(&ctx, model, target(&keys[1])).await?;
    Ok(Done::default())
}

/// The body of a request of every kind of change.
async fn body(app: &App, request: &str) -> Input {
    let (kept, gone) = (id(app, "kept").await, id(app, "gone").await);
    Input::from(&match request {
        "action" => json!({"ids": [kept, gone]}),
        _ => json!({"operations": [
            {"verb": "create", "data": author("new-1")},
            {"verb": "create", "data": author("new-2")},
            {"verb": "patch", "id": kept, "data": {"country": "FR"}},
            {"verb": "delete", "id": gone},
        ]}),
    })
}

/// Sends it with a key.
async fn send(app: &App, request: &str, body: Input) -> Result<Written, Error> {
    let model = app.engine.model("author").expect("a model").id;
    let (ctx, sent) = (Context::operator(), (Some("the-key"), body));
    match request {
        "action" => app.engine.act(&ctx, (model, "change"), sent).await,
        _ => app.engine.bulk(&ctx, model, sent).await,
    }
}

async fn make(app: &App, slug: &str) {
    let model = app.engine.model("author").expect("a model").id;
    let body = Input::from(&author(slug));
    let made = app.engine.create(&Context::operator(), model, body).await;
    made.expect("an author");
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
    let told = [DATABASE, STEP, REQUEST].map(|name| std::env::var(name).ok());
    let [Some(url), Some(step), Some(request)] = told else {
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
    let body = body(&app, &request).await;
    step_now.store(0, Ordering::SeqCst);
    let done = send(&app, &request, body).await;
    assert!(!done.expect("an answer").again);
}

/// Runs the child; whether it came to its end.
fn survives(url: &str, request: &str, step: &str) -> bool {
    let ended = Command::new(std::env::current_exe().expect("this program"))
        .args([
            "--exact",
            "process::steps::child_that_dies_at_a_step",
            "--include-ignored",
        ])
        .env(DATABASE, url)
        .env(STEP, step)
        .env(REQUEST, request)
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
    for request in REQUESTS {
        let name = "d02_d25_a_request_is_whole_or_absent_wherever_the_process_dies";
        for database in fresh(name).await {
            let app = start(&database.url, |b| b).await;
            dies(&app, &database.url, request).await;
            app.engine.db().clone().close().await;
            database.remove().await;
        }
    }
}

async fn dies(app: &App, url: &str, request: &str) {
    for slug in ["kept", "gone"] {
        make(app, slug).await;
    }
    let before = state(app).await;
    let mut deaths = 0;
    while !survives(url, request, &(deaths + 1).to_string()) {
        deaths += 1;
        assert_eq!(state(app).await, before, "{request} step {deaths}");
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
    assert_eq!(state(app).await, after);

    // Dead after the commit, before the answer: the client sends it again, and it is not done again.
    for undo in [
        "DELETE FROM qd_idempotency",
        "DELETE FROM author WHERE slug LIKE 'new-%'",
    ] {
        crate::auth::sql(app.engine.db(), undo).await;
    }
    make(app, "gone").await;
    let sent = body(app, request).await;
    assert!(!survives(url, request, ACKNOWLEDGED));
    let whole = state(app).await;
    assert_eq!(whole["authors"], after["authors"]);
    assert_eq!(whole["answers"], 1);
    let again = send(app, request, sent).await;
    assert!(again.expect("the first answer").again);
    assert_eq!(state(app).await, whole);
}
