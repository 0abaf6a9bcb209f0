//! A tester who may do everything with the demo's models, until one of the grants is narrowed.

use serde_json::{Map, Value, json};

use super::probes::{Probe, demo_models, verbs};
use crate::api::sample::{World, call, list, text};
use crate::house::app::{Session, TestApp, on_each_app};

/// The application, its models as the administrator sees them, and the tester.
pub(crate) struct Stage<'a> {
    pub(crate) app: &'a TestApp,
    pub(crate) world: World<'a>,
    pub(crate) tester: Session<'a>,
    /// The tester's grants, by model.
    grants: Map<String, Value>,
}

/// Runs `body` on every database.
pub(crate) async fn staged(test: &str, mut body: impl AsyncFnMut(&Stage<'_>)) {
    let build = |b| b;
    on_each_app(test, build, async |app| {
        let admin = app.login("admin").await;
        let world = World::look(&admin).await;
        let grants = everything(app, &world).await;
        let tester = app.login("tester").await;
        let stage = Stage {
            app,
            world,
            tester,
            grants,
        };
        body(&stage).await;
    })
    .await;
}

/// A tester with a grant of every verb on every demo model; the grants by model.
async fn everything(app: &TestApp, world: &World<'_>) -> Map<String, Value> {
    let all = demo_models(world);
    let grant = |slug: &String| {
        json!({"model": slug, "verbs": verbs(world, slug), "rows": "all", "readable": "all",
               "writable": "all"})
    };
    app.user("tester", false, all.iter().map(grant).collect())
        .await;
    let path = "/api/v1/qd_grant?limit=100";
    let made = call(world.session, ("GET", path), &[], None).await;
    let made = list(&made.json()["data"]);
    made.iter()
        .map(|g| (text(&g["model"]), g["id"].clone()))
        .collect()
}

impl Stage<'_> {
    /// Changes the grant on a model.
    pub(crate) async fn set(&self, slug: &str, change: Value) {
        let path = format!("/api/v1/qd_grant/{}", self.grants[slug]);
        let changed = call(self.world.session, ("PATCH", &path), &[], Some(&change)).await;
        assert_eq!(changed.status, 200, "{change}: {}", changed.text);
    }

    /// The tester's answers to every probe.
    pub(crate) async fn answers(&self, probes: &[Probe]) -> Vec<String> {
        let mut all = Vec::new();
        for probe in probes {
            all.push(probe.ask(&self.tester).await.shape());
        }
        all
    }
}
