//! What has been going on: the records of each month, where a model's registration names the date
//! (`timeline`), and what this server answered within the last hour.

use chrono::{Datelike as _, Months, NaiveDate};
use serde_json::Value as Json;

use crate::crud::{Context, Engine};
use crate::error::Error;
use crate::metrics::{Metrics, Minute};
use crate::model::{Field, ModelMeta, Verb};

use crate::admin::address::Query;
use crate::admin::problem;
use crate::admin::value::{count, zone};
use crate::page::chart::{Chart, Point, Shape};
use crate::page::clock;
use crate::page::words::{fill, t};

/// So many months are drawn.
const MONTHS: u32 = 12;
/// So many models are drawn: each costs a statement.
const DRAWN: usize = 4;

/// The charts of the models whose months may be counted by the caller.
pub(super) async fn timelines(engine: &Engine, ctx: &Context) -> Result<Vec<Chart>, Error> {
    let mut charts = Vec::new();
    let models = engine.registry().models().iter();
    for model in models.filter(|m| engine.may(ctx, Verb::List, m.id)) {
        let Some(field) = model.timeline.map(|f| &model.fields[f]) else {
            continue;
        };
        match months(engine, ctx, model, field).await {
            Ok(chart) => charts.push(chart),
            // The date is hidden from the caller, or the model is.
            Err(error) if problem::callers(&error) => {}
            Err(error) => return Err(error),
        }
        if charts.len() == DRAWN {
            break;
        }
    }
    Ok(charts)
}

/// The records of the last months by a date of theirs.
async fn months(
    engine: &Engine,
    ctx: &Context,
    model: &ModelMeta,
    field: &Field,
) -> Result<Chart, Error> {
    let today = clock::today();
    let this = today.with_day(1).unwrap_or(today);
    let month = |back: u32| this.checked_sub_months(Months::new(back));
    let first = month(MONTHS - 1).unwrap_or(this);
    let own = |name: String, value: String| (name, value);
    let mut asked = vec![
        own("bucket".into(), format!("month({})", field.name)),
        own("count".into(), "*".into()),
        own(format!("{}__gte", field.name), zone::begin(field, first)),
        own("limit".into(), "100".into()),
    ];
    asked.extend(zone::parameter());
    let told = engine.aggregate(ctx, model.id, &asked).await?;
    let told: Json = serde_json::from_slice(&told).map_err(Error::internal)?;
    let groups = told["data"].as_array().cloned().unwrap_or_default();
    let name = format!("month_{}", field.name);
    let points = (0..MONTHS).rev().filter_map(month).map(|month| {
        let begin = month.to_string();
        let of = |g: &&Json| g[&name].as_str().is_some_and(|at| at.starts_with(&begin));
        let group = groups.iter().find(of);
        let rows = group.and_then(|g| g["count"].as_u64()).unwrap_or_default();
        Point {
            label: month.format("%Y-%m").to_string(),
            value: Some(measure(rows)),
            text: count::words(rows, "exact"),
            href: address(model, field, month),
        }
    });
    let title = fill("{} by month", &[&model.label_plural]);
    let heads = (field.label.clone(), model.label_plural.clone());
    Ok(Chart::new(Shape::Columns, title, heads, points.collect()))
}

/// The list of the records of one month.
fn address(model: &ModelMeta, field: &Field, month: NaiveDate) -> String {
    let next = month.checked_add_months(Months::new(1)).unwrap_or(month);
    let query = Query(vec![
        (format!("{}__gte", field.name), zone::begin(field, month)),
        (format!("{}__lt", field.name), zone::begin(field, next)),
    ]);
    format!("/admin/{}?{}", model.slug, query.text())
}

/// What this server answered in each of the last minutes; its failures only when there were any.
pub(super) fn traffic(metrics: &Metrics) -> Vec<Chart> {
    let minutes = metrics.recent();
    let mut charts = vec![hour(
        t("Requests of the last hour"),
        t("Requests"),
        &minutes,
        |m| m.requests,
    )];
    if minutes.iter().any(|m| m.failures > 0) {
        let title = t("Failures of the last hour");
        charts.push(hour(title, t("Failures"), &minutes, |m| m.failures));
    }
    charts
}

fn hour(title: &str, head: &str, minutes: &[Minute], of: impl Fn(&Minute) -> u64) -> Chart {
    let point = |m: &Minute| Point {
        label: clock::of_minute(m.minute),
        value: Some(measure(of(m))),
        text: count::words(of(m), "exact"),
        href: String::new(),
    };
    let heads = (t("Minute").to_owned(), head.to_owned());
    let points = minutes.iter().map(point).collect();
    Chart::new(Shape::Columns, title.to_owned(), heads, points)
}

#[expect(clippy::cast_precision_loss, reason = "the height of a column")]
fn measure(rows: u64) -> f64 {
    rows as f64
}
