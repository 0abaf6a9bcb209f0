//! [`Store`]: writes through the entity's own `ActiveModel`, so that its behaviour hooks always run. What
//! is generic is in `typed`; the statements are made in `statement`.

use std::marker::PhantomData;

use sea_orm::sea_query::{ArrayType, Expr};
use sea_orm::{
    ActiveModelBehavior, ActiveModelTrait, ActiveValue, DbErr, EntityTrait, IntoActiveModel,
    QueryResult, Value,
};

use super::Tx;
use super::statement::{self, Cell, Table};
use super::typed::{Active, Entity, Loaded, Typed};
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
pub struct Row(Box<dyn Loaded>);

impl std::fmt::Debug for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Row").finish_non_exhaustive()
    }
}

/// The writes of one entity.
pub struct Store {
    entity: Box<dyn Entity>,
    table: Table,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").finish_non_exhaustive()
    }
}

impl Store {
    /// The store of `E`.
    #[must_use]
    pub fn of<E>() -> Self
    where
        E: EntityTrait,
        E::Model: IntoActiveModel<E::ActiveModel> + Send + Sync + 'static,
        E::ActiveModel: ActiveModelTrait<Entity = E> + ActiveModelBehavior + Send + Sync,
    {
        Self::new(Box::new(Typed::<E>(PhantomData)))
    }

    fn new(entity: Box<dyn Entity>) -> Self {
        let table = entity.table();
        Self { entity, table }
    }

    /// The row that matches `condition`, locked for the transaction where the database can.
    ///
    /// # Errors
    /// What the database said.
    pub async fn load(&self, tx: &Tx, condition: Expr) -> Result<Option<Record>, DbErr> {
        let found = self.load_all(tx, condition, 1).await?;
        Ok(found.into_iter().next())
    }

    /// The rows that match `condition`, locked as by [`Self::load`], by their keys, at most
    /// `limit` of them: two that write the same rows wait for each other, and where a row lies tells
    /// nothing of what was done to it.
    ///
    /// # Errors
    /// What the database said.
    pub async fn load_all(
        &self,
        tx: &Tx,
        condition: Expr,
        limit: u64,
    ) -> Result<Vec<Record>, DbErr> {
        let found = statement::select(tx, &self.table, condition, (limit, true)).await?;
        found.iter().map(|row| self.record(row)).collect()
    }

    fn record(&self, row: &QueryResult) -> Result<Record, DbErr> {
        let loaded = self.entity.loaded(row)?;
        Ok(Record {
            values: loaded.values(),
            row: Row(loaded),
        })
    }

    /// Inserts a row and returns its values as the database has them.
    ///
    /// # Errors
    /// What the database or the entity's behaviour said.
    pub async fn insert(&self, tx: &Tx, changes: Changes) -> Result<Vec<Value>, DbErr> {
        let inserted = self.insert_many(tx, vec![changes]).await?.pop();
        inserted.ok_or(DbErr::RecordNotInserted)
    }

    /// Inserts rows, in as few statements as the database allows, as [`Self::insert`] would one by
    /// one: the entity's behaviour runs for each.
    ///
    /// # Errors
    /// As [`Self::insert`].
    pub async fn insert_many(&self, tx: &Tx, rows: Vec<Changes>) -> Result<Vec<Vec<Value>>, DbErr> {
        let mut ready = Vec::with_capacity(rows.len());
        for changes in rows {
            let mut active = self.entity.fresh();
            self.assign(&mut *active, changes.values)?;
            ready.push(self.cells(&*active.before_save(tx, true).await?));
        }
        let written = statement::insert(tx, &self.table, ready).await?;
        let mut inserted = Vec::with_capacity(written.len());
        for row in &written {
            let saved = self.entity.loaded(row)?.after_save(tx, true).await?;
            inserted.push(saved.values());
        }
        Ok(inserted)
    }

    /// Updates the changed columns of a loaded row and returns its values as the database has them.
    ///
    /// # Errors
    /// What the database or the entity's behaviour said.
    pub async fn update(&self, tx: &Tx, row: Row, changes: Changes) -> Result<Vec<Value>, DbErr> {
        let mut active = row.0.into_active();
        self.assign(&mut *active, changes.values)?;
        if !changes.defaults.is_empty() {
            self.default(&mut *active, &changes.defaults)?;
        }
        let ready = active.before_save(tx, false).await?;
        let row = statement::update(tx, &self.table, self.cells(&*ready)).await?;
        let saved = self.entity.loaded(&row)?.after_save(tx, false).await?;
        Ok(saved.values())
    }

    /// Deletes a loaded row.
    ///
    /// # Errors
    /// What the database or the entity's behaviour said.
    pub async fn delete(&self, tx: &Tx, row: Row) -> Result<(), DbErr> {
        let active = row.0.into_active().before_delete(tx).await?;
        statement::delete(tx, &self.table, &self.cells(&*active)).await?;
        active.after_delete(tx).await
    }

    /// A row that is ready to be written.
    fn cells(&self, active: &dyn Active) -> Vec<Cell> {
        let mut cells = Vec::with_capacity(self.table.columns.len());
        for (column, value) in active.cells().into_iter().enumerate() {
            let saved = |value: Value| match self.table.columns[column].plain {
                true => Expr::Value(value),
                false => self.entity.saved(column, value),
            };
            cells.push(match value {
                ActiveValue::Set(value) => Cell::Set(saved(value)),
                ActiveValue::Unchanged(value) => Cell::Kept(saved(value)),
                ActiveValue::NotSet => Cell::Unset,
            });
        }
        cells
    }

    fn assign(&self, active: &mut dyn Active, values: Vec<(FieldId, Value)>) -> Result<(), DbErr> {
        for (id, value) in values {
            active.set(id, coerce(value, &self.table.columns[id].rust))?;
        }
        Ok(())
    }

    /// Gives columns their defaults back: the entity's own; a column whose default only the database knows
    /// keeps its value.
    fn default(&self, active: &mut dyn Active, columns: &[FieldId]) -> Result<(), DbErr> {
        let fresh = self.entity.fresh().cells();
        for &id in columns {
            let column = &self.table.columns[id];
            let literal = match &column.default {
                Some(Expr::Value(value)) => Some(widen(value.clone(), &column.rust)),
                _ => None,
            };
            let own = match &fresh[id] {
                ActiveValue::Set(value) => Some(value.clone()),
                ActiveValue::Unchanged(_) | ActiveValue::NotSet => None,
            };
            if let Some(value) = own.or(literal) {
                active.set(id, value)?;
            }
        }
        Ok(())
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
