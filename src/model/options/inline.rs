//! What a registration may say about child rows that are written with their record.

use std::marker::PhantomData;

use sea_orm::EntityTrait;

use super::names;

/// Child rows that are written with their record, as a registration names them.
#[derive(Debug, Clone, Default)]
pub struct RawInline {
    pub(crate) relation: String,
    pub(crate) table: String,
    pub(crate) columns: Vec<String>,
    pub(crate) help: String,
    pub(crate) extra: usize,
}

/// Options of child rows whose entity is `T`.
#[derive(Debug)]
pub struct InlineOptions<T: EntityTrait> {
    raw: RawInline,
    entity: PhantomData<T>,
}

impl<T: EntityTrait> InlineOptions<T> {
    pub(super) fn of(relation: &str) -> Self {
        Self {
            raw: RawInline {
                relation: relation.to_owned(),
                table: T::default().table_name().to_owned(),
                extra: 1,
                ..RawInline::default()
            },
            entity: PhantomData,
        }
    }

    pub(super) fn into_raw(self) -> RawInline {
        self.raw
    }

    /// The columns of the form, instead of all that a body may name.
    #[must_use]
    pub fn columns(mut self, columns: impl IntoIterator<Item = T::Column>) -> Self {
        self.raw.columns = names(columns);
        self
    }

    /// A sentence above the rows.
    #[must_use]
    pub fn help(mut self, help: &str) -> Self {
        self.raw.help = help.into();
        self
    }

    /// How many empty rows the form begins with, instead of one.
    #[must_use]
    pub fn extra(mut self, rows: usize) -> Self {
        self.raw.extra = rows;
        self
    }
}
