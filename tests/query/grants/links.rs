//! What a relation leads to, under grants: in conditions and in embedded records alike.

use quarterdeck::acl::{Grant, Policy, Principal, Rows, TokenScope};
use quarterdeck::model::{Input, ModelId, Verb, value};
use sea_orm::Value;
use serde_json::{Value as Json, json};

use super::{by_id, context, listed, user};
use crate::house::on_each;
use crate::query::oracle;
use crate::query::world::{LINK, OWNER, PART, TAG, THING, World};

/// Everything about a model, to role 1.
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
        parent.is_some_and(|p| !oracle::is_null(&p[price]))
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
