//! T-ORACLE: what a hidden field holds cannot be learnt. Two states of a database that differ in
//! hidden values alone give the same bytes on every path, and a name that is hidden is answered as
//! one that does not exist.

use serde_json::{Map, Value, json};

use super::probes::{self, Probe, demo_models, own_fields};
use super::stage::{Stage, staged};
use crate::api::sample::{World, call, list, names, statements, text};
use crate::house::app::{Session, on_each_app};

/// Grants the tester everything on every model, then narrows one: `hidden` can be neither read nor
/// written, nor can what the server sets itself.
async fn hide(stage: &Stage<'_>, slug: &str, hidden: &[String]) {
    let world = &stage.world;
    let key = world.key(slug);
    let server = |f: &Value| f["read_only"] == true && !key.contains(&text(&f["name"]));
    let shown: Vec<String> = world
        .fields(slug)
        .iter()
        .filter(|f| !server(f))
        .map(|f| text(&f["name"]))
        .filter(|name| !hidden.contains(name))
        .collect();
    let shown = json!({"readable": shown, "writable": shown});
    stage.set(slug, shown).await;
}

/// A body with another value in each of the fields.
async fn others(world: &World<'_>, slug: &str, fields: &[String]) -> Value {
    let fresh = world.body(slug, "patch").await;
    fields
        .iter()
        .map(|f| (f.clone(), fresh[f].clone()))
        .collect::<Map<_, _>>()
        .into()
}

async fn one_hiding(stage: &Stage<'_>, (slug, record): (&str, &Value), hidden: &[String]) -> usize {
    hide(stage, slug, hidden).await;
    let (app, world, tester) = (stage.app, &stage.world, &stage.tester);
    let path = world.path(slug, record);
    let before = call(world.session, ("GET", &path), &[], None).await.json();
    let change = others(world, slug, hidden).await;
    let mut texts = probes::searchable(&before);
    texts.extend(probes::searchable(&change));
    let mut all = probes::of_rows(world, slug, &texts);
    all.push(probes::get(path.clone()));
    all.push(Probe {
        method: "HEAD",
        ..probes::get(path.clone())
    });
    app.statements();
    let mut named = 0;
    for name in hidden {
        let values = [before[name].clone(), change[name].clone()];
        let of_field = |name: &str| probes::of_field(world, (slug, &path), name, &values);
        for (known, unknown) in of_field(name).iter().zip(&of_field(&format!("zz_{name}"))) {
            is_unknown(tester, name, (known, unknown)).await;
            named += 1;
        }
    }
    // Refused before any statement, a name cannot be answered by what is stored under it.
    assert_eq!(
        statements(app),
        Vec::<String>::new(),
        "{hidden:?} of {slug}"
    );
    let first = stage.answers(&all).await;
    let pages = probes::pages(tester, slug).await;
    let changed = call(world.session, ("PATCH", &path), &[], Some(&change)).await;
    assert_eq!(changed.status, 200, "{path} {change}: {}", changed.text);
    let second = stage.answers(&all).await;
    for ((probe, first), second) in all.iter().zip(&first).zip(&second) {
        assert_eq!(first, second, "{hidden:?} of {slug} shows in {probe:?}");
    }
    assert_eq!(
        pages,
        probes::pages(tester, slug).await,
        "{hidden:?} of {slug} in the pages"
    );
    let open = json!({"readable": "all", "writable": "all"});
    stage.set(slug, open).await;
    all.len() + named
}

/// The answer to `known`, which names a hidden field, is that to `unknown`, which names none.
async fn is_unknown(tester: &Session<'_>, name: &str, (known, unknown): (&Probe, &Probe)) {
    let (got, wanted) = (known.ask(tester).await, unknown.ask(tester).await);
    // A dry run tells of it what the write would be refused with.
    let told = known.dry_run && got.text.contains("\"code\":\"unknown_field\"");
    let refused = matches!(got.status, 400 | 422) || told;
    assert!(refused, "{known:?}: {}", got.text);
    let text = wanted.text.replace(&format!("zz_{name}"), name);
    let upper = name.to_uppercase();
    let text = text.replace(&format!("ZZ_{upper}"), &upper);
    let id = (wanted.header("x-request-id"), got.header("x-request-id"));
    assert_eq!(got.text, text.replace(id.0, id.1), "{known:?}");
}

#[tokio::test]
async fn r36_a1_a2_a3_a18_a19_t_oracle_a_hidden_field_shows_on_no_path() {
    staged("t_oracle_a_hidden_field", async |stage| {
        let world = &stage.world;
        let mut asked = 0;
        for slug in demo_models(world) {
            let fields = own_fields(world, &slug);
            world.make(&slug).await;
            let record = world.make(&slug).await;
            world.make(&slug).await;
            // Every field is hidden once, in the company of half of the others.
            for odd in [0, 1] {
                let half = fields.iter().skip(odd).step_by(2);
                let hidden: Vec<String> = half.cloned().collect();
                if !hidden.is_empty() {
                    asked += one_hiding(stage, (&slug, &record), &hidden).await;
                }
            }
        }
        assert!(asked > 1000, "only {asked} requests");
    })
    .await;
}

/// The paths of at most three relations from `slug`, with the model at their end.
fn paths(world: &World<'_>, slug: &str) -> Vec<(Vec<String>, String)> {
    let mut all = vec![(Vec::new(), slug.to_owned())];
    let mut from = 0;
    while from < all.len() {
        let (path, end) = all[from].clone();
        from += 1;
        if path.len() == 3 {
            continue;
        }
        for relation in list(&world.models[&end]["relations"]) {
            let mut longer = path.clone();
            longer.push(text(&relation["name"]));
            all.push((longer, text(&relation["model"])));
        }
    }
    all
}

#[tokio::test]
async fn a1_a17_no_secret_is_reached_over_any_relation_even_by_a_superuser() {
    on_each_app(
        "a1_no_secret_is_reached",
        |b| b,
        async |app| {
            app.user(
                "tester",
                false,
                json!([{"model": "qd_user", "verbs": ["list"], "rows": "all",
            "readable": "all", "writable": "all"}]),
            )
            .await;
            let admin = app.login("admin").await;
            let world = World::look(&admin).await;
            let registry = app.app.engine.registry();
            let mut secrets: Vec<(String, String)> = Vec::new();
            for model in registry.models() {
                let of_model = model.fields.iter().filter(|f| f.secret);
                secrets.extend(of_model.map(|f| (model.slug.clone(), f.name.clone())));
            }
            assert_eq!(secrets.len(), 6, "{secrets:?}");
            let mut reached = 0;
            for slug in world.slugs() {
                for (path, end) in paths(&world, &slug) {
                    for (_, name) in secrets.iter().filter(|(model, _)| *model == end) {
                        reached += 1;
                        let dotted = |last: &str| {
                            let parts = path.iter().map(String::as_str).chain([last]);
                            parts.collect::<Vec<_>>().join(".")
                        };
                        let (secret, unknown) = (dotted(name), dotted("zz_field"));
                        for shape in [
                            "@__icontains=argon",
                            "@=x",
                            "@__isnull=false",
                            "sort=@",
                            "fields=@",
                        ] {
                            let ask = async |name: &str| {
                                let query = shape.replace('@', name);
                                let expand = path.join(".");
                                let expand = if expand.is_empty() {
                                    expand
                                } else {
                                    format!("&expand={expand}")
                                };
                                let path = format!("/api/v1/{slug}?{query}{expand}");
                                call(world.session, ("GET", &path), &[], None).await
                            };
                            let (got, wanted) = (ask(&secret).await, ask(&unknown).await);
                            assert_eq!(got.status, 400, "{secret} {shape}: {}", got.text);
                            let id = (wanted.header("x-request-id"), got.header("x-request-id"));
                            let wanted = wanted.text.replace("zz_field", name).replace(id.0, id.1);
                            assert_eq!(got.text, wanted, "{secret} {shape}");
                        }
                    }
                }
                let relations = list(&world.models[&slug]["relations"]);
                let expand: Vec<String> = relations.iter().map(|r| text(&r["name"])).collect();
                let path = format!("/api/v1/{slug}?limit=100&expand={}", expand.join(","));
                let all = call(world.session, ("GET", &path), &[], None).await;
                assert_eq!(all.status, 200, "{path}: {}", all.text);
                for (_, name) in &secrets {
                    assert!(
                        !all.text.contains(&**name) && !all.text.contains("argon2"),
                        "{path}"
                    );
                }
            }
            assert!(reached > 5, "{reached}");
            for path in [
                "/api/openapi.json",
                "/api/v1/_models",
                "/api/v1/_models/qd_user",
            ] {
                let document = call(world.session, ("GET", path), &[], None).await.text;
                for (_, name) in &secrets {
                    assert!(!document.contains(&format!("\"{name}")), "{name} in {path}");
                }
            }
        },
    )
    .await;
}

#[tokio::test]
async fn r38_a7_a_body_cannot_name_what_its_sender_may_not_write() {
    staged("r38_a7_a_body_cannot_name", async |stage| {
        let (world, tester) = (&stage.world, &stage.tester);
        // Names that other systems accept, and every secret and generated column of ours.
        let foreign = [
            "role",
            "is_admin",
            "owner_id",
            "email_verified",
            "password_hash",
            "token_hash",
            "__proto__",
            "constructor",
            "id\u{200b}",
            "ID",
        ];
        for slug in demo_models(world) {
            let record = world.make(&slug).await;
            let path = world.path(&slug, &record);
            stage.set(&slug, json!({"writable": []})).await;
            let before = call(world.session, ("GET", &path), &[], None).await.text;
            let collection = format!("/api/v1/{slug}");
            for (method, at) in [("POST", &collection), ("PUT", &path), ("PATCH", &path)] {
                let own = names(&json!(
                    record
                        .as_object()
                        .expect("an object")
                        .keys()
                        .collect::<Vec<_>>()
                ));
                for name in own.iter().map(String::as_str).chain(foreign) {
                    let value = record.get(name).cloned().unwrap_or(json!(1));
                    let body = json!({name: value});
                    let reply = call(tester, (method, at), &[], Some(&body)).await;
                    assert_eq!(reply.status, 422, "{method} {at} {body}: {}", reply.text);
                    let wanted = if record.get(name).is_some() {
                        "read_only"
                    } else {
                        "unknown_field"
                    };
                    let named = reply.faults();
                    let place = format!("/{name} {wanted}");
                    assert!(named.contains(&place), "{method} {at} {body}: {named:?}");
                }
            }
            let after = call(world.session, ("GET", &path), &[], None).await.text;
            assert_eq!(before, after, "{path}");
            stage.set(&slug, json!({"writable": "all"})).await;
        }
    })
    .await;
}
