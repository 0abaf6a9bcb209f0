//! What a field's values are: [`Kind`], and which filter operators it has: [`Op`].
//!
//! A new kind is a new variant here; the compiler then points at every place that must know it.

use std::fmt;

/// The width and sign of an integer column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IntSize {
    /// 8 bits, signed.
    I8,
    /// 16 bits, signed.
    I16,
    /// 32 bits, signed.
    I32,
    /// 64 bits, signed.
    I64,
    /// 8 bits, unsigned.
    U8,
    /// 16 bits, unsigned.
    U16,
    /// 32 bits, unsigned.
    U32,
    /// 64 bits, unsigned.
    U64,
}

impl IntSize {
    /// The smallest and the largest value.
    #[must_use]
    pub fn range(self) -> (i128, i128) {
        match self {
            Self::I8 => (i8::MIN.into(), i8::MAX.into()),
            Self::I16 => (i16::MIN.into(), i16::MAX.into()),
            Self::I32 => (i32::MIN.into(), i32::MAX.into()),
            Self::I64 => (i64::MIN.into(), i64::MAX.into()),
            Self::U8 => (0, u8::MAX.into()),
            Self::U16 => (0, u16::MAX.into()),
            Self::U32 => (0, u32::MAX.into()),
            Self::U64 => (0, u64::MAX.into()),
        }
    }
}

/// What the values of a field are, independent of the database that stores them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// `true` or `false`.
    Bool,
    /// A whole number; a JSON number, exact to 64 bits.
    Int(IntSize),
    /// A 32-bit floating point number.
    Float,
    /// A 64-bit floating point number.
    Double,
    /// An exact decimal; a JSON string. `(precision, scale)` where the column says so.
    Decimal(Option<(u32, u32)>),
    /// Text, with the most characters it may have.
    Text(Option<u32>),
    /// One of a fixed set of texts. `native` is the name of the database's own enum type.
    Enum {
        /// Name of the database's enum type, where the column has one.
        native: Option<String>,
        /// The database values, in declaration order.
        variants: Vec<String>,
    },
    /// A UUID, written in lower case.
    Uuid,
    /// A calendar date, `YYYY-MM-DD`.
    Date,
    /// A time of day, `HH:MM:SS`.
    Time,
    /// A timestamp in a column without time zone; taken and given as UTC.
    DateTime,
    /// An instant; RFC 3339, stored in UTC.
    Timestamp,
    /// Bytes, base64 in JSON, with the most bytes it may have.
    Bytes(Option<u32>),
    /// Any JSON value.
    Json,
    /// A list of one kind (PostgreSQL arrays).
    Array(Box<Kind>),
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bool => "boolean",
            Self::Int(_) => "integer",
            Self::Float | Self::Double => "number",
            Self::Decimal(_) => "decimal",
            Self::Text(_) => "text",
            Self::Enum { .. } => "enum",
            Self::Uuid => "uuid",
            Self::Date => "date",
            Self::Time => "time",
            Self::DateTime => "datetime",
            Self::Timestamp => "timestamp",
            Self::Bytes(_) => "bytes",
            Self::Json => "json",
            Self::Array(_) => "array",
        })
    }
}

/// A filter operator, as written after `__` in a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Op {
    /// Equal.
    Eq,
    /// Not equal; like every comparison it never matches null.
    Ne,
    /// Less than.
    Lt,
    /// Less than or equal.
    Lte,
    /// Greater than.
    Gt,
    /// Greater than or equal.
    Gte,
    /// One of a list.
    In,
    /// None of a list.
    Nin,
    /// Between two values, both included.
    Between,
    /// Is null (`true`) or is not (`false`).
    IsNull,
    /// Contains, case-sensitive.
    Contains,
    /// Contains, ignoring case.
    IContains,
    /// Starts with, case-sensitive.
    StartsWith,
    /// Starts with, ignoring case.
    IStartsWith,
    /// Ends with, case-sensitive.
    EndsWith,
    /// Ends with, ignoring case.
    IEndsWith,
}

impl Op {
    /// Every operator, in the order of the documentation.
    pub const ALL: [Self; 16] = [
        Self::Eq,
        Self::Ne,
        Self::Lt,
        Self::Lte,
        Self::Gt,
        Self::Gte,
        Self::In,
        Self::Nin,
        Self::Between,
        Self::IsNull,
        Self::Contains,
        Self::IContains,
        Self::StartsWith,
        Self::IStartsWith,
        Self::EndsWith,
        Self::IEndsWith,
    ];

    /// The name in a query string.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Eq => "eq",
            Self::Ne => "ne",
            Self::Lt => "lt",
            Self::Lte => "lte",
            Self::Gt => "gt",
            Self::Gte => "gte",
            Self::In => "in",
            Self::Nin => "nin",
            Self::Between => "between",
            Self::IsNull => "isnull",
            Self::Contains => "contains",
            Self::IContains => "icontains",
            Self::StartsWith => "startswith",
            Self::IStartsWith => "istartswith",
            Self::EndsWith => "endswith",
            Self::IEndsWith => "iendswith",
        }
    }

    /// The operator of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|op| op.name() == name)
    }
}

const EQUALITY: &[Op] = &[Op::Eq, Op::Ne, Op::In, Op::Nin, Op::IsNull];
const ORDER: &[Op] = &[
    Op::Eq,
    Op::Ne,
    Op::Lt,
    Op::Lte,
    Op::Gt,
    Op::Gte,
    Op::In,
    Op::Nin,
    Op::Between,
    Op::IsNull,
];

impl Kind {
    /// The operators that values of this kind have.
    #[must_use]
    pub fn operators(&self) -> &'static [Op] {
        match self {
            Self::Bool | Self::Enum { .. } | Self::Uuid => EQUALITY,
            Self::Int(_)
            | Self::Float
            | Self::Double
            | Self::Decimal(_)
            | Self::Date
            | Self::Time
            | Self::DateTime
            | Self::Timestamp => ORDER,
            Self::Text(_) => &Op::ALL,
            Self::Bytes(_) | Self::Json | Self::Array(_) => &[Op::IsNull],
        }
    }

    /// Whether rows can be sorted by values of this kind.
    #[must_use]
    pub fn sortable(&self) -> bool {
        !matches!(self, Self::Bytes(_) | Self::Json | Self::Array(_))
    }
}
