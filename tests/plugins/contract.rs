//! What the house promises and asks of a plugin, shown with one made here.

use std::sync::Arc;

use poem::http::{Method, StatusCode};
use quarterdeck::app::{App, AppBuilder};
use quarterdeck::check::Finding;
use quarterdeck::config::Config;
use quarterdeck::http::{Call, answer};
use quarterdeck::plugin::{Guard, Manifest, Plugin, PluginRoute, Settings};
use serde_json::json;

use crate::house::app::{TestApp, config};
use crate::house::fresh;

/// A plugin with routes that answer the plugin's name, and one that echoes a setting.
#[derive(Clone)]
struct Tiny {
    manifest: Manifest,
    routes: Vec<(Method, &'static str, Guard)>,
}

fn tiny(name: &'static str) -> Tiny {
    Tiny {
        manifest: Manifest {
            name,
            version: "1.0.0",
            public_api: true,
            prefix: None,
            requires: &[],
            settings: &[
                ("greeting", "what to say"),
                ("to_{name}", "whom to say it to"),
            ],
        },
        routes: vec![(Method::GET, "/hello", Guard::Open)],
    }
}

impl Plugin for Tiny {
    fn manifest(&self) -> Manifest {
        self.manifest.clone()
    }

    fn install(&self, app: AppBuilder) -> AppBuilder {
        app
    }

    fn check(&self, settings: &Settings) -> Vec<Finding> {
        let loud = settings
            .get("greeting")
            .filter(|g| g.expose().contains('!'));
        let finding = |_| Finding::error("tiny.E001", "greeting", "too loud".into(), "whisper");
        loud.map(finding).into_iter().collect()
    }

    fn routes(&self, settings: Arc<Settings>) -> Vec<PluginRoute> {
        let name = self.manifest.name;
        let routes = self.routes.iter().map(|(method, path, guard)| {
            let settings = Arc::clone(&settings);
            PluginRoute::new(method.clone(), path, *guard, move |_: Call| {
                let greeting = settings.get("greeting").map(|g| g.expose().to_owned());
                let body = json!({"plugin": name, "greeting": greeting});
                async move { Ok(answer::json_value(StatusCode::OK, &body)) }
            })
        });
        routes.collect()
    }
}

fn findings(config: Config, plugins: &[Tiny]) -> Vec<(&'static str, String)> {
    let app = plugins
        .iter()
        .cloned()
        .fold(App::builder(config), AppBuilder::plugin);
    let found = app.check().into_iter();
    found
        .map(|f| (f.id, format!("{} {} {}", f.place, f.message, f.hint)))
        .collect()
}

async fn served(
    settings: impl Fn(Config) -> Config,
    plugin: Tiny,
    ask: impl AsyncFnOnce(&TestApp),
) {
    let database = fresh("a plugin").await.swap_remove(0);
    let app = TestApp::start(settings(config(&database.url)), |b| b.plugin(plugin)).await;
    ask(&app).await;
    app.stop().await;
}

#[tokio::test]
async fn a_public_plugin_answers_without_login_with_its_settings() {
    let greet = |config: Config| config.with_plugin("tiny", "greeting", "good day");
    served(greet, tiny("tiny"), async |app| {
        let answer = app.anonymous().get("/api/tiny/hello").await;
        assert_eq!(
            answer,
            (200, json!({"plugin": "tiny", "greeting": "good day"}))
        );
        let (_, document) = app.anonymous().get("/api/openapi.json").await;
        let described = &document["paths"]["/api/tiny/hello"]["get"];
        assert_eq!(described["security"], json!([]), "{described}");
    })
    .await;
}

#[tokio::test]
async fn a_plugin_that_is_not_public_is_not_reachable_by_anybody() {
    let mut plugin = tiny("tiny");
    plugin.manifest.public_api = false;
    plugin
        .routes
        .push((Method::GET, "/inside", Guard::Internal));
    served(
        |c| c,
        plugin,
        async |app| {
            app.user("admin", true, json!([])).await;
            let admin = app.login("admin").await;
            for path in ["/api/tiny/hello", "/api/tiny", "/api/internal/tiny/inside"] {
                assert_eq!(admin.get(path).await.0, 404, "{path}");
                assert_eq!(app.anonymous().get(path).await.0, 404, "{path}");
            }
            let (_, document) = admin.get("/api/openapi.json").await;
            assert!(!document["paths"].to_string().contains("tiny"));
        },
    )
    .await;
}

#[tokio::test]
async fn a_route_behind_a_login_asks_for_one_and_a_prefix_moves_the_plugin() {
    let mut plugin = tiny("tiny");
    plugin.manifest.prefix = Some("/hooks");
    plugin.routes = vec![(Method::GET, "/mine", Guard::Login)];
    served(
        |c| c,
        plugin,
        async |app| {
            app.user("ann", false, json!([])).await;
            assert_eq!(app.anonymous().get("/hooks/mine").await.0, 401);
            assert_eq!(app.login("ann").await.get("/hooks/mine").await.0, 200);
            assert_eq!(app.anonymous().get("/api/tiny/mine").await.0, 404);
        },
    )
    .await;
}

#[test]
fn a_plugin_that_another_requires_must_be_installed_once() {
    let mut needy = tiny("needy");
    needy.manifest.requires = &["mail"];
    let found = findings(Config::default(), &[needy.clone()]);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].0, "plugin.E001");
    assert!(found[0].1.contains("`mail`"), "{found:?}");
    assert!(findings(Config::default(), &[needy, tiny("mail")]).is_empty());
    let twice = findings(Config::default(), &[tiny("mail"), tiny("mail")]);
    assert!(
        twice.iter().any(|(id, _)| *id == "plugin.E002"),
        "{twice:?}"
    );
}

#[test]
fn a_route_that_two_want_is_an_error_that_names_both() {
    for (prefix, path, other) in [
        ("/auth", "/login", "Quarterdeck"),
        ("/auth", "/sessions/:token", "Quarterdeck"),
        ("/api", "/openapi.json", "Quarterdeck"),
        ("/static", "/*file", "Quarterdeck"),
    ] {
        let mut plugin = tiny("tiny");
        plugin.manifest.prefix = Some(prefix);
        plugin.routes = vec![(Method::GET, path, Guard::Open)];
        let found = findings(Config::default(), &[plugin]);
        assert_eq!(found.len(), 1, "{path} {found:?}");
        assert_eq!(found[0].0, "route.E001");
        assert!(
            found[0].1.contains(other) && found[0].1.contains("the plugin tiny"),
            "{found:?}"
        );
    }
    let mut second = tiny("second");
    second.manifest.prefix = Some("/api/first");
    let found = findings(Config::default(), &[tiny("first"), second]);
    assert!(
        found[0]
            .1
            .contains("the plugin first and by the plugin second"),
        "{found:?}"
    );
}

#[test]
fn another_method_of_a_path_is_no_conflict() {
    let mut plugin = tiny("tiny");
    plugin.routes.push((Method::POST, "/hello", Guard::Open));
    assert!(findings(Config::default(), &[plugin]).is_empty());
}

#[test]
fn a_route_at_the_address_of_a_model_is_an_error() {
    let mut plugin = tiny("tiny");
    plugin.manifest.prefix = Some("/api/v1/book");
    let app = quarterdeck::demo::register(App::builder(Config::default()).plugin(plugin));
    let found = app.check();
    assert!(
        found
            .iter()
            .any(|f| f.id == "route.E002" && f.place == "book"),
        "{found:?}"
    );
}

#[test]
fn a_setting_that_the_plugin_does_not_have_is_an_error_that_names_those_it_has() {
    let set = |key| Config::default().with_plugin("tiny", key, "hush");
    assert!(findings(set("to_ann"), &[tiny("tiny")]).is_empty());
    let found = findings(set("greting"), &[tiny("tiny")]);
    assert_eq!(found.len(), 1, "{found:?}");
    let (id, text) = &found[0];
    assert_eq!(*id, "plugin.E003");
    for part in ["`greting`", "greeting (what to say)", "to_{name}"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("hush"));
    let found = findings(set("greeting"), &[tiny("other")]);
    assert_eq!((found.len(), found[0].0), (1, "plugin.W001"), "{found:?}");
}

#[test]
fn a_variable_belongs_to_the_plugin_with_the_longer_name() {
    let environment = quarterdeck::config::Environment::new([
        ("QUARTERDECK_PLUGIN_MAIL_QUEUE_GREETING", "hello"),
        ("QUARTERDECK_PLUGIN_MAIL_GREETING", "hello"),
    ]);
    let config = Config::resolve(&quarterdeck::config::Options::default(), &environment);
    let config = config.expect("settings");
    let both = findings(config.clone(), &[tiny("mail"), tiny("mail_queue")]);
    assert!(both.is_empty(), "{both:?}");
    let one = findings(config, &[tiny("mail")]);
    assert_eq!((one.len(), one[0].0), (1, "plugin.E003"), "{one:?}");
}

#[test]
fn a_plugin_checks_the_values_of_its_settings_itself() {
    let loud = Config::default().with_plugin("tiny", "greeting", "hey!");
    let found = findings(loud, &[tiny("tiny")]);
    assert_eq!((found.len(), found[0].0), (1, "tiny.E001"), "{found:?}");
}
