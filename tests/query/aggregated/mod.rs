//! What `_aggregate` answers, against groups that are made and measured in memory.

mod oracle;
mod request;

use quarterdeck::acl::{Access, Grant, Policy, Principal, Rows};
use quarterdeck::crud::Engine;
use quarterdeck::model::{Input, Verb};
use quarterdeck::query::path::Scope;
use quarterdeck::query::{Limits, parse};
use serde_json::{Value as Json, json};

use self::oracle::{Measured, exactly, groups};
use self::request::{Parameters, request};
use super::grants::{context, user};
use super::world::{THING, World};
use crate::house::{on_each, property::try_all};

fn near(got: &Json, wanted: &Measured) -> bool {
    match (got.as_f64(), wanted.json.as_f64()) {
        (Some(a), Some(b)) if got.is_number() => (a - b).abs() <= wanted.slack,
        _ => *got == wanted.json,
    }
}

async fn agrees(
    world: &World,
    engine: &Engine,
    (principal, policy): (&Principal, &Policy),
    parameters: &Parameters,
) -> Result<(), String> {
    let got = engine
        .aggregate(&context(principal.clone()), THING, parameters)
        .await;
    let access = Access::new(&world.registry, policy, principal);
    let scope = access.scope(Verb::List, THING).expect("a scope");
    let lens = access.lens(THING, &scope);
    let parsed = parse::aggregate(
        &mut Scope {
            registry: &world.registry,
            lens: &lens,
            limits: &Limits::default(),
            conditions: 0,
        },
        THING,
        parameters,
    );
    let (asked, got) = match (parsed, got) {
        (Ok(asked), Ok(got)) => (asked, got),
        (Err(wanted), Err(got)) if wanted.faults == got.faults => return Ok(()),
        (wanted, got) => return Err(format!("{wanted:?} but {got:?}")),
    };
    let got: Json = serde_json::from_slice(&got).map_err(|e| e.to_string())?;
    let filter = scope.rows.clone().and(asked.filter.clone());
    let rows = world.matching(THING, &filter);
    let wanted = groups(world, &rows, &asked);
    let limit = usize::try_from(asked.limit).expect("small");
    if got["truncated"] != json!(wanted.len() > limit) {
        return Err(format!("truncated: {got}"));
    }
    let shown = got["data"].as_array().expect("groups");
    if shown.len() != wanted.len().min(limit) {
        return Err(format!(
            "{} groups instead of {}: {got}",
            shown.len(),
            wanted.len().min(limit)
        ));
    }
    let fields = &world.meta(THING).fields;
    for (group, (key, measured)) in shown.iter().zip(&wanted) {
        let names: Vec<&str> = group
            .as_object()
            .expect("an object")
            .keys()
            .map(String::as_str)
            .collect();
        if names != asked.names().collect::<Vec<_>>() {
            return Err(format!("{names:?}"));
        }
        let keys = asked.keys.iter().zip(key).map(|(k, value)| {
            let kind = &fields[k.of.field].kind;
            let kind = k.unit.map_or_else(|| kind.clone(), |u| u.kind(kind));
            (&k.name, exactly(&kind, value.clone()))
        });
        let all = keys.chain(
            asked
                .measures
                .iter()
                .map(|m| &m.name)
                .zip(measured.iter().cloned()),
        );
        for (name, wanted) in all {
            if !near(&group[name], &wanted) {
                return Err(format!("{name} of {group} is not {}", wanted.json));
            }
        }
    }
    Ok(())
}

/// Everything on some rows, and a few fields on all of them.
fn narrow() -> Policy {
    let grant = |role, rows: Json, readable: Option<&[&str]>| Grant {
        role,
        verbs: vec![Verb::List],
        rows: Rows::parse(&Input::from(&rows)),
        readable: readable.map(|names| names.iter().map(|n| (*n).to_owned()).collect()),
        writable: None,
    };
    let few = ["name", "small", "at", "price", "state", "owner_id"];
    let most = [
        "number", "note", "day", "wall", "code", "flag", "ratio", "hour", "price", "at", "single",
    ];
    Policy::new(
        1,
        [
            (THING, grant(1, json!({"small__gte": 0}), Some(&few))),
            (
                THING,
                grant(
                    2,
                    json!({"or": [{"number__gte": 1}, {"state": "active"}]}),
                    Some(&most),
                ),
            ),
        ],
    )
}

#[tokio::test]
async fn groups_and_measures_are_what_the_oracle_makes_of_the_rows() {
    let world = World::new();
    on_each(
        "groups_and_measures_are_what_the_oracle_makes",
        async |db| {
            world.fill(&db).await;
            let engine = world.engine(db, Policy::default());
            let all = (Principal::system(), Policy::default());
            try_all(400, request(&world), async |parameters| {
                agrees(&world, &engine, (&all.0, &all.1), parameters).await
            })
            .await;
        },
    )
    .await;
}

#[tokio::test]
async fn a17_a22_what_may_not_be_seen_is_null_in_every_group_and_measure() {
    let world = World::new();
    on_each("a17_a22_what_may_not_be_seen_is_null", async |db| {
        world.fill(&db).await;
        let engine = world.engine(db, narrow());
        let some = (user(&[1, 2]), narrow());
        try_all(400, request(&world), async |parameters| {
            agrees(&world, &engine, (&some.0, &some.1), parameters).await
        })
        .await;
    })
    .await;
}
