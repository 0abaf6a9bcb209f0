//! `GET /admin/{model}/_chart`: the records of a list, measured in groups. Its address has the grammar of
//! `_aggregate`; what it leaves out is chosen here. `_plot` leads from its form to that address.

use std::collections::HashMap;

use askama::Template;
use chrono::{Datelike as _, Days, Months, NaiveDate};
use poem::Response;
use poem::http::StatusCode;
use serde::Deserialize;

use crate::crud::ListRequest;
use crate::error::Error;
use crate::http::{Call, answer};
use crate::model::{Field, FieldId, Kind, ModelMeta, Verb};
use crate::query::aggregate::{Function, Unit};
use crate::query::parse::AGGREGATE;

use super::conditions::{self, Chip};
use super::place::Place;
use super::tabs::Tabs;
use crate::admin::address::Query;
use crate::admin::shell::Shell;
use crate::admin::value::cell;
use crate::admin::value::row::{self, Row};
use crate::admin::view::View;
use crate::page::chart::{Chart, Point, Shape};
use crate::page::words::{fill, t};
use crate::page::{self, filters};

/// Groups of a chart: more are no picture.
const GROUPS: &str = "20";
const BUCKETS: &str = "60";
/// Most empty buckets that are drawn between two that are not.
const FILLED: usize = 400;

#[derive(Debug, Template)]
#[template(path = "admin/list_chart.html")]
struct ChartPage<'a> {
    shell: Shell,
    slug: &'a str,
    title: &'a str,
    tabs: Tabs,
    chips: Vec<Chip>,
    all: String,
    /// What the form does not change.
    rest: String,
    groups: Vec<(String, String, bool)>,
    measures: Vec<(String, String, bool)>,
    chart: Chart,
    truncated: bool,
}

/// The answer of `_aggregate`.
#[derive(Debug, Deserialize)]
struct Groups {
    data: Vec<Row>,
    truncated: bool,
}

/// What a chart shows: groups of a field, or of periods of it, and what is measured in them.
#[derive(Debug)]
struct Asked<'a> {
    field: &'a Field,
    id: FieldId,
    unit: Option<Unit>,
    function: Function,
    of: Option<FieldId>,
}

/// `GET /admin/{model}/_chart`
pub(crate) async fn page(call: Call) -> Result<Response, Error> {
    let (engine, ctx) = (&call.engine, &call.ctx);
    let model = engine.model(&call.param("model"))?;
    let view = View::of(engine, ctx, Verb::List, model.id)?;
    let place = Place::of(&Query(call.query()?));
    let query = completed(&view, &place.api);
    let body = engine.aggregate(ctx, model.id, &query.0).await?;
    let groups: Groups = serde_json::from_slice(&body).map_err(Error::internal)?;
    let conditions = place.api.without(&OWN);
    let chart = match asked(&view, &query) {
        Some(asked) => drawn(&call, &view, (&asked, &conditions), groups.data).await?,
        // Two keys, or several measures: a table of the API, and no picture.
        None => return Err(unpictured()),
    };
    let to = |query: &Query| address(model, query);
    let (by, what) = (current(&query, &BY), current(&query, &measure_names()));
    page::render(
        StatusCode::OK,
        &ChartPage {
            shell: Shell::of_model(engine, ctx, model).here(t("Chart")).doing(
                "GET",
                &address(model, &query)
                    .replace("/_chart", "/_aggregate")
                    .replacen("/admin/", "/api/v1/", 1),
            ),
            slug: &model.slug,
            title: &model.label_plural,
            tabs: Tabs::of(&call, model, &conditions, true).await?,
            chips: conditions::chips(engine.registry(), model, &place.api, &to),
            all: address(model, &place.api.without(&[]).kept(&OWN)),
            rest: conditions.text(),
            groups: groupings(&view)
                .into_iter()
                .map(|(name, words)| (name.clone(), words, Some(&name) == by.as_ref()))
                .collect(),
            measures: measures(&view)
                .into_iter()
                .map(|(name, words)| (name.clone(), words, Some(&name) == what.as_ref()))
                .collect(),
            chart,
            truncated: groups.truncated,
        },
    )
}

/// The parameters that are no conditions; `q` is one to people.
const OWN: [&str; 10] = [
    "group_by", "bucket", "count", "distinct", "sum", "avg", "min", "max", "sort", "limit",
];
const BY: [&str; 2] = ["group_by", "bucket"];

fn measure_names() -> [&'static str; 6] {
    Function::ALL.map(Function::name)
}

fn address(model: &ModelMeta, query: &Query) -> String {
    format!("/admin/{}/_chart?{}", model.slug, query.text())
}

/// `bucket=month(at)`, from those of these names.
fn current(query: &Query, names: &[&str]) -> Option<String> {
    let mut all = query.0.iter();
    let (name, value) = all.find(|(name, _)| names.contains(&name.as_str()))?;
    Some(format!("{name}={value}"))
}

fn unpictured() -> Error {
    Error::parameter(
        "group_by",
        "no_picture",
        "A chart has one group_by or one bucket, and one measure.",
    )
}

/// The parameters, with what they leave out.
fn completed(view: &View<'_>, given: &Query) -> Query {
    let mut query = given.clone();
    let add = |query: &mut Query, pair: (&str, &str)| {
        query.0.push((pair.0.to_owned(), pair.1.to_owned()));
    };
    if current(&query, &BY).is_none()
        && let Some((first, _)) = groupings(view).first()
        && let Some(pair) = first.split_once('=')
    {
        add(&mut query, pair);
    }
    if current(&query, &measure_names()).is_none() {
        add(&mut query, ("count", "*"));
    }
    let Some(asked) = asked(view, &query) else {
        return query;
    };
    if query.get("sort").is_none() {
        let sort = match asked.unit {
            Some(_) => asked.key(),
            None => asked.measure(view),
        };
        add(&mut query, ("sort", &format!("-{sort}")));
    }
    if query.get("limit").is_none() {
        let most = if asked.unit.is_some() {
            BUCKETS
        } else {
            GROUPS
        };
        add(&mut query, ("limit", most));
    }
    query
}

/// What the parameters ask for, where that is one picture.
fn asked<'a>(view: &View<'a>, query: &Query) -> Option<Asked<'a>> {
    let model = view.model;
    let field = |name: &str| model.field(name).filter(|&f| view.sees(f));
    let (id, unit) = match (query.get("group_by"), query.get("bucket")) {
        (Some(name), None) => (field(name)?, None),
        (None, Some(text)) => {
            let (unit, name) = text.strip_suffix(')')?.split_once('(')?;
            let unit = Unit::ALL.into_iter().find(|u| u.name() == unit)?;
            (field(name)?, Some(unit))
        }
        _ => return None,
    };
    let mut given = Function::ALL
        .into_iter()
        .filter_map(|f| Some((f, query.get(f.name())?)));
    let (function, of) = given.next()?;
    if given.next().is_some() {
        return None;
    }
    let of = match of {
        "*" => None,
        name => Some(field(name)?),
    };
    Some(Asked {
        field: &model.fields[id],
        id,
        unit,
        function,
        of,
    })
}

impl Asked<'_> {
    /// The member of the answer that a group is known by.
    fn key(&self) -> String {
        match self.unit {
            Some(unit) => format!("{}_{}", unit.name(), self.field.name),
            None => self.field.name.clone(),
        }
    }

    /// The member of the answer that is measured.
    fn measure(&self, view: &View<'_>) -> String {
        match self.of {
            Some(of) => format!("{}_{}", self.function.name(), view.model.fields[of].name),
            None => self.function.name().to_owned(),
        }
    }
}

/// What records can be grouped by: the parameter, and words. The first is the default.
fn groupings(view: &View<'_>) -> Vec<(String, String)> {
    let (mut times, mut others) = (Vec::new(), Vec::new());
    for (id, field) in view.model.fields.iter().enumerate() {
        if !view.sees(id) || !field.sortable() {
            continue;
        }
        let label = view.label(id);
        if Unit::Month.takes(field) {
            // What people ask for most is first.
            for unit in [
                Unit::Month,
                Unit::Year,
                Unit::Quarter,
                Unit::Week,
                Unit::Day,
            ] {
                let text = format!("bucket={}({})", unit.name(), field.name);
                times.push((text, format!("{label}, {}", by(unit))));
            }
        } else if !field.unique && !view.model.key.contains(&id) {
            let many = matches!(field.kind, Kind::Float | Kind::Double | Kind::Decimal(_));
            let pair = (format!("group_by={}", field.name), label.to_owned());
            let few =
                matches!(field.kind, Kind::Bool | Kind::Enum { .. }) || !field.choices.is_empty();
            match (few, many) {
                (true, _) => others.insert(0, pair),
                (false, false) => others.push(pair),
                (false, true) => {}
            }
        }
    }
    times.extend(others);
    if times.is_empty() {
        let keys = view.model.key.iter().filter(|&&f| view.sees(f));
        times.extend(keys.map(|&f| {
            let name = &view.model.fields[f].name;
            (format!("group_by={name}"), view.label(f).to_owned())
        }));
    }
    times
}

fn by(unit: Unit) -> &'static str {
    match unit {
        Unit::Year => t("by year"),
        Unit::Quarter => t("by quarter"),
        Unit::Month => t("by month"),
        Unit::Week => t("by week"),
        Unit::Day => t("by day"),
        Unit::Hour => t("by hour"),
    }
}

/// What can be measured: the parameter, and words.
fn measures(view: &View<'_>) -> Vec<(String, String)> {
    let mut all = vec![("count=*".to_owned(), t("Number of records").to_owned())];
    for (id, field) in view.model.fields.iter().enumerate() {
        let key = view.model.key.contains(&id) || view.link(id).is_some();
        if !view.sees(id) || key || !Function::Sum.takes(field) {
            continue;
        }
        for function in [Function::Sum, Function::Avg, Function::Min, Function::Max] {
            let text = format!("{}={}", function.name(), field.name);
            all.push((text, measured(function, view.label(id))));
        }
    }
    all
}

fn measured(function: Function, label: &str) -> String {
    match function {
        Function::Count => fill("Number of {}", &[&label]),
        Function::Distinct => fill("Different values of {}", &[&label]),
        Function::Sum => fill("Sum of {}", &[&label]),
        Function::Avg => fill("Average of {}", &[&label]),
        Function::Min => fill("Lowest {}", &[&label]),
        Function::Max => fill("Highest {}", &[&label]),
    }
}

async fn drawn(
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
            (Some(text), None) => titles
                .get(text)
                .cloned()
                .unwrap_or_else(|| cell::plain(asked.field, row).unwrap_or_else(|| text.clone())),
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
            query.0.push((from, value.into()));
            let begin = value.get(..10).and_then(|day| day.parse().ok());
            let end = begin.and_then(|begin| next(unit, begin));
            query.0.extend(end.map(|end| (to, end.to_string())));
        }
    }
    query.list(&model.slug)
}

/// The day on which the period after this one begins.
pub(super) fn next(unit: Unit, begin: NaiveDate) -> Option<NaiveDate> {
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
        Unit::Hour => begin.get(..16).unwrap_or(begin).replace('T', " "),
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

/// `GET /admin/{model}/_plot`: from the form of a chart to its address.
pub(crate) async fn plot(call: Call) -> Result<Response, Error> {
    let model = call.engine.model(&call.param("model"))?;
    call.engine.scope(&call.ctx, Verb::List, model.id)?;
    let sent = Query(call.query()?);
    let mut query = Query::parse(sent.get("_rest").unwrap_or_default())?.without(&OWN);
    for name in ["by", "measure"] {
        let pair = sent.get(name).and_then(|text| text.split_once('='));
        let known = pair.filter(|(name, _)| AGGREGATE.contains(name));
        query
            .0
            .extend(known.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }
    Ok(answer::see_other(&address(model, &query)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_have_names_and_ends() {
        let day: NaiveDate = "2026-04-01".parse().unwrap();
        assert_eq!(period(Unit::Quarter, "2026-04-01"), "2026 Q2");
        assert_eq!(period(Unit::Month, "2026-04-01"), "2026-04");
        assert_eq!(period(Unit::Week, "2026-03-30"), "2026-W14");
        assert_eq!(
            period(Unit::Hour, "2026-04-01T07:00:00Z"),
            "2026-04-01 07:00"
        );
        let ends = Unit::ALL.map(|unit| next(unit, day).unwrap().to_string());
        assert_eq!(ends[..3], ["2027-04-01", "2026-07-01", "2026-05-01"]);
        assert_eq!(ends[3..5], ["2026-04-08", "2026-04-02"]);
    }

    #[test]
    fn digits_are_grouped() {
        assert_eq!(
            ["1234567.80", "-1000", "12", "x"].map(grouped),
            ["1,234,567.80", "-1,000", "12", "x"]
        );
    }
}
