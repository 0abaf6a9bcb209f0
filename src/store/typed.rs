//! What is an entity's own: its rows, its behaviour, how its columns are read and written. The only code
//! on the writing side that is generic over `EntityTrait`. It is compiled anew for each entity, so it
//! does nothing that `writes` or `statement` can do without the type.

use std::marker::PhantomData;

use futures_util::future::BoxFuture;
use sea_orm::sea_query::{Expr, IntoIden as _};
use sea_orm::{
    ActiveModelBehavior, ActiveModelTrait, ActiveValue, ColumnTrait as _, DbErr, EntityTrait,
    FromQueryResult as _, IntoActiveModel, Iterable as _, ModelTrait, PrimaryKeyToColumn as _,
    QueryResult, Value,
};

use super::Tx;
use super::statement::{Column, Table};

/// What a hook of the entity's behaviour makes of a row.
pub(super) type Hooked<'a, T> = BoxFuture<'a, Result<Box<T>, DbErr>>;

/// An entity, without its type. Columns are known by their places in its order.
pub(super) trait Entity: Send + Sync {
    /// Its table.
    fn table(&self) -> Table;

    /// A new row with the defaults of the entity's own.
    fn fresh(&self) -> Box<dyn Active>;

    /// A row as the database gave it.
    fn loaded(&self, row: &QueryResult) -> Result<Box<dyn Loaded>, DbErr>;

    /// How a value of a column is written that is not written as it is: an enum, for example.
    fn saved(&self, column: usize, value: Value) -> Expr;
}

/// A row that was read: the entity's `Model`.
pub(super) trait Loaded: Send + Sync {
    fn values(&self) -> Vec<Value>;

    fn into_active(self: Box<Self>) -> Box<dyn Active>;

    fn after_save(self: Box<Self>, tx: &Tx, insert: bool) -> Hooked<'_, dyn Loaded>;
}

/// A row that is to be written: the entity's `ActiveModel`.
pub(super) trait Active: Send {
    fn cells(&self) -> Vec<ActiveValue<Value>>;

    fn set(&mut self, column: usize, value: Value) -> Result<(), DbErr>;

    fn before_save(self: Box<Self>, tx: &Tx, insert: bool) -> Hooked<'_, dyn Active>;

    fn before_delete(self: Box<Self>, tx: &Tx) -> Hooked<'_, dyn Active>;

    fn after_delete(self: Box<Self>, tx: &Tx) -> BoxFuture<'_, Result<(), DbErr>>;
}

/// [`Entity`] of `E`.
pub(super) struct Typed<E>(pub(super) PhantomData<fn() -> E>);

struct Model<E: EntityTrait>(E::Model);

struct Draft<E: EntityTrait>(E::ActiveModel);

impl<E> Entity for Typed<E>
where
    E: EntityTrait,
    E::Model: IntoActiveModel<E::ActiveModel> + Send + Sync + 'static,
    E::ActiveModel: ActiveModelTrait<Entity = E> + ActiveModelBehavior + Send + Sync,
{
    fn table(&self) -> Table {
        let mut columns = Vec::new();
        for column in E::Column::iter() {
            columns.push(Column {
                name: column.into_iden(),
                key: E::PrimaryKey::from_column(column).is_some(),
                read: column.select_as(Expr::col(column)),
                plain: matches!(column.save_as(Value::Bool(None).into()), Expr::Value(_)),
                rust: <E::Model as ModelTrait>::get_value_type(column),
                default: column.def().get_column_default().cloned(),
            });
        }
        Table {
            name: E::default().table_ref(),
            columns,
        }
    }

    fn fresh(&self) -> Box<dyn Active> {
        Box::new(Draft::<E>(<E::ActiveModel as ActiveModelBehavior>::new()))
    }

    fn loaded(&self, row: &QueryResult) -> Result<Box<dyn Loaded>, DbErr> {
        Ok(Box::new(Model::<E>(E::Model::from_query_result(row, "")?)))
    }

    fn saved(&self, column: usize, value: Value) -> Expr {
        match E::Column::iter().nth(column) {
            Some(column) => column.save_as(value.into()),
            None => value.into(),
        }
    }
}

impl<E> Loaded for Model<E>
where
    E: EntityTrait,
    E::Model: IntoActiveModel<E::ActiveModel> + Send + Sync + 'static,
    E::ActiveModel: ActiveModelTrait<Entity = E> + ActiveModelBehavior + Send + Sync,
{
    fn values(&self) -> Vec<Value> {
        let mut values = Vec::new();
        for column in E::Column::iter() {
            values.push(self.0.get(column));
        }
        values
    }

    fn into_active(self: Box<Self>) -> Box<dyn Active> {
        Box::new(Draft::<E>(self.0.into_active_model()))
    }

    fn after_save(self: Box<Self>, tx: &Tx, insert: bool) -> Hooked<'_, dyn Loaded> {
        Box::pin(async move {
            let saved = <E::ActiveModel as ActiveModelBehavior>::after_save(self.0, tx, insert);
            Ok(Box::new(Self(saved.await?)) as Box<dyn Loaded>)
        })
    }
}

impl<E> Active for Draft<E>
where
    E: EntityTrait,
    E::Model: IntoActiveModel<E::ActiveModel> + Send + Sync + 'static,
    E::ActiveModel: ActiveModelTrait<Entity = E> + ActiveModelBehavior + Send + Sync,
{
    fn cells(&self) -> Vec<ActiveValue<Value>> {
        let mut cells = Vec::new();
        for column in E::Column::iter() {
            cells.push(self.0.get(column));
        }
        cells
    }

    fn set(&mut self, column: usize, value: Value) -> Result<(), DbErr> {
        match E::Column::iter().nth(column) {
            Some(column) => self.0.try_set(column, value),
            None => Err(DbErr::Type(format!("no column {column}"))),
        }
    }

    fn before_save(self: Box<Self>, tx: &Tx, insert: bool) -> Hooked<'_, dyn Active> {
        Box::pin(async move {
            let ready = ActiveModelBehavior::before_save(self.0, tx, insert);
            Ok(Box::new(Self(ready.await?)) as Box<dyn Active>)
        })
    }

    fn before_delete(self: Box<Self>, tx: &Tx) -> Hooked<'_, dyn Active> {
        Box::pin(async move {
            let ready = ActiveModelBehavior::before_delete(self.0, tx);
            Ok(Box::new(Self(ready.await?)) as Box<dyn Active>)
        })
    }

    fn after_delete(self: Box<Self>, tx: &Tx) -> BoxFuture<'_, Result<(), DbErr>> {
        Box::pin(async move {
            let deleted = ActiveModelBehavior::after_delete(self.0, tx);
            deleted.await.map(drop)
        })
    }
}
