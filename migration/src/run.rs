//! Runs a list of migrations that is put together at run time, and tells how far it has come.
//!
//! SeaORM's own migrator stops when the database has seen a migration that the list lacks. Here
//! such a row is left alone and shown as [`State::Unlisted`]: a database that was once served
//! with the demo or with a plugin must still start without it.

use std::collections::HashSet;
use std::time::{SystemTime, UNIX_EPOCH};

use sea_orm_migration::sea_orm::{
    ConnectionTrait, DatabaseConnection, DbBackend, DbErr, IdenStatic, Iterable, Schema, SqlErr,
    TransactionTrait,
};
use sea_orm_migration::sea_query::{Expr, ExprTrait, Order, Query};
use sea_orm_migration::seaql_migrations::{Column, Entity};
use sea_orm_migration::{MigrationTrait, SchemaManager};

/// The table that remembers what has been applied.
pub const TABLE: &str = "qd_migration";

/// How far a migration has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// In the list, not yet applied.
    Pending,
    /// In the list and applied.
    Applied,
    /// Applied once, but not in the list.
    Unlisted,
}

/// One line of [`status`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The name of the migration.
    pub name: String,
    /// How far it has come.
    pub state: State,
}

/// Applies what is pending, in the order of the list, and gives the names of what it applied.
///
/// On PostgreSQL and SQLite a migration that asks for a transaction takes effect whole or not at
/// all, and two nodes may start at once: one applies, the other waits and then skips. MariaDB and
/// MySQL commit at every DDL statement, so there a migration that fails stays half done.
///
/// # Errors
/// What the database says, or a name that stands in the list twice.
pub async fn up(
    db: &DatabaseConnection,
    list: Vec<Box<dyn MigrationTrait>>,
) -> Result<Vec<String>, DbErr> {
    refuse_doubles(&list)?;
    install(db).await?;
    let applied: HashSet<String> = applied(db).await?.into_iter().collect();
    let mut done = Vec::new();
    for migration in list
        .iter()
        .filter(|migration| !applied.contains(migration.name()))
    {
        if apply(db, migration.as_ref()).await? {
            done.push(migration.name().to_owned());
        }
    }
    Ok(done)
}

/// Takes back the last `steps` applied migrations of the list (all of them for `None`), and gives
/// their names.
///
/// # Errors
/// What the database says, or a name that stands in the list twice.
pub async fn down(
    db: &DatabaseConnection,
    list: Vec<Box<dyn MigrationTrait>>,
    steps: Option<u32>,
) -> Result<Vec<String>, DbErr> {
    refuse_doubles(&list)?;
    install(db).await?;
    let applied: HashSet<String> = applied(db).await?.into_iter().collect();
    let steps = steps.map_or(usize::MAX, |steps| {
        usize::try_from(steps).unwrap_or(usize::MAX)
    });
    let mut done = Vec::new();
    let last_first = list
        .iter()
        .rev()
        .filter(|migration| applied.contains(migration.name()));
    for migration in last_first.take(steps) {
        take_back(db, migration.as_ref()).await?;
        done.push(migration.name().to_owned());
    }
    Ok(done)
}

/// The list with the state of each migration, then what was applied but is not in the list.
/// Changes nothing, so that a user without the right to make tables can ask too.
///
/// # Errors
/// What the database says, or a name that stands in the list twice.
pub async fn status(
    db: &DatabaseConnection,
    list: &[Box<dyn MigrationTrait>],
) -> Result<Vec<Step>, DbErr> {
    refuse_doubles(list)?;
    let applied = match SchemaManager::new(db).has_table(TABLE).await? {
        true => applied(db).await?,
        false => Vec::new(),
    };
    let mut steps: Vec<Step> = list
        .iter()
        .map(|migration| {
            let known = applied.iter().any(|name| name == migration.name());
            let state = if known {
                State::Applied
            } else {
                State::Pending
            };
            Step {
                name: migration.name().to_owned(),
                state,
            }
        })
        .collect();
    let listed: HashSet<&str> = list.iter().map(|migration| migration.name()).collect();
    let unlisted = applied
        .into_iter()
        .filter(|name| !listed.contains(name.as_str()));
    steps.extend(unlisted.map(|name| Step {
        name,
        state: State::Unlisted,
    }));
    Ok(steps)
}

/// False when another node was faster.
async fn apply(db: &DatabaseConnection, migration: &dyn MigrationTrait) -> Result<bool, DbErr> {
    if !in_transaction(db.get_database_backend(), migration) {
        migration.up(&SchemaManager::new(db)).await?;
        remember(db, migration.name()).await?;
        return Ok(true);
    }
    let transaction = db.begin().await?;
    // The row goes in first: a second node waits here until this transaction ends.
    match remember(&transaction, migration.name()).await {
        Ok(()) => {}
        Err(error) if matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))) => {
            transaction.rollback().await?;
            return Ok(false);
        }
        Err(error) => return Err(error),
    }
    migration.up(&SchemaManager::new(&transaction)).await?;
    transaction.commit().await?;
    Ok(true)
}

async fn take_back(db: &DatabaseConnection, migration: &dyn MigrationTrait) -> Result<(), DbErr> {
    if !in_transaction(db.get_database_backend(), migration) {
        migration.down(&SchemaManager::new(db)).await?;
        return forget(db, migration.name()).await;
    }
    let transaction = db.begin().await?;
    migration.down(&SchemaManager::new(&transaction)).await?;
    forget(&transaction, migration.name()).await?;
    transaction.commit().await
}

/// What SeaORM's own migrator does, except that a transaction around MySQL's DDL would promise
/// something that it does not keep.
fn in_transaction(backend: DbBackend, migration: &dyn MigrationTrait) -> bool {
    match backend {
        DbBackend::MySql => false,
        DbBackend::Postgres => migration.use_transaction().unwrap_or(true),
        _ => migration.use_transaction().unwrap_or(false),
    }
}

fn refuse_doubles(list: &[Box<dyn MigrationTrait>]) -> Result<(), DbErr> {
    let mut seen = HashSet::new();
    match list.iter().find(|migration| !seen.insert(migration.name())) {
        Some(double) => Err(DbErr::Migration(format!(
            "migration `{}` is listed twice",
            double.name()
        ))),
        None => Ok(()),
    }
}

async fn install(db: &DatabaseConnection) -> Result<(), DbErr> {
    let mut table = Schema::new(db.get_database_backend()).create_table_from_entity(Entity);
    table.table(TABLE).if_not_exists();
    match db.execute(&table).await {
        // PostgreSQL's IF NOT EXISTS can still fail when two nodes start at the same moment.
        Err(error) if !SchemaManager::new(db).has_table(TABLE).await? => Err(error),
        _ => Ok(()),
    }
}

async fn applied(db: &DatabaseConnection) -> Result<Vec<String>, DbErr> {
    let names = Query::select()
        .column(Column::Version)
        .from(TABLE)
        .order_by(Column::Version, Order::Asc)
        .take();
    let rows = db.query_all(&names).await?;
    rows.iter()
        .map(|row| row.try_get("", Column::Version.as_str()))
        .collect()
}

async fn remember<C: ConnectionTrait>(db: &C, name: &str) -> Result<(), DbErr> {
    // A clock before 1970 is not worth failing a migration for.
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs();
    let mut row = Query::insert()
        .into_table(TABLE)
        .columns(Column::iter())
        .take();
    row.values_panic([name.into(), i64::try_from(now).unwrap_or_default().into()]);
    db.execute(&row).await?;
    Ok(())
}

async fn forget<C: ConnectionTrait>(db: &C, name: &str) -> Result<(), DbErr> {
    let row = Query::delete()
        .from_table(TABLE)
        .and_where(Expr::col(Column::Version).eq(name))
        .take();
    db.execute(&row).await?;
    Ok(())
}
