//! The page that says what would come of a change of many records, and asks whether to do it.

use askama::Template;
use poem::Response;
use poem::http::StatusCode;

use crate::crud::{Context, Count};
use crate::error::Error;
use crate::http::Call;
use crate::model::{Input, ModelMeta, Verb};

use super::forecast::{self, Example};
use super::{Act, Forecast, Wanted};
use crate::admin::address::Query;
use crate::admin::list::place;
use crate::admin::shell::Shell;
use crate::admin::value::count as counts;
use crate::admin::value::reach::{Reach, TYPED};
use crate::admin::view::View;
use crate::page::words::{fill, t};
use crate::page::{self, filters};

#[derive(Debug, Template)]
#[template(path = "admin/list_confirm.html")]
struct ConfirmPage<'a> {
    shell: Shell,
    title: String,
    action: String,
    button: &'a str,
    dangerous: bool,
    back: String,
    /// What is sent again when it is confirmed.
    hidden: Vec<(String, String)>,
    effects: Vec<String>,
    reached: Vec<Reach>,
    obstacles: Vec<String>,
    examples: Vec<Example>,
    more: u64,
    /// The number that has to be typed; empty for none.
    typed: String,
    compares: bool,
}

/// The page; `refused` is why what was confirmed has not been done.
pub(super) async fn page(
    call: &Call,
    model: &ModelMeta,
    wanted: &Wanted,
    (values, refused): (Option<(&Input, &Query)>, Option<&Error>),
) -> Result<Response, Error> {
    let (engine, ctx) = (&call.engine, &call.ctx);
    let view = View::of(engine, ctx, Verb::List, model.id)?;
    let count = wanted.count(engine, ctx, model).await?;
    let records = count.rows;
    let body = wanted.body(model, values.map(|(data, _)| data), records);
    let json = body.to_json().map_err(Error::internal)?;
    let trial = Context {
        dry_run: true,
        ..ctx.clone()
    };
    let mut forecast = if count.kind != "exact" {
        let detail = fill(
            "More than {} records match: narrow the list down.",
            &[&counts::words(records, "exact")],
        );
        Forecast {
            obstacles: vec![detail],
            ..Forecast::default()
        }
    } else {
        match engine.bulk(&trial, model.id, (None, body)).await {
            Ok(tried) => Forecast::read((engine, &view), &tried.body, (&wanted.keys, records))?,
            Err(error) if forecast::is_obstacle(&error) => {
                let mut forecast = Forecast::default();
                forecast.refused(&error, &wanted.keys);
                forecast
            }
            Err(error) => return Err(error),
        }
    };
    if let Some(error) = refused {
        forecast.refused(error, &wanted.keys);
    }
    if wanted.act == Act::Delete {
        forecast.effects.splice(0..0, forecast::trashed(model));
    }
    let status = refused.map_or(200, |error| error.kind.status());
    let title = title(wanted.act, model, count);
    page::render(
        StatusCode::from_u16(status).unwrap_or(StatusCode::OK),
        &ConfirmPage {
            shell: Shell::of_model(engine, ctx, model)
                .here(title.clone())
                .doing("POST", &format!("/api/v1/{}/_bulk", model.slug))
                .sending(&json.to_string()),
            title,
            action: format!("/admin/{}/_many", model.slug),
            button: match wanted.act {
                Act::Edit => t("Change them"),
                Act::Delete => t("Delete them"),
                Act::Restore => t("Restore them"),
            },
            dangerous: wanted.act == Act::Delete,
            back: wanted.place.selecting(&wanted.keys).list(&model.slug),
            hidden: hidden(wanted, records, values.map(|(_, sent)| sent)),
            effects: forecast.effects,
            reached: forecast.reached,
            obstacles: forecast.obstacles,
            examples: forecast.examples,
            more: forecast.more,
            typed: if wanted.act == Act::Delete && records > TYPED {
                records.to_string()
            } else {
                String::new()
            },
            compares: wanted.act == Act::Edit,
        },
    )
}

/// `Delete 3 books?`
pub(super) fn title(act: Act, model: &ModelMeta, count: Count) -> String {
    let records = counts::records(model, (count.rows, count.kind));
    match act {
        Act::Edit => fill("Change {}?", &[&records]),
        Act::Delete => fill("Delete {}?", &[&records]),
        Act::Restore => fill("Restore {}?", &[&records]),
    }
}

/// What a form has to say again of what is wanted.
pub(super) fn hidden(
    wanted: &Wanted,
    records: u64,
    values: Option<&Query>,
) -> Vec<(String, String)> {
    let rest = wanted.place.selecting(&[]);
    let mut all = vec![
        ("_do".to_owned(), wanted.act.name().to_owned()),
        ("_rest".to_owned(), rest.text()),
        ("_most".to_owned(), records.to_string()),
    ];
    if wanted.all {
        all.push(("_all".into(), "1".into()));
    } else {
        all.push((place::SELECTED.into(), place::joined(&wanted.keys)));
    }
    all.extend(values.into_iter().flat_map(|values| values.0.clone()));
    all
}
