//! Pages put together are the whole list in its order, forwards and backwards, whatever is sorted
//! by, however many rows a page has, and whichever values the caller may not see.

use proptest::prelude::*;
use quarterdeck::model::ModelId;
use quarterdeck::query::cursor::{Cursors, digest};
use quarterdeck::query::sql::Compiler;
use quarterdeck::query::{CountMode, Filter, Mark, Position, Projected, Query, SortKey};
use quarterdeck::store::{Db, row};
use sea_orm::Value;

use super::filters::{leaf, sort};
use super::world::{LINK, THING, World};
use crate::house::{on_each, property::try_all};

/// A list, and how it is to be read.
#[derive(Debug, Clone)]
struct Reading {
    filter: Filter,
    sort: Vec<SortKey>,
    limit: u64,
}

fn reading(world: &World, model: ModelId, guarded: bool) -> BoxedStrategy<Reading> {
    let filter = prop_oneof![Just(Filter::All), leaf(&world.registry, model)];
    (filter, sort(&world.registry, model, guarded), 1..40_u64)
        .prop_map(|(filter, sort, limit)| Reading {
            filter,
            sort,
            limit,
        })
        .boxed()
}

/// A row of a page: its key and what it has in the keys of the order.
type Row = (Vec<Value>, Vec<Mark>);

async fn page(world: &World, db: &Db, model: ModelId, of: &Reading, at: Position) -> Vec<Row> {
    let meta = world.meta(model);
    let key = meta
        .key
        .iter()
        .map(|&field| Projected { field, guard: None });
    let sorted = of.sort.iter().map(|k| Projected {
        field: k.field,
        guard: k.guard.clone(),
    });
    let columns: Vec<Projected> = key.chain(sorted).collect();
    let query = Query {
        filter: Filter::All,
        sort: of.sort.clone(),
        fields: Vec::new(),
        expand: Vec::new(),
        limit: of.limit,
        position: at,
        count: CountMode::None,
    };
    let mut compiler = Compiler::new(&world.registry, db.backend());
    let select = compiler.page(model, &query, &of.filter, &columns);
    let rows = db.select(&select).await.expect("a page");
    let cells = |row| -> Row {
        let kind = |i: usize| &meta.fields[columns[i].field].kind;
        let value = |i| row::value(row, i, kind(i)).expect("a value");
        let mark = |i| row::mark(row, i, kind(i)).expect("a mark");
        let own = meta.key.len();
        let key = (0..own).map(value).collect();
        (key, (own..columns.len()).map(mark).collect())
    };
    rows.iter().map(cells).collect()
}

/// The place beside a row, as it comes out of a cursor that went to the caller and back.
fn beside(world: &World, model: ModelId, of: &Reading, row: &Row, forward: bool) -> Position {
    let cursors = Cursors::new(&[1; 64]);
    let meta = world.meta(model);
    let binding = digest(meta, &of.filter, &of.sort);
    let cursor = cursors.seal(&binding, forward, &row.1);
    cursors
        .open(&cursor, &binding, meta, &of.sort)
        .expect("our own cursor")
}

async fn agrees(world: &World, db: &Db, model: ModelId, of: &Reading) -> Result<(), String> {
    let mut rows = world.matching(model, &of.filter);
    rows.sort_by(|a, b| world.order(model, &of.sort, (a, b)));
    let key = &world.meta(model).key;
    let keys = |rows: &[&Vec<Value>]| -> Vec<Vec<Value>> {
        rows.iter()
            .map(|r| key.iter().map(|&f| r[f].clone()).collect())
            .collect()
    };
    let expected = keys(&rows);
    let limit = usize::try_from(of.limit).expect("small");
    let most = expected.len() / limit + 2;
    let mut read: Vec<Row> = Vec::new();
    let mut at = Position::Offset(0);
    for _ in 0..most {
        let mut found = page(world, db, model, of, at.clone()).await;
        let more = found.len() > limit;
        found.truncate(limit);
        read.extend(found);
        let Some(last) = read.last().filter(|_| more) else {
            break;
        };
        at = beside(world, model, of, last, true);
    }
    differ(db, "forwards", &expected, &read)?;
    let Some(last) = read.pop() else {
        return Ok(());
    };
    let mut back = vec![last];
    for _ in 0..most {
        let at = beside(world, model, of, &back[back.len() - 1], false);
        let mut found = page(world, db, model, of, at).await;
        let more = found.len() > limit;
        found.truncate(limit);
        back.extend(found);
        if !more {
            break;
        }
    }
    back.reverse();
    differ(db, "backwards", &expected, &back)
}

fn differ(db: &Db, way: &str, expected: &[Vec<Value>], read: &[Row]) -> Result<(), String> {
    if read.iter().map(|r| &r.0).eq(expected) {
        return Ok(());
    }
    let read: Vec<_> = read.iter().map(|r| &r.0).collect();
    Err(format!(
        "{:?} {way}: expected\n{expected:?}\nread\n{read:?}",
        db.backend()
    ))
}

#[tokio::test]
async fn pages_put_together_are_the_whole_list_in_its_order() {
    let world = World::new();
    on_each("pages_put_together_are_the_whole_list", async |db| {
        world.fill(&db).await;
        for (model, cases) in [(THING, 60), (LINK, 15)] {
            let readings = reading(&world, model, false);
            try_all(cases, readings, async |of| {
                agrees(&world, &db, model, of).await
            })
            .await;
        }
    })
    .await;
}

#[tokio::test]
async fn r35_values_hidden_on_some_rows_sort_as_null_on_every_page() {
    let world = World::new();
    on_each("r35_values_hidden_on_some_rows_sort_as_null", async |db| {
        world.fill(&db).await;
        let readings = reading(&world, THING, true);
        try_all(60, readings, async |of| {
            agrees(&world, &db, THING, of).await
        })
        .await;
    })
    .await;
}

/// Every single field once, both ways, two rows a page: no field's order is left to luck.
#[tokio::test]
async fn every_sortable_field_pages_in_its_order_with_null_lowest() {
    let world = World::new();
    on_each("every_sortable_field_pages_in_its_order", async |db| {
        world.fill(&db).await;
        let meta = world.meta(THING);
        for field in 1..meta.fields.len() {
            for descending in [false, true] {
                let key = |field| SortKey {
                    field,
                    descending,
                    guard: None,
                };
                let of = Reading {
                    filter: Filter::All,
                    sort: vec![key(field), key(0)],
                    limit: 7,
                };
                let outcome = agrees(&world, &db, THING, &of).await;
                outcome.unwrap_or_else(|why| panic!("by {}: {why}", meta.fields[field].name));
            }
        }
    })
    .await;
}
