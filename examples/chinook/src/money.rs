//! Amounts in NUMERIC(10,2) columns that the database made, not we.
//!
//! SQLite gives such a column numeric affinity: 0.99 is stored as a double, but 2.00 as the integer
//! 2, and `Decimal` reads doubles only. A catalogue without round prices works until somebody
//! enters one.

use sea_orm::{
    ColIdx, QueryResult, TryGetError, TryGetable, Value,
    prelude::Decimal,
    sea_query::{ArrayType, ColumnType, Nullable, ValueType, ValueTypeErr},
};

/// A `Decimal` that also reads what SQLite keeps as an integer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Money(
    /// The amount.
    pub Decimal,
);

impl TryGetable for Money {
    fn try_get_by<I: ColIdx>(row: &QueryResult, index: I) -> Result<Self, TryGetError> {
        let decimal = Decimal::try_get_by(row, index);
        match decimal {
            // No integer either: the first answer is the true one.
            Err(TryGetError::DbErr(_)) => i64::try_get_by(row, index)
                .map(Decimal::from)
                .or(decimal)
                .map(Self),
            Err(TryGetError::Null(_)) | Ok(_) => decimal.map(Self),
        }
    }
}

impl From<Money> for Value {
    fn from(money: Money) -> Self {
        money.0.into()
    }
}

impl ValueType for Money {
    fn try_from(value: Value) -> Result<Self, ValueTypeErr> {
        <Decimal as ValueType>::try_from(value).map(Self)
    }

    fn type_name() -> String {
        <Decimal as ValueType>::type_name()
    }

    fn array_type() -> ArrayType {
        <Decimal as ValueType>::array_type()
    }

    fn column_type() -> ColumnType {
        ColumnType::Decimal(Some((10, 2)))
    }
}

impl Nullable for Money {
    fn null() -> Value {
        <Decimal as Nullable>::null()
    }
}
