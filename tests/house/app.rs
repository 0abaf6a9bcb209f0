//! A running application: the demo's models on a fresh database, a real port, real requests.

use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::FutureExt as _;
use quarterdeck::acl::Principal;
use quarterdeck::app::{App, AppBuilder};
use quarterdeck::config::{Config, DatabaseUrl, SqliteSynchronous};
use quarterdeck::crud::Context;
use quarterdeck::model::Input;
use quarterdeck_entity::system::operation;
use reqwest::{Client, Method, RequestBuilder, Response};
use sea_orm::{ActiveValue::Set, EntityTrait as _};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use super::{Fresh, fresh};

/// Settings for tests: cheap passwords, generous limits, a quick end.
pub(crate) fn config(url: &str) -> Config {
    let mut config = Config::default();
    config.database.url = DatabaseUrl::parse(url).expect("a database url");
    config.database.max_connections = 5;
    // A machine that stands still for a while is no fault of ours; what tests these limits sets its own.
    config.database.statement_timeout = Duration::from_secs(60);
    config.database.acquire_timeout = Duration::from_secs(60);
    config.database.sqlite_synchronous = SqliteSynchronous::Normal;
    config.password.memory_kib = 64;
    config.password.iterations = 1;
    config.rate_limit.per_address = 1_000_000;
    config.rate_limit.per_principal = 1_000_000;
    config.rate_limit.login = 1_000_000;
    config
}

/// A running application.
pub(crate) struct TestApp {
    pub(crate) app: App,
    pub(crate) address: SocketAddr,
    /// The SQL of every statement since the last [`TestApp::statements`].
    pub(crate) statements: Arc<Mutex<Vec<String>>>,
    stop: Option<oneshot::Sender<()>>,
    served: tokio::task::JoinHandle<()>,
}

impl TestApp {
    /// Starts what `build` registers, with `settings`.
    pub(crate) async fn start(
        settings: Config,
        build: impl FnOnce(AppBuilder) -> AppBuilder,
    ) -> Self {
        let statements: Arc<Mutex<Vec<String>>> = Arc::default();
        let seen = Arc::clone(&statements);
        let builder = App::builder(settings).observe(move |sql| {
            seen.lock().expect("unpoisoned").push(sql.to_owned());
        });
        let app = build(builder).build().await.expect("an application");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (stop, stopped) = oneshot::channel::<()>();
        let server = app.clone();
        let served = tokio::spawn(async move {
            server
                .serve(listener, async move { drop(stopped.await) })
                .await;
        });
        Self {
            app,
            address,
            statements,
            stop: Some(stop),
            served,
        }
    }

    /// Stops it as SIGTERM does.
    pub(crate) async fn stop(mut self) {
        drop(self.stop.take());
        (&mut self.served).await.expect("served to the end");
        self.app.engine.db().clone().close().await;
    }

    /// Seals what was written, which the server else does within some seconds.
    pub(crate) async fn seal(&self) {
        self.app.sealer().seal().await.expect("sealed");
        self.note().await;
    }

    /// Notes an operation that has ended, which else only the server does.
    async fn note(&self) {
        let now = quarterdeck::store::now();
        let row = operation::ActiveModel {
            kind: Set("import".to_owned()),
            model: Set(Some("author".to_owned())),
            request_id: Set("none".to_owned()),
            node: Set("none".to_owned()),
            state: Set("done".to_owned()),
            atomic: Set(true),
            done: Set(7),
            cancel: Set(false),
            started_at: Set(now),
            seen_at: Set(now),
            ended_at: Set(Some(now)),
            ..Default::default()
        };
        let tx = self.app.engine.db().begin().await.expect("a transaction");
        let made = operation::Entity::insert(row).exec(&tx).await;
        made.expect("an operation");
        tx.commit().await.expect("kept");
    }

    /// The statements since the last call, but those of the policy watcher and the sealer.
    pub(crate) fn statements(&self) -> Vec<String> {
        let all = std::mem::take(&mut *self.statements.lock().expect("unpoisoned"));
        all.into_iter()
            .filter(|sql| {
                !sql.contains("qd_state")
                    && !sql.contains("qd_operation")
                    && !sql.contains("qd_audit_seal")
            })
            .filter(|sql| {
                !sql.contains(r#"CAST("changes" AS"#) && !sql.contains("CAST(`changes` AS")
            })
            .collect()
    }

    /// Writes a record as the operator; its JSON.
    pub(crate) async fn make(&self, model: &str, body: Value) -> Value {
        let id = self.app.engine.model(model).expect("a model").id;
        let ctx = Context {
            principal: Arc::new(Principal::system()),
            ..Context::operator()
        };
        let made = self.app.engine.create(&ctx, id, Input::from(&body)).await;
        let made = made.unwrap_or_else(|e| panic!("{model}: {e:?}"));
        self.app.identity.changed();
        // The operator reads everything, so the answer is the whole record.
        serde_json::from_slice(&made.body).expect("json")
    }

    /// Makes a user with a password that is its name twice, `superuser` or with one role of grants.
    pub(crate) async fn user(&self, name: &str, superuser: bool, grants: Value) -> i64 {
        let user = self
            .make(
                "qd_user",
                json!({"username": name, "is_superuser": superuser}),
            )
            .await;
        let id = user["id"].as_i64().expect("an id");
        if let Some(grants) = grants.as_array().filter(|g| !g.is_empty()) {
            let role = self
                .make("qd_role", json!({"name": format!("role of {name}")}))
                .await;
            self.make(
                "qd_user_role",
                json!({"user_id": id, "role_id": role["id"]}),
            )
            .await;
            for grant in grants {
                let mut grant = grant.clone();
                grant["role_id"] = role["id"].clone();
                self.make("qd_grant", grant).await;
            }
        }
        let db = self.app.engine.db();
        let passwords = &self.app.accounts.passwords;
        quarterdeck::auth::accounts::set_password(db, passwords, id, &password(name))
            .await
            .expect("a password");
        self.app.identity.changed();
        id
    }

    /// A browser-like client without a login.
    pub(crate) fn anonymous(&self) -> Session<'_> {
        let client = Client::builder()
            .cookie_store(true)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .expect("a client");
        Session { app: self, client }
    }

    /// A client logged in by the form, with its cookie jar.
    pub(crate) async fn login(&self, name: &str) -> Session<'_> {
        let session = self.anonymous();
        let form = [("username", name.to_owned()), ("password", password(name))];
        let answer = session
            .request(Method::POST, "/auth/login")
            .form(&form)
            .send()
            .await;
        assert_eq!(answer.expect("an answer").status(), 303, "login of {name}");
        session
    }
}

/// The password of a test user.
pub(crate) fn password(name: &str) -> String {
    format!("{name} and {name}")
}

/// A grant of every verb and field on the rows of a model.
pub(crate) fn grant_all(model: &str, rows: Value) -> Value {
    let verbs = ["list", "read", "create", "replace", "patch", "delete"];
    json!({"model": model, "verbs": verbs, "rows": rows, "readable": "all", "writable": "all"})
}

/// A client of a running application.
pub(crate) struct Session<'a> {
    app: &'a TestApp,
    client: Client,
}

impl Session<'_> {
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client
            .request(method, format!("http://{}{path}", self.app.address))
    }

    /// Sends a request that was built before.
    pub(crate) async fn execute(&self, request: reqwest::Request) -> Response {
        self.client.execute(request).await.expect("an answer")
    }

    /// GET: the status and the JSON.
    pub(crate) async fn get(&self, path: &str) -> (u16, Value) {
        answer(
            self.request(Method::GET, path)
                .send()
                .await
                .expect("an answer"),
        )
        .await
    }

    /// Sends JSON: the status and the JSON (null for an empty body).
    pub(crate) async fn send(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        let method = method.parse().expect("a method");
        answer(
            self.request(method, path)
                .json(&body)
                .send()
                .await
                .expect("an answer"),
        )
        .await
    }
}

/// Status and JSON of an answer.
pub(crate) async fn answer(response: Response) -> (u16, Value) {
    let status = response.status().as_u16();
    let text = response.text().await.expect("a body");
    let json = if text.is_empty() {
        Value::Null
    } else {
        serde_json::from_str(&text).unwrap_or(Value::String(text))
    };
    (status, json)
}

/// Runs `body` on an application of each of these databases, with the superuser `admin` made. The
/// databases are dropped whether or not it panics, and a panic names its back end.
pub(crate) async fn on_apps(
    test: &str,
    databases: Vec<Fresh>,
    settings: impl Fn(&str) -> Config,
    build: impl Fn(AppBuilder) -> AppBuilder,
    mut body: impl AsyncFnMut(&TestApp),
) {
    for database in databases {
        let app = TestApp::start(settings(&database.url), &build).await;
        app.user("admin", true, json!([])).await;
        let backend = app.app.engine.db().backend();
        let outcome = AssertUnwindSafe(body(&app)).catch_unwind().await;
        app.stop().await;
        database.remove().await;
        if let Err(panic) = outcome {
            eprintln!("{test} failed on {backend:?}");
            resume_unwind(panic);
        }
    }
}

/// Runs `body` on the demo's models, on a fresh database of every back end, with the superuser
/// `admin` made. `build` may register more.
pub(crate) async fn on_each_app(
    test: &str,
    build: impl Fn(AppBuilder) -> AppBuilder,
    body: impl AsyncFnMut(&TestApp),
) {
    let build = |b| build(quarterdeck::demo::register(b));
    on_apps(test, fresh(test).await, config, build, body).await;
}
