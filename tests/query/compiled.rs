//! Compiled filters find the rows that the oracle finds, on every database.

use quarterdeck::model::ModelId;
use quarterdeck::query::sql::Compiler;
use quarterdeck::query::{Cmp, CountMode, Filter, Position, Projected, Query, SortKey};
use quarterdeck::store::{Db, row};
use sea_orm::Value;

use super::filters::{filter, leaf};
use super::world::{LINK, OWNER, PART, REMARK, TAG, THING, World};
use crate::house::{on_each, property::try_all};

/// The keys of the rows that the database finds.
async fn found(world: &World, db: &Db, model: ModelId, filter: &Filter) -> Vec<Vec<Value>> {
    let meta = world.meta(model);
    let query = Query {
        filter: Filter::All,
        sort: by_key(world, model),
        fields: Vec::new(),
        expand: Vec::new(),
        limit: 1000,
        position: Position::Offset(0),
        count: CountMode::None,
    };
    let columns: Vec<Projected> = meta
        .key
        .iter()
        .map(|&field| Projected { field, guard: None })
        .collect();
    let select = Compiler::new(&world.registry, db.backend()).page(model, &query, filter, &columns);
    let rows = db.select(&select).await;
    let rows = rows.unwrap_or_else(|e| panic!("{e:?}\n{}", db.backend().build(&select)));
    let key = |row| -> Vec<Value> {
        let cells = meta.key.iter().enumerate();
        cells
            .map(|(i, &f)| row::value(row, i, &meta.fields[f].kind).expect("a key"))
            .collect()
    };
    rows.iter().map(key).collect()
}

fn by_key(world: &World, model: ModelId) -> Vec<SortKey> {
    let key = world.meta(model).key.iter();
    key.map(|&field| SortKey {
        field,
        descending: false,
        guard: None,
    })
    .collect()
}

/// The keys of the rows that the oracle finds.
fn expected(world: &World, model: ModelId, filter: &Filter) -> Vec<Vec<Value>> {
    let mut rows = world.matching(model, filter);
    let sort = by_key(world, model);
    rows.sort_by(|a, b| world.order(model, &sort, (a, b)));
    let key = &world.meta(model).key;
    rows.iter()
        .map(|row| key.iter().map(|&f| row[f].clone()).collect())
        .collect()
}

async fn agrees(world: &World, db: &Db, model: ModelId, filter: &Filter) -> Result<(), String> {
    let (found, expected) = (
        found(world, db, model, filter).await,
        expected(world, model, filter),
    );
    if found == expected {
        return Ok(());
    }
    let missing: Vec<_> = expected.iter().filter(|k| !found.contains(k)).collect();
    let more: Vec<_> = found.iter().filter(|k| !expected.contains(k)).collect();
    Err(format!(
        "{:?} finds {more:?} that it should not and misses {missing:?}",
        db.backend()
    ))
}

#[tokio::test]
async fn a_compiled_filter_finds_what_the_oracle_finds() {
    let world = World::new();
    on_each(
        "a_compiled_filter_finds_what_the_oracle_finds",
        async |db| {
            world.fill(&db).await;
            for (model, cases, depth) in [
                (THING, 300, 3),
                (LINK, 60, 2),
                (REMARK, 60, 2),
                (OWNER, 60, 2),
                (PART, 60, 2),
                (TAG, 30, 2),
            ] {
                let filters = filter(&world.registry, model, depth);
                try_all(cases, filters, async |filter| {
                    agrees(&world, &db, model, filter).await
                })
                .await;
            }
        },
    )
    .await;
}

#[tokio::test]
async fn every_operator_of_every_field_means_the_same_on_every_database() {
    let world = World::new();
    on_each("every_operator_of_every_field_means_the_same", async |db| {
        world.fill(&db).await;
        try_all(500, leaf(&world.registry, THING), async |filter| {
            agrees(&world, &db, THING, filter).await?;
            let not = Filter::Not(Box::new(filter.clone()));
            agrees(&world, &db, THING, &not).await
        })
        .await;
    })
    .await;
}

/// The documented cases, in words; the random ones above would be hard to read them from.
#[tokio::test]
async fn a24_nothing_is_in_an_empty_list_and_everything_is_out_of_it() {
    let world = World::new();
    let number = world.meta(THING).field("number").expect("a field");
    let list = |negated| Filter::In {
        field: number,
        values: Vec::new(),
        negated,
    };
    on_each("a24_nothing_is_in_an_empty_list", async |db| {
        world.fill(&db).await;
        let all = world.rows[THING.0].len();
        assert_eq!(found(&world, &db, THING, &list(false)).await.len(), 0);
        assert_eq!(found(&world, &db, THING, &list(true)).await.len(), all);
        let is_null = Filter::Null(number, true);
        let nulls = found(&world, &db, THING, &is_null).await.len();
        assert!(nulls > 0);
        // A comparison never matches null; `not` of it does.
        let big = Filter::Cmp(number, Cmp::Gt, Value::Int(Some(2)));
        let small = Filter::Cmp(number, Cmp::Lte, Value::Int(Some(2)));
        let (big, not_big, small) = (
            found(&world, &db, THING, &big).await.len(),
            found(&world, &db, THING, &Filter::Not(Box::new(big)))
                .await
                .len(),
            found(&world, &db, THING, &small).await.len(),
        );
        assert_eq!(big + small + nulls, all);
        assert_eq!(big + not_big, all);
    })
    .await;
}
