//! The groups of an answer as the points of a chart: their names, their numbers, and the lists of their
//! records.

use std::borrow::Cow;
use std::collections::HashMap;

use chrono::{Datelike as _, Days, Months, NaiveDate, NaiveDateTime, TimeDelta};

use super::Asked;
use super::choices::{by, measured};
use crate::admin::address::Query;
use crate::admin::value::row::{self, Row};
use crate::admin::value::{cell, zone};
use crate::admin::view::View;
use crate::crud::ListRequest;
use crate::error::Error;
use crate::http::Call;
use crate::model::{Field, ModelMeta};
use crate::page::chart::{Chart, Point, Shape};
use crate::page::clock;
use crate::page::words::t;
use crate::query::aggregate::{Function, Unit};

/// Most empty buckets that are drawn between two that are not.
const FILLED: usize = 400;

/// The chart of these groups.
pub(super) async fn drawn(
    call: &Call,
    view: &View<'_>,
    (asked, conditions): (&Asked<'_>, &Query),
    mut rows: Vec<Row>,
) -> Result<Chart, Error> {
    let (key, measure) = (asked.key(), asked.measure(view));
    let titles = titles(call, view, asked, &rows).await?;
    if asked.unit.is_some() {
        rows.sort_by_key(|row| row.text(&key));
    }
    let point = |row: &Row| {
        let value = row.text(&key);
        let label = match (&value, asked.unit) {
            (None, _) => "—".to_owned(),
            (Some(text), Some(unit)) => period(unit, text),
            (Some(text), None) => titles.get(text).cloned().unwrap_or_else(|| {
                let plain = cell::plain(asked.field, row);
                plain.map_or_else(|| text.clone(), Cow::into_owned)
            }),
        };
        let number = row.text(&measure);
        Point {
            label,
            value: number.as_deref().and_then(|n| n.parse().ok()),
            text: number.as_deref().map_or("—".to_owned(), grouped),
            href: group(view.model, (asked, conditions), value.as_deref()),
        }
    };
    let points = match asked.unit {
        Some(unit) => filled(unit, &rows, (&key, asked), point),
        None => rows.iter().map(point).collect(),
    };
    let what = match asked.of {
        Some(of) => measured(asked.function, view.label(of)),
        None => t("Number of records").to_owned(),
    };
    let label = match asked.unit {
        Some(unit) => format!("{}, {}", view.label(asked.id), by(unit)),
        None => view.label(asked.id).to_owned(),
    };
    let shape = if asked.unit.is_some() {
        Shape::Columns
    } else {
        Shape::Bars
    };
    let title = format!("{what}: {label}");
    Ok(Chart::new(shape, title, (label, what), points))
}

/// The titles of the records that groups of a foreign key stand for.
async fn titles(
    call: &Call,
    view: &View<'_>,
    asked: &Asked<'_>,
    rows: &[Row],
) -> Result<HashMap<String, String>, Error> {
    let Some(link) = view.link(asked.id).filter(|_| asked.unit.is_none()) else {
        return Ok(HashMap::new());
    };
    let ([to], target) = (&link.relation.to[..], link.target) else {
        return Ok(HashMap::new());
    };
    let name = &target.fields[*to].name;
    let values: Vec<String> = rows
        .iter()
        .filter_map(|row| row.text(name_of(asked)))
        .collect();
    if values.is_empty() {
        return Ok(HashMap::new());
    }
    let escaped: Vec<String> = values
        .iter()
        .map(|v| v.replace('\\', "\\\\").replace(',', "\\,"))
        .collect();
    let mut fields = link.fields.clone();
    fields.push(name);
    let parameters = [
        (format!("{name}__in"), escaped.join(",")),
        ("fields".to_owned(), fields.join(",")),
        ("limit".to_owned(), values.len().clamp(1, 100).to_string()),
        ("count".to_owned(), "none".to_owned()),
    ];
    let request = ListRequest::Parameters(&parameters);
    let page = call.engine.list(&call.ctx, target.id, request).await?;
    let found = Row::page(&page.body[page.data.clone()])?;
    let pair = |row: &Row| Some((row.text(name)?, row::title(target, row)));
    Ok(found.iter().filter_map(pair).collect())
}

fn name_of<'a>(asked: &Asked<'a>) -> &'a str {
    &asked.field.name
}

/// The list of the records of one group.
fn group(
    model: &ModelMeta,
    (asked, conditions): (&Asked<'_>, &Query),
    value: Option<&str>,
) -> String {
    let name = &asked.field.name;
    let [is, null, from, to] = ["eq", "isnull", "gte", "lt"].map(|op| format!("{name}__{op}"));
    // What the group says of the field is not said twice.
    let mut query = match asked.unit {
        Some(_) => conditions.without(&[&null, &from, &to]),
        None => conditions.without(&[name, &is, &null]),
    };
    match (value, asked.unit) {
        (None, _) => query.0.push((null, "true".into())),
        (Some(value), None) => query.0.push((is, value.into())),
        (Some(value), Some(unit)) => {
            let (begin, end) = ends(unit, asked.field, value);
            query.0.push((from, begin));
            query.0.extend(end.map(|end| (to, end)));
        }
    }
    query.list(&model.slug)
}

/// Where the period begins that a group is, and where it ends, as the values of conditions.
fn ends(unit: Unit, field: &Field, value: &str) -> (String, Option<String>) {
    if unit == Unit::Hour {
        return (value.to_owned(), hour_after(value));
    }
    match value.get(..10).and_then(|day| day.parse().ok()) {
        Some(day) => {
            let end = next(unit, day).map(|end| zone::begin(field, end));
            (zone::begin(field, day), end)
        }
        None => (value.to_owned(), None),
    }
}

fn hour_after(begin: &str) -> Option<String> {
    let (moment, zone) = begin.split_at_checked("2026-04-01T07:00:00".len())?;
    let moment: NaiveDateTime = moment.parse().ok()?;
    let end = moment.checked_add_signed(TimeDelta::hours(1))?;
    Some(format!("{}{zone}", end.format("%Y-%m-%dT%H:%M:%S")))
}

/// The day on which the period after this one begins; after an hour, the day after it.
pub(in crate::admin::list) fn next(unit: Unit, begin: NaiveDate) -> Option<NaiveDate> {
    match unit {
        Unit::Year => begin.checked_add_months(Months::new(12)),
        Unit::Quarter => begin.checked_add_months(Months::new(3)),
        Unit::Month => begin.checked_add_months(Months::new(1)),
        Unit::Week => begin.checked_add_days(Days::new(7)),
        Unit::Day | Unit::Hour => begin.checked_add_days(Days::new(1)),
    }
}

/// `2026-04-01` as `2026`, `2026 Q2`, `2026-04` or itself.
fn period(unit: Unit, begin: &str) -> String {
    let Ok(day) = begin.get(..10).unwrap_or(begin).parse::<NaiveDate>() else {
        return begin.to_owned();
    };
    match unit {
        Unit::Year => day.year().to_string(),
        Unit::Quarter => format!("{} Q{}", day.year(), day.month0() / 3 + 1),
        Unit::Month => day.format("%Y-%m").to_string(),
        Unit::Week => day.format("%G-W%V").to_string(),
        Unit::Day => day.to_string(),
        Unit::Hour => clock::shown(begin),
    }
}

/// The points of periods, with those between them that have no records.
fn filled(
    unit: Unit,
    rows: &[Row],
    (key, asked): (&str, &Asked<'_>),
    point: impl Fn(&Row) -> Point,
) -> Vec<Point> {
    let mut points: Vec<Point> = Vec::new();
    let mut due: Option<NaiveDate> = None;
    let counts = matches!(
        asked.function,
        Function::Count | Function::Distinct | Function::Sum
    );
    for row in rows {
        let begin = row.text(key).and_then(|t| t.get(..10)?.parse().ok());
        if let (Some(begin), Unit::Year | Unit::Quarter | Unit::Month | Unit::Week | Unit::Day) =
            (begin, unit)
        {
            let mut empty = 0;
            while let Some(missing) = due.filter(|due| *due < begin && empty < FILLED) {
                points.push(Point {
                    label: period(unit, &missing.to_string()),
                    value: counts.then_some(0.0),
                    text: if counts { "0" } else { "—" }.into(),
                    href: String::new(),
                });
                empty += 1;
                due = next(unit, missing);
            }
            due = next(unit, begin);
        }
        points.push(point(row));
    }
    points
}

/// `1234567.80` as `1,234,567.80`.
fn grouped(number: &str) -> String {
    let (sign, rest) = match number.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", number),
    };
    let (whole, fraction) = rest.split_once('.').unwrap_or((rest, ""));
    if !whole.bytes().all(|b| b.is_ascii_digit()) {
        return number.to_owned();
    }
    let mut out = sign.to_owned();
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if !fraction.is_empty() {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{FieldOptions, Kind};

    #[test]
    fn periods_have_names_and_ends() {
        let day: NaiveDate = "2026-04-01".parse().unwrap();
        assert_eq!(period(Unit::Quarter, "2026-04-01"), "2026 Q2");
        assert_eq!(period(Unit::Month, "2026-04-01"), "2026-04");
        assert_eq!(period(Unit::Week, "2026-03-30"), "2026-W14");
        assert_eq!(
            period(Unit::Hour, "2026-04-01T07:00:00Z"),
            "2026-04-01 07:00 UTC"
        );
        let ends = Unit::ALL.map(|unit| next(unit, day).unwrap().to_string());
        assert_eq!(ends[..3], ["2027-04-01", "2026-07-01", "2026-05-01"]);
        assert_eq!(ends[3..5], ["2026-04-08", "2026-04-02"]);
    }

    #[test]
    fn the_list_of_an_hour_ends_with_it() {
        let at = Field::loose(("at", Kind::Timestamp, false), FieldOptions::default());
        let of = |begin: &str| ends(Unit::Hour, &at, begin).1;
        assert_eq!(
            of("2026-04-01T07:00:00Z").as_deref(),
            Some("2026-04-01T08:00:00Z")
        );
        assert_eq!(
            of("2026-12-31T23:00:00").as_deref(),
            Some("2027-01-01T00:00:00")
        );
        let day = ends(Unit::Day, &at, "2026-04-01");
        assert_eq!(
            day,
            ("2026-04-01".to_owned(), Some("2026-04-02".to_owned()))
        );
    }

    #[test]
    fn digits_are_grouped() {
        assert_eq!(
            ["1234567.80", "-1000", "12", "x"].map(grouped),
            ["1,234,567.80", "-1,000", "12", "x"]
        );
    }
}
