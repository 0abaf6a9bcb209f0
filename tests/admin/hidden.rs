//! T-ORACLE for the pages: what a hidden field holds changes no byte and no status of any page, and a
//! hidden name is answered as one that does not exist (A4: the titles and keys of related records come
//! the same way).

use serde_json::{Map, Value, json};

use super::forged;
use super::page::{Page, escape};
use super::probes::{pages, texts, walk};
use super::stage::{Client, Probe, get, post};
use crate::acl::probes::{demo_models, leading_to, own_fields};
use crate::acl::stage::{Stage, staged};
use crate::api::sample::{World, call, list, names, text};

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

/// Hides fields from the tester and changes what is in them; how many pages were asked for.
async fn one_hiding(
    (stage, client): (&Stage<'_>, Client<'_>),
    (slug, record): (&str, &Value),
    hidden: &[String],
) -> usize {
    let world = &stage.world;
    let key = world.key(slug);
    let server = |f: &Value| f["read_only"] == true && !key.contains(&text(&f["name"]));
    let fields = world.fields(slug);
    let shown = fields
        .iter()
        .filter(|f| !server(f))
        .map(|f| text(&f["name"]));
    let shown: Vec<String> = shown.filter(|name| !hidden.contains(name)).collect();
    let narrow = json!({"readable": shown, "writable": shown});
    stage.set(slug, narrow).await;
    let api = world.path(slug, record);
    let path = api.replacen("/api/v1/", "/admin/", 1);
    let fresh = world.body(slug, "patch").await;
    let change: Map<String, Value> = hidden
        .iter()
        .map(|f| (f.clone(), forged::marked(&fresh[f])))
        .collect();
    let change = Value::Object(change);
    let mut probes = pages(world, slug, &texts(&[record, &change]));
    probes.extend([get(&path), get(format!("{path}/delete"))]);
    let around = forged::around_list(world, slug);
    probes.extend(around.iter().cloned());
    let mut asked = probes.len();
    for name in hidden {
        // A refused name is refused whatever it is compared with.
        let value = text(&record[name]);
        let known = naming(world, (slug, &path), name, &value);
        let unknown = naming(world, (slug, &path), &format!("zz_{name}"), &value);
        for pair in known.iter().zip(&unknown) {
            is_unknown(client, name, pair).await;
        }
        asked += known.len();
        for at in [
            format!("/admin/{slug}"),
            format!("/admin/{slug}?_cells=1"),
            format!("/admin/{slug}/_build?_do=add"),
            format!("/admin/{slug}/_chart"),
            format!("/admin/{slug}/_export"),
            format!("/admin/{slug}/_import"),
            format!("/admin/{slug}/_many?_do=edit&_all=1"),
            format!("/admin/{slug}/new"),
            format!("{path}/history"),
            path.clone(),
        ] {
            let page = client.ask(&get(&at)).await;
            if page.status() == 200 {
                check_absent(&page, name, &at);
            }
        }
        // What the pages hand on is understood as the names above are: some of them stand for all.
        if hidden.iter().position(|n| n == name) > Some(1) {
            continue;
        }
        let known = forged::naming((slug, &path), name, &value);
        let unknown = forged::naming((slug, &path), &format!("zz_{name}"), &value);
        for pair in known.iter().zip(&unknown) {
            forged::are_alike(client, name, pair).await;
        }
        asked += known.len();
    }
    let page = client.ask(&get(&path)).await;
    assert_eq!(page.status(), 200, "{path}: {}", page.reply.text);
    let first = client.shapes(&probes).await;
    let walked = walk(client, slug).await;
    let changed = call(world.session, ("PATCH", &api), &[], Some(&change)).await;
    assert_eq!(changed.status, 200, "{api} {change}: {}", changed.text);
    let second = client.shapes(&probes).await;
    for ((probe, first), second) in probes.iter().zip(&first).zip(&second) {
        assert_eq!(first, second, "{hidden:?} of {slug} shows in {probe:?}");
    }
    assert_eq!(walked, walk(client, slug).await, "{hidden:?} of {slug}");
    // That something was changed is told; what it was and has become is not.
    let mut told = forged::around_record(slug, &path, &world.key(slug)[0]);
    told.retain(|probe| probe.method == "GET");
    told.extend(around);
    let both = [record, &change].map(|of| forged::secrets(of, hidden));
    forged::say_nothing(client, &told, &both.concat()).await;
    let open = json!({"readable": "all", "writable": "all"});
    stage.set(slug, open).await;
    asked
}

/// Makes records that point at this one, whose pages show its title.
async fn point_at(world: &World<'_>, slug: &str, record: &Value) {
    for (from, _) in leading_to(world, slug) {
        let holds = |r: &Value| r["model"] == slug && r["owns_key"] == true;
        let relations = list(&world.models[&from]["relations"]);
        let Some(relation) = relations.iter().find(|r| holds(r)) else {
            continue;
        };
        let mut body = world.body(&from, "create").await;
        for (own, key) in names(&relation["fields"]).into_iter().zip(world.key(slug)) {
            body[own] = record[key].clone();
        }
        let path = format!("/api/v1/{from}");
        let made = call(world.session, ("POST", &path), &[], Some(&body)).await;
        assert_eq!(made.status, 201, "{from} {body}: {}", made.text);
    }
}

#[tokio::test]
async fn r36_a1_a2_a3_a4_a18_a19_t_oracle_a_hidden_field_shows_on_no_page() {
    staged("t_oracle_a_hidden_field_shows_on_no_page", async |stage| {
        let client = Client {
            session: &stage.tester,
            token: None,
        };
        let world = &stage.world;
        let mut asked = 0;
        for slug in demo_models(world) {
            let fields = own_fields(world, &slug);
            world.make(&slug).await;
            let record = world.make(&slug).await;
            world.make(&slug).await;
            point_at(world, &slug, &record).await;
            // Every field is hidden once, in the company of half of the others.
            for odd in [0, 1] {
                let half = fields.iter().skip(odd).step_by(2);
                let hidden: Vec<String> = half.cloned().collect();
                if !hidden.is_empty() {
                    let at = ("GET", &*world.path(&slug, &record));
                    let now = call(world.session, at, &[], None).await.json();
                    asked += one_hiding((stage, client), (&slug, &now), &hidden).await;
                }
            }
        }
        assert!(asked > 1000, "only {asked} requests");
    })
    .await;
}
