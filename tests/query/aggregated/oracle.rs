//! Groups that are made and measured in memory, naively.

use std::cmp::Ordering;

use chrono::{Datelike as _, Days, NaiveDate, NaiveDateTime, NaiveTime, Timelike as _};
use quarterdeck::model::{IntSize, Kind, value};
use quarterdeck::query::aggregate::{Aggregate, Function, Having, Key, Measure, Output, Unit};
use quarterdeck::query::{Cmp, Projected};
use rust_decimal::prelude::ToPrimitive as _;
use rust_decimal::{Decimal, RoundingStrategy};
use sea_orm::Value;
use serde_json::{Value as Json, json};

use super::request::is_rough;
use crate::query::oracle::{compare, is_null};
use crate::query::world::{THING, World};

/// A measure's result: what is written, and what it is compared and ordered by.
#[derive(Debug, Clone)]
pub(super) struct Measured {
    pub(super) json: Json,
    pub(super) value: Value,
    /// How far a floating point result may be off.
    pub(super) slack: f64,
}

pub(super) fn exactly(kind: &Kind, value: Value) -> Measured {
    let mut out = Vec::new();
    value::write_field(&mut out, kind, &value);
    let json = serde_json::from_slice(&out).expect("JSON");
    Measured {
        json,
        value,
        slack: 0.0,
    }
}

fn seen(world: &World, of: &Projected, row: &[Value]) -> Value {
    let visible = of.guard.as_ref().is_none_or(|g| world.holds(THING, row, g));
    if visible {
        row[of.field].clone()
    } else {
        row[of.field].as_null()
    }
}

fn as_f64(value: &Value) -> f64 {
    match value {
        Value::SmallInt(Some(n)) => f64::from(*n),
        Value::Int(Some(n)) => f64::from(*n),
        Value::Float(Some(n)) => f64::from(*n),
        Value::Double(Some(n)) => *n,
        other => panic!("{other:?} is no float"),
    }
}

fn as_decimal(value: &Value) -> Decimal {
    match value {
        Value::SmallInt(Some(n)) => (*n).into(),
        Value::Int(Some(n)) => (*n).into(),
        Value::BigInt(Some(n)) => (*n).into(),
        Value::Decimal(Some(n)) => *n,
        other => panic!("{other:?} is no decimal"),
    }
}

fn measure(world: &World, measure: &Measure, rows: &[&Vec<Value>]) -> Measured {
    let count = |n: usize| {
        exactly(
            &Kind::Int(IntSize::I64),
            i64::try_from(n).expect("few").into(),
        )
    };
    let Some(of) = &measure.of else {
        return count(rows.len());
    };
    let kind = &world.meta(THING).fields[of.field].kind;
    let null = || Measured {
        json: Json::Null,
        value: value::null(
            &measure
                .function
                .compared(Some(kind))
                .unwrap_or(kind.clone()),
        ),
        slack: 0.0,
    };
    let mut values: Vec<Value> = rows.iter().map(|row| seen(world, of, row)).collect();
    values.retain(|v| !is_null(v));
    match measure.function {
        Function::Count => count(values.len()),
        Function::Distinct => {
            values.sort_by(compare);
            values.dedup_by(|a, b| compare(a, b).is_eq());
            count(values.len())
        }
        _ if values.is_empty() => null(),
        Function::Min | Function::Max => {
            values.sort_by(compare);
            let best = if measure.function == Function::Min {
                values.first()
            } else {
                values.last()
            };
            exactly(kind, best.expect("a value").clone())
        }
        Function::Sum | Function::Avg if is_rough(measure.function, Some(kind)) => {
            let sum: f64 = values.iter().map(as_f64).sum();
            let size: f64 = values.iter().map(|v| as_f64(v).abs()).sum();
            let n = if measure.function == Function::Avg {
                values.len() as f64
            } else {
                1.0
            };
            Measured {
                json: json!(sum / n),
                value: (sum / n).into(),
                slack: size / n * 1e-12,
            }
        }
        Function::Sum => {
            let sum: Decimal = values.iter().map(as_decimal).sum();
            let json = match kind {
                Kind::Int(_) => sum
                    .to_i64()
                    .map_or_else(|| json!(sum.to_string()), Json::from),
                _ => json!(format!("{sum:.2}")),
            };
            Measured {
                json,
                value: sum.into(),
                slack: 0.0,
            }
        }
        Function::Avg => {
            let sum: Decimal = values.iter().map(as_decimal).sum();
            match kind {
                Kind::Int(_) => {
                    let mean = sum.to_f64().expect("a float") / values.len() as f64;
                    Measured {
                        json: json!(mean),
                        value: mean.into(),
                        slack: mean.abs() * 1e-15,
                    }
                }
                _ => {
                    let mean = sum / Decimal::from(values.len());
                    let mut shown =
                        mean.round_dp_with_strategy(6, RoundingStrategy::MidpointAwayFromZero);
                    shown.rescale(6);
                    Measured {
                        json: json!(shown.to_string()),
                        value: mean.into(),
                        slack: 0.0,
                    }
                }
            }
        }
    }
}

fn begins(unit: Unit, at: NaiveDateTime) -> NaiveDateTime {
    let day = at.date();
    let first = |month| NaiveDate::from_ymd_opt(day.year(), month, 1).expect("a day");
    let date = match unit {
        Unit::Hour => return day.and_hms_opt(at.hour(), 0, 0).expect("an hour"),
        Unit::Year => first(1),
        Unit::Quarter => first((day.month() - 1) / 3 * 3 + 1),
        Unit::Month => first(day.month()),
        Unit::Week => day - Days::new(day.weekday().num_days_from_monday().into()),
        Unit::Day => day,
    };
    date.and_time(NaiveTime::MIN)
}

fn key_of(world: &World, key: &Key, row: &[Value]) -> Value {
    let value = seen(world, &key.of, row);
    let Some(unit) = key.unit else { return value };
    let kind = unit.kind(&world.meta(THING).fields[key.of.field].kind);
    let at = match &value {
        Value::ChronoDate(Some(d)) => d.and_time(NaiveTime::MIN),
        Value::ChronoDateTime(Some(t)) => *t,
        Value::ChronoDateTimeUtc(Some(t)) => t.naive_utc(),
        _ => return value::null(&kind),
    };
    let begin = begins(unit, at);
    match kind {
        Kind::Date => begin.date().into(),
        Kind::DateTime => begin.into(),
        _ => begin.and_utc().into(),
    }
}

fn nulls_first(a: &Value, b: &Value) -> Ordering {
    match (is_null(a), is_null(b)) {
        (true, true) => Ordering::Equal,
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
        _ => compare(a, b),
    }
}

fn keeps(having: &Having, measured: &[Measured]) -> bool {
    let value = &measured[having.measure].value;
    !is_null(value) && {
        let order = compare(value, &having.value);
        match having.cmp {
            Cmp::Eq => order.is_eq(),
            Cmp::Ne => order.is_ne(),
            Cmp::Lt => order.is_lt(),
            Cmp::Lte => order.is_le(),
            Cmp::Gt => order.is_gt(),
            Cmp::Gte => order.is_ge(),
        }
    }
}

pub(super) type Group = (Vec<Value>, Vec<Measured>);

pub(super) fn groups(world: &World, rows: &[&Vec<Value>], asked: &Aggregate) -> Vec<Group> {
    let mut groups: Vec<(Vec<Value>, Vec<&Vec<Value>>)> = Vec::new();
    if asked.keys.is_empty() {
        groups.push((Vec::new(), Vec::new()));
    }
    for row in rows {
        let key: Vec<Value> = asked.keys.iter().map(|k| key_of(world, k, row)).collect();
        let same = |k: &[Value]| k.iter().zip(&key).all(|(a, b)| nulls_first(a, b).is_eq());
        match groups.iter_mut().find(|(k, _)| same(k)) {
            Some((_, members)) => members.push(row),
            None => groups.push((key, vec![row])),
        }
    }
    let measured = groups.into_iter().map(|(key, rows)| {
        let all = asked
            .measures
            .iter()
            .map(|m| measure(world, m, &rows))
            .collect();
        (key, all)
    });
    let mut all: Vec<Group> = measured
        .filter(|(_, m): &Group| asked.having.iter().all(|h| keeps(h, m)))
        .collect();
    all.sort_by(|(ak, am), (bk, bm)| {
        asked
            .sort
            .iter()
            .fold(Ordering::Equal, |before, (output, descending)| {
                before.then_with(|| {
                    let order = match output {
                        Output::Key(i) => nulls_first(&ak[*i], &bk[*i]),
                        Output::Measure(i) => nulls_first(&am[*i].value, &bm[*i].value),
                    };
                    if *descending { order.reverse() } else { order }
                })
            })
    });
    all
}
