//! Filters written as a caller would write them.

use proptest::prelude::*;
use quarterdeck::acl::rule::Unlimited;
use quarterdeck::model::{Input, ModelId, Registry, value};
use quarterdeck::query::path::Scope;
use quarterdeck::query::{Cmp, Filter, Limits, Place, tree as parser};
use sea_orm::Value;
use serde_json::{Map, Value as Json, json};

use crate::house::cases;
use crate::query::filters::leaf;
use crate::query::world::{THING, World};

/// A filter as a `where` tree; only the forms without relations.
pub(super) fn tree(registry: &Registry, model: ModelId, filter: &Filter) -> Json {
    let fields = &registry.model(model).fields;
    let member = |field: usize, op: &str, operand: Json| {
        let mut object = Map::new();
        object.insert(format!("{}__{op}", fields[field].name), operand);
        Json::Object(object)
    };
    let list =
        |parts: &[Filter]| -> Json { parts.iter().map(|f| tree(registry, model, f)).collect() };
    match filter {
        Filter::All => json!({}),
        Filter::Never => json!({"or": []}),
        Filter::And(parts) => json!({"and": list(parts)}),
        Filter::Or(parts) => json!({"or": list(parts)}),
        Filter::Not(inner) => json!({"not": tree(registry, model, inner)}),
        Filter::Cmp(field, cmp, v) => {
            let op = match cmp {
                Cmp::Eq => "eq",
                Cmp::Ne => "ne",
                Cmp::Lt => "lt",
                Cmp::Lte => "lte",
                Cmp::Gt => "gt",
                Cmp::Gte => "gte",
            };
            member(*field, op, json_of(v))
        }
        Filter::In {
            field,
            values,
            negated,
        } => {
            let op = if *negated { "nin" } else { "in" };
            member(*field, op, values.iter().map(json_of).collect())
        }
        Filter::Between(field, a, b) => member(*field, "between", json!([json_of(a), json_of(b)])),
        Filter::Like {
            field,
            place,
            text,
            fold,
        } => {
            let op = match place {
                Place::Anywhere => "contains",
                Place::Start => "startswith",
                Place::End => "endswith",
            };
            let op = format!("{}{op}", if *fold { "i" } else { "" });
            member(*field, &op, json!(text))
        }
        Filter::Null(field, is) => member(*field, "isnull", json!(is)),
        Filter::Related { .. } => panic!("a relation is walked by a path"),
    }
}

fn json_of(v: &Value) -> Json {
    let mut out = Vec::new();
    value::write_json(&mut out, v);
    serde_json::from_slice(&out).expect("JSON")
}

/// `$user…` is a variable in a rule: a literal that begins with a dollar is written with two.
pub(super) fn escaped(json: Json) -> Json {
    match json {
        Json::String(s) if s.starts_with('$') => Json::String(format!("${s}")),
        Json::Array(items) => items.into_iter().map(escaped).collect(),
        Json::Object(members) => members.into_iter().map(|(k, v)| (k, escaped(v))).collect(),
        other => other,
    }
}

#[test]
fn a_filter_tree_means_what_the_filter_it_was_made_from_means() {
    let world = World::new();
    let one = leaf(&world.registry, THING);
    let filters = prop::collection::vec(one, 1..4).prop_map(|mut parts| {
        let last = parts.pop().unwrap_or(Filter::All);
        Filter::Or(vec![Filter::And(parts), Filter::Not(Box::new(last))])
    });
    let mut runner = proptest::test_runner::TestRunner::new(cases(300));
    let outcome = runner.run(&filters, |filter| {
        let (lens, limits) = (Unlimited(&world.registry), Limits::default());
        let mut scope = Scope {
            registry: &world.registry,
            lens: &lens,
            limits: &limits,
            conditions: 0,
        };
        let written = tree(&world.registry, THING, &filter);
        let parsed = parser::parse(&mut scope, THING, &Input::from(&written), "");
        let parsed = parsed.map_err(|faults| TestCaseError::fail(format!("{faults:?}")))?;
        for row in &world.rows[THING.0] {
            let (a, b) = (
                world.holds(THING, row, &filter),
                world.holds(THING, row, &parsed),
            );
            prop_assert_eq!(a, b, "{:?} became {:?}", filter, parsed);
        }
        Ok(())
    });
    outcome.unwrap_or_else(|why| panic!("{why}"));
}
