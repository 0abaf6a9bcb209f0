//! T-ROW for the pages: that a hidden row is there changes no byte and no status of any page.

use serde_json::{Map, Value, json};

use super::forged;
use super::page::escape;
use super::probes::{pages, texts, walk};
use super::stage::{Client, Probe, get, post, typed_fields};
use crate::acl::probes::demo_models;
use crate::acl::stage::staged;
use crate::api::sample::{World, call, list, names, text};

/// Requests that ask for one row: by its address, its values, and links to it.
async fn about(world: &World<'_>, slug: &str, record: &Value) -> Vec<Probe> {
    let here = format!("/admin/{slug}");
    let path = world.path(slug, record).replacen("/api/v1/", "/admin/", 1);
    let patch = world.body(slug, "patch").await;
    let fields = world.writable(slug, "patch");
    let mut all = vec![
        get(&path),
        get(format!("{path}?saved=changed")),
        get(format!("{path}/delete")),
        post(format!("{path}/delete"), Vec::new()),
        post(&path, Vec::new()),
        post(&path, typed_fields(&fields, &patch)),
        post(&path, vec![("no_such_field".to_owned(), "1".to_owned())]),
    ];
    for field in world.fields(slug) {
        let name = text(&field["name"]);
        let operand = escape(&text(&record[&name]));
        for operator in names(&field["operators"]) {
            if record[&name].is_null() || operator == "isnull" || operator == "between" {
                continue;
            }
            all.push(get(format!(
                "{here}?{name}__{operator}={operand}&count=exact"
            )));
        }
    }
    // A link to it is refused as a link to nothing.
    for from in demo_models(world) {
        for relation in list(&world.models[&from]["relations"]) {
            if relation["model"] != slug || relation["owns_key"] != true {
                continue;
            }
            let mut body = world.body(&from, "create").await;
            for (own, key) in names(&relation["fields"]).into_iter().zip(world.key(slug)) {
                body[own] = record[key].clone();
            }
            let fields = world.writable(&from, "create");
            all.push(post(
                format!("/admin/{from}/new"),
                typed_fields(&fields, &body),
            ));
        }
    }
    all
}

#[tokio::test]
async fn r36_r39_r40_t_row_a_hidden_row_shows_on_no_page() {
    staged("t_row_a_hidden_row_shows_on_no_page", async |stage| {
        let client = Client {
            session: &stage.tester,
            token: None,
        };
        let world = &stage.world;
        for slug in demo_models(world) {
            let before = world.make(&slug).await;
            let record = world.make(&slug).await;
            world.make(&slug).await;
            let key = world.key(&slug).into_iter();
            let own: Map<String, Value> = key.map(|k| (k.clone(), record[&k].clone())).collect();
            stage.set(&slug, json!({"rows": {"not": own}})).await;
            let mut all = pages(world, &slug, &texts(&[&record]));
            all.extend(about(world, &slug, &record).await);
            all.extend(forged::around_list(world, &slug));
            let at = world.path(&slug, &record);
            let at = at.replacen("/api/v1/", "/admin/", 1);
            for field in world.fields(&slug) {
                let name = text(&field["name"]);
                all.extend(forged::of_field(&format!("/admin/{slug}"), &at, &name));
            }
            let first = &world.key(&slug)[0];
            all.extend(forged::around_record(&slug, &at, first));
            let first = client.shapes(&all).await;
            let walked = walk(client, &slug).await;
            // The rule hides this row and no other.
            let path = world.path(&slug, &before);
            let path = path.replacen("/api/v1/", "/admin/", 1);
            assert_eq!(client.ask(&get(&path)).await.status(), 200, "{path}");
            let path = world.path(&slug, &record);
            let unchanged = call(world.session, ("GET", &path), &[], None).await;
            assert_eq!(unchanged.json(), record, "{path}");
            let deleted = call(world.session, ("DELETE", &path), &[], None).await;
            assert_eq!(deleted.status, 204, "{path}: {}", deleted.text);
            let second = client.shapes(&all).await;
            for ((probe, first), second) in all.iter().zip(&first).zip(&second) {
                assert_eq!(first, second, "the hidden row of {slug} shows in {probe:?}");
            }
            assert_eq!(walked, walk(client, &slug).await, "{slug} page by page");
            stage.set(&slug, json!({"rows": "all"})).await;
        }
    })
    .await;
}
