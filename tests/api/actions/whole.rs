//! All that an action writes is one transaction, and so is its key.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use quarterdeck::app::AppBuilder;
use quarterdeck::crud::{Action, Done, IfMatch, ListRequest, Selection, Target};
use quarterdeck::error::Error;
use quarterdeck::hook::Hook;
use quarterdeck::model::{Input, Kind, ModelMeta, Verb};
use quarterdeck_entity::demo::book;
use sea_orm::DbBackend;
use serde_json::{Value, json};
use tokio::sync::{Barrier, Semaphore};

use super::books;
use crate::api::sample::{Reply, call};
use crate::auth::{number, sql};
use crate::house::app::{Session, TestApp, on_each_app};
use crate::house::tuned::{On, built};

const PATH: &str = "/api/v1/book/_actions/number_them";

/// What the function of the test does.
struct Stage {
    /// How often it ran.
    runs: AtomicU64,
    /// How many commits the hooks heard of.
    told: AtomicU64,
    /// It has written the first record.
    written: Semaphore,
    /// Then it waits for this, if there is one.
    go: Option<Semaphore>,
    /// Or for another, in the first runs.
    both: Option<Barrier>,
}

impl Stage {
    fn new() -> Self {
        Self {
            runs: AtomicU64::new(0),
            told: AtomicU64::new(0),
            written: Semaphore::new(0),
            go: None,
            both: None,
        }
    }
}

async fn pages(selection: &Selection, key: &str, pages: u64) -> Result<(), Error> {
    let target = Target {
        key,
        condition: &IfMatch::Unconditional,
    };
    let body = Input::from(&json!({"pages": pages}));
    let of = (selection.model, Verb::Patch);
    let engine = &selection.engine;
    engine
        .update(&selection.ctx, of, target, body)
        .await
        .map(drop)
}

/// How many books of 100 pages or more the function finds.
async fn found(selection: &Selection) -> Result<u64, Error> {
    let query = vec![
        ("pages__gte".to_owned(), "100".to_owned()),
        ("count".to_owned(), "exact".to_owned()),
    ];
    let (ctx, model) = (&selection.ctx, selection.model);
    let request = ListRequest::Parameters(&query);
    let page = selection.engine.list(ctx, model, request).await?;
    let page: Value = serde_json::from_slice(&page.body).map_err(Error::internal)?;
    Ok(page["page"]["count"].as_u64().unwrap_or_default())
}

async fn number_them(stage: Arc<Stage>, selection: Selection) -> Result<Done, Error> {
    let run = stage.runs.fetch_add(1, Ordering::SeqCst) + 1;
    let how = selection.text("how").unwrap_or_default();
    for (i, key) in selection.keys.iter().enumerate() {
        if i == 1 {
            stage.written.add_permits(1);
            if let Some(go) = &stage.go {
                go.acquire().await.map_err(Error::internal)?.forget();
            }
            if let (Some(both), 1..=2) = (&stage.both, run) {
                both.wait().await;
            }
        }
        match (i, how.as_str()) {
            (1, "refused") => return Err(Error::not_found()),
            (1, "panic") => panic!("as asked"),
            // It goes on without what is refused.
            (1, "over") => assert!(pages(&selection, "999", 1).await.is_err()),
            (2, "twice") => {
                pages(&selection, key, 1).await?;
                pages(&selection, key, 102).await?;
            }
            _ => pages(&selection, key, 100 + i as u64).await?,
        }
    }
    Ok(Done {
        affected: found(&selection).await?,
        message: format!("run {run}"),
    })
}

/// Counts what it is told.
struct Told(Arc<Stage>);

impl Hook for Told {
    fn id(&self) -> &'static str {
        "told"
    }

    fn concerns(&self, model: &ModelMeta) -> bool {
        model.slug == "book"
    }

    fn committed(&self, _: &ModelMeta, verb: Verb) {
        if verb == Verb::Patch {
            self.0.told.fetch_add(1, Ordering::SeqCst);
        }
    }
}

fn with(stage: &Arc<Stage>) -> impl Fn(AppBuilder) -> AppBuilder {
    let stage = Arc::clone(stage);
    move |b| {
        let own = Arc::clone(&stage);
        let run = move |selection| number_them(Arc::clone(&own), selection);
        let action = Action::new("number_them", "Number them", run);
        let action = action.field("how", Kind::Text(None), true, |f| f);
        let hooked = b.hook(Told(Arc::clone(&stage)));
        hooked.action::<book::Entity>(action)
    }
}

async fn act(session: &Session<'_>, key: &str, body: &Value) -> Reply {
    let header = [("idempotency-key", key)];
    call(session, ("POST", PATH), &header, Some(body)).await
}

async fn numbered(app: &TestApp) -> i64 {
    let numbered = "SELECT COUNT(*) FROM book WHERE pages >= 100";
    number(app.app.engine.db(), numbered).await
}

async fn audited(app: &TestApp) -> i64 {
    let audited = "SELECT COUNT(*) FROM qd_audit WHERE model = 'book' AND verb = 'patch'";
    number(app.app.engine.db(), audited).await
}

#[tokio::test]
async fn d02_an_action_that_fails_later_has_written_nothing() {
    let stage = Arc::new(Stage::new());
    let name = "d02_an_action_that_fails_later_has_written_nothing";
    on_each_app(name, with(&stage), async |app| {
        stage.runs.store(0, Ordering::SeqCst);
        stage.told.store(0, Ordering::SeqCst);
        let ids = books(app, 3).await;
        let admin = app.login("admin").await;
        for (how, status) in [("refused", 404), ("panic", 500)] {
            let body = json!({"ids": ids, "input": {"how": how}});
            for key in [None, Some("k")] {
                let header = key.map(|key| ("idempotency-key", key));
                let header: Vec<_> = header.into_iter().collect();
                let failed = call(&admin, ("POST", PATH), &header, Some(&body)).await;
                assert_eq!(failed.status, status, "{}", failed.text);
                assert_eq!((numbered(app).await, audited(app).await), (0, 0), "{how}");
            }
        }
        assert_eq!(stage.runs.load(Ordering::SeqCst), 4);
        assert_eq!(stage.told.load(Ordering::SeqCst), 0);
        let keys = "SELECT COUNT(*) FROM qd_idempotency";
        assert_eq!(number(app.app.engine.db(), keys).await, 0);
        // It sees what it has written itself, and may go on after what was refused.
        let body = json!({"ids": ids, "input": {"how": "over"}});
        let done = act(&admin, "k", &body).await;
        assert_eq!(done.json(), json!({"affected": 2, "message": "run 5"}));
        assert_eq!((numbered(app).await, audited(app).await), (2, 2));
        assert_eq!(stage.told.load(Ordering::SeqCst), 2);
    })
    .await;
}

#[tokio::test]
async fn r58_what_an_action_writes_is_one_change_set_which_can_be_undone() {
    let stage = Arc::new(Stage::new());
    let name = "r58_what_an_action_writes_is_one_change_set_which_can_be_undone";
    on_each_app(name, with(&stage), async |app| {
        let ids = books(app, 3).await;
        let admin = app.login("admin").await;
        let body = json!({"ids": ids, "input": {"how": "twice"}});
        act(&admin, "k", &body).await;
        assert_eq!((numbered(app).await, audited(app).await), (3, 4));
        let sets = admin.get("/api/v1/_changes").await.1;
        assert_eq!(sets["data"][0]["total"], 4, "{sets}");
        let set = &sets["data"][0]["change_set"];
        let told = admin.get(&format!("/api/v1/_changes/{set}")).await.1;
        assert_eq!(told["data"].as_array().map(Vec::len), Some(4), "{told}");
        let undo = json!({ "change_set": set });
        let undone = call(&admin, ("POST", "/api/v1/_undo"), &[], Some(&undo)).await;
        assert_eq!(undone.status, 200, "{}", undone.text);
        let again = "SELECT COUNT(*) FROM book WHERE pages = 10";
        assert_eq!(number(app.app.engine.db(), again).await, 3);
        // The next is another.
        act(&admin, "l", &json!({"ids": ids})).await;
        let sets = admin.get("/api/v1/_changes").await.1;
        assert_eq!(sets["data"][0]["total"], 3, "{sets}");
    })
    .await;
}

/// Ends the connections that are in the middle of a transaction, as the death of a process does.
async fn cut(app: &TestApp) {
    let db = app.app.engine.db();
    if db.backend() == DbBackend::Postgres {
        let cut = "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity \
                   WHERE datname = current_database() AND state = 'idle in transaction'";
        assert_ne!(number(db, cut).await, 0);
        return;
    }
    let open = "SELECT CAST(MAX(t.trx_mysql_thread_id) AS SIGNED) FROM information_schema.innodb_trx t \
                JOIN information_schema.processlist p ON p.id = t.trx_mysql_thread_id \
                WHERE p.db = DATABASE() AND p.command = 'Sleep'";
    let id = number(db, open).await;
    sql(db, &format!("KILL {id}")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn d25_an_action_under_way_on_another_node_is_not_begun_unless_that_node_dies() {
    let stage = Arc::new(Stage {
        go: Some(Semaphore::new(0)),
        ..Stage::new()
    });
    let name = "d25_an_action_under_way_on_another_node_is_not_begun_unless_that_node_dies";
    let tune = |config: &mut quarterdeck::config::Config| {
        config.database.statement_timeout = std::time::Duration::from_secs(5);
    };
    built(name, On::Each, tune, with(&stage), async |app| {
        // SQLite's one process knows what it is doing.
        if app.app.engine.db().backend() == DbBackend::Sqlite {
            return;
        }
        stage.runs.store(0, Ordering::SeqCst);
        let settings = (*app.app.config).clone();
        let build = |b| with(&stage)(quarterdeck::demo::register(b));
        let other = TestApp::start(settings, build).await;
        let ids = books(app, 2).await;
        let (here, there) = (app.login("admin").await, other.login("admin").await);
        let body = json!({"ids": ids});
        let go = stage.go.as_ref().expect("a gate");
        let second = async {
            stage.written.acquire().await.expect("open").forget();
            let meanwhile = act(&there, "k", &body).await;
            go.add_permits(1);
            meanwhile
        };
        let (first, meanwhile) = tokio::join!(act(&here, "k", &body), second);
        assert_eq!(meanwhile.status, 409, "{}", meanwhile.text);
        assert_eq!(meanwhile.json()["code"], "idempotency_in_flight");
        assert_eq!(first.json()["message"], "run 1", "{}", first.text);
        let again = act(&there, "k", &body).await;
        assert_eq!(again.text, first.text);
        assert_eq!(again.header("idempotency-replayed"), "true");

        // Of one that is cut off nothing is left, and the key is free at once.
        let cut_off = async {
            stage.written.acquire().await.expect("open").forget();
            cut(app).await;
            go.add_permits(2);
            act(&there, "l", &body).await
        };
        let (first, second) = tokio::join!(act(&here, "l", &body), cut_off);
        assert_eq!(first.status, 503, "{}", first.text);
        assert_eq!(second.json()["message"], "run 3", "{}", second.text);
        stage.written.acquire().await.expect("open").forget();
        other.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn d28_an_action_that_lost_a_race_runs_again() {
    let stage = Arc::new(Stage {
        both: Some(Barrier::new(2)),
        ..Stage::new()
    });
    let name = "d28_an_action_that_lost_a_race_runs_again";
    on_each_app(name, with(&stage), async |app| {
        // SQLite has one writer: there is no other way to be in.
        if app.app.engine.db().backend() == DbBackend::Sqlite {
            return;
        }
        stage.runs.store(0, Ordering::SeqCst);
        let ids = books(app, 2).await;
        let admin = app.login("admin").await;
        let (one, two) = (
            json!({"ids": [ids[0], ids[1]]}),
            json!({"ids": [ids[1], ids[0]]}),
        );
        let (one, two) = tokio::join!(act(&admin, "k", &one), act(&admin, "l", &two));
        assert_eq!(
            (one.status, two.status),
            (200, 200),
            "{} {}",
            one.text,
            two.text
        );
        assert_eq!(stage.runs.load(Ordering::SeqCst), 3);
        // Each has changed both: what the loser wrote at first was taken back with its audit.
        assert_eq!(audited(app).await, 4);
    })
    .await;
}
