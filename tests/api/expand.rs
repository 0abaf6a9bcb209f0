//! What `expand=` costs: as many statements for a page of 25 as for one row.

use serde_json::Value;

use super::sample::{World, call, list, statements, text};
use crate::house::app::{TestApp, on_each_app};

/// How many statements a list runs, and how many rows it gives.
async fn cost(app: &TestApp, world: &World<'_>, path: &str) -> (usize, usize) {
    app.statements();
    let page = call(world.session, ("GET", path), &[], None).await;
    let ran = statements(app);
    assert_eq!(page.status, 200, "{path}: {}", page.text);
    (ran.len(), list(&page.json()["data"]).len())
}

fn relations(world: &World<'_>, slug: &str) -> Vec<(String, String)> {
    let all = list(&world.models[slug]["relations"]);
    let pair = |r: &Value| (text(&r["name"]), text(&r["model"]));
    all.iter().map(pair).collect()
}

#[tokio::test]
async fn a_list_with_expand_runs_as_many_statements_for_25_rows_as_for_one() {
    on_each_app(
        "a_list_with_expand_runs_as_many_statements",
        |b| b,
        async |app| {
            let admin = app.login("admin").await;
            let world = World::look(&admin).await;
            let demo: Vec<String> = world.slugs();
            for slug in demo.iter().filter(|slug| !slug.starts_with("qd_")) {
                for _ in 0..25 {
                    world.make(slug).await;
                }
            }
            for slug in demo.iter().filter(|slug| !slug.starts_with("qd_")) {
                let here = format!("/api/v1/{slug}?count=none");
                let mut all = Vec::new();
                for (name, target) in relations(&world, slug) {
                    let one = cost(app, &world, &format!("{here}&expand={name}&limit=1")).await;
                    let many = cost(app, &world, &format!("{here}&expand={name}&limit=25")).await;
                    assert_eq!((one.1, many.1), (1, 25), "{slug} {name}");
                    assert!(
                        (1..=2).contains(&one.0),
                        "{slug} {name}: {} statements",
                        one.0
                    );
                    assert_eq!(
                        one.0, many.0,
                        "{slug} {name}: statements of 1 and of 25 rows"
                    );
                    for (inner, _) in relations(&world, &target) {
                        let path = format!("{here}&expand={name}.{inner}&limit=25");
                        let (ran, _) = cost(app, &world, &path).await;
                        assert!(ran <= 3, "{path}: {ran} statements");
                    }
                    all.push(name);
                }
                let path = format!("{here}&expand={}&limit=25", all.join(","));
                let (ran, _) = cost(app, &world, &path).await;
                assert!(ran <= 1 + all.len(), "{path}: {ran} statements");
            }
        },
    )
    .await;
}
