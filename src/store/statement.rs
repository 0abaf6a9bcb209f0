//! The statements of typed writes, made of what an entity tells of itself. No entity's type is in here,
//! so that none of it is compiled anew for each.

use sea_orm::sea_query::{
    ArrayType, DynIden, Expr, ExprTrait as _, LockType, Order, Query, TableRef,
};
use sea_orm::{ConnectionTrait as _, DbBackend, DbErr, QueryResult};

use super::Tx;

/// Values that one statement binds at most: fewer than any of the databases takes.
const PARAMETERS: usize = 30_000;

/// The table of an entity.
pub(super) struct Table {
    pub(super) name: TableRef,
    /// Its columns, in the entity's order.
    pub(super) columns: Vec<Column>,
}

/// A column of a [`Table`].
pub(super) struct Column {
    pub(super) name: DynIden,
    /// Whether it is of the primary key.
    pub(super) key: bool,
    /// How it is read: an enum, for example, as a text.
    pub(super) read: Expr,
    /// Whether its values are written as they are.
    pub(super) plain: bool,
    /// The type of its values.
    pub(super) rust: ArrayType,
    /// Its default in the database.
    pub(super) default: Option<Expr>,
}

/// What a row that is written says of a column.
#[derive(Clone)]
pub(super) enum Cell {
    /// Nothing.
    Unset,
    /// The value that it has.
    Kept(Expr),
    /// A new value.
    Set(Expr),
}

impl Cell {
    fn is_unset(&self) -> bool {
        matches!(self, Self::Unset)
    }

    fn value(self) -> Option<Expr> {
        match self {
            Self::Unset => None,
            Self::Kept(value) | Self::Set(value) => Some(value),
        }
    }
}

/// The rows that match, by their keys, at most so many; locked for the transaction where the database
/// can and `lock` says so.
pub(super) async fn select(
    tx: &Tx,
    table: &Table,
    condition: Expr,
    (limit, lock): (u64, bool),
) -> Result<Vec<QueryResult>, DbErr> {
    let mut query = Query::select();
    query.from(table.name.clone()).and_where(condition);
    for column in &table.columns {
        match &column.read {
            plain @ Expr::Column(_) => query.expr(plain.clone()),
            made => query.expr_as(made.clone(), column.name.clone()),
        };
    }
    if limit > 1 {
        for key in table.columns.iter().filter(|column| column.key) {
            query.order_by(key.name.clone(), Order::Asc);
        }
    }
    query.limit(limit);
    // SQLite has one writer and no row locks.
    if lock && tx.get_database_backend() != DbBackend::Sqlite {
        query.lock(LockType::Update);
    }
    tx.query_all(&query).await
}

/// Inserts rows, in as few statements as the database allows; the rows as it has them, in order.
pub(super) async fn insert(
    tx: &Tx,
    table: &Table,
    rows: Vec<Vec<Cell>>,
) -> Result<Vec<QueryResult>, DbErr> {
    let most = PARAMETERS / table.columns.len().max(1);
    let mut inserted = Vec::with_capacity(rows.len());
    let mut rows = rows.into_iter().peekable();
    while let Some(first) = rows.next() {
        if !tx.returning() {
            inserted.push(insert_one(tx, table, first).await?);
            continue;
        }
        // A statement has one list of columns: rows that leave others to their defaults go apart.
        let shape: Vec<bool> = first.iter().map(Cell::is_unset).collect();
        let plain = shape.iter().all(|unset| *unset);
        let is_alike = |row: &Vec<Cell>| row.iter().map(Cell::is_unset).eq(shape.iter().copied());
        let mut alike = vec![first];
        while !plain && alike.len() < most {
            match rows.next_if(is_alike) {
                Some(row) => alike.push(row),
                None => break,
            }
        }
        inserted.extend(insert_alike(tx, table, alike).await?);
    }
    Ok(inserted)
}

/// Inserts rows that name the same columns, with `RETURNING`.
async fn insert_alike(
    tx: &Tx,
    table: &Table,
    rows: Vec<Vec<Cell>>,
) -> Result<Vec<QueryResult>, DbErr> {
    let mut query = inserting(table, rows)?;
    if tx.support_returning() {
        query.returning(Query::returning().exprs(read(table)));
        return tx.query_all(&query).await;
    }
    // The query builder takes MariaDB for MySQL, whose INSERT has no RETURNING.
    let mut statement = tx.get_database_backend().build(&query);
    let columns = table.columns.iter();
    let columns = columns.map(|c| format!("`{}`", c.name.to_string().replace('`', "``")));
    statement.sql.push_str(" RETURNING ");
    statement
        .sql
        .push_str(&columns.collect::<Vec<_>>().join(", "));
    tx.query_all_raw(statement).await
}

/// Inserts a row where the database does not give it back.
async fn insert_one(tx: &Tx, table: &Table, row: Vec<Cell>) -> Result<QueryResult, DbErr> {
    let mut known = row.clone();
    let done = tx.execute(&inserting(table, vec![row])?).await?;
    if done.rows_affected() == 0 {
        return Err(DbErr::RecordNotInserted);
    }
    for (cell, column) in known.iter_mut().zip(&table.columns) {
        if column.key && cell.is_unset() {
            match done.last_insert_id() {
                0 => return Err(DbErr::UnpackInsertId),
                id => *cell = Cell::Kept(Expr::val(id)),
            }
        }
    }
    find(tx, table, &known).await
}

fn inserting(
    table: &Table,
    rows: Vec<Vec<Cell>>,
) -> Result<sea_orm::sea_query::InsertStatement, DbErr> {
    let mut query = Query::insert();
    query.into_table(table.name.clone()).or_default_values();
    let said = rows.first().into_iter().flatten().zip(&table.columns);
    let said: Vec<_> = said
        .filter(|(cell, _)| !cell.is_unset())
        .map(|(_, column)| column.name.clone())
        .collect();
    if said.is_empty() {
        return Ok(query);
    }
    query.columns(said);
    for row in rows {
        let values = row.into_iter().filter_map(Cell::value);
        let added = query.values(values);
        added.map_err(|e| DbErr::Custom(e.to_string()))?;
    }
    Ok(query)
}

/// Updates what is set of a row; the row as the database has it.
pub(super) async fn update(tx: &Tx, table: &Table, row: Vec<Cell>) -> Result<QueryResult, DbErr> {
    let mut query = Query::update();
    query.table(table.name.clone()).and_where(key(table, &row)?);
    for (cell, column) in row.iter().zip(&table.columns) {
        if let (Cell::Set(value), false) = (cell, column.key) {
            query.value(column.name.clone(), value.clone());
        }
    }
    if query.get_values().is_empty() {
        return find(tx, table, &row).await;
    }
    if tx.support_returning() {
        query.returning(Query::returning().exprs(read(table)));
        let updated = tx.query_all(&query).await?.pop();
        return updated.ok_or(DbErr::RecordNotUpdated);
    }
    if tx.execute(&query).await?.rows_affected() == 0 {
        return Err(DbErr::RecordNotUpdated);
    }
    find(tx, table, &row).await
}

/// Deletes a row.
pub(super) async fn delete(tx: &Tx, table: &Table, row: &[Cell]) -> Result<(), DbErr> {
    let mut query = Query::delete();
    query
        .from_table(table.name.clone())
        .and_where(key(table, row)?);
    match tx.execute(&query).await?.rows_affected() {
        0 => Err(DbErr::RecordNotUpdated),
        _ => Ok(()),
    }
}

/// The row of that key, which is there.
async fn find(tx: &Tx, table: &Table, row: &[Cell]) -> Result<QueryResult, DbErr> {
    let found = select(tx, table, key(table, row)?, (1, false)).await?.pop();
    found.ok_or_else(|| DbErr::RecordNotFound("a row that was just written".to_owned()))
}

fn read(table: &Table) -> impl Iterator<Item = Expr> {
    table.columns.iter().map(|column| column.read.clone())
}

/// The condition that a row has the key of `row`.
fn key(table: &Table, row: &[Cell]) -> Result<Expr, DbErr> {
    let missing = || DbErr::PrimaryKeyNotSet { ctx: "a write" };
    let mut equal = Vec::new();
    for (cell, column) in row.iter().zip(&table.columns) {
        if column.key {
            let value = cell.clone().value().ok_or_else(missing)?;
            equal.push(Expr::col(column.name.clone()).eq(value));
        }
    }
    let all = equal.into_iter().reduce(Expr::and);
    all.ok_or_else(missing)
}
