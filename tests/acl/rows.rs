//! T-ROW: that a hidden row is there cannot be learnt, and a row rule holds before and after a write.

use quarterdeck::model::encode_key_part;
use serde_json::{Map, Value, json};

use super::probes::{self, Probe, demo_models, leading_to};
use super::stage::staged;
use crate::api::sample::{World, call, list, names, text};

/// Every row but this one.
fn all_but(world: &World<'_>, slug: &str, record: &Value) -> Value {
    let key = world.key(slug).into_iter();
    let own: Map<String, Value> = key.map(|k| (k.clone(), record[&k].clone())).collect();
    json!({"not": own})
}

/// Requests that ask for one row: by its address, its values, and links to it.
async fn about(world: &World<'_>, slug: &str, record: &Value) -> Vec<Probe> {
    let path = world.path(slug, record);
    let here = format!("/api/v1/{slug}");
    let mut all = vec![
        probes::get(path.clone()),
        probes::get(format!("{path}?fields={}", world.key(slug).remove(0))),
        Probe {
            method: "HEAD",
            ..probes::get(path.clone())
        },
        Probe {
            method: "OPTIONS",
            ..probes::get(path.clone())
        },
        Probe {
            method: "DELETE",
            ..probes::get(path.clone())
        },
        probes::send("PATCH", path.clone(), json!({})),
        probes::send("PATCH", path.clone(), json!({"no_such_field": 1})),
        probes::send("PATCH", path.clone(), world.body(slug, "patch").await),
        probes::send("PUT", path.clone(), world.body(slug, "replace").await),
        probes::send("PUT", path.clone(), json!({})),
        probes::get(format!("{path}/_history")),
        probes::get(format!("{path}?trash=include")),
        probes::send("POST", format!("{path}/_revert"), json!({"before": 1})),
        probes::send("POST", format!("{path}/_restore"), json!({})),
        probes::dry("DELETE", path.clone(), json!({})),
        probes::dry("PATCH", path.clone(), world.body(slug, "patch").await),
        probes::dry("PUT", path.clone(), world.body(slug, "replace").await),
    ];
    let key = path.rsplit('/').next().unwrap_or_default();
    let patch = world.body(slug, "patch").await;
    for operation in [
        json!({"verb": "patch", "id": key, "data": {}}),
        json!({"verb": "patch", "id": key, "data": patch}),
        json!({"verb": "delete", "id": key}),
    ] {
        let body = json!({"operations": [operation]});
        all.push(probes::dry("POST", format!("{here}/_bulk"), body.clone()));
        all.push(probes::send("POST", format!("{here}/_bulk"), body));
    }
    for field in world.fields(slug) {
        let name = text(&field["name"]);
        let operand = encode_key_part(&text(&record[&name])).to_string();
        for operator in names(&field["operators"]) {
            if record[&name].is_null() || operator == "isnull" || operator == "between" {
                continue;
            }
            all.push(probes::get(format!(
                "{here}?{name}__{operator}={operand}&count=exact"
            )));
            // Over a relation the same condition is compiled; one operator shows the guards.
            let telling = operator == "eq";
            for (from, relation) in leading_to(world, slug).into_iter().filter(|_| telling) {
                let condition = format!("{relation}.{name}__{operator}={operand}");
                all.push(probes::get(format!(
                    "/api/v1/{from}?{condition}&count=exact"
                )));
            }
        }
    }
    // A link to it is refused as a link to nothing.
    for (from, model) in &world.models {
        for relation in list(&model["relations"]) {
            if relation["model"] != slug || relation["owns_key"] != true || from.starts_with("qd_")
            {
                continue;
            }
            let mut body = world.body(from, "create").await;
            for (own, key) in names(&relation["fields"]).into_iter().zip(world.key(slug)) {
                body[own] = record[key].clone();
            }
            all.push(probes::send("POST", format!("/api/v1/{from}"), body));
        }
    }
    all
}

#[tokio::test]
async fn r36_r39_r40_t_row_a_hidden_row_shows_on_no_path() {
    staged("t_row_a_hidden_row", async |stage| {
        let (world, tester) = (&stage.world, &stage.tester);
        let admin = world.session;
        for slug in demo_models(world) {
            let before = world.make(&slug).await;
            let record = world.make(&slug).await;
            world.make(&slug).await;
            let rows = all_but(world, &slug, &record);
            stage.set(&slug, json!({"rows": rows})).await;
            let mut all = probes::of_rows(world, &slug, &probes::searchable(&record));
            all.extend(about(world, &slug, &record).await);
            let first = stage.answers(&all).await;
            let pages = probes::pages(tester, &slug).await;
            // The rule hides this row and no other.
            let path = world.path(&slug, &before);
            assert_eq!(
                call(tester, ("GET", &path), &[], None).await.status,
                200,
                "{path}"
            );
            let path = world.path(&slug, &record);
            let unchanged = call(admin, ("GET", &path), &[], None).await.json();
            assert_eq!(unchanged, record, "{path}");
            let deleted = call(admin, ("DELETE", &path), &[], None).await;
            assert_eq!(deleted.status, 204, "{path}: {}", deleted.text);
            let second = stage.answers(&all).await;
            for ((probe, first), second) in all.iter().zip(&first).zip(&second) {
                assert_eq!(first, second, "the hidden row of {slug} shows in {probe:?}");
            }
            assert_eq!(
                pages,
                probes::pages(tester, &slug).await,
                "{slug} in the pages"
            );
            stage.set(&slug, json!({"rows": "all"})).await;
        }
    })
    .await;
}

#[tokio::test]
async fn r39_a_row_rule_holds_before_and_after_every_write() {
    staged("r39_a_row_rule_holds", async |stage| {
        let (world, tester) = (&stage.world, &stage.tester);
        let admin = world.session;
        for slug in demo_models(world) {
            // Each field that can hold two values makes a rule: it keeps the one it has.
            for field in probes::own_fields(world, &slug) {
                let record = world.make(&slug).await;
                let other = world.body(&slug, "patch").await;
                let filterable = |f: &Value| {
                    text(&f["name"]) == field && names(&f["operators"]).contains(&"eq".to_owned())
                };
                if other[&field] == record[&field]
                    || other[&field].is_null()
                    || record[&field].is_null()
                    || !world.fields(&slug).iter().any(filterable)
                {
                    continue;
                }
                let rows = json!({&field: record[&field]});
                stage.set(&slug, json!({"rows": rows})).await;
                let path = world.path(&slug, &record);
                let before = call(admin, ("GET", &path), &[], None).await.text;
                let body = json!({&field: other[&field]});
                let moved = call(tester, ("PATCH", &path), &[], Some(&body)).await;
                assert_eq!(moved.status, 403, "{path} {body}: {}", moved.text);
                assert_eq!(moved.json()["code"], "row_rule");
                let mut whole = world.body(&slug, "replace").await;
                for (name, value) in whole.as_object_mut().expect("an object") {
                    let of = if *name == field { &other } else { &record };
                    *value = of[name].clone();
                }
                let moved = call(tester, ("PUT", &path), &[], Some(&whole)).await;
                assert_eq!(moved.status, 403, "{path} {whole}: {}", moved.text);
                assert_eq!(
                    call(admin, ("GET", &path), &[], None).await.text,
                    before,
                    "{path}"
                );
                let mut new = world.body(&slug, "create").await;
                new[&field] = other[&field].clone();
                let count = format!("/api/v1/{slug}?count=exact&limit=1");
                let rows =
                    call(admin, ("GET", &count), &[], None).await.json()["page"]["count"].clone();
                let made = call(
                    tester,
                    ("POST", &format!("/api/v1/{slug}")),
                    &[],
                    Some(&new),
                )
                .await;
                assert_eq!(made.status, 403, "{slug} {new}: {}", made.text);
                let after =
                    call(admin, ("GET", &count), &[], None).await.json()["page"]["count"].clone();
                assert_eq!(rows, after, "{slug}");
                let same = json!({&field: record[&field]});
                let kept = call(tester, ("PATCH", &path), &[], Some(&same)).await;
                assert_eq!(kept.status, 200, "{path} {same}: {}", kept.text);
                stage.set(&slug, json!({"rows": "all"})).await;
            }
        }
    })
    .await;
}
