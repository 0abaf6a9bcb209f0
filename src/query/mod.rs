//! The query language: an abstract syntax tree ([`Filter`], [`Query`]) between what a caller wrote
//! ([`parse`], [`tree`]) and what a database runs ([`sql`]).
//!
//! Every name is resolved, typed and authorised while parsing, through a [`Lens`]: a field that the
//! caller may not read is unknown here and now, and one that is readable only on some rows carries
//! the condition with it. What reaches [`sql`] therefore needs no permissions, and names in SQL come
//! from the registry alone. No I/O and no async in this room.

pub mod aggregate;
pub mod cursor;
mod mark;
pub mod parse;
pub mod path;
pub mod sql;
pub mod tree;

#[cfg(test)]
mod tests;

use sea_orm::Value;

use crate::model::{FieldId, ModelId};

pub use self::mark::{Cell, Mark};

/// A condition on the rows of one model.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    /// Every row.
    All,
    /// No row.
    Never,
    /// All of them; every row when empty.
    And(Vec<Filter>),
    /// Any of them; no row when empty.
    Or(Vec<Filter>),
    /// Two-valued: a row that does not match the inner condition, null or not.
    Not(Box<Filter>),
    /// A comparison; never matches null.
    Cmp(FieldId, Cmp, Value),
    /// One of the values (or, negated, none of them); never matches null, unless `nin` is empty.
    In {
        /// The field.
        field: FieldId,
        /// The values.
        values: Vec<Value>,
        /// Whether this is `nin`.
        negated: bool,
    },
    /// Both ends included.
    Between(FieldId, Value, Value),
    /// A text pattern.
    Like {
        /// The field.
        field: FieldId,
        /// Where the text must be.
        place: Place,
        /// The text, to be taken literally.
        text: String,
        /// Whether case is ignored.
        fold: bool,
    },
    /// Null (`true`) or not.
    Null(FieldId, bool),
    /// Some row at the other end of a relation matches.
    Related {
        /// The relation's index in its model.
        relation: usize,
        /// The junction rows that count, where there is a junction.
        junction: Box<Filter>,
        /// The condition on the other end.
        inner: Box<Filter>,
    },
}

impl Filter {
    /// Both conditions, without needless nesting.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::All, f) | (f, Self::All) => f,
            (Self::Never, _) | (_, Self::Never) => Self::Never,
            (Self::And(mut a), Self::And(b)) => {
                a.extend(b);
                Self::And(a)
            }
            (Self::And(mut a), f) => {
                a.push(f);
                Self::And(a)
            }
            (a, b) => Self::And(vec![a, b]),
        }
    }

    /// Either condition, without needless nesting.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Never, f) | (f, Self::Never) => f,
            (Self::All, _) | (_, Self::All) => Self::All,
            (Self::Or(mut a), f) => {
                if !a.contains(&f) {
                    a.push(f);
                }
                Self::Or(a)
            }
            (a, b) if a == b => a,
            (a, b) => Self::Or(vec![a, b]),
        }
    }
}

/// A comparison operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cmp {
    /// `=`
    Eq,
    /// `<>`
    Ne,
    /// `<`
    Lt,
    /// `<=`
    Lte,
    /// `>`
    Gt,
    /// `>=`
    Gte,
}

/// Where a text pattern must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Anywhere.
    Anywhere,
    /// At the start.
    Start,
    /// At the end.
    End,
}

/// On which rows a caller may see (or write) a field.
#[derive(Debug, Clone, PartialEq)]
pub enum Sight {
    /// On none: for this caller the field does not exist.
    Never,
    /// On the rows that match.
    When(Filter),
    /// On every row.
    Always,
}

impl Sight {
    /// Whether there is any row to see it on.
    #[must_use]
    pub fn possible(&self) -> bool {
        !matches!(self, Self::Never)
    }
}

/// What a caller may see: the only way for the parser to learn of a model's rows and fields.
pub trait Lens {
    /// The rows of a model that the caller may list; `None` where the model does not exist for it.
    fn rows(&self, model: ModelId) -> Option<Filter>;
    /// Where the caller may see a field.
    fn sight(&self, model: ModelId, field: FieldId) -> Sight;
}

/// One key of an order.
#[derive(Debug, Clone, PartialEq)]
pub struct SortKey {
    /// The field.
    pub field: FieldId,
    /// Descending.
    pub descending: bool,
    /// The rows it may be seen on; on others it sorts as null.
    pub guard: Option<Filter>,
}

/// A field of the answer, and the rows it may be seen on.
#[derive(Debug, Clone, PartialEq)]
pub struct Projected {
    /// The field.
    pub field: FieldId,
    /// Null on rows that do not match.
    pub guard: Option<Filter>,
}

/// A relation to embed.
#[derive(Debug, Clone, PartialEq)]
pub struct Expand {
    /// Index of the relation in its model.
    pub relation: usize,
    /// The model it leads to.
    pub target: ModelId,
    /// The rows of the target that the caller may see.
    pub rows: Filter,
    /// The rows of the junction that the caller may see, where there is a junction.
    pub junction: Filter,
    /// The rows on which the caller may see the own fields that the relation starts from.
    pub own: Filter,
    /// The fields of the embedded records.
    pub fields: Vec<Projected>,
    /// Relations to embed in the embedded records.
    pub expand: Vec<Expand>,
}

/// Where in the order a page begins.
#[derive(Debug, Clone, PartialEq)]
pub enum Position {
    /// So many rows after the first.
    Offset(u64),
    /// After the row with these marks.
    After(Vec<Mark>),
    /// Before the row with these marks.
    Before(Vec<Mark>),
}

/// How the matching rows are to be counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CountMode {
    /// Exact as long as that is cheap.
    Auto,
    /// Exact, whatever it costs.
    Exact,
    /// An estimate.
    Estimated,
    /// Not at all.
    None,
}

/// A parsed, typed and authorised list request.
#[derive(Debug, Clone)]
pub struct Query {
    /// What the caller asked for, without the caller's own row rule.
    pub filter: Filter,
    /// The total order: the caller's keys, then the primary key.
    pub sort: Vec<SortKey>,
    /// The fields of the answer, in the model's order.
    pub fields: Vec<Projected>,
    /// Relations to embed.
    pub expand: Vec<Expand>,
    /// Rows on a page.
    pub limit: u64,
    /// Where the page begins.
    pub position: Position,
    /// How to count.
    pub count: CountMode,
}

/// Limits on what one request may ask for; each is a setting.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Rows on a page when the request does not say.
    pub default_limit: u64,
    /// Most rows on a page.
    pub max_limit: u64,
    /// Most conditions of one filter.
    pub max_conditions: usize,
    /// Most values of one `in`.
    pub max_in: usize,
    /// Most relations walked in one path.
    pub max_steps: usize,
    /// The row past which only a cursor leads.
    pub max_offset: u64,
    /// The number of rows up to which `count=auto` is exact.
    pub count_limit: u64,
    /// Most rows embedded for a to-many relation.
    pub expand_limit: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            default_limit: 25,
            max_limit: 100,
            max_conditions: 20,
            max_in: 500,
            max_steps: 3,
            max_offset: 10_000,
            count_limit: 10_000,
            expand_limit: 25,
        }
    }
}
