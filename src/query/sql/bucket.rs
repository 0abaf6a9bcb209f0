//! Buckets of time: the beginning of the year, quarter, month, ISO week, day or hour that a value
//! falls into, as each database can say it.

use sea_orm::DbBackend;
use sea_orm::sea_query::Expr;

use crate::model::Kind;
use crate::query::aggregate::Unit;

use super::Compiler;

impl Compiler<'_> {
    /// The beginning of the bucket. `column` is the text of a column's name: it has no values in it,
    /// so that a database takes the expression for the same wherever it stands.
    pub(super) fn bucket(&self, unit: Unit, kind: &Kind, column: &str) -> Expr {
        Expr::cust(match self.backend {
            DbBackend::Postgres => postgres(unit, column),
            DbBackend::Sqlite => sqlite(unit, kind, column),
            _ => mysql(unit, column),
        })
    }
}

fn postgres(unit: Unit, column: &str) -> String {
    let truncated = format!("date_trunc('{}', {column})", unit.name());
    match unit {
        Unit::Hour => truncated,
        _ => format!("CAST({truncated} AS date)"),
    }
}

/// The functions that cut are taken, not those that round: a microsecond before midnight is today.
fn mysql(unit: Unit, column: &str) -> String {
    let day = match unit {
        Unit::Hour => {
            return format!("CAST(DATE_FORMAT({column}, '%Y-%m-%d %H:00:00') AS DATETIME)");
        }
        Unit::Year => format!("MAKEDATE(YEAR({column}), 1)"),
        Unit::Quarter => {
            format!("MAKEDATE(YEAR({column}), 1) + INTERVAL (QUARTER({column}) - 1) QUARTER")
        }
        Unit::Month => format!("DATE_FORMAT({column}, '%Y-%m-01')"),
        Unit::Week => format!("DATE({column}) - INTERVAL WEEKDAY({column}) DAY"),
        Unit::Day => format!("DATE({column})"),
    };
    format!("CAST({day} AS DATE)")
}

/// A time of SQLite to the second. Its functions know milliseconds and round to them, perhaps into the next
/// day: the fraction is cut off first. An offset stays, should somebody else have written one that is not
/// UTC.
pub(super) fn seconds(kind: &Kind, column: &str) -> String {
    match kind {
        Kind::Date => format!("substr({column}, 1, 10)"),
        _ => format!(
            "substr({column}, 1, 19) || CASE WHEN substr({column}, -6) GLOB \
             '[+-][0-9][0-9]:[0-9][0-9]' THEN substr({column}, -6) ELSE '' END"
        ),
    }
}

fn sqlite(unit: Unit, kind: &Kind, column: &str) -> String {
    let seconds = seconds(kind, column);
    match unit {
        Unit::Year => format!("strftime('%Y-01-01', {seconds})"),
        Unit::Quarter => format!(
            "strftime('%Y-', {seconds}) || printf('%02d-01', (CAST(strftime('%m', {seconds}) AS \
             INTEGER) - 1) / 3 * 3 + 1)"
        ),
        Unit::Month => format!("strftime('%Y-%m-01', {seconds})"),
        // Back, then on to Monday: forwards first there would be no week at the end of time.
        Unit::Week => format!("date({seconds}, '-6 days', 'weekday 1')"),
        Unit::Day => format!("strftime('%Y-%m-%d', {seconds})"),
        Unit::Hour if *kind == Kind::Timestamp => {
            format!("strftime('%Y-%m-%d %H:00:00+00:00', {seconds})")
        }
        Unit::Hour => format!("strftime('%Y-%m-%d %H:00:00', {seconds})"),
    }
}
