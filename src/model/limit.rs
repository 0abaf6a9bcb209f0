//! Where a database holds less than the kind of a field says. Such a value is refused with a fault,
//! before the database would round it, cut it or fail on it.

use sea_orm::Value;

use super::value::{self, Misfit};
use super::{IntSize, Kind};

/// What this database can hold of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// A decimal of at most this many significant digits: SQLite keeps it as a double.
    Digits(usize),
    /// JSON of at most this many levels.
    Levels(usize),
    /// An unsigned integer up to this one: SQLite and PostgreSQL have signed ones only.
    Largest(u64),
}

impl Limit {
    /// Whether the limit is about fields of that kind.
    pub(super) fn concerns(self, kind: &Kind) -> bool {
        matches!(
            (self, kind),
            (Self::Digits(_), Kind::Decimal(_))
                | (Self::Levels(_), Kind::Json)
                | (Self::Largest(_), Kind::Int(IntSize::U64))
        )
    }

    /// What is wrong with a value that is past the limit.
    pub(super) fn check(self, value: &Value) -> Option<Misfit> {
        let (past, code, detail) = match self {
            Self::Digits(most) => (
                value::significant_digits(value) > most,
                "inexact",
                format!("can have at most {most} significant digits on this database"),
            ),
            Self::Levels(most) => (
                value::json_depth(value) > most,
                "too_deep",
                format!("can have at most {most} levels on this database"),
            ),
            Self::Largest(most) => (
                matches!(value, Value::BigUnsigned(Some(n)) if *n > most),
                "out_of_range",
                format!("can be at most {most} on this database"),
            ),
        };
        past.then_some(Misfit { code, detail })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_refused_only_past_the_largest() {
        let limit = Limit::Largest(9);
        assert!(limit.concerns(&Kind::Int(IntSize::U64)));
        assert!(!limit.concerns(&Kind::Int(IntSize::I64)));
        assert_eq!(limit.check(&Value::BigUnsigned(Some(9))), None);
        assert_eq!(limit.check(&Value::BigUnsigned(None)), None);
        let misfit = limit.check(&Value::BigUnsigned(Some(10))).unwrap();
        assert_eq!(misfit.code, "out_of_range");
    }
}
