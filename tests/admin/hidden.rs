//! T-ORACLE and T-ROW for the pages: what a hidden field holds, and that a hidden row is there, changes
//! no byte and no status of any page, and a hidden name is answered as one that does not exist (A4:
//! the titles and keys of related records come the same way).

use serde_json::{Map, Value, json};

use super::page::{Page, escape};
use super::stage::{Client, Probe, demo_models, get, leading_to, post, set, tester, typed_fields};
use crate::api::sample::{World, call, list, names, text};
use crate::house::app::on_each_app;

/// The fields that a form may change.
fn own_fields(world: &World<'_>, slug: &str) -> Vec<String> {
    let fields = world.writable(slug, "patch");
    let all = fields.iter().map(|f| text(&f["name"]));
    let key = world.key(slug);
    all.filter(|name| !key.contains(name)).collect()
}

/// The texts of records that a search might look for.
fn texts(records: &[&Value]) -> Vec<String> {
    let members = records
        .iter()
        .flat_map(|r| r.as_object().expect("an object").values());
    let all = members.filter_map(Value::as_str).filter(|t| t.len() > 1);
    all.map(ToOwned::to_owned).collect()
}

/// The pages that show records of a model, or titles of them.
fn pages(world: &World<'_>, slug: &str, texts: &[String]) -> Vec<Probe> {
    let here = format!("/admin/{slug}");
    let mut all = vec![
        get("/admin"),
        get(format!("{here}/new")),
        get(format!("{here}/_deleted")),
    ];
    let own = list(&world.models[slug]["relations"]);
    let own: Vec<String> = own.iter().map(|r| text(&r["name"])).collect();
    for query in [
        "limit=100",
        "limit=1",
        "limit=2&offset=1",
        "limit=1&page=2",
        "count=exact",
        "count=none",
    ] {
        all.push(get(format!("{here}?{query}")));
    }
    let own = own.join(",");
    all.push(get(format!("{here}?limit=100&expand={own}")));
    for field in world.fields(slug) {
        let name = text(&field["name"]);
        if field["sortable"] == true {
            all.push(get(format!("{here}?sort=-{name}&limit=2")));
        }
        if !list(&field["operators"]).is_empty() {
            all.push(get(format!("{here}?{name}__isnull=true&count=exact")));
        }
    }
    // The words of a search are told apart by the API's own test; here it is that there is one.
    all.extend(
        texts
            .iter()
            .take(4)
            .map(|t| get(format!("{here}?q={}", escape(t)))),
    );
    for (from, relation) in leading_to(world, slug) {
        let there = format!("/admin/{from}?limit=100&count=exact");
        all.push(get(format!("{there}&expand={relation}")));
        let key = world.key(slug).remove(0);
        all.push(get(format!("{there}&{relation}.{key}__isnull=false")));
    }
    all
}

/// Requests that name a field which is not there for the caller, by each way that a page takes names.
fn naming(world: &World<'_>, (slug, path): (&str, &str), name: &str, value: &str) -> Vec<Probe> {
    let here = format!("/admin/{slug}");
    let operand = escape(value);
    let mut all = Vec::new();
    for operator in [
        "eq",
        "ne",
        "lt",
        "gte",
        "in",
        "isnull",
        "icontains",
        "startswith",
    ] {
        all.push(get(format!("{here}?{name}__{operator}={operand}")));
    }
    for query in [
        format!("{name}={operand}"),
        format!("{slug}.{name}={operand}"),
        format!("{}={operand}", name.to_uppercase()),
        format!("%22{name}%22={operand}"),
        format!("sort={name}"),
        format!("sort=-{name}"),
        format!("fields={name}"),
        format!("fields={},{name}", world.key(slug)[0]),
        format!("expand={name}"),
    ] {
        all.push(get(format!("{here}?{query}")));
    }
    let field = |name: &str, value: &str| vec![(name.to_owned(), value.to_owned())];
    all.push(post(format!("{here}/new"), field(name, value)));
    for name in [
        name.to_owned(),
        format!("was.{name}"),
        format!("empty.{name}"),
    ] {
        all.push(post(path, field(&name, value)));
    }
    all.push(get(format!("{path}?{name}={operand}")));
    all.push(get(format!("{path}?fields={name}")));
    for (from, relation) in leading_to(world, slug) {
        let there = format!("/admin/{from}");
        all.push(get(format!("{there}?{relation}.{name}={operand}")));
        all.push(get(format!("{there}?sort={relation}.{name}")));
        all.push(get(format!(
            "{there}?expand={relation}&fields={relation}.{name}"
        )));
    }
    all
}

/// The answer to `known`, which names a hidden field, is that to `unknown`, which names none.
async fn is_unknown(client: Client<'_>, name: &str, (known, unknown): (&Probe, &Probe)) {
    let (got, wanted) = (client.ask(known).await, client.ask(unknown).await);
    assert_eq!(got.status(), 400, "{known:?}: {}", got.reply.text);
    let upper = name.to_uppercase();
    let text = wanted.reply.text.replace(&format!("zz_{name}"), name);
    let text = text.replace(&format!("ZZ_{upper}"), &upper);
    assert_eq!(got.reply.text, text, "{known:?}");
}

/// No control, column, filter or link of a page speaks of the field.
fn check_absent(page: &Page, name: &str, path: &str) {
    for tag in &page.tags {
        for (attribute, value) in &tag.attributes {
            let names = match attribute.as_str() {
                "name" | "id" | "value" | "for" => {
                    let bare = ["f-", "was.", "empty."]
                        .iter()
                        .fold(value.as_str(), |v, p| v.strip_prefix(p).unwrap_or(v));
                    bare == name || bare.starts_with(&format!("{name}__"))
                }
                "href" | "action" => {
                    let end =
                        |after: &str| !after.starts_with(|c: char| c.is_alphanumeric() || c == '_');
                    ["?sort=", "&sort=", "sort=-"].iter().any(|s| {
                        value
                            .match_indices(&format!("{s}{name}"))
                            .any(|(at, m)| end(&value[at + m.len()..]))
                    })
                }
                _ => false,
            };
            assert!(
                !names,
                "{name} in {attribute}={value:?} of <{}> on {path}",
                tag.name
            );
        }
    }
}

/// Every page of a list, one row each, forwards.
async fn walk(client: Client<'_>, slug: &str) -> Vec<String> {
    let mut all = Vec::new();
    let mut path = format!("/admin/{slug}?limit=1");
    while all.len() < 40 {
        let page = client.ask(&get(path)).await;
        all.push(page.reply.shape());
        match page.link("Next ›") {
            Some(next) => path = next,
            None => break,
        }
    }
    all
}

struct Stage<'a> {
    world: &'a World<'a>,
    grants: &'a Map<String, Value>,
    client: Client<'a>,
}

impl Stage<'_> {
    async fn one_hiding(&self, slug: &str, record: &Value, hidden: &[String]) -> usize {
        let world = self.world;
        let key = world.key(slug);
        let server = |f: &Value| f["read_only"] == true && !key.contains(&text(&f["name"]));
        let fields = world.fields(slug);
        let shown = fields
            .iter()
            .filter(|f| !server(f))
            .map(|f| text(&f["name"]));
        let shown: Vec<String> = shown.filter(|name| !hidden.contains(name)).collect();
        let narrow = json!({"readable": shown, "writable": shown});
        set(world, self.grants, slug, narrow).await;
        let api = world.path(slug, record);
        let path = api.replacen("/api/v1/", "/admin/", 1);
        let fresh = world.body(slug, "patch").await;
        let change: Map<String, Value> = hidden
            .iter()
            .map(|f| (f.clone(), fresh[f].clone()))
            .collect();
        let change = Value::Object(change);
        let mut probes = pages(world, slug, &texts(&[record, &change]));
        probes.extend([get(&path), get(format!("{path}/delete"))]);
        let mut asked = probes.len();
        for name in hidden {
            // A refused name is refused whatever it is compared with.
            let value = text(&record[name]);
            let known = naming(world, (slug, &path), name, &value);
            let unknown = naming(world, (slug, &path), &format!("zz_{name}"), &value);
            for pair in known.iter().zip(&unknown) {
                is_unknown(self.client, name, pair).await;
            }
            asked += known.len();
            for at in [
                format!("/admin/{slug}"),
                format!("/admin/{slug}/new"),
                path.clone(),
            ] {
                let page = self.client.ask(&get(&at)).await;
                if page.status() == 200 {
                    check_absent(&page, name, &at);
                }
            }
        }
        let page = self.client.ask(&get(&path)).await;
        assert_eq!(page.status(), 200, "{path}: {}", page.reply.text);
        let first = self.client.shapes(&probes).await;
        let walked = walk(self.client, slug).await;
        let changed = call(world.session, ("PATCH", &api), &[], Some(&change)).await;
        assert_eq!(changed.status, 200, "{api} {change}: {}", changed.text);
        let second = self.client.shapes(&probes).await;
        for ((probe, first), second) in probes.iter().zip(&first).zip(&second) {
            assert_eq!(first, second, "{hidden:?} of {slug} shows in {probe:?}");
        }
        assert_eq!(
            walked,
            walk(self.client, slug).await,
            "{hidden:?} of {slug}"
        );
        let open = json!({"readable": "all", "writable": "all"});
        set(world, self.grants, slug, open).await;
        asked
    }
}

#[tokio::test]
async fn r36_a1_a2_a3_a4_a18_a19_t_oracle_a_hidden_field_shows_on_no_page() {
    on_each_app(
        "t_oracle_a_hidden_field_shows_on_no_page",
        |b| b,
        async |app| {
            let admin = app.login("admin").await;
            let world = World::look(&admin).await;
            let grants = tester(app, &world).await;
            let session = app.login("tester").await;
            let client = Client {
                session: &session,
                token: None,
            };
            let stage = Stage {
                world: &world,
                grants: &grants,
                client,
            };
            let mut asked = 0;
            for slug in demo_models(&world) {
                let fields = own_fields(&world, &slug);
                world.make(&slug).await;
                let record = world.make(&slug).await;
                world.make(&slug).await;
                // Something points at it, whose pages show its title.
                for (from, _) in leading_to(&world, &slug) {
                    let holds = |r: &Value| r["model"] == slug.as_str() && r["owns_key"] == true;
                    let relations = list(&world.models[&from]["relations"]);
                    let Some(relation) = relations.iter().find(|r| holds(r)) else {
                        continue;
                    };
                    let mut body = world.body(&from, "create").await;
                    for (own, key) in names(&relation["fields"]).into_iter().zip(world.key(&slug)) {
                        body[own] = record[key].clone();
                    }
                    let made = call(
                        &admin,
                        ("POST", &format!("/api/v1/{from}")),
                        &[],
                        Some(&body),
                    )
                    .await;
                    assert_eq!(made.status, 201, "{from} {body}: {}", made.text);
                }
                // Every field is hidden once, in the company of half of the others.
                for odd in [0, 1] {
                    let half = fields.iter().skip(odd).step_by(2);
                    let hidden: Vec<String> = half.cloned().collect();
                    if !hidden.is_empty() {
                        let api = world.path(&slug, &record);
                        let now = call(&admin, ("GET", &api), &[], None).await.json();
                        asked += stage.one_hiding(&slug, &now, &hidden).await;
                    }
                }
            }
            assert!(asked > 1000, "only {asked} requests");
        },
    )
    .await;
}

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
    on_each_app(
        "t_row_a_hidden_row_shows_on_no_page",
        |b| b,
        async |app| {
            let admin = app.login("admin").await;
            let world = World::look(&admin).await;
            let grants = tester(app, &world).await;
            let session = app.login("tester").await;
            let client = Client {
                session: &session,
                token: None,
            };
            for slug in demo_models(&world) {
                let before = world.make(&slug).await;
                let record = world.make(&slug).await;
                world.make(&slug).await;
                let key = world.key(&slug).into_iter();
                let own: Map<String, Value> =
                    key.map(|k| (k.clone(), record[&k].clone())).collect();
                set(&world, &grants, &slug, json!({"rows": {"not": own}})).await;
                let mut all = pages(&world, &slug, &texts(&[&record]));
                all.extend(about(&world, &slug, &record).await);
                let first = client.shapes(&all).await;
                let walked = walk(client, &slug).await;
                // The rule hides this row and no other.
                let path = world
                    .path(&slug, &before)
                    .replacen("/api/v1/", "/admin/", 1);
                assert_eq!(client.ask(&get(&path)).await.status(), 200, "{path}");
                let path = world.path(&slug, &record);
                let unchanged = call(&admin, ("GET", &path), &[], None).await.json();
                assert_eq!(unchanged, record, "{path}");
                let deleted = call(&admin, ("DELETE", &path), &[], None).await;
                assert_eq!(deleted.status, 204, "{path}: {}", deleted.text);
                let second = client.shapes(&all).await;
                for ((probe, first), second) in all.iter().zip(&first).zip(&second) {
                    assert_eq!(first, second, "the hidden row of {slug} shows in {probe:?}");
                }
                assert_eq!(walked, walk(client, &slug).await, "{slug} page by page");
                set(&world, &grants, &slug, json!({"rows": "all"})).await;
            }
        },
    )
    .await;
}
