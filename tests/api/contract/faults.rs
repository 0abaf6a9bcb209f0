//! Bodies that are refused: one 422 with every fault at its place, before any statement runs.

use serde_json::{Map, Value, json};

use super::super::sample::{World, call, limit};
use super::{Breaches, with_every_model};

/// What is wrong with a field, with the code of its fault; `None` where it cannot be wrong so.
fn wrong(kind: &str, field: &Value) -> Option<(Option<Value>, &'static str)> {
    let limits = &field["limits"];
    let name = field["type"].as_str().expect("a type");
    match kind {
        "missing" => (field["required"] == true).then_some((None, "required")),
        "null" => (field["nullable"] != true).then_some((Some(Value::Null), "null")),
        "type" => match name {
            "json" => None,
            "boolean" | "integer" | "number" => Some((Some(json!("a word")), "type")),
            "array" | "decimal" => Some((Some(json!({"a": 1})), "type")),
            _ => Some((Some(json!(5)), "type")),
        },
        "range" => match name {
            "text" => limit(limits, "max_length")
                .map(|most| (Some(json!("ß".repeat(most as usize + 1))), "too_long")),
            "enum" => Some((Some(json!("never one of them")), "choice")),
            "integer" => {
                let most: i128 = limits["max"].as_str()?.split('.').next()?.parse().ok()?;
                let text = (most + 1).to_string();
                Some((serde_json::from_str(&text).ok(), "out_of_range"))
            }
            "decimal" => limit(limits, "precision")
                .map(|digits| (Some(json!("9".repeat(digits as usize))), "out_of_range")),
            "number" => Some((serde_json::from_str("1e308").ok(), "out_of_range")),
            _ => None,
        },
        "nul" => (name == "text").then_some((Some(json!("a\0b")), "nul")),
        other => panic!("no such fault: {other}"),
    }
}

/// A body in which every field that can be wrong in that way is, with the faults to be named.
async fn spoilt(world: &World<'_>, slug: &str, verb: &str, kind: &str) -> (Value, Vec<String>) {
    let good = world.body(slug, verb).await;
    let mut body = Map::new();
    let mut wanted = vec!["/no_such_field unknown_field".to_owned()];
    for field in world.writable(slug, verb) {
        let name = field["name"].as_str().expect("a name").to_owned();
        let double = kind == "range" && field["type"] == "number";
        let found =
            wrong(kind, &field).filter(|_| !double && (kind != "missing" || verb != "patch"));
        match found {
            Some((spoilt, code)) => {
                wanted.push(format!("/{name} {code}"));
                body.extend(spoilt.map(|value| (name, value)));
            }
            None => {
                body.insert(name.clone(), good[&name].clone());
            }
        }
    }
    for field in world.fields(slug) {
        let name = field["name"].as_str().expect("a name");
        if !world.writable(slug, verb).contains(&field) {
            wanted.push(format!("/{name} read_only"));
            body.insert(name.to_owned(), json!(1));
        }
    }
    body.insert("no_such_field".to_owned(), json!(1));
    wanted.sort();
    (Value::Object(body), wanted)
}

async fn refuses(
    world: &World<'_>,
    (slug, verb): (&str, &str),
    (method, path): (&str, &str),
    breaches: &mut Breaches,
) {
    for kind in ["missing", "null", "type", "range", "nul"] {
        let (body, wanted) = spoilt(world, slug, verb, kind).await;
        let reply = call(world.session, (method, path), &[], Some(&body)).await;
        let what = format!("{method} {path} {kind}: {body}");
        breaches.same(&what, reply.status, 422);
        let problem = "application/problem+json";
        breaches.same(&what, reply.header("content-type"), problem);
        let shown = reply.faults();
        breaches.check(
            &format!("{what}\n  shown  {shown:?}\n  wanted {wanted:?}"),
            // A value may break two rules at once; each that must be named is.
            shown == wanted || (kind == "range" && wanted.iter().all(|w| shown.contains(w))),
        );
    }
}

#[tokio::test]
async fn a_body_is_refused_with_every_fault_at_once_and_before_any_statement() {
    with_every_model(
        "a_body_is_refused_with_every_fault_at_once_and_before_any_statement",
        async |app, world, breaches| {
            for slug in world.slugs() {
                let path = format!("/api/v1/{slug}");
                if !world.has(&slug, "create") {
                    continue;
                }
                refuses(world, (&slug, "create"), ("POST", &path), breaches).await;
                let record = world.path(&slug, &world.make(&slug).await);
                refuses(world, (&slug, "replace"), ("PUT", &record), breaches).await;
                refuses(world, (&slug, "patch"), ("PATCH", &record), breaches).await;
                let before = call(world.session, ("GET", &record), &[], None).await.text;
                let (body, _) = spoilt(world, &slug, "patch", "type").await;
                // The identity is fresh after the last read; only the refusal is looked at.
                app.statements();
                call(world.session, ("PATCH", &record), &[], Some(&body)).await;
                let mut ran = app.statements();
                // A new grant may just be being noticed; that reads, and never writes.
                ran.retain(|sql| !(slug.starts_with("qd_") && sql.starts_with("SELECT")));
                breaches.same(&format!("{slug} statements"), ran, Vec::new());
                let after = call(world.session, ("GET", &record), &[], None).await.text;
                breaches.same(&format!("{slug} unchanged"), before, after);
            }
        },
    )
    .await;
}

#[tokio::test]
async fn a_record_that_is_no_object_is_422_a_search_400_and_another_media_type_415() {
    with_every_model(
        "a_record_that_is_no_object_is_422_a_search_400_and_another_media_type_415",
        async |_, world, breaches| {
            for slug in world.slugs() {
                if !world.has(&slug, "create") {
                    continue;
                }
                let collection = format!("/api/v1/{slug}");
                let record = world.path(&slug, &world.make(&slug).await);
                let merge = "application/merge-patch+json";
                for (method, path) in [("POST", &collection), ("PUT", &record), ("PATCH", &record)]
                {
                    let patch = if method == "PATCH" { 422 } else { 415 };
                    for (kind, status) in [
                        ("application/json", 422),
                        ("application/json; charset=utf-8", 422),
                        (merge, patch),
                        ("text/plain", 415),
                        ("application/x-www-form-urlencoded", 415),
                        ("application/jsonx", 415),
                        ("", 415),
                    ] {
                        for body in [json!([]), json!("x"), json!(null)] {
                            let typed = [("content-type", kind)];
                            let reply =
                                call(world.session, (method, path), &typed, Some(&body)).await;
                            let what = format!("{method} {path} {kind:?} {body}: {}", reply.text);
                            breaches.same(&what, reply.status, status);
                        }
                    }
                }
                let search = format!("{collection}/_search");
                let typed = [("content-type", merge)];
                let reply = call(world.session, ("POST", &search), &typed, Some(&json!({}))).await;
                breaches.same(&search, reply.status, 415);
                for body in [json!([]), json!("x"), json!(null)] {
                    let reply = call(world.session, ("POST", &search), &[], Some(&body)).await;
                    let what = format!("POST {search} {body}: {}", reply.text);
                    breaches.same(&what, reply.status, 400);
                }
            }
        },
    )
    .await;
}
