//! What `_aggregate` asks, once it is parsed: groups, what is measured in each, which groups are
//! wanted and in what order. Like a [`Query`](super::Query) it is typed and authorised already.

use chrono_tz::Tz;
use sea_orm::Value;

use crate::model::{Field, FieldId, Kind};

use super::{Cmp, Filter, Projected};

/// Groups in an answer when the request does not say.
pub const DEFAULT_LIMIT: u64 = 100;
/// Most groups in an answer.
pub const MAX_LIMIT: u64 = 1_000;
/// Most fields and buckets to group by.
pub const MAX_KEYS: usize = 2;

/// What is measured in a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Function {
    /// How many rows, or values that are not null.
    Count,
    /// How many different values, null aside.
    Distinct,
    /// The sum.
    Sum,
    /// The sum by the number of values.
    Avg,
    /// The lowest value.
    Min,
    /// The highest value.
    Max,
}

impl Function {
    /// All of them, in the order of the documentation and of the answer.
    pub const ALL: [Self; 6] = [
        Self::Count,
        Self::Distinct,
        Self::Sum,
        Self::Avg,
        Self::Min,
        Self::Max,
    ];

    /// The parameter's name, and the beginning of the output's.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Distinct => "distinct",
            Self::Sum => "sum",
            Self::Avg => "avg",
            Self::Min => "min",
            Self::Max => "max",
        }
    }

    /// Whether it can be had of a field.
    #[must_use]
    pub fn takes(self, field: &Field) -> bool {
        match self {
            Self::Count => !field.operators().is_empty(),
            Self::Distinct | Self::Min | Self::Max => field.sortable(),
            Self::Sum | Self::Avg => field.sortable() && is_numeric(&field.kind),
        }
    }

    /// What its results are compared with in `having`; `None` where they have no order.
    #[must_use]
    pub fn compared(self, kind: Option<&Kind>) -> Option<Kind> {
        let count = Kind::Int(crate::model::IntSize::I64);
        let Some(kind) = kind else { return Some(count) };
        match (self, kind) {
            (Self::Count | Self::Distinct, _) => Some(count),
            (Self::Sum, Kind::Int(_) | Kind::Decimal(_)) | (Self::Avg, Kind::Decimal(_)) => {
                Some(Kind::Decimal(None))
            }
            (Self::Sum | Self::Avg, _) => Some(Kind::Double),
            (Self::Min | Self::Max, _) => {
                let ordered = kind.operators().contains(&crate::model::Op::Lt);
                ordered.then(|| kind.clone())
            }
        }
    }
}

fn is_numeric(kind: &Kind) -> bool {
    matches!(
        kind,
        Kind::Int(_) | Kind::Float | Kind::Double | Kind::Decimal(_)
    )
}

/// The length of a bucket of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// A calendar year.
    Year,
    /// Three calendar months.
    Quarter,
    /// A calendar month.
    Month,
    /// An ISO week, which begins on Monday.
    Week,
    /// A day.
    Day,
    /// An hour.
    Hour,
}

impl Unit {
    /// All of them, longest first.
    pub const ALL: [Self; 6] = [
        Self::Year,
        Self::Quarter,
        Self::Month,
        Self::Week,
        Self::Day,
        Self::Hour,
    ];

    /// The name in `bucket=` and in the output's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Year => "year",
            Self::Quarter => "quarter",
            Self::Month => "month",
            Self::Week => "week",
            Self::Day => "day",
            Self::Hour => "hour",
        }
    }

    /// Whether values of a field fall into such buckets.
    #[must_use]
    pub fn takes(self, field: &Field) -> bool {
        let known = match field.kind {
            Kind::Date => self != Self::Hour,
            Kind::DateTime | Kind::Timestamp => true,
            _ => false,
        };
        known && field.sortable()
    }

    /// What the beginning of such a bucket is.
    #[must_use]
    pub fn kind(self, of: &Kind) -> Kind {
        match self {
            Self::Hour => of.clone(),
            _ => Kind::Date,
        }
    }
}

/// What rows are grouped by.
#[derive(Debug, Clone, PartialEq)]
pub struct Key {
    /// The member of the answer.
    pub name: String,
    /// The field; null on rows where it may not be seen.
    pub of: Projected,
    /// The bucket its values fall into, if not themselves.
    pub unit: Option<Unit>,
}

/// What is measured.
#[derive(Debug, Clone, PartialEq)]
pub struct Measure {
    /// The member of the answer.
    pub name: String,
    /// How.
    pub function: Function,
    /// Of which field; of the rows themselves if of none.
    pub of: Option<Projected>,
}

/// A condition on a measure.
#[derive(Debug, Clone, PartialEq)]
pub struct Having {
    /// Its index.
    pub measure: usize,
    /// The comparison; never matches null.
    pub cmp: Cmp,
    /// Of the kind that [`Function::compared`] says.
    pub value: Value,
}

/// A member of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Output {
    /// The key of that index.
    Key(usize),
    /// The measure of that index.
    Measure(usize),
}

/// A parsed, typed and authorised `_aggregate`.
#[derive(Debug, Clone)]
pub struct Aggregate {
    /// Which rows, without the caller's own row rule.
    pub filter: Filter,
    /// What they are grouped by; one group of all rows if by nothing.
    pub keys: Vec<Key>,
    /// What is measured in each group.
    pub measures: Vec<Measure>,
    /// The zone whose years, months, weeks and days the buckets of instants are, instead of UTC's.
    pub zone: Option<Tz>,
    /// Which groups are wanted: all of these hold.
    pub having: Vec<Having>,
    /// The order, descending where `true`; total, since every key is in it.
    pub sort: Vec<(Output, bool)>,
    /// Most groups of the answer.
    pub limit: u64,
}

impl Aggregate {
    /// The member of that name.
    #[must_use]
    pub fn output(&self, name: &str) -> Option<Output> {
        let key = self.keys.iter().position(|k| k.name == name);
        let measure = || self.measures.iter().position(|m| m.name == name);
        key.map(Output::Key)
            .or_else(|| measure().map(Output::Measure))
    }

    /// The names of the members, in the order of the answer.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let keys = self.keys.iter().map(|k| k.name.as_str());
        keys.chain(self.measures.iter().map(|m| m.name.as_str()))
    }

    /// The field of a measure.
    #[must_use]
    pub fn field_of(&self, measure: usize) -> Option<FieldId> {
        self.measures[measure].of.as_ref().map(|p| p.field)
    }
}
