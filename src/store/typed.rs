//! Writes through the entity's own `ActiveModel`, so that its behaviour hooks always run. The only
//! code that is generic over `EntityTrait`, and thin: an entity costs little to compile.

use std::any::Any;
use std::marker::PhantomData;

use async_trait::async_trait;
use sea_orm::sea_query::{ArrayType, Expr};
use sea_orm::{
    ActiveModelBehavior, ActiveModelTrait, Condition, ConnectionTrait as _, DbBackend, DbErr,
    EntityTrait, FromQueryResult as _, IdenStatic as _, IntoActiveModel, Iterable, ModelTrait,
    PrimaryKeyToColumn as _, QueryFilter as _, QueryOrder as _, QuerySelect as _, QueryTrait as _,
    Select, Value,
};

use super::Tx;
use crate::model::patch::Changes;
use crate::model::{FieldId, IntSize, Kind, value};

/// Values that one statement binds at most: fewer than any of the databases takes.
const PARAMETERS: usize = 30_000;

/// A row as loaded for writing.
#[derive(Debug)]
pub struct Record {
    /// Every field's value, in the model's order.
    pub values: Vec<Value>,
    /// The same row as its entity has it.
    pub row: Row,
}

/// A row of an entity, without its type.
pub struct Row(Box<dyn Any + Send + Sync>);

impl std::fmt::Debug for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Row").finish_non_exhaustive()
    }
}

/// The typed writes of one entity, without its type.
#[async_trait]
pub trait Store: Send + Sync {
    /// The row that matches `condition`, locked for the transaction where the database can.
    async fn load(&self, tx: &Tx, condition: Expr) -> Result<Option<Record>, DbErr>;

    /// The rows that match `condition`, locked as by [`Self::load`], by their keys, at most
    /// `limit` of them: two that write the same rows wait for each other, and where a row lies tells
    /// nothing of what was done to it.
    async fn load_all(&self, tx: &Tx, condition: Expr, limit: u64) -> Result<Vec<Record>, DbErr>;

    /// Inserts a row and returns its values as the database has them.
    async fn insert(&self, tx: &Tx, changes: Changes) -> Result<Vec<Value>, DbErr>;

    /// Inserts rows, in as few statements as the database allows, as [`Self::insert`] would one by
    /// one: the entity's behaviour runs for each.
    async fn insert_many(&self, tx: &Tx, rows: Vec<Changes>) -> Result<Vec<Vec<Value>>, DbErr>;

    /// Updates the changed columns of a loaded row and returns its values as the database has them.
    async fn update(&self, tx: &Tx, row: Row, changes: Changes) -> Result<Vec<Value>, DbErr>;

    /// Deletes a loaded row.
    async fn delete(&self, tx: &Tx, row: Row) -> Result<(), DbErr>;
}

/// [`Store`] of an entity.
#[derive(Debug)]
pub struct Typed<E>(PhantomData<E>);

impl<E> Typed<E> {
    /// The store of `E`.
    #[must_use]
    pub fn new() -> Self {
        Self(PhantomData)
    }
}

impl<E> Default for Typed<E> {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl<E> Store for Typed<E>
where
    E: EntityTrait,
    E::Model: IntoActiveModel<E::ActiveModel> + Send + Sync + 'static,
    E::ActiveModel: ActiveModelTrait<Entity = E> + ActiveModelBehavior + Send + Sync,
{
    async fn load(&self, tx: &Tx, condition: Expr) -> Result<Option<Record>, DbErr> {
        Ok(locked::<E>(tx, condition).one(tx).await?.map(record::<E>))
    }

    async fn load_all(&self, tx: &Tx, condition: Expr, limit: u64) -> Result<Vec<Record>, DbErr> {
        let mut select = locked::<E>(tx, condition);
        for key in E::PrimaryKey::iter() {
            select = select.order_by_asc(key.into_column());
        }
        let found = select.limit(limit).all(tx).await?;
        Ok(found.into_iter().map(record::<E>).collect())
    }

    async fn insert(&self, tx: &Tx, changes: Changes) -> Result<Vec<Value>, DbErr> {
        if tx.returning() {
            let inserted = self.insert_many(tx, vec![changes]).await?.pop();
            return inserted.ok_or(DbErr::RecordNotInserted);
        }
        let mut active = <E::ActiveModel as ActiveModelBehavior>::new();
        assign::<E>(&mut active, changes.values)?;
        Ok(values::<E>(&active.insert(tx).await?))
    }

    async fn insert_many(&self, tx: &Tx, rows: Vec<Changes>) -> Result<Vec<Vec<Value>>, DbErr> {
        let mut inserted = Vec::with_capacity(rows.len());
        if !tx.returning() {
            for changes in rows {
                inserted.push(self.insert(tx, changes).await?);
            }
            return Ok(inserted);
        }
        let mut ready = Vec::with_capacity(rows.len());
        for changes in rows {
            let mut active = <E::ActiveModel as ActiveModelBehavior>::new();
            assign::<E>(&mut active, changes.values)?;
            ready.push(ActiveModelBehavior::before_save(active, tx, true).await?);
        }
        // A statement has one list of columns: rows that leave others to their defaults go apart.
        let shape = |active: &E::ActiveModel| -> Vec<bool> {
            E::Column::iter().map(|c| active.is_not_set(c)).collect()
        };
        let most = PARAMETERS / E::Column::iter().count().max(1);
        while let Some(first) = ready.first().map(shape) {
            let alike = ready.iter().take(most).take_while(|a| shape(a) == first);
            let rest = ready.split_off(alike.count());
            for model in insert::<E>(tx, ready).await? {
                let saved = <E::ActiveModel as ActiveModelBehavior>::after_save(model, tx, true);
                inserted.push(values::<E>(&saved.await?));
            }
            ready = rest;
        }
        Ok(inserted)
    }

    async fn update(&self, tx: &Tx, loaded: Row, changes: Changes) -> Result<Vec<Value>, DbErr> {
        let mut active = model::<E>(loaded)?.into_active_model();
        let defaults = changes.defaults;
        assign::<E>(&mut active, changes.values)?;
        if !defaults.is_empty() {
            // A fresh active model carries the entity's own defaults; a column whose default only
            // the database knows keeps its value.
            let fresh = <E::ActiveModel as ActiveModelBehavior>::new();
            for column in columns::<E>(defaults) {
                if let sea_orm::ActiveValue::Set(value) = fresh.get(column) {
                    active.try_set(column, value)?;
                } else if let Some(value) = literal_default::<E>(column) {
                    active.try_set(column, value)?;
                }
            }
        }
        Ok(values::<E>(&active.update(tx).await?))
    }

    async fn delete(&self, tx: &Tx, loaded: Row) -> Result<(), DbErr> {
        let result = model::<E>(loaded)?.into_active_model().delete(tx).await?;
        if result.rows_affected == 0 {
            Err(DbErr::RecordNotUpdated)
        } else {
            Ok(())
        }
    }
}

/// Inserts rows that are ready and alike; the rows as the database has them.
async fn insert<E>(tx: &Tx, ready: Vec<E::ActiveModel>) -> Result<Vec<E::Model>, DbErr>
where
    E: EntityTrait,
    E::Model: IntoActiveModel<E::ActiveModel>,
    E::ActiveModel: ActiveModelTrait<Entity = E>,
{
    let insert = E::insert_many(ready);
    if tx.support_returning() {
        return insert.exec_with_returning(tx).await;
    }
    // The query builder takes MariaDB for MySQL, whose INSERT has no RETURNING.
    let mut statement = tx.get_database_backend().build(&insert.into_query());
    let columns = E::Column::iter().map(|c| format!("`{}`", c.as_str().replace('`', "``")));
    statement.sql.push_str(" RETURNING ");
    statement
        .sql
        .push_str(&columns.collect::<Vec<_>>().join(", "));
    let rows = tx.query_all_raw(statement).await?;
    let model = |row| E::Model::from_query_result(row, "");
    rows.iter().map(model).collect()
}

fn locked<E: EntityTrait>(tx: &Tx, condition: Expr) -> Select<E> {
    let select = E::find().filter(Condition::all().add(condition));
    // SQLite has one writer and no row locks.
    if tx.get_database_backend() == DbBackend::Sqlite {
        select
    } else {
        select.lock_exclusive()
    }
}

fn record<E: EntityTrait>(model: E::Model) -> Record
where
    E::Model: Send + Sync + 'static,
{
    Record {
        values: values::<E>(&model),
        row: Row(Box::new(model)),
    }
}

fn values<E: EntityTrait>(model: &E::Model) -> Vec<Value> {
    E::Column::iter().map(|c| model.get(c)).collect()
}

fn model<E: EntityTrait>(row: Row) -> Result<E::Model, DbErr>
where
    E::Model: 'static,
{
    let typed = row.0.downcast::<E::Model>();
    typed
        .map(|m| *m)
        .map_err(|_| DbErr::Type("a row of another entity".into()))
}

fn columns<E: EntityTrait>(ids: Vec<FieldId>) -> impl Iterator<Item = E::Column> {
    let all: Vec<E::Column> = E::Column::iter().collect();
    ids.into_iter().filter_map(move |id| all.get(id).copied())
}

/// The column's default where it is a plain value.
fn literal_default<E: EntityTrait>(column: E::Column) -> Option<Value> {
    use sea_orm::ColumnTrait as _;
    match column.def().get_column_default() {
        Some(Expr::Value(value)) => {
            let wanted = <E::Model as ModelTrait>::get_value_type(column);
            Some(widen(value.clone(), &wanted))
        }
        _ => None,
    }
}

/// A literal has the type that Rust gives it where it stands: `default_value = 0` of an `i64` is an
/// `i32`, which the active model would refuse.
fn widen(value: Value, wanted: &ArrayType) -> Value {
    let kind = match wanted {
        ArrayType::TinyInt => Kind::Int(IntSize::I8),
        ArrayType::SmallInt => Kind::Int(IntSize::I16),
        ArrayType::Int => Kind::Int(IntSize::I32),
        ArrayType::BigInt => Kind::Int(IntSize::I64),
        ArrayType::TinyUnsigned => Kind::Int(IntSize::U8),
        ArrayType::SmallUnsigned => Kind::Int(IntSize::U16),
        ArrayType::Unsigned => Kind::Int(IntSize::U32),
        ArrayType::BigUnsigned => Kind::Int(IntSize::U64),
        ArrayType::Float => Kind::Float,
        ArrayType::Double => Kind::Double,
        ArrayType::Decimal => Kind::Decimal(None),
        _ => return value,
    };
    let same = value::to_text(&value).and_then(|text| value::from_text(&kind, &text).ok());
    same.unwrap_or(value)
}

fn assign<E: EntityTrait>(
    active: &mut E::ActiveModel,
    values: Vec<(FieldId, Value)>,
) -> Result<(), DbErr> {
    let all: Vec<E::Column> = E::Column::iter().collect();
    for (id, value) in values {
        let column = all[id];
        let wanted = <E::Model as ModelTrait>::get_value_type(column);
        active.try_set(column, coerce(value, &wanted))?;
    }
    Ok(())
}

/// Instants are handled in UTC; an entity may hold them with an offset.
fn coerce(value: Value, wanted: &ArrayType) -> Value {
    match (value, wanted) {
        (Value::ChronoDateTimeUtc(at), ArrayType::ChronoDateTimeWithTimeZone) => {
            Value::ChronoDateTimeWithTimeZone(at.map(|t| t.fixed_offset()))
        }
        (Value::ChronoDateTimeUtc(at), ArrayType::ChronoDateTimeLocal) => {
            Value::ChronoDateTimeLocal(at.map(Into::into))
        }
        (Value::String(text), ArrayType::Char) => Value::Char(text.and_then(|t| t.chars().next())),
        (value, _) => value,
    }
}
