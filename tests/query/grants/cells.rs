//! Which cells are open, under any grants: what `decide` says and what a list shows, against looking
//! at every grant by itself.

use std::sync::Arc;

use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use quarterdeck::acl::{Decision, Grant, Policy, Principal, Rows, Scope, decide};
use quarterdeck::crud::Engine;
use quarterdeck::model::{Input, Registry, Verb};
use quarterdeck::query::{Filter, Sight};
use sea_orm::Value;
use serde_json::{Value as Json, json};

use super::written::{escaped, tree};
use super::{by_id, listed, user};
use crate::house::{cases, on_each, property::try_all};
use crate::query::filters::leaf;
use crate::query::world::{THING, World};

/// Any grant on things: to one of three roles, of which the user has two.
fn grant(registry: &Arc<Registry>) -> BoxedStrategy<Grant> {
    let fields = registry.model(THING).fields.iter();
    let names: Vec<String> = fields.map(|f| f.name.clone()).collect();
    let (a, b) = (leaf(registry, THING), leaf(registry, THING));
    let registry = Arc::clone(registry);
    let rule = (a, b, 0..4).prop_map(move |(a, b, how)| {
        let filter = match how {
            0 => Filter::And(vec![a, b]),
            1 => Filter::Or(vec![a, b]),
            2 => Filter::Not(Box::new(a)),
            _ => a,
        };
        Rows::parse(&Input::from(&escaped(tree(&registry, THING, &filter))))
    });
    let rows = prop_oneof![2 => Just(Rows::All), 1 => Just(Rows::Never), 8 => rule];
    let verbs = subsequence(Verb::ALL.to_vec(), 0..=6);
    let some = || {
        let names = names.clone();
        prop::option::of(subsequence(names.clone(), 0..=names.len()))
    };
    (select(vec![1_i64, 2, 3]), verbs, rows, some(), some())
        .prop_map(|(role, verbs, rows, readable, writable)| Grant {
            role,
            verbs,
            rows,
            readable,
            writable,
        })
        .boxed()
}

/// What the grants allow on one row, by looking at every grant by itself.
struct Brute<'a> {
    world: &'a World,
    grants: &'a [Grant],
    principal: &'a Principal,
}

impl Brute<'_> {
    /// The user's grants for a verb that match this very row.
    fn matching(&self, verb: Verb, row: &[Value]) -> Vec<&Grant> {
        let roles = &self.principal.user.as_ref().expect("a user").roles;
        let mine = self.grants.iter().filter(|g| roles.contains(&g.role));
        mine.filter(|g| g.verbs.contains(&verb))
            .filter(|g| {
                let rule = g.rows.filter(&self.world.registry, THING, self.principal);
                self.world.holds(THING, row, &rule)
            })
            .collect()
    }

    fn has(&self, verb: Verb) -> bool {
        let roles = &self.principal.user.as_ref().expect("a user").roles;
        let mine = self.grants.iter();
        mine.into_iter()
            .any(|g| roles.contains(&g.role) && g.verbs.contains(&verb))
    }

    fn reads(&self, verb: Verb, row: &[Value], field: usize) -> bool {
        let name = &self.world.meta(THING).fields[field].name;
        let grants = self.matching(verb, row);
        // The key of a row that may be reached is its address.
        grants.iter().any(|g| g.reads(name) || name == "id")
    }

    fn writes(&self, verb: Verb, row: &[Value], field: usize) -> bool {
        let name = &self.world.meta(THING).fields[field].name;
        self.matching(verb, row).iter().any(|g| g.writes(name))
    }
}

/// Whether a scope lets a field through on a row that it reaches.
fn open(world: &World, sight: &Sight, row: &[Value]) -> bool {
    match sight {
        Sight::Never => false,
        Sight::Always => true,
        Sight::When(guard) => world.holds(THING, row, guard),
    }
}

fn check_scope(brute: &Brute<'_>, verb: Verb, scope: &Scope) -> Result<(), TestCaseError> {
    let world = brute.world;
    for row in &world.rows[THING.0] {
        let reached = world.holds(THING, row, &scope.rows);
        prop_assert_eq!(reached, !brute.matching(verb, row).is_empty(), "{:?}", row);
        if !reached {
            continue;
        }
        for field in 0..row.len() {
            let name = &world.meta(THING).fields[field].name;
            let (read, write) = (&scope.readable[field], &scope.writable[field]);
            let reads = brute.reads(verb, row, field);
            let writes = brute.writes(verb, row, field);
            prop_assert_eq!(open(world, read, row), reads, "reads {} of {:?}", name, row);
            prop_assert_eq!(
                open(world, write, row),
                writes,
                "writes {} of {:?}",
                name,
                row
            );
        }
    }
    Ok(())
}

#[test]
fn a22_r35_every_field_of_every_row_is_open_exactly_when_a_grant_that_matches_the_row_names_it() {
    let world = World::new();
    let grants = prop::collection::vec(grant(&world.registry), 0..5);
    let strategy = (grants, select(Verb::ALL.to_vec()));
    let mut runner = proptest::test_runner::TestRunner::new(cases(300));
    let outcome = runner.run(&strategy, |(grants, verb)| {
        let principal = user(&[1, 2]);
        let policy = Policy::new(1, grants.iter().map(|g| (THING, g.clone())));
        let brute = Brute {
            world: &world,
            grants: &grants,
            principal: &principal,
        };
        match decide(&policy, &world.registry, &principal, (verb, THING)) {
            Decision::Allowed(scope) => {
                prop_assert!(brute.has(verb));
                check_scope(&brute, verb, &scope)
            }
            Decision::Forbidden => {
                prop_assert!(!brute.has(verb) && Verb::ALL.into_iter().any(|v| brute.has(v)));
                Ok(())
            }
            Decision::Unknown => {
                prop_assert!(!Verb::ALL.into_iter().any(|v| brute.has(v)));
                Ok(())
            }
        }
    });
    outcome.unwrap_or_else(|why| panic!("{why}"));
}

const WHOLE: [(&str, &str); 2] = [("limit", "100"), ("count", "exact")];

async fn check_list(world: &World, engine: &Engine, grants: &[Grant]) -> Result<(), String> {
    let (principal, all) = (user(&[1, 2]), Principal::system());
    engine.enforce(Policy::new(1, grants.iter().map(|g| (THING, g.clone()))));
    let brute = Brute {
        world,
        grants,
        principal: &principal,
    };
    let shown = listed(engine, principal.clone(), &WHOLE).await;
    let Some(shown) = shown else {
        return if brute.has(Verb::List) {
            Err("refused".into())
        } else {
            Ok(())
        };
    };
    let whole = by_id(&listed(engine, all, &WHOLE).await.expect("a list"));
    let rows = &world.rows[THING.0];
    let reached = rows
        .iter()
        .filter(|r| !brute.matching(Verb::List, r).is_empty());
    let count = reached.clone().count();
    if shown["page"]["count"] != json!(count) {
        return Err(format!(
            "counted {} instead of {count}",
            shown["page"]["count"]
        ));
    }
    let shown = by_id(&shown);
    let reached: Vec<_> = reached.take(100).collect();
    if shown.len() != reached.len() {
        return Err(format!("{} rows instead of {}", shown.len(), reached.len()));
    }
    for row in reached {
        let Value::BigInt(Some(id)) = row[0] else {
            return Err("no key".into());
        };
        let record = shown.get(&id).ok_or(format!("{id} is missing"))?;
        let Some(full) = whole.get(&id) else { continue };
        for (f, field) in world.meta(THING).fields.iter().enumerate() {
            let open = brute.reads(Verb::List, row, f);
            let wanted = if open {
                &full[&field.name]
            } else {
                &Json::Null
            };
            if record[&field.name] != *wanted {
                return Err(format!("{} of {id} is {}", field.name, record[&field.name]));
            }
        }
    }
    Ok(())
}

#[tokio::test]
async fn a22_a_list_under_any_grants_shows_the_cells_that_brute_force_shows() {
    let world = World::new();
    on_each("a22_a_list_under_any_grants", async |db| {
        world.fill(&db).await;
        let engine = world.engine(db, Policy::default());
        let grants = prop::collection::vec(grant(&world.registry), 1..5).boxed();
        try_all(60, grants, async |grants| {
            check_list(&world, &engine, grants).await
        })
        .await;
    })
    .await;
}
