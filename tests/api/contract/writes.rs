//! One record from create to delete, and what every answer on the way says.

use serde_json::{Value, json};

use super::super::sample::{Reply, World, call};
use super::{Breaches, with_every_model};

/// Every field of `body` has its value in `record`.
fn holds(record: &Value, body: &Value) -> Vec<String> {
    let members = body.as_object().expect("an object").iter();
    members
        .filter(|(name, value)| record[*name] != **value)
        .map(|(name, value)| format!("{name}: {} instead of {value}", record[name]))
        .collect()
}

/// The record as GET and HEAD show it is the one that a write has answered.
async fn stands(world: &World<'_>, path: &str, written: &Reply, breaches: &mut Breaches) {
    let read = call(world.session, ("GET", path), &[], None).await;
    breaches.same(path, read.status, 200);
    breaches.same(&format!("{path} JSON"), &read.text, &written.text);
    let tag = read.header("etag");
    breaches.same(&format!("{path} ETag"), tag, written.header("etag"));
    breaches.check(
        &format!("{path} ETag {tag:?} is no strong tag"),
        tag.starts_with('"') && tag.ends_with('"') && tag.len() > 12,
    );
    let fresh = call(
        world.session,
        ("GET", path),
        &[("if-none-match", tag)],
        None,
    )
    .await;
    breaches.same(&format!("{path} If-None-Match"), fresh.status, 304);
    breaches.same(&format!("{path} 304 body"), &*fresh.text, "");
    breaches.same(&format!("{path} 304 ETag"), fresh.header("etag"), tag);
    let stale = [("if-none-match", "\"another\"")];
    let stale = call(world.session, ("GET", path), &stale, None).await;
    breaches.same(&format!("{path} stale"), stale.status, 200);
    let head = call(world.session, ("HEAD", path), &[], None).await;
    breaches.same(&format!("{path} HEAD"), head.status, 200);
    breaches.same(&format!("{path} HEAD body"), &*head.text, "");
    for name in ["etag", "content-type", "cache-control"] {
        let what = format!("{path} HEAD {name}");
        breaches.same(&what, head.header(name), read.header(name));
    }
}

async fn create(world: &World<'_>, slug: &str, breaches: &mut Breaches) -> Value {
    let collection = format!("/api/v1/{slug}");
    let body = world.body(slug, "create").await;
    let made = call(world.session, ("POST", &collection), &[], Some(&body)).await;
    assert_eq!(made.status, 201, "{slug} {body}: {}", made.text);
    let record = made.json();
    let path = world.path(slug, &record);
    for fault in holds(&record, &body) {
        breaches.check(&format!("{path} created with {fault}"), false);
    }
    breaches.same(&format!("{slug} Location"), made.header("location"), &path);
    stands(world, &path, &made, breaches).await;
    let minimal = [("prefer", "return=minimal")];
    let body = world.body(slug, "create").await;
    let quiet = call(world.session, ("POST", &collection), &minimal, Some(&body)).await;
    breaches.same(&format!("{slug} minimal create"), quiet.status, 201);
    breaches.same(&format!("{slug} minimal body"), &*quiet.text, "");
    let location = quiet.header("location");
    let there = call(world.session, ("GET", location), &[], None).await;
    breaches.same(&format!("{slug} at its Location"), there.status, 200);
    breaches.same(
        &format!("{slug} minimal ETag"),
        quiet.header("etag"),
        there.header("etag"),
    );
    let twice = call(world.session, ("POST", &collection), &[], Some(&body)).await;
    let fields = world.fields(slug);
    let unique = fields.iter().any(|f| {
        let key = world.key(slug);
        let natural = key.len() == 1 && f["name"] == key[0] && f["read_only"] == false;
        (f["unique"] == true || natural) && body.get(f["name"].as_str().unwrap()).is_some()
    });
    if unique {
        breaches.same(&format!("{slug} twice: {}", twice.text), twice.status, 409);
        let named = twice.faults();
        breaches.check(
            &format!("{slug} twice names no field: {}", twice.text),
            named.iter().any(|f| f.ends_with(" unique")),
        );
    }
    record
}

async fn change(world: &World<'_>, slug: &str, record: &Value, breaches: &mut Breaches) {
    let path = world.path(slug, record);
    let body = world.body(slug, "replace").await;
    let replaced = call(world.session, ("PUT", &path), &[], Some(&body)).await;
    let what = format!("{path} PUT {body}: {}", replaced.text);
    if breaches.same(&what, replaced.status, 200) {
        for fault in holds(&replaced.json(), &body) {
            breaches.check(&format!("{path} replaced with {fault}"), false);
        }
        stands(world, &path, &replaced, breaches).await;
    }
    // An absent field takes its default or null: only what is required is sent.
    let mut least = body.clone();
    for field in world.writable(slug, "replace") {
        if field["required"] != true {
            let members = least.as_object_mut().expect("an object");
            members.remove(field["name"].as_str().expect("a name"));
        }
    }
    let replaced = call(world.session, ("PUT", &path), &[], Some(&least)).await;
    if breaches.same(
        &format!("{path} PUT least: {}", replaced.text),
        replaced.status,
        200,
    ) {
        for field in world.writable(slug, "replace") {
            let name = field["name"].as_str().expect("a name");
            let gone = least.get(name).is_none()
                && !body[name].is_null()
                && body[name] == replaced.json()[name];
            let varies = !matches!(field["type"].as_str(), Some("boolean" | "enum"));
            // A default may be the value that was there; only two values cannot tell.
            let kept = gone && varies && field["choices"] == json!([]);
            breaches.check(&format!("{path} PUT kept the absent {name}"), !kept);
        }
        stands(world, &path, &replaced, breaches).await;
    }
    let merge = [("content-type", "application/merge-patch+json")];
    let fresh = world.body(slug, "patch").await;
    for field in world.writable(slug, "patch") {
        let name = field["name"].as_str().expect("a name");
        let before = call(world.session, ("GET", &path), &[], None).await.json();
        let patch = json!({name: fresh[name]});
        let done = call(world.session, ("PATCH", &path), &merge, Some(&patch)).await;
        if !breaches.same(&format!("{path} {patch}: {}", done.text), done.status, 200) {
            continue;
        }
        let mut wanted = before.clone();
        wanted[name] = fresh[name].clone();
        // What the entity sets itself at every save is shown, and nobody can write it.
        for field in world.fields(slug).iter().filter(|f| f["read_only"] == true) {
            let name = field["name"].as_str().expect("a name");
            wanted[name] = done.json()[name].clone();
        }
        breaches.same(&format!("{path} {patch}"), done.json(), wanted);
        stands(world, &path, &done, breaches).await;
        if field["nullable"] == true {
            let clear = json!({name: null});
            let done = call(world.session, ("PATCH", &path), &[], Some(&clear)).await;
            breaches.same(&format!("{path} clear {name}"), done.status, 200);
            breaches.same(&format!("{path} null"), &done.json()[name], &Value::Null);
        }
    }
    let minimal = [("prefer", "return=minimal")];
    let quiet = call(world.session, ("PATCH", &path), &minimal, Some(&json!({}))).await;
    breaches.same(&format!("{path} minimal patch"), quiet.status, 204);
    breaches.same(&format!("{path} minimal body"), &*quiet.text, "");
}

async fn delete(world: &World<'_>, slug: &str, record: &Value, breaches: &mut Breaches) {
    let path = world.path(slug, record);
    let deleted = call(world.session, ("DELETE", &path), &[], None).await;
    breaches.same(
        &format!("{path} DELETE: {}", deleted.text),
        deleted.status,
        204,
    );
    breaches.same(&format!("{path} DELETE body"), &*deleted.text, "");
    for method in ["GET", "HEAD", "DELETE", "PATCH", "PUT"] {
        let verb = match method {
            "PATCH" => "patch",
            "PUT" => "replace",
            _ => "read",
        };
        if world.has(slug, verb) {
            let body = world.body(slug, verb).await;
            let body = (verb != "read").then_some(&body);
            let gone = call(world.session, (method, &path), &[], body).await;
            breaches.same(&format!("{path} {method} afterwards"), gone.status, 404);
        }
    }
}

#[tokio::test]
async fn every_model_keeps_the_contract_of_the_writing_verbs() {
    with_every_model(
        "every_model_keeps_the_contract_of_the_writing_verbs",
        async |_, world, breaches| {
            for slug in world.slugs() {
                if world.has(&slug, "create") {
                    let record = create(world, &slug, breaches).await;
                    change(world, &slug, &record, breaches).await;
                    delete(world, &slug, &record, breaches).await;
                } else if world.has(&slug, "delete") {
                    // The newest: the oldest session is the one that asks.
                    let path = format!("/api/v1/{slug}?sort=-id&limit=1");
                    let newest = call(world.session, ("GET", &path), &[], None).await;
                    delete(world, &slug, &newest.json()["data"][0], breaches).await;
                }
            }
        },
    )
    .await;
}

#[tokio::test]
async fn every_path_of_every_model_says_its_methods_and_refuses_the_others() {
    with_every_model(
        "every_path_of_every_model_says_its_methods_and_refuses_the_others",
        async |_, world, breaches| {
            for slug in world.slugs() {
                let mut collection = vec!["OPTIONS"];
                let mut record = vec!["OPTIONS"];
                for (verb, methods) in [("list", &["GET", "HEAD"][..]), ("create", &["POST"])] {
                    collection.extend(methods.iter().filter(|_| world.has(&slug, verb)));
                }
                for (verb, methods) in [
                    ("read", &["GET", "HEAD"][..]),
                    ("replace", &["PUT"]),
                    ("patch", &["PATCH"]),
                    ("delete", &["DELETE"]),
                ] {
                    record.extend(methods.iter().filter(|_| world.has(&slug, verb)));
                }
                let search = vec!["OPTIONS", "POST"];
                let collection_path = format!("/api/v1/{slug}");
                for (path, methods) in [
                    (&collection_path, collection),
                    (&format!("{collection_path}/_search"), search),
                    (&format!("{collection_path}/1"), record),
                ] {
                    allows(world, path, methods, breaches).await;
                }
            }
        },
    )
    .await;
}

async fn allows(world: &World<'_>, path: &str, mut has: Vec<&str>, breaches: &mut Breaches) {
    let sorted = |reply: &Reply| {
        let allow = reply.header("allow").split(", ");
        let mut allow: Vec<String> = allow.map(ToOwned::to_owned).collect();
        allow.sort();
        allow
    };
    has.sort_unstable();
    let asked = call(world.session, ("OPTIONS", path), &[], None).await;
    breaches.same(&format!("OPTIONS {path}"), asked.status, 204);
    let has: Vec<String> = has.into_iter().map(ToOwned::to_owned).collect();
    breaches.same(&format!("{path} Allow"), sorted(&asked), has.clone());
    let all = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "PROPFIND"];
    for method in all.iter().filter(|m| !has.contains(&(**m).to_owned())) {
        let refused = call(world.session, (method, path), &[], Some(&json!({}))).await;
        breaches.same(&format!("{method} {path}"), refused.status, 405);
        breaches.same(
            &format!("{method} {path} Allow"),
            sorted(&refused),
            has.clone(),
        );
        if *method != "HEAD" {
            let code = &refused.json()["code"];
            breaches.same(
                &format!("{method} {path}"),
                code,
                &json!("method_not_allowed"),
            );
        }
    }
}
