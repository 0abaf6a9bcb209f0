//! Addresses of records: one row, one address; everything else is a row that does not exist.

use quarterdeck::model::encode_key_part;

use super::super::sample::{World, call, text};
use super::{Breaches, with_every_model};

/// Spellings that are no key of any row, given one that is.
fn others(key: &str, parts: usize) -> Vec<String> {
    let mut all: Vec<String> = [
        "0x1",
        "%20",
        "%00",
        "%ff",
        "%2e%2e",
        "..%2f",
        "1e0",
        "1.0",
        "-0",
        "null",
        "true",
        "*",
        "'",
        "%27%20or%201=1",
        "9223372036854775808",
        "99999999999999999999999999",
        "_nothing",
        "%2C",
    ]
    .map(ToOwned::to_owned)
    .into();
    all.push("7".repeat(300));
    all.push("%C3%9F".repeat(2000));
    all.push(vec!["1"; parts + 1].join(","));
    all.push(format!("{key},"));
    all.push(format!(",{key}"));
    all.push(format!("0{key}"));
    all.push(format!("+{key}"));
    all.push(format!("%2B{key}"));
    all.push(format!("{key}%20"));
    all.push(format!("%20{key}"));
    all.push(format!("{key}.0"));
    all.push(key.to_uppercase());
    all.push(key.to_lowercase());
    all.retain(|other| other != key);
    all
}

async fn unknown(world: &World<'_>, slug: &str, breaches: &mut Breaches) {
    let path = format!("/api/v1/{slug}?limit=1");
    let first = call(world.session, ("GET", &path), &[], None).await.json();
    let first = &first["data"][0];
    let parts: Vec<String> = world.key(slug).iter().map(|k| text(&first[k])).collect();
    let encoded = parts.iter().map(|p| encode_key_part(p).to_string());
    let key = encoded.collect::<Vec<_>>().join(",");
    let mut problem = None;
    for other in others(&key, parts.len()) {
        for method in ["GET", "DELETE"] {
            let verb = if method == "GET" { "read" } else { "delete" };
            if !world.has(slug, verb) {
                continue;
            }
            let path = format!("/api/v1/{slug}/{other}");
            let reply = call(world.session, (method, &path), &[], None).await;
            let what = format!("{method} {}: {}", &path[..path.len().min(99)], reply.text);
            breaches.same(&what, reply.status, 404);
            let mut json = reply.json();
            json["request_id"].take();
            let wanted = problem.get_or_insert_with(|| json.clone()).clone();
            breaches.same(&what, json, wanted);
        }
    }
    let path = world.path(slug, first);
    let still = call(world.session, ("GET", &path), &[], None).await;
    breaches.same(&format!("{path} is still there"), still.status, 200);
}

#[tokio::test]
async fn a_key_that_is_bad_overlong_or_spelt_otherwise_is_a_row_that_does_not_exist() {
    with_every_model(
        "a_key_that_is_bad_overlong_or_spelt_otherwise_is_a_row_that_does_not_exist",
        async |_, world, breaches| {
            for slug in world.slugs() {
                if world.has(&slug, "create") {
                    world.make(&slug).await;
                }
                unknown(world, &slug, breaches).await;
            }
        },
    )
    .await;
}
