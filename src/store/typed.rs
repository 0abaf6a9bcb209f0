//! Writes through the entity's own `ActiveModel`, so that its behaviour hooks always run. The only
//! code that is generic over `EntityTrait`, and thin: an entity costs little to compile. The statements
//! are made in `statement`, without its type.

use std::any::Any;
use std::marker::PhantomData;

use async_trait::async_trait;
use sea_orm::sea_query::{ArrayType, Expr, IntoIden as _};
use sea_orm::{
    ActiveModelBehavior, ActiveModelTrait, ActiveValue, ColumnTrait as _, ConnectionTrait as _,
    DbErr, EntityTrait, FromQueryResult as _, IntoActiveModel, Iterable, ModelTrait,
    PrimaryKeyToColumn as _, QueryResult, Value,
};

use super::Tx;
use super::statement::{self, Cell, Column, Table};
use crate::model::patch::Changes;
use crate::model::{FieldId, IntSize, Kind, value};

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
        let found = self.load_all(tx, condition, 1).await?;
        Ok(found.into_iter().next())
    }

    async fn load_all(&self, tx: &Tx, condition: Expr, limit: u64) -> Result<Vec<Record>, DbErr> {
        let found = statement::select(tx, &table::<E>(tx), condition, (limit, true)).await?;
        found.iter().map(record::<E>).collect()
    }

    async fn insert(&self, tx: &Tx, changes: Changes) -> Result<Vec<Value>, DbErr> {
        let inserted = self.insert_many(tx, vec![changes]).await?.pop();
        inserted.ok_or(DbErr::RecordNotInserted)
    }

    async fn insert_many(&self, tx: &Tx, rows: Vec<Changes>) -> Result<Vec<Vec<Value>>, DbErr> {
        let mut ready = Vec::with_capacity(rows.len());
        for changes in rows {
            let mut active = <E::ActiveModel as ActiveModelBehavior>::new();
            assign::<E>(&mut active, changes.values)?;
            let active = ActiveModelBehavior::before_save(active, tx, true).await?;
            ready.push(cells::<E>(&active));
        }
        let written = statement::insert(tx, &table::<E>(tx), ready).await?;
        let mut inserted = Vec::with_capacity(written.len());
        for row in &written {
            let model = E::Model::from_query_result(row, "")?;
            let saved = <E::ActiveModel as ActiveModelBehavior>::after_save(model, tx, true);
            inserted.push(values::<E>(&saved.await?));
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
                if let ActiveValue::Set(value) = fresh.get(column) {
                    active.try_set(column, value)?;
                } else if let Some(value) = literal_default::<E>(column) {
                    active.try_set(column, value)?;
                }
            }
        }
        let active = ActiveModelBehavior::before_save(active, tx, false).await?;
        let row = statement::update(tx, &table::<E>(tx), cells::<E>(&active)).await?;
        let model = E::Model::from_query_result(&row, "")?;
        let saved = <E::ActiveModel as ActiveModelBehavior>::after_save(model, tx, false);
        Ok(values::<E>(&saved.await?))
    }

    async fn delete(&self, tx: &Tx, loaded: Row) -> Result<(), DbErr> {
        let active = model::<E>(loaded)?.into_active_model();
        let active = ActiveModelBehavior::before_delete(active, tx).await?;
        statement::delete(tx, &table::<E>(tx), &cells::<E>(&active)).await?;
        ActiveModelBehavior::after_delete(active, tx)
            .await
            .map(drop)
    }
}

/// What the statements need to know of the entity.
fn table<E: EntityTrait>(tx: &Tx) -> Table {
    let backend = tx.get_database_backend();
    let column = |column: E::Column| Column {
        name: column.into_iden(),
        key: E::PrimaryKey::from_column(column).is_some(),
        read: column.select_as(column.into_returning_expr(backend)),
    };
    Table {
        name: E::default().table_ref(),
        columns: E::Column::iter().map(column).collect(),
    }
}

/// A row that is ready to be written, without its type.
fn cells<E: EntityTrait>(active: &E::ActiveModel) -> Vec<Cell>
where
    E::ActiveModel: ActiveModelTrait<Entity = E>,
{
    let cell = |column: E::Column| match active.get(column) {
        ActiveValue::Set(value) => Cell::Set(column.save_as(Expr::val(value))),
        ActiveValue::Unchanged(value) => Cell::Kept(column.save_as(Expr::val(value))),
        ActiveValue::NotSet => Cell::Unset,
    };
    E::Column::iter().map(cell).collect()
}

fn record<E: EntityTrait>(row: &QueryResult) -> Result<Record, DbErr>
where
    E::Model: Send + Sync + 'static,
{
    let model = E::Model::from_query_result(row, "")?;
    Ok(Record {
        values: values::<E>(&model),
        row: Row(Box::new(model)),
    })
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
