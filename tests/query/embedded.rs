//! `expand` through the engine: what it embeds is what the oracle links, and the number of
//! statements does not depend on the number of rows.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use quarterdeck::acl::{Policy, Principal};
use quarterdeck::crud::{Engine, ListRequest};
use quarterdeck::model::{ModelId, value};
use quarterdeck::query::Filter;
use sea_orm::Value;
use serde_json::Value as Json;

use super::grants::context;
use super::world::{LINK, REMARK, THING, World};
use crate::house::on_each;

async fn list(engine: &Engine, model: ModelId, query: &[(&str, &str)]) -> Vec<Json> {
    let query: Vec<(String, String)> = query
        .iter()
        .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
        .collect();
    let ctx = context(Principal::system());
    let page = engine
        .list(&ctx, model, ListRequest::Parameters(&query))
        .await;
    let body: Json = serde_json::from_slice(&page.expect("a page").body).expect("JSON");
    body["data"].as_array().expect("records").clone()
}

fn key_of(world: &World, model: ModelId, row: &[Value]) -> Vec<String> {
    let key = world.meta(model).key.iter();
    key.map(|&f| value::to_text(&row[f]).expect("a key"))
        .collect()
}

fn key_in(world: &World, model: ModelId, record: &Json) -> Vec<String> {
    let meta = world.meta(model);
    let key = meta.key.iter();
    key.map(|&f| record[&meta.fields[f].name].to_string())
        .collect()
}

/// The rows that a relation of `row` leads to, in key order: those of which the oracle says that a
/// filter on the relation would find `row` by them.
fn linked(world: &World, model: ModelId, row: &[Value], relation: usize) -> Vec<Vec<String>> {
    let target = world.meta(model).relations[relation].target;
    let by_key = |candidate: &[Value]| {
        let key = world.meta(target).key.iter();
        let parts = key.map(|&f| Filter::Cmp(f, quarterdeck::query::Cmp::Eq, candidate[f].clone()));
        Filter::Related {
            relation,
            junction: Box::new(Filter::All),
            inner: Box::new(Filter::And(parts.collect())),
        }
    };
    let mut found: Vec<&Vec<Value>> = world.rows[target.0]
        .iter()
        .filter(|candidate| world.holds(model, row, &by_key(candidate)))
        .collect();
    found.sort_by_key(|row| {
        let key = world.meta(target).key.iter();
        key.map(|&f| match row[f] {
            Value::BigInt(n) => n,
            _ => None,
        })
        .collect::<Vec<_>>()
    });
    found
        .into_iter()
        .map(|r| key_of(world, target, r))
        .collect()
}

#[tokio::test]
async fn an_expanded_record_embeds_the_rows_that_the_oracle_links() {
    let world = World::new();
    on_each("an_expanded_record_embeds_the_rows", async |db| {
        world.fill(&db).await;
        let engine = world.engine(db, Policy::default());
        for model in [THING, LINK, REMARK] {
            for (i, relation) in world.meta(model).relations.iter().enumerate() {
                let query = [("expand", relation.name.as_str()), ("limit", "100")];
                let records = list(&engine, model, &query).await;
                let mut linked_at_all = 0;
                for record in &records {
                    let key = key_in(&world, model, record);
                    let rows = world.rows[model.0].iter();
                    let mut rows = rows.filter(|r| key_of(&world, model, r) == key);
                    let row = rows.next().expect("the row");
                    let expected = linked(&world, model, row, i);
                    linked_at_all += expected.len();
                    let embedded = &record[&relation.name];
                    let keys = |all: &[Json]| -> Vec<Vec<String>> {
                        all.iter()
                            .map(|r| key_in(&world, relation.target, r))
                            .collect()
                    };
                    let found = if relation.many {
                        keys(embedded["data"].as_array().expect("an array"))
                    } else {
                        let one = Some(embedded).filter(|e| !e.is_null());
                        keys(one.map_or(&[][..], std::slice::from_ref))
                    };
                    assert_eq!(found, expected, "{} of {key:?}", relation.name);
                }
                assert!(linked_at_all > 0, "{} links nothing", relation.name);
            }
        }
    })
    .await;
}

/// A thing that has an owner with other things, a part, a tag and a parent, so that a list of it
/// alone needs every statement that a list of all needs.
fn well_connected(world: &World) -> String {
    let meta = world.meta(THING);
    let mut rows = world.rows[THING.0].iter();
    let row = rows.find(|row| {
        let all = 0..meta.relations.len();
        let mut filled = all.map(|i| !linked(world, THING, row, i).is_empty());
        filled.all(|some| some)
    });
    value::to_text(&row.expect("a thing with everything")[0]).expect("a key")
}

#[tokio::test]
async fn the_number_of_statements_does_not_grow_with_the_number_of_rows() {
    let world = World::new();
    let one = well_connected(&world);
    on_each("the_number_of_statements_does_not_grow", async |mut db| {
        world.fill(&db).await;
        let statements = Arc::new(AtomicUsize::new(0));
        let seen = Arc::clone(&statements);
        db.observe(move |_| {
            seen.fetch_add(1, Ordering::SeqCst);
        });
        let engine = world.engine(db, Policy::default());
        for (expand, expected) in [
            ("", 1),
            ("owner", 2),
            ("parent", 2),
            ("parts", 2),
            ("tags", 2),
            ("links", 2),
            ("owner.things", 3),
            ("parts.thing.owner", 4),
            ("owner,parent,parts,tags,links", 6),
        ] {
            let mut counts = Vec::new();
            for filter in [("id", one.as_str()), ("id__gte", "1")] {
                statements.store(0, Ordering::SeqCst);
                let query = [
                    filter,
                    ("expand", expand),
                    ("limit", "100"),
                    ("count", "none"),
                ];
                let records = list(&engine, THING, &query).await;
                counts.push((records.len(), statements.load(Ordering::SeqCst)));
            }
            assert_eq!(counts, [(1, expected), (100, expected)], "expand={expand}");
        }
    })
    .await;
}
