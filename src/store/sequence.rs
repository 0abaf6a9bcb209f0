//! Keys that the database assigns, where some come from elsewhere: the next one must be past them.
//! SQLite and MariaDB see to that themselves; a sequence of PostgreSQL's knows nothing of them.

use sea_orm::{ConnectionTrait as _, DbBackend, DbErr, Statement};

use crate::model::ModelMeta;

use super::Tx;

/// Lets nobody else make records of the model until the transaction ends: between a look at the
/// sequence and moving it, another could take keys from it. Reading goes on.
///
/// # Errors
/// What the database said.
pub async fn lock(tx: &Tx, model: &ModelMeta) -> Result<(), DbErr> {
    match generated(tx, model) {
        None => Ok(()),
        Some(_) => {
            let sql = format!("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE", table(model));
            tx.execute_unprepared(&sql).await.map(drop)
        }
    }
}

/// Moves the sequence of the model's key past every key there is.
///
/// # Errors
/// What the database said.
pub async fn advance(tx: &Tx, model: &ModelMeta) -> Result<(), DbErr> {
    let Some(column) = generated(tx, model) else {
        return Ok(());
    };
    let (table, quoted) = (table(model), quoted(column));
    let sql = format!(
        "SELECT setval(s, m) FROM (SELECT pg_get_serial_sequence($1, $2)::regclass AS s, \
         (SELECT MAX({quoted}) FROM {table})::bigint AS m) AS k \
         WHERE m > COALESCE(pg_sequence_last_value(s), 0)"
    );
    let values = [table.into(), column.into()];
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, values);
    tx.query_all_raw(statement).await.map(drop)
}

/// The column whose values come from a sequence of PostgreSQL's.
fn generated<'a>(tx: &Tx, model: &'a ModelMeta) -> Option<&'a str> {
    let mut fields = model.fields.iter();
    let field = fields.find(|field| field.generated)?;
    (tx.get_database_backend() == DbBackend::Postgres).then_some(&field.column)
}

fn table(model: &ModelMeta) -> String {
    match &model.schema {
        Some(schema) => format!("{}.{}", quoted(schema), quoted(&model.table)),
        None => quoted(&model.table),
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
