//! Instants as the clocks of a zone show them, so that buckets are the days of that zone. Databases know
//! zones differently, or not at all; so the changes of the clocks are written into the statement.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Offset as _, TimeZone as _};
use chrono_tz::Tz;
use sea_orm::DbBackend;
use sea_orm::sea_query::{Alias, Expr, Query as Sql, SelectStatement};

use crate::model::{Kind, ModelId};
use crate::query::aggregate::{Aggregate, Key, Unit};

use super::Compiler;
use super::aggregate::name;
use super::bucket::seconds;

/// The changes from this day on are told apart; before it is the offset that it begins with.
const FIRST: NaiveDate = NaiveDate::from_ymd_opt(1970, 1, 1).expect("a day");
/// And those until this one, as with `time_t` of 32 bits; after it the last offset stays.
const LAST: NaiveDate = NaiveDate::from_ymd_opt(2038, 1, 1).expect("a day");
/// No zone has changed its clocks twice within so many seconds, and back.
const STEP: i64 = 7 * 86_400;

impl Compiler<'_> {
    /// The rows with their instants moved into the zone that is asked for.
    pub(super) fn in_zone(
        &self,
        rows: SelectStatement,
        model: ModelId,
        asked: &Aggregate,
    ) -> SelectStatement {
        let fields = &self.registry.model(model).fields;
        let moves = |key: &Key| {
            let timed = matches!(fields[key.of.field].kind, Kind::DateTime | Kind::Timestamp);
            timed && key.unit.is_some_and(|unit| unit != Unit::Hour)
        };
        let Some(zone) = asked.zone.filter(|_| asked.keys.iter().any(moves)) else {
            return rows;
        };
        let clocks = Clocks::of(zone);
        let rows = match self.backend {
            // Once for each row, and then compared as a number: the texts of times are slow to read. A limit
            // keeps SQLite from writing the expression wherever its value is used.
            DbBackend::Sqlite => self
                .over(rows, asked, "e", |key, column| {
                    let kind = &fields[key.of.field].kind;
                    moves(key).then(|| format!("unixepoch({})", seconds(kind, column)))
                })
                .limit(i64::MAX.unsigned_abs())
                .take(),
            _ => rows,
        };
        self.over(rows, asked, "z", |key, column| {
            moves(key).then(|| self.local(&clocks, column))
        })
    }

    /// The rows with what they are grouped by made something else.
    fn over(
        &self,
        rows: SelectStatement,
        asked: &Aggregate,
        layer: &str,
        change: impl Fn(&Key, &str) -> Option<String>,
    ) -> SelectStatement {
        let column = |of: &str| name(self.backend, layer, of);
        let mut over = Sql::select();
        for (i, key) in asked.keys.iter().enumerate() {
            let own = format!("k{i}");
            let plain = column(&own);
            let expr = change(key, &plain).unwrap_or(plain);
            over.expr_as(Expr::cust(expr), Alias::new(own));
        }
        let measured = asked.measures.iter().enumerate();
        let measured = measured.filter(|(_, measure)| measure.of.is_some());
        let measured = measured.map(|(i, _)| format!("v{i}"));
        for own in measured.chain(["one".to_owned()]) {
            over.expr_as(Expr::cust(column(&own)), Alias::new(own));
        }
        over.from_subquery(rows, Alias::new(layer));
        over
    }

    /// What the clocks show at the instant in the column; on SQLite that is a number of seconds.
    fn local(&self, clocks: &Clocks, column: &str) -> String {
        let is_before = |at: NaiveDateTime| match self.backend {
            DbBackend::Sqlite => format!("{column} < {}", at.and_utc().timestamp()),
            DbBackend::Postgres => format!("{column} < '{at}+00'"),
            _ => format!("{column} < '{at}'"),
        };
        let offset = tree(clocks.first, &clocks.changes, &is_before);
        match self.backend {
            DbBackend::Sqlite => format!("datetime({column} + {offset}, 'unixepoch')"),
            DbBackend::Postgres => format!("{column} + make_interval(secs => {offset})"),
            _ => format!("{column} + INTERVAL {offset} SECOND"),
        }
    }
}

/// What the clocks of a zone are ahead of UTC, in seconds.
struct Clocks {
    first: i32,
    /// When they are changed, and what they are ahead from then on.
    changes: Vec<(NaiveDateTime, i32)>,
}

impl Clocks {
    fn of(zone: Tz) -> Self {
        let ahead = |at: i64| {
            let at = DateTime::from_timestamp(at, 0).unwrap_or_default();
            let offset = zone.offset_from_utc_datetime(&at.naive_utc());
            offset.fix().local_minus_utc()
        };
        let day = |day: NaiveDate| day.and_hms_opt(0, 0, 0).unwrap_or_default();
        let [mut at, last] = [FIRST, LAST].map(|d| day(d).and_utc().timestamp());
        let first = ahead(at);
        let mut now = first;
        let mut changes = Vec::new();
        while at < last {
            let (mut before, mut after) = (at, at + STEP);
            at = after;
            let next = ahead(after);
            if next == now {
                continue;
            }
            while after - before > 1 {
                let middle = before.midpoint(after);
                if ahead(middle) == now {
                    before = middle;
                } else {
                    after = middle;
                }
            }
            let when = DateTime::from_timestamp(after, 0).unwrap_or_default();
            changes.push((when.naive_utc(), next));
            now = next;
        }
        Self { first, changes }
    }
}

/// The offset as an expression; `is_before` compares the instant. A tree, so that few comparisons are made.
fn tree(
    first: i32,
    changes: &[(NaiveDateTime, i32)],
    is_before: &dyn Fn(NaiveDateTime) -> String,
) -> String {
    let (before, rest) = changes.split_at(changes.len() / 2);
    let Some(((at, ahead), after)) = rest.split_first() else {
        return format!("({first})");
    };
    format!(
        "(CASE WHEN {} THEN {} ELSE {} END)",
        is_before(*at),
        tree(first, before, is_before),
        tree(*ahead, after, is_before)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every change of every zone is found: there is one where the offset is another than a day before.
    #[test]
    fn the_clocks_of_every_zone_are_known_day_by_day() {
        for zone in chrono_tz::TZ_VARIANTS {
            let clocks = Clocks::of(zone);
            for day in FIRST.iter_days().take_while(|day| *day < LAST).step_by(3) {
                let noon = day.and_hms_opt(12, 0, 0).unwrap();
                let known = clocks.changes.partition_point(|(at, _)| *at <= noon);
                let known = known
                    .checked_sub(1)
                    .map_or(clocks.first, |i| clocks.changes[i].1);
                let offset = zone.offset_from_utc_datetime(&noon).fix();
                assert_eq!(known, offset.local_minus_utc(), "{zone} {noon}");
            }
        }
    }
}
