//! [`Query`](super::Query) → SQL, for SQLite, PostgreSQL and MariaDB/MySQL. One total match per node
//! of the tree; names come from the registry, values are always bound.
//!
//! Here: sources, columns and values. Conditions are in `condition` (with the patterns of text
//! operators in `pattern`), orders and where a page begins in `order`, whole SELECTs in `statement`,
//! those of groups in `aggregate` (with buckets of time in `bucket`, their zone in `zone` and the
//! conditions on groups in `having`). Null sorts lowest on every database, and a text operator means the
//! same on every one of them.

mod aggregate;
mod bucket;
mod condition;
mod having;
mod order;
mod pattern;
mod statement;
mod zone;

pub use self::aggregate::{Cells, MORE_PLACES, Total};

use sea_orm::DbBackend;
use sea_orm::Value;
use sea_orm::sea_query::{
    Alias, CaseStatement, DynIden, Expr, ExprTrait as _, IntoIden as _, TableRef,
};

use crate::model::{FieldId, Kind, ModelId, ModelMeta, Registry};

use super::Filter;

/// Compiles conditions and expressions for one statement.
#[derive(Debug)]
pub struct Compiler<'a> {
    registry: &'a Registry,
    backend: DbBackend,
    aliases: usize,
}

/// A model in a FROM clause, under the name that its columns are qualified with.
#[derive(Debug, Clone)]
pub struct Source {
    /// The model.
    pub model: ModelId,
    /// The alias, or the table's own name.
    pub alias: DynIden,
}

/// The table of a model as a FROM item.
#[must_use]
pub fn table(meta: &ModelMeta) -> TableRef {
    use sea_orm::sea_query::IntoTableRef as _;
    match &meta.schema {
        Some(schema) => (Alias::new(schema), Alias::new(&meta.table)).into_table_ref(),
        None => Alias::new(&meta.table).into_table_ref(),
    }
}

impl<'a> Compiler<'a> {
    /// A compiler for one database.
    #[must_use]
    pub fn new(registry: &'a Registry, backend: DbBackend) -> Self {
        Self {
            registry,
            backend,
            aliases: 0,
        }
    }

    /// The outermost model of a statement, under its table's own name.
    #[must_use]
    pub fn root(&self, model: ModelId) -> Source {
        let alias = Alias::new(&self.registry.model(model).table).into_iden();
        Source { model, alias }
    }

    fn nested(&mut self, model: ModelId) -> Source {
        self.aliases += 1;
        Source {
            model,
            alias: Alias::new(format!("qd{}", self.aliases)).into_iden(),
        }
    }

    fn meta(&self, source: &Source) -> &'a ModelMeta {
        self.registry.model(source.model)
    }

    /// A column of a source.
    #[must_use]
    pub fn column(&self, source: &Source, field: FieldId) -> Expr {
        let column = Alias::new(&self.meta(source).fields[field].column);
        Expr::col((source.alias.clone(), column))
    }

    /// A value as the database wants it beside a field of that kind.
    #[must_use]
    pub fn bound(&self, kind: &Kind, value: Value) -> Expr {
        match (self.backend, kind, value) {
            (
                DbBackend::Postgres,
                Kind::Enum {
                    native: Some(name), ..
                },
                value,
            ) => Expr::val(value).as_enum(Alias::new(name)),
            // SQLite stores decimals as REAL and would compare a bound text as text. By way of the
            // text, because `to_f64` is exact to 15 digits only.
            (DbBackend::Sqlite, Kind::Decimal(_), Value::Decimal(Some(d))) => {
                Expr::val(d.to_string().parse().unwrap_or(f64::MAX))
            }
            // No such number is stored, and the drivers panic on it: a larger type compares right.
            (DbBackend::Sqlite, _, Value::BigUnsigned(Some(n))) if i64::try_from(n).is_err() => {
                Expr::val(9.3e18)
            }
            (DbBackend::Postgres, _, Value::BigUnsigned(Some(n))) if i64::try_from(n).is_err() => {
                Expr::val(rust_decimal::Decimal::from(n))
            }
            // A column of a narrower character set (NVARCHAR holds three bytes a character) cannot be
            // compared with such a text at all, unless it is said how; where the column is one of
            // ours this is its own collation, and its index serves.
            (DbBackend::MySql, Kind::Text(_), Value::String(Some(text)))
                if text.chars().any(|c| c.len_utf8() > 3) =>
            {
                Expr::cust_with_exprs("? COLLATE utf8mb4_bin", [Expr::val(text)])
            }
            (_, _, value) => Expr::val(value),
        }
    }

    /// A field as a guarded reader may see it: null on rows outside the guard.
    #[must_use]
    pub fn seen(&mut self, source: &Source, field: FieldId, guard: Option<&Filter>) -> Expr {
        let column = self.column(source, field);
        match guard {
            None => column,
            Some(guard) => {
                let condition = self.condition(source, guard);
                CaseStatement::new().case(condition, column).into()
            }
        }
    }
}
