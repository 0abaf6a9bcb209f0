//! The permission algebra against brute force, and what really comes out of a list under it.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use quarterdeck::acl::{Decision, Grant, Policy, Principal, Rows, Scope, TokenScope, User, decide};
use quarterdeck::crud::{Context, Door, Engine, ListRequest};
use quarterdeck::error::Kind;
use quarterdeck::model::{Input, ModelId, Registry, Verb, value};
use quarterdeck::query::{Cmp, Filter, Place, Sight};
use sea_orm::Value;
use serde_json::{Map, Value as Json, json};

use super::filters::leaf;
use super::world::{LINK, OWNER, PART, TAG, THING, World};
use crate::house::{cases, on_each, property::try_all};

/// A user with these roles.
fn user(roles: &[i64]) -> Principal {
    Principal {
        user: Some(User {
            id: 3,
            username: "mary".into(),
            email: Some("mary@example.org".into()),
            superuser: false,
            roles: roles.to_vec(),
        }),
        ..Principal::default()
    }
}

pub(crate) fn context(principal: Principal) -> Context {
    Context {
        principal: Arc::new(principal),
        door: Door::Rest,
        request_id: "test".into(),
        address: None,
    }
}

/// A filter as a `where` tree; only the forms without relations.
fn tree(registry: &Registry, model: ModelId, filter: &Filter) -> Json {
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
fn escaped(json: Json) -> Json {
    match json {
        Json::String(s) if s.starts_with('$') => Json::String(format!("${s}")),
        Json::Array(items) => items.into_iter().map(escaped).collect(),
        Json::Object(members) => members.into_iter().map(|(k, v)| (k, escaped(v))).collect(),
        other => other,
    }
}

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

#[test]
fn a_filter_tree_means_what_the_filter_it_was_made_from_means() {
    use quarterdeck::acl::rule::Unlimited;
    use quarterdeck::query::path::Scope as PathScope;
    use quarterdeck::query::{Limits, tree as parser};
    let world = World::new();
    let one = leaf(&world.registry, THING);
    let filters = prop::collection::vec(one, 1..4).prop_map(|mut parts| {
        let last = parts.pop().unwrap_or(Filter::All);
        Filter::Or(vec![Filter::And(parts), Filter::Not(Box::new(last))])
    });
    let mut runner = proptest::test_runner::TestRunner::new(cases(300));
    let outcome = runner.run(&filters, |filter| {
        let (lens, limits) = (Unlimited(&world.registry), Limits::default());
        let mut scope = PathScope {
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

/// The records of a list, by key.
async fn listed(engine: &Engine, principal: Principal, query: &[(&str, &str)]) -> Option<Json> {
    let query: Vec<(String, String)> = query
        .iter()
        .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
        .collect();
    let request = ListRequest::Parameters(&query);
    let page = match engine.list(&context(principal), THING, request).await {
        Err(e) if e.kind == Kind::Internal => panic!("{e:?}"),
        outcome => outcome.ok()?,
    };
    Some(serde_json::from_slice(&page.body).expect("JSON"))
}

fn by_id(list: &Json) -> BTreeMap<i64, Json> {
    let records = list["data"].as_array().expect("records").iter();
    records
        .map(|r| (r["id"].as_i64().expect("an id"), r.clone()))
        .collect()
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

/// Grants for the tests below: everything about a model, to role 1.
fn open_grant(verbs: &[Verb]) -> Grant {
    Grant {
        role: 1,
        verbs: verbs.to_vec(),
        rows: Rows::All,
        readable: None,
        writable: None,
    }
}

fn names(fields: &[&str]) -> Option<Vec<String>> {
    Some(fields.iter().map(|f| (*f).to_owned()).collect())
}

/// The caller reads its own things whole and lists the names of all: a record that `expand` embeds
/// is one that is listed, so it must not show what only its own read would.
#[tokio::test]
async fn a22_a_read_embeds_no_more_of_the_same_model_than_it_would_read() {
    let world = World::new();
    let at = |name| world.meta(THING).field(name).expect("a field");
    let (price, link) = (at("price"), at("parent_id"));
    let rows = &world.rows[THING.0];
    let dear = |id: &Value| {
        let parent = rows.iter().find(|p| p[0] == *id);
        parent.is_some_and(|p| !super::oracle::is_null(&p[price]))
    };
    let child = rows.iter().find(|r| dear(&r[link]));
    let child = child.expect("a thing whose parent has a price");
    let (id, parent) = (value::to_text(&child[0]), value::to_text(&child[link]));
    let (id, parent) = (id.expect("a key"), parent.expect("a link"));
    let own = json!({ "id": id.parse::<i64>().expect("a number") });
    let policy = || {
        let read = Grant {
            rows: Rows::parse(&Input::from(&own)),
            ..open_grant(&[Verb::Read])
        };
        let list = Grant {
            readable: names(&["id", "name"]),
            ..open_grant(&[Verb::List])
        };
        Policy::new(1, [(THING, read), (THING, list)])
    };
    on_each("a22_a_read_embeds_no_more_of_the_same_model", async |db| {
        world.fill(&db).await;
        let engine = world.engine(db, policy());
        let query = [("expand".to_owned(), "parent".to_owned())];
        let ctx = context(user(&[1]));
        let record = engine.read(&ctx, THING, &id, &query).await.expect("a read");
        let record: Json = serde_json::from_slice(&record.body).expect("JSON");
        assert_eq!(record["parent_id"].to_string(), parent);
        assert!(record["parent"]["price"].is_null(), "{parent}: {record}");
    })
    .await;
}

#[tokio::test]
async fn r39_a_link_through_an_unlistable_junction_or_a_hidden_key_does_not_exist() {
    let world = World::new();
    let list = || open_grant(&[Verb::List]);
    let with = |model: ModelId, grant: Grant| vec![(THING, list()), (TAG, list()), (model, grant)];
    let hidden_far = Grant {
        readable: names(&["thing_id", "number"]),
        ..list()
    };
    let hidden_near = Grant {
        readable: names(&["number"]),
        ..list()
    };
    let hidden_own = vec![
        (
            THING,
            Grant {
                readable: names(&["name"]),
                ..list()
            },
        ),
        (OWNER, list()),
        (PART, list()),
    ];
    let hidden_there = vec![
        (THING, list()),
        (
            PART,
            Grant {
                readable: names(&["size"]),
                ..list()
            },
        ),
    ];
    // The grants, the path, and whether it may be walked.
    let table: Vec<(Vec<(ModelId, Grant)>, &str, bool)> = vec![
        (with(LINK, list()), "tags", true),
        (with(PART, list()), "tags", false),
        (vec![(THING, list()), (LINK, list())], "tags", false),
        // The key of a junction row is its two links: no field list hides it.
        (with(LINK, hidden_far), "tags", true),
        (with(LINK, hidden_near), "tags", true),
        (with(OWNER, list()), "owner", true),
        (with(PART, list()), "owner", false),
        (hidden_own, "owner", false),
        (with(PART, list()), "parts", true),
        (hidden_there, "parts", false),
    ];
    on_each("r39_a_link_through_an_unlistable_junction", async |db| {
        world.fill(&db).await;
        let engine = world.engine(db, Policy::default());
        for (i, (grants, path, open)) in table.iter().enumerate() {
            engine.enforce(Policy::new(1, grants.clone()));
            let key = format!("{path}.id__gte");
            let expanded = listed(&engine, user(&[1]), &[("expand", path)]).await;
            let filtered = listed(&engine, user(&[1]), &[(&key, "1")]).await;
            assert_eq!(expanded.is_some(), *open, "expand {path}, line {i}");
            assert_eq!(filtered.is_some(), *open, "filter by {path}, line {i}");
        }
    })
    .await;
}

#[tokio::test]
async fn r35_related_rows_count_only_where_the_caller_may_list_them() {
    let world = World::new();
    let list = || open_grant(&[Verb::List]);
    let big = || Grant {
        rows: Rows::parse(&Input::from(&json!({"size__gte": 2}))),
        ..list()
    };
    let size = world.meta(PART).field("size").expect("a field");
    let small = |row: &Vec<Value>| matches!(row[size], Value::Int(Some(n)) if n < 2);
    assert!(world.rows[PART.0].iter().any(small));
    let token = Principal {
        token: Some(TokenScope {
            id: 1,
            scopes: Some(vec![("thing".into(), vec![Verb::List])]),
        }),
        ..user(&[1])
    };
    on_each("r35_related_rows_count_only_where", async |db| {
        world.fill(&db).await;
        let engine = world.engine(db, Policy::new(1, [(THING, list()), (PART, big())]));
        let hits = listed(&engine, user(&[1]), &[("parts.size__lt", "2")]).await;
        assert_eq!(hits.expect("a list")["data"], json!([]));
        let expanded = listed(
            &engine,
            user(&[1]),
            &[("expand", "parts"), ("limit", "100")],
        )
        .await;
        for record in expanded.expect("a list")["data"]
            .as_array()
            .expect("records")
        {
            for part in record["parts"]["data"].as_array().expect("parts") {
                assert!(part["size"].as_i64() >= Some(2), "{record}");
            }
        }
        // A token for things alone does not see their parts, whatever its owner may.
        assert!(
            listed(&engine, token.clone(), &[("limit", "1")])
                .await
                .is_some()
        );
        let beyond = listed(&engine, token.clone(), &[("expand", "parts")]).await;
        assert!(beyond.is_none());
    })
    .await;
}

/// The keys of the records that a page embeds under `name` in a record.
fn embedded_ids(record: &Json, name: &str) -> Vec<i64> {
    let id = |r: &Json| r["id"].as_i64().expect("an id");
    match &record[name] {
        Json::Null => Vec::new(),
        one if one["id"].is_number() => vec![id(one)],
        many => many["data"]
            .as_array()
            .expect("records")
            .iter()
            .map(id)
            .collect(),
    }
}

#[tokio::test]
async fn r39_a_link_hidden_on_some_rows_is_walked_and_embedded_on_the_others_only() {
    let world = World::new();
    let list = || open_grant(&[Verb::List]);
    let where_ = |grant: Grant, rule: Json| Grant {
        rows: Rows::parse(&Input::from(&rule)),
        ..grant
    };
    let grants = [
        (
            THING,
            Grant {
                readable: names(&["name"]),
                ..list()
            },
        ),
        (THING, where_(list(), json!({"flag": true}))),
        (OWNER, list()),
        (TAG, where_(list(), json!({"id__lte": 7}))),
        (LINK, where_(list(), json!({"number__gte": 2}))),
    ];
    let field = |model: ModelId, name: &str| world.meta(model).field(name).expect("a field");
    let (flag, owner) = (field(THING, "flag"), field(THING, "owner_id"));
    let number = field(LINK, "number");
    let id = |v: &Value| match v {
        Value::BigInt(n) => *n,
        _ => None,
    };
    let owners = |row: &Vec<Value>| -> Vec<i64> {
        let open = row[flag] == Value::Bool(Some(true));
        id(&row[owner]).filter(|_| open).into_iter().collect()
    };
    let tags = |row: &Vec<Value>| -> Vec<i64> {
        let links = world.rows[LINK.0].iter().filter(|l| l[0] == row[0]);
        let shown = links.filter(|l| matches!(l[number], Value::Int(Some(n)) if n >= 2));
        let mut ids: Vec<i64> = shown
            .filter_map(|l| id(&l[1]))
            .filter(|&n| n <= 7)
            .collect();
        ids.sort_unstable();
        ids
    };
    on_each("r39_a_link_hidden_on_some_rows", async |db| {
        world.fill(&db).await;
        let engine = world.engine(db, Policy::new(1, grants.clone()));
        let mut hits = 0;
        for (name, expected) in [
            ("owner", &owners as &dyn Fn(&Vec<Value>) -> Vec<i64>),
            ("tags", &tags),
        ] {
            let page = [("expand", name), ("limit", "100")];
            let embedded = by_id(&listed(&engine, user(&[1]), &page).await.expect("a list"));
            let key = format!("{name}.id__gte");
            let page = [(key.as_str(), "1"), ("limit", "100")];
            let found = by_id(&listed(&engine, user(&[1]), &page).await.expect("a list"));
            for row in &world.rows[THING.0][..100] {
                let (at, expected) = (id(&row[0]).expect("a key"), expected(row));
                assert_eq!(
                    embedded_ids(&embedded[&at], name),
                    expected,
                    "{name} of {at}"
                );
                assert_eq!(
                    found.contains_key(&at),
                    !expected.is_empty(),
                    "{name} of {at}"
                );
                hits += expected.len();
            }
        }
        assert!(hits > 20);
    })
    .await;
}
