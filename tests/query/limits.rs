//! What no request may do: reach SQL with a name of its own, forge a cursor, or ask for so much that
//! a database refuses.

use std::sync::{Arc, Mutex};

use quarterdeck::acl::{Policy, Principal};
use quarterdeck::crud::{Engine, ListRequest};
use quarterdeck::error::{Error, Kind};
use quarterdeck::model::{Input, ModelId};
use sea_orm::ConnectionTrait as _;
use serde_json::{Value as Json, json};

use super::bodies::NAMES;
use super::grants::context;
use super::world::{OWNER, THING, World};
use crate::house::on_each;

async fn get(engine: &Engine, model: ModelId, query: &[(&str, &str)]) -> Result<Json, Error> {
    let query: Vec<(String, String)> = query
        .iter()
        .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
        .collect();
    let ctx = context(Principal::system());
    let page = engine
        .list(&ctx, model, ListRequest::Parameters(&query))
        .await?;
    Ok(serde_json::from_slice(&page.body).expect("JSON"))
}

async fn search(engine: &Engine, body: &Json) -> Result<Json, Error> {
    let ctx = context(Principal::system());
    let request = ListRequest::Search(Input::from(body));
    let page = engine.list(&ctx, THING, request).await?;
    Ok(serde_json::from_slice(&page.body).expect("JSON"))
}

fn refused(outcome: Result<Json, Error>, code: &str) {
    let error = outcome.expect_err("a refusal");
    assert_eq!(error.kind, Kind::Malformed, "{error:?}");
    assert!(error.faults.iter().any(|f| f.code == code), "{error:?}");
}

#[tokio::test]
async fn r37_a02_a58_a_foreign_name_is_a_400_and_never_reaches_a_statement() {
    let world = World::new();
    on_each("r37_a02_a58_a_foreign_name_is_a_400", async |mut db| {
        world.fill(&db).await;
        let statements = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&statements);
        db.observe(move |info| {
            seen.lock().expect("a lock").push(info.sql.clone());
        });
        let engine = world.engine(db, Policy::default());
        let long = "x".repeat(100_000);
        for name in NAMES.iter().copied().chain([long.as_str()]) {
            for parameter in [
                name.to_owned(),
                format!("{name}__eq"),
                format!("owner.{name}"),
            ] {
                let outcome = get(&engine, THING, &[(&parameter, "1")]).await;
                assert!(
                    matches!(&outcome, Err(e) if e.kind == Kind::Malformed),
                    "{parameter:?}"
                );
                let outcome = search(&engine, &json!({"where": {parameter.as_str(): 1}})).await;
                assert!(
                    matches!(&outcome, Err(e) if e.kind == Kind::Malformed),
                    "{parameter:?}"
                );
            }
            // An empty list is a list; a list with an empty name in it is read as without it.
            for list in ["sort", "fields", "expand"]
                .into_iter()
                .filter(|_| !name.is_empty())
            {
                let outcome = get(&engine, THING, &[(list, name)]).await;
                assert!(
                    matches!(&outcome, Err(e) if e.kind == Kind::Malformed),
                    "{list}={name:?}"
                );
            }
            let outcome = get(&engine, THING, &[(&format!("name__{name}"), "1")]).await;
            assert!(
                matches!(&outcome, Err(e) if e.kind == Kind::Malformed),
                "name__{name:?}"
            );
        }
        assert_eq!(*statements.lock().expect("a lock"), Vec::<String>::new());
        // A value, however it looks, is bound.
        for text in NAMES {
            if !text.contains('\0') {
                get(&engine, THING, &[("note__contains", text)])
                    .await
                    .expect("a list");
            }
        }
        let statements = statements.lock().expect("a lock");
        let canary = statements.iter().find(|s| s.contains("qd_canary"));
        assert!(canary.is_none(), "{canary:?}");
    })
    .await;
}

#[tokio::test]
async fn a_cursor_with_any_byte_changed_or_of_another_query_is_a_400() {
    let world = World::new();
    on_each("a_cursor_with_any_byte_changed", async |db| {
        world.fill(&db).await;
        let engine = world.engine(db, Policy::default());
        let query = [("sort", "-price"), ("number__gte", "0"), ("limit", "3")];
        let first = get(&engine, THING, &query).await.expect("a page");
        let cursor = first["page"]["next"].as_str().expect("a cursor").to_owned();
        let with = |cursor: String| {
            let engine = &engine;
            async move {
                let [a, b, c] = query;
                get(engine, THING, &[a, b, c, ("cursor", &cursor)]).await
            }
        };
        with(cursor.clone()).await.expect("the next page");
        for i in 0..cursor.len() {
            for other in [b'A', b'B', b'z', b'-', b'=', b'!'] {
                let mut bytes = cursor.clone().into_bytes();
                if bytes[i] != other {
                    bytes[i] = other;
                    let changed = String::from_utf8(bytes).expect("ASCII");
                    refused(with(changed).await, "invalid_cursor");
                }
            }
            refused(with(cursor[..i].to_owned()).await, "invalid_cursor");
        }
        refused(with(format!("{cursor}A")).await, "invalid_cursor");
        let at = ("cursor", cursor.as_str());
        for other in [
            &[("sort", "price"), ("number__gte", "0"), at][..],
            &[("sort", "-price"), ("number__gte", "1"), at],
            &[("sort", "-price"), ("number__lte", "0"), at],
            &[("sort", "-price"), at],
            &[("number__gte", "0"), at],
            &[("sort", "-price,name"), ("number__gte", "0"), at],
        ] {
            refused(get(&engine, THING, other).await, "invalid_cursor");
        }
        // The size of a page and its fields may change on the way.
        let [a, b, _] = query;
        let wider = [a, b, at, ("limit", "50"), ("fields", "id")];
        get(&engine, THING, &wider).await.expect("the next page");
    })
    .await;
}

#[tokio::test]
async fn a_list_is_read_to_its_end_and_back_by_its_own_cursors() {
    let world = World::new();
    on_each("a_list_is_read_to_its_end_and_back", async |db| {
        world.fill(&db).await;
        let engine = world.engine(db, Policy::default());
        for sort in [
            "",
            "-note,price",
            "state",
            "-state,at",
            "code,-ratio",
            "-single,hour",
        ] {
            let ids = |page: &Json| -> Vec<i64> {
                let records = page["data"].as_array().expect("records").iter();
                records.map(|r| r["id"].as_i64().expect("an id")).collect()
            };
            let step = async |cursor: &Json| {
                let mut query = vec![("sort", sort), ("limit", "7"), ("fields", "id")];
                query.extend(cursor.as_str().map(|c| ("cursor", c)));
                get(&engine, THING, &query).await.expect("a page")
            };
            let mut page = step(&Json::Null).await;
            assert!(page["page"]["prev"].is_null());
            let mut pages = vec![ids(&page)];
            while !page["page"]["next"].is_null() {
                page = step(&page["page"]["next"]).await;
                pages.push(ids(&page));
            }
            let all: Vec<i64> = pages.concat();
            let mut sorted = all.clone();
            sorted.sort_unstable();
            assert_eq!(sorted, (1..=110).collect::<Vec<i64>>(), "sort={sort}");
            let mut back = vec![ids(&page)];
            while !page["page"]["prev"].is_null() {
                page = step(&page["page"]["prev"]).await;
                // And forth again: to the page that was just left.
                let again = step(&page["page"]["next"]).await;
                assert_eq!(Some(&ids(&again)), back.last(), "sort={sort}");
                back.push(ids(&page));
            }
            back.reverse();
            assert_eq!(back, pages, "sort={sort}");
            // By number, too.
            let third = [
                ("sort", sort),
                ("limit", "7"),
                ("page", "3"),
                ("fields", "id"),
            ];
            let third = get(&engine, THING, &third).await.expect("a page");
            assert_eq!(ids(&third), pages[2], "sort={sort}");
        }
    })
    .await;
}

/// SQLite takes no pattern past 50,000 bytes; a pattern is refused before a database sees it.
#[tokio::test]
async fn a_pattern_longer_than_a_database_takes_is_a_400() {
    let world = World::new();
    on_each("a_pattern_longer_than_a_database_takes", async |db| {
        world.fill(&db).await;
        let engine = world.engine(db, Policy::default());
        let long = "%".repeat(60_000);
        for op in ["contains", "icontains", "startswith", "endswith"] {
            let body = json!({"where": {format!("name__{op}"): long}});
            refused(search(&engine, &body).await, "too_long");
        }
        refused(search(&engine, &json!({"q": long})).await, "too_long");
        let body = json!({"where": {"name": long}});
        assert_eq!(
            search(&engine, &body).await.expect("a list")["data"],
            json!([])
        );
    })
    .await;
}

#[tokio::test]
async fn a_cursor_may_hold_the_longest_text_that_was_sorted_by() {
    let world = World::new();
    on_each("a_cursor_may_hold_the_longest_text", async |db| {
        world.fill(&db).await;
        let long = "z".repeat(60_000);
        let sql = format!("UPDATE thing SET note = '{long}' WHERE id IN (4, 5)");
        db.migrations()
            .execute_unprepared(&sql)
            .await
            .expect("an update");
        let engine = world.engine(db, Policy::default());
        let query = [("sort", "-note"), ("limit", "109"), ("fields", "id")];
        let (mut seen, mut cursor) = (Vec::new(), None::<String>);
        loop {
            let mut query = vec![query[0], ("limit", "1"), query[2], ("id__in", "3,4,5,6")];
            query.extend(cursor.as_deref().map(|c| ("cursor", c)));
            let page = get(&engine, THING, &query).await.expect("a page");
            seen.push(page["data"][0]["id"].as_i64().expect("an id"));
            match page["page"]["next"].as_str() {
                Some(next) => cursor = Some(next.to_owned()),
                None => break,
            }
        }
        assert_eq!(seen.len(), 4, "{seen:?}");
        seen.sort_unstable();
        assert_eq!(seen, [3, 4, 5, 6]);
    })
    .await;
}

/// A value that its column says cannot be there: more decimals than the scale, in SQLite's REAL.
#[tokio::test]
async fn a_decimal_with_more_places_than_its_column_does_not_stop_the_pages() {
    let world = World::new();
    on_each("a_decimal_with_more_places_than_its_column", async |db| {
        world.fill(&db).await;
        let sql = "UPDATE thing SET price = 1.006 + id / 10000.0 WHERE id < 9";
        db.migrations()
            .execute_unprepared(sql)
            .await
            .expect("an update");
        let engine = world.engine(db, Policy::default());
        for sort in ["price", "-price"] {
            let (mut seen, mut cursor) = (Vec::new(), None::<String>);
            for _ in 0..20 {
                let mut query = vec![("sort", sort), ("limit", "1"), ("id__lt", "9")];
                query.extend(cursor.as_deref().map(|c| ("cursor", c)));
                let page = get(&engine, THING, &query).await.expect("a page");
                seen.push(page["data"][0]["id"].as_i64().expect("an id"));
                match page["page"]["next"].as_str() {
                    Some(next) => cursor = Some(next.to_owned()),
                    None => break,
                }
            }
            seen.sort_unstable();
            assert_eq!(seen, (1..9).collect::<Vec<i64>>(), "sort={sort}");
        }
    })
    .await;
}

/// Each step of `expand` multiplies; the product is bounded, not left to the database's own limit.
#[tokio::test]
async fn a30_an_expansion_of_too_many_records_is_a_400() {
    let world = World::new();
    on_each("a30_an_expansion_of_too_many_records", async |db| {
        world.fill(&db).await;
        let owners = "INSERT INTO owner (id, name) \
            WITH RECURSIVE n(i) AS (SELECT 1000 UNION ALL SELECT i + 1 FROM n WHERE i < 1099) \
            SELECT i, 'many' FROM n";
        let things = "INSERT INTO thing (id, small, name, owner_id) \
            WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 899) \
            SELECT o.id * 1000 + i, 1, 'many', o.id FROM n, owner o WHERE o.id >= 1000";
        for sql in [owners, things] {
            db.migrations().execute_unprepared(sql).await.expect("rows");
        }
        let mut engine = world.engine(db, Policy::default());
        let query = [
            ("id__gte", "1000"),
            ("expand", "things.parts"),
            ("limit", "100"),
        ];
        get(&engine, OWNER, &query)
            .await
            .expect("25 things for each of 100 owners");
        let limits = quarterdeck::query::Limits {
            expand_limit: 1000,
            ..quarterdeck::query::Limits::default()
        };
        engine = world.engine_within(engine.db().clone(), limits);
        refused(get(&engine, OWNER, &query).await, "too_many_records");
    })
    .await;
}
