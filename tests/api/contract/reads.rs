//! Lists: every operator of every field, every order, and every page.

use quarterdeck::model::encode_key_part;
use serde_json::{Value, json};

use super::super::sample::{World, call, list, names, text};
use super::{Breaches, with_every_model};

/// Makes some records and gives back a condition that holds them, and them.
async fn some(world: &World<'_>, slug: &str) -> (String, Vec<Value>) {
    if world.has(slug, "create") {
        for _ in 0..5 {
            let made = world.make(slug).await;
            clear(world, slug, &made).await;
            world.make(slug).await;
        }
    }
    let path = format!("/api/v1/{slug}?limit=11");
    let first = call(world.session, ("GET", &path), &[], None).await.json();
    let key = world.key(slug).remove(0);
    let mut records = list(&first["data"]);
    if slug == "qd_session" {
        // Not the session that asks: it notes once a minute that it was used.
        records.sort_by_key(|r| r[&key].as_i64());
        records.remove(0);
    }
    let mut values: Vec<String> = records
        .iter()
        .map(|r| encode_key_part(&text(&r[&key]).replace(',', "\\,")).to_string())
        .collect();
    values.sort();
    values.dedup();
    let condition = format!("{key}__in={}", values.join(","));
    let path = format!("/api/v1/{slug}?{condition}&limit=100");
    let all = call(world.session, ("GET", &path), &[], None).await;
    assert_eq!(all.status, 200, "{path}: {}", all.text);
    (condition, list(&all.json()["data"]))
}

/// Clears what can be null, so that every order meets some nulls.
async fn clear(world: &World<'_>, slug: &str, record: &Value) {
    let nullable = world.writable(slug, "patch").into_iter();
    let nulls: serde_json::Map<String, Value> = nullable
        .filter(|f| f["nullable"] == true)
        .map(|f| (text(&f["name"]), Value::Null))
        .collect();
    let path = world.path(slug, record);
    let body = Value::Object(nulls);
    let cleared = call(world.session, ("PATCH", &path), &[], Some(&body)).await;
    assert_eq!(cleared.status, 200, "{path} {body}: {}", cleared.text);
}

/// Whether an operator with the row's own value as operand must find the row.
fn finds(operator: &str, null: bool) -> bool {
    match operator {
        "isnull" => null,
        "ne" | "nin" | "lt" | "gt" => false,
        _ => !null,
    }
}

async fn operators(world: &World<'_>, slug: &str, rows: &[Value], breaches: &mut Breaches) {
    for field in world.fields(slug) {
        let name = text(&field["name"]);
        for null in [false, true] {
            let Some(row) = rows.iter().find(|r| r[&name].is_null() == null) else {
                continue;
            };
            let value = text(&row[&name]);
            let listed = value.replace('\\', "\\\\").replace(',', "\\,");
            for operator in names(&field["operators"]) {
                let operand = match operator.as_str() {
                    "isnull" => "true".to_owned(),
                    _ if null && operator != "isnull" => continue,
                    "in" | "nin" => listed.clone(),
                    "between" => format!("{listed},{listed}"),
                    _ => value.clone(),
                };
                let condition = format!("{name}__{operator}={}", encode_key_part(&operand));
                let path = format!("/api/v1/{slug}?{}&{condition}", world.only(slug, row));
                let found = call(world.session, ("GET", &path), &[], None).await;
                let wanted = if finds(&operator, null) {
                    json!([row])
                } else {
                    json!([])
                };
                let what = format!("{path}: {}", found.text);
                breaches.same(&what, &found.json()["data"], &wanted);
                if operator == "eq" {
                    let short = path.replace(&condition, &condition.replace("__eq=", "="));
                    let short = call(world.session, ("GET", &short), &[], None).await;
                    breaches.same(&what, &short.text, &found.text);
                }
                let body = match operator.as_str() {
                    "in" | "nin" => json!([row[&name]]),
                    "between" => json!([row[&name], row[&name]]),
                    "isnull" => json!(true),
                    _ => row[&name].clone(),
                };
                let path = format!("/api/v1/{slug}/_search");
                let keys = world.key(slug).into_iter();
                let mut all: Vec<Value> = keys.map(|k| json!({&k: row[&k]})).collect();
                all.push(json!({format!("{name}__{operator}"): body}));
                let body = json!({"where": {"and": all}});
                let found = call(world.session, ("POST", &path), &[], Some(&body)).await;
                let what = format!("{path} {body}: {}", found.text);
                breaches.same(&what, &found.json()["data"], &wanted);
            }
        }
    }
}

/// The pages of a list, forwards by `next`.
async fn walk(world: &World<'_>, path: &str, breaches: &mut Breaches) -> Vec<Value> {
    let mut pages: Vec<Value> = Vec::new();
    let mut at = path.to_owned();
    loop {
        let page = call(world.session, ("GET", &at), &[], None).await;
        if !breaches.same(&format!("{at}: {}", page.text), page.status, 200) || pages.len() > 60 {
            break;
        }
        let next = page.json()["page"]["next"].clone();
        pages.push(page.json());
        let link = page.header("link").contains("rel=\"next\"");
        breaches.same(&format!("{at} Link"), link, next.is_string());
        match next {
            Value::String(cursor) => at = format!("{path}&cursor={cursor}"),
            _ => break,
        }
    }
    pages
}

/// `prev` leads back over the same pages.
async fn walk_back(world: &World<'_>, path: &str, pages: &[Value], breaches: &mut Breaches) {
    let mut back = pages.last().cloned().unwrap_or_default();
    for page in pages.iter().rev().skip(1) {
        let cursor = text(&back["page"]["prev"]);
        let at = format!("{path}&cursor={cursor}");
        back = call(world.session, ("GET", &at), &[], None).await.json();
        breaches.same(&format!("{at} back"), &back["data"], &page["data"]);
    }
}

fn rows_of(pages: &[Value]) -> Vec<Value> {
    pages.iter().flat_map(|p| list(&p["data"])).collect()
}

async fn orders(
    world: &World<'_>,
    slug: &str,
    (condition, rows): (&str, &[Value]),
    breaches: &mut Breaches,
) {
    let path = format!("/api/v1/{slug}?{condition}");
    let limit = (rows.len() / 4).max(2);
    let at = format!("{path}&limit={limit}");
    let pages = walk(world, &at, breaches).await;
    walk_back(world, &at, &pages, breaches).await;
    breaches.same(&format!("{path} pages"), rows_of(&pages), rows.to_vec());
    let sorted = |f: &Value| (f["sortable"] == true).then(|| text(&f["name"]));
    for field in world.fields(slug).iter().filter_map(sorted) {
        let at = format!("{path}&sort={field}&limit={limit}");
        let up = rows_of(&walk(world, &at, breaches).await);
        let down = format!("{path}&sort=-{field}&limit=100");
        let down = call(world.session, ("GET", &down), &[], None).await.json();
        let mut down = list(&down["data"]);
        down.reverse();
        let what = format!("{path} by {field}");
        breaches.same(&format!("{what} both ways"), &up, &down);
        let key = |r: &Value| r.to_string();
        let (mut got, mut all): (Vec<_>, Vec<_>) =
            (up.iter().map(key).collect(), rows.iter().map(key).collect());
        got.sort();
        all.sort();
        breaches.same(&format!("{what} every row once"), got, all);
        let nulls = up.iter().take_while(|r| r[&field].is_null()).count();
        let all = up.iter().filter(|r| r[&field].is_null()).count();
        breaches.same(&format!("{what} nulls first"), nulls, all);
    }
}

async fn refusals(world: &World<'_>, slug: &str, breaches: &mut Breaches) {
    let field = world.key(slug).remove(0);
    for (query, place) in [
        ("no_such_field=1".to_owned(), "no_such_field unknown_field"),
        (format!("{field}__no_such_op=1"), "unknown_operator"),
        ("sort=no_such_field".to_owned(), "sort unknown_field"),
        ("fields=no_such_field".to_owned(), "fields unknown_field"),
        (
            "expand=no_such_relation".to_owned(),
            "expand unknown_relation",
        ),
        (
            "no_such_relation.x=1".to_owned(),
            "no_such_relation.x unknown_relation",
        ),
        ("limit=0".to_owned(), "limit out_of_range"),
        ("limit=101".to_owned(), "limit out_of_range"),
        ("count=perhaps".to_owned(), "count choice"),
        ("cursor=AAAA".to_owned(), "cursor invalid_cursor"),
        ("limit=1&limit=2".to_owned(), "limit duplicate"),
        ("page=1&offset=0".to_owned(), "offset exclusive"),
        ("offset=10000".to_owned(), "offset too_far"),
        (format!("sort={field},-{field}"), "sort duplicate"),
    ] {
        let path = format!("/api/v1/{slug}?{query}");
        let reply = call(world.session, ("GET", &path), &[], None).await;
        let what = format!("{path}: {}", reply.text);
        breaches.same(&what, reply.status, 400);
        let faults = reply.faults();
        breaches.check(&what, faults.len() == 1 && faults[0].ends_with(place));
    }
    for (method, path) in [
        ("GET", format!("/api/v1/{slug}/1?no_such_parameter=1")),
        ("POST", format!("/api/v1/{slug}?no_such_parameter=1")),
        ("PATCH", format!("/api/v1/{slug}/1?limit=1")),
        ("PUT", format!("/api/v1/{slug}/1?fields={field}")),
        ("DELETE", format!("/api/v1/{slug}/1?x=1")),
        ("POST", format!("/api/v1/{slug}/_search?limit=1")),
    ] {
        let body = (method != "GET" && method != "DELETE").then(|| json!({}));
        let reply = call(world.session, (method, &path), &[], body.as_ref()).await;
        if reply.status == 405 {
            continue;
        }
        breaches.same(
            &format!("{method} {path}: {}", reply.text),
            reply.status,
            400,
        );
    }
}

#[tokio::test]
async fn every_operator_order_and_page_of_every_model_is_right() {
    with_every_model(
        "every_operator_order_and_page_of_every_model_is_right",
        async |app, world, breaches| {
            for slug in world.slugs() {
                // Or the server would, between two looks at the seals.
                app.seal().await;
                let (condition, rows) = some(world, &slug).await;
                assert!(rows.len() > 4, "{slug} has {} rows", rows.len());
                operators(world, &slug, &rows, breaches).await;
                orders(world, &slug, (&condition, &rows), breaches).await;
            }
        },
    )
    .await;
}

#[tokio::test]
async fn a3_an_unknown_parameter_is_refused_and_never_ignored() {
    with_every_model(
        "a3_an_unknown_parameter_is_refused_and_never_ignored",
        async |_, world, breaches| {
            for slug in world.slugs() {
                refusals(world, &slug, breaches).await;
            }
        },
    )
    .await;
}
