//! The matrix: role × verb × model. One grant at a time, changed through the API like any record;
//! the very next request sees it (R16).

use std::time::{Duration, Instant};

use quarterdeck::auth::tokens::{self, NewToken};
use quarterdeck::model::Verb;
use serde_json::{Map, Value, json};

use crate::api::sample::{Reply, World, call, list, text};
use crate::house::app::{Session, TestApp, config, on_each_app};

const VERBS: [&str; 6] = ["list", "read", "create", "replace", "patch", "delete"];

/// The models whose rows say who may do what: only a superuser writes them, whatever is granted.
const POWER: [&str; 3] = ["qd_role", "qd_user_role", "qd_grant"];

/// Who asks: a cookie jar, and a token if there is one.
#[derive(Clone, Copy)]
struct Client<'a> {
    session: &'a Session<'a>,
    token: Option<&'a str>,
}

impl Client<'_> {
    async fn send(&self, method: &str, path: &str, body: Option<&Value>) -> Reply {
        let headers: Vec<(&str, &str)> = self
            .token
            .map(|t| ("authorization", t))
            .into_iter()
            .collect();
        call(self.session, (method, path), &headers, body).await
    }
}

/// A record of a model, and bodies that a superuser could send.
struct Subject {
    slug: String,
    path: String,
    key: Vec<String>,
    create: Value,
    replace: Value,
    links: bool,
}

impl Subject {
    /// A fresh record; of what nobody can create, the newest.
    async fn make(world: &World<'_>, slug: &str) -> Self {
        let record = if world.has(slug, "create") {
            plain(world.make(slug).await)
        } else {
            let path = format!("/api/v1/{slug}?sort=-id&limit=1");
            let newest = call(world.session, ("GET", &path), &[], None).await;
            newest.json()["data"][0].clone()
        };
        let path = world.path(slug, &record);
        let read = call(world.session, ("GET", &path), &[], None).await.json();
        let kept = world.writable(slug, "replace").into_iter();
        let kept = kept.map(|f| text(&f["name"]));
        let replace: Map<String, Value> = kept.map(|f| (f.clone(), read[&f].clone())).collect();
        let create = if world.has(slug, "create") {
            plain(world.body(slug, "create").await)
        } else {
            json!({})
        };
        let relations = list(&world.models[slug]["relations"]);
        let holds = |r: &Value| {
            let held = |f: &Value| create.get(text(f)).is_some_and(|v| !v.is_null());
            r["owns_key"] == true && list(&r["fields"]).iter().all(held)
        };
        Self {
            slug: slug.to_owned(),
            key: world.key(slug),
            links: relations.iter().any(holds),
            create,
            replace: Value::Object(replace),
            path,
        }
    }

    /// The same requests on a model that does not exist.
    fn unknown(&self) -> Self {
        let slug = "no_such_model".to_owned();
        Self {
            path: self
                .path
                .replace(&format!("/{}/", self.slug), "/no_such_model/"),
            slug,
            key: self.key.clone(),
            create: self.create.clone(),
            replace: self.replace.clone(),
            links: self.links,
        }
    }

    /// A request of each kind, with the verb it needs. `delete` is the last.
    async fn ask(&self, client: Client<'_>) -> Vec<(&'static str, &'static str, Reply)> {
        let collection = format!("/api/v1/{}", self.slug);
        let search = format!("{collection}/_search");
        let groups = format!("{collection}/_aggregate?count=*");
        let file = format!("{collection}/_export?format=ndjson");
        let empty = json!({});
        let mut replies = Vec::new();
        for (verb, method, path, body) in [
            ("list", "GET", &collection, None),
            ("list", "HEAD", &collection, None),
            ("list", "POST", &search, Some(&empty)),
            ("list", "GET", &groups, None),
            ("list", "HEAD", &groups, None),
            ("list", "GET", &file, None),
            ("list", "HEAD", &file, None),
            ("read", "GET", &self.path, None),
            ("read", "HEAD", &self.path, None),
            ("create", "POST", &collection, Some(&self.create)),
            ("replace", "PUT", &self.path, Some(&self.replace)),
            ("patch", "PATCH", &self.path, Some(&empty)),
            ("delete", "DELETE", &self.path, None),
        ] {
            replies.push((verb, method, client.send(method, path, body).await));
        }
        replies
    }
}

/// A user without power, so that one may be made without it.
fn plain(mut record: Value) -> Value {
    if let Some(superuser) = record.get_mut("is_superuser") {
        *superuser = json!(false);
    }
    record
}

/// What a caller who has `granted` alone must get for a request that needs `verb`.
fn wanted(
    subject: &Subject,
    (granted, verb): (&str, &str),
    exists: bool,
    power: bool,
) -> (u16, &'static str) {
    if !exists {
        return (405, "method_not_allowed");
    }
    if verb != granted {
        return (403, "forbidden");
    }
    let writes = !matches!(verb, "list" | "read");
    match verb {
        _ if writes && !power && POWER.contains(&&*subject.slug) => (403, "superuser_only"),
        "list" | "read" | "replace" | "patch" => (200, ""),
        // Without a word of the target, its rows do not exist (R39).
        "create" if subject.links => (409, "foreign_key"),
        "create" => (201, ""),
        _ => (204, ""),
    }
}

async fn check_grant(
    world: &World<'_>,
    client: Client<'_>,
    (subject, granted): (&Subject, &str),
    power: bool,
) {
    let slug = &subject.slug;
    for (verb, method, reply) in subject.ask(client).await {
        let exists = world.has(slug, verb);
        let (status, code) = wanted(subject, (granted, verb), exists, power);
        let what = format!(
            "{granted} on {slug} granted: {method} ({verb}): {}",
            reply.text
        );
        assert_eq!(reply.status, status, "{what}");
        if method != "HEAD" {
            let shown = if reply.status < 400 {
                Value::Null
            } else {
                reply.json()["code"].clone()
            };
            assert_eq!(
                text(&shown),
                if code.is_empty() { "null" } else { code },
                "{what}"
            );
        }
        // Who may write and not read learns the key and nothing else.
        if verb == granted && matches!(reply.status, 200 | 201) && !matches!(verb, "list" | "read")
        {
            let record = reply.json();
            let shown: Vec<&String> = record.as_object().expect("an object").keys().collect();
            assert_eq!(shown, subject.key.iter().collect::<Vec<_>>(), "{what}");
        }
    }
}

/// For this caller the model does not exist, to the last byte (A39).
async fn check_unknown(client: Client<'_>, subject: &Subject) {
    let hidden = subject.ask(client).await;
    let unknown = subject.unknown().ask(client).await;
    for ((_, method, hidden), (_, _, unknown)) in hidden.iter().zip(&unknown) {
        assert_eq!(
            hidden.status, 404,
            "{method} {}: {}",
            subject.slug, hidden.text
        );
        assert_eq!(hidden.shape(), unknown.shape(), "{method} {}", subject.slug);
    }
    for path in [format!("/api/v1/{}", subject.slug), subject.path.clone()] {
        let unknown = path.replace(&format!("/{}", subject.slug), "/no_such_model");
        for method in ["OPTIONS", "PROPFIND", "PUT", "DELETE", "POST"] {
            let hidden = client.send(method, &path, Some(&json!({}))).await;
            let unknown = client.send(method, &unknown, Some(&json!({}))).await;
            assert_eq!(hidden.shape(), unknown.shape(), "{method} {path}");
        }
    }
    let meta = format!("/api/v1/_models/{}", subject.slug);
    let hidden = client.send("GET", &meta, None).await;
    let unknown = client
        .send("GET", "/api/v1/_models/no_such_model", None)
        .await;
    assert_eq!(hidden.shape(), unknown.shape(), "{meta}");
}

async fn seen(client: Client<'_>) -> Vec<String> {
    let all = client.send("GET", "/api/v1/_models", None).await.json();
    list(&all["data"])
        .iter()
        .map(|m| text(&m["slug"]))
        .collect()
}

async fn token(app: &TestApp, user_id: i64, scopes: Option<Vec<(String, Vec<Verb>)>>) -> String {
    let new = NewToken {
        user_id,
        name: "a token".into(),
        scopes,
        expires_at: None,
    };
    let made = tokens::create(app.app.engine.db(), new).await;
    format!("Bearer {}", made.expect("a token").expose())
}

#[tokio::test]
async fn r35_r40_a39_each_grant_opens_its_verb_of_its_model_and_nothing_else() {
    on_each_app("r35_r40_a39_each_grant", |b| b, async |app| {
        let grant = json!({"model": "author", "verbs": ["list"], "rows": "all", "readable": "all", "writable": "all"});
        let id = app.user("tester", false, json!([grant])).await;
        let (admin, tester, nobody) = (app.login("admin").await, app.login("tester").await, app.anonymous());
        let bearer = token(app, id, Some(vec![("*".into(), Verb::ALL.into())])).await;
        app.seal().await;
        let world = World::look(&admin).await;
        let slugs = world.slugs();
        for (i, slug) in slugs.iter().enumerate() {
            let other = Subject::make(&world, &slugs[(i + 1) % slugs.len()]).await;
            app.login("admin").await;
            token(app, 1, None).await;
            for verb in VERBS.into_iter().filter(|v| world.has(slug, v)) {
                let subject = Subject::make(&world, slug).await;
                let change = json!({"model": slug, "verbs": [verb]});
                let changed = call(&admin, ("PATCH", "/api/v1/qd_grant/1"), &[], Some(&change)).await;
                assert_eq!(changed.status, 200, "{}", changed.text);
                let client = Client { session: &tester, token: None };
                check_grant(&world, client, (&subject, verb), false).await;
                assert_eq!(seen(client).await, std::slice::from_ref(slug));
                if verb == "list" {
                    check_unknown(client, &other).await;
                    // A token's scopes never add to what its owner may.
                    let client = Client { session: &nobody, token: Some(&bearer) };
                    check_grant(&world, client, (&subject, verb), false).await;
                    check_unknown(client, &other).await;
                }
            }
        }
    })
    .await;
}

#[tokio::test]
async fn r35_a39_the_scopes_of_a_token_narrow_what_a_superuser_may() {
    on_each_app(
        "r35_a39_the_scopes_of_a_token",
        |b| b,
        async |app| {
            let (admin, nobody) = (app.login("admin").await, app.anonymous());
            app.seal().await;
            let world = World::look(&admin).await;
            let slugs = world.slugs();
            for (i, slug) in slugs.iter().enumerate() {
                let other = Subject::make(&world, &slugs[(i + 1) % slugs.len()]).await;
                for verb in VERBS.into_iter().filter(|v| world.has(slug, v)) {
                    app.login("admin").await;
                    let named = Verb::named(verb).expect("a verb");
                    let bearer = token(app, 1, Some(vec![(slug.clone(), vec![named])])).await;
                    if slug == "qd_token" {
                        token(app, 1, None).await;
                    }
                    let subject = Subject::make(&world, slug).await;
                    let client = Client {
                        session: &nobody,
                        token: Some(&bearer),
                    };
                    check_grant(&world, client, (&subject, verb), true).await;
                    assert_eq!(seen(client).await, std::slice::from_ref(slug));
                    if verb == "list" {
                        check_unknown(client, &other).await;
                    }
                }
            }
        },
    )
    .await;
}

#[tokio::test]
async fn r35_a92_without_a_grant_no_model_exists_and_without_a_login_none_answers() {
    on_each_app(
        "r35_a92_without_a_grant",
        |b| b,
        async |app| {
            app.user("tester", false, json!([])).await;
            let (admin, tester, nobody) = (
                app.login("admin").await,
                app.login("tester").await,
                app.anonymous(),
            );
            app.seal().await;
            let world = World::look(&admin).await;
            let tester = Client {
                session: &tester,
                token: None,
            };
            let nobody = Client {
                session: &nobody,
                token: None,
            };
            app.login("admin").await;
            token(app, 1, None).await;
            for slug in world.slugs() {
                let subject = Subject::make(&world, &slug).await;
                check_unknown(tester, &subject).await;
                for (verb, method, reply) in subject.ask(nobody).await {
                    let status = if world.has(&slug, verb) { 401 } else { 405 };
                    assert_eq!(reply.status, status, "{method} {slug}: {}", reply.text);
                }
                let still = call(&admin, ("GET", &subject.path), &[], None).await;
                assert_eq!(still.status, 200, "{} is still there", subject.path);
            }
            assert_eq!(seen(tester).await, Vec::<String>::new());
            assert_eq!(
                nobody.send("GET", "/api/v1/_models", None).await.status,
                401
            );
        },
    )
    .await;
}

#[tokio::test]
async fn r16_a_grant_changed_by_another_node_is_seen_by_this_one() {
    on_each_app("r16_a_grant_changed_by_another_node", |b| b, async |app| {
        let grant = json!({"model": "author", "verbs": ["list"], "rows": "all", "readable": "all", "writable": "all"});
        app.user("tester", false, json!([grant])).await;
        let tester = app.login("tester").await;
        let url = app.app.config.database.url.expose().to_owned();
        let other = TestApp::start(config(&url), quarterdeck::demo::register).await;
        let admin = other.login("admin").await;
        for (verbs, wanted) in [(json!(["read"]), 403), (json!(["list"]), 200), (json!([]), 404)] {
            let body = json!({"verbs": verbs});
            let changed = call(&admin, ("PATCH", "/api/v1/qd_grant/1"), &[], Some(&body)).await;
            assert_eq!(changed.status, 200, "{}", changed.text);
            // A second is promised; a busy machine is given more, and an end.
            let begun = Instant::now();
            let status = loop {
                let status = call(&tester, ("GET", "/api/v1/author"), &[], None).await.status;
                if status == wanted || begun.elapsed() > Duration::from_secs(20) {
                    break status;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            };
            assert_eq!(status, wanted, "{verbs}");
        }
        other.stop().await;
    })
    .await;
}
