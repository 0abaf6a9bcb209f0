//! The trash of a model: `GET /admin/{model}/_trash` lists it, [`leave`] brings a record back or
//! deletes it for good, each after a question.

pub(crate) mod leave;

use askama::Template;
use chrono::{DateTime, TimeDelta, Utc};
use poem::Response;
use poem::http::StatusCode;

use crate::crud::ListRequest;
use crate::error::Error;
use crate::http::Call;
use crate::model::{ModelMeta, Trash, Verb};

use crate::admin::address::{self, Query};
use crate::admin::shell::Shell;
use crate::admin::value::count;
use crate::admin::value::event::Moment;
use crate::admin::value::row::{self, Row};
use crate::admin::view::View;
use crate::page::clock;
use crate::page::words::{fill, t};
use crate::page::{self, filters};

/// The page.
#[derive(Debug, Template)]
#[template(path = "admin/trash.html")]
struct TrashPage<'a> {
    shell: Shell,
    title: &'a str,
    list: String,
    count: String,
    /// After how many days a record is gone for good.
    days: Option<u32>,
    rows: Vec<Discarded>,
    prev: String,
    next: String,
}

/// A record in the trash.
#[derive(Debug)]
struct Discarded {
    title: String,
    /// When it went; `None` for who may not see that.
    since: Option<Moment>,
    /// How long it stays.
    left: String,
    own: String,
}

/// The model that a request is about, which has a trash.
fn subject(call: &Call) -> Result<(&ModelMeta, Trash), Error> {
    let model = call.engine.model(&call.param("model"))?;
    // Who may not delete has no trash: first whether the model is there at all.
    call.engine.scope(&call.ctx, Verb::Delete, model.id)?;
    let trash = model.trash.ok_or_else(Error::not_found)?;
    Ok((model, trash))
}

/// The title of a record that is in the trash.
///
/// # Errors
/// 404 for one that is not; as [`crate::crud::Engine::read`].
pub(crate) async fn title(call: &Call, model: &ModelMeta) -> Result<String, Error> {
    let (engine, ctx, key) = (&call.engine, &call.ctx, call.raw_param("id"));
    if !engine.may(ctx, Verb::Read, model.id) {
        return Ok(row::number(key));
    }
    let only = [("trash".to_owned(), "only".to_owned())];
    let record = engine.read(ctx, model.id, key, &only).await?;
    Ok(row::title(model, &Row::parse(&record.body)?))
}

/// `GET /admin/{model}/_trash`
pub(crate) async fn page(call: Call) -> Result<Response, Error> {
    let (engine, ctx) = (&call.engine, &call.ctx);
    let (model, trash) = subject(&call)?;
    let view = View::of(engine, ctx, Verb::List, model.id)?;
    let mut query = Query(call.query()?);
    let flash = match query.get("done") {
        Some("restored") => t("The record is back."),
        Some("purged") => t("The record was deleted for good."),
        _ => "",
    };
    if !flash.is_empty() {
        query = query.without(&["done"]);
    }
    if let Some((name, _)) = query.0.iter().find(|(name, _)| name != "cursor") {
        let detail = format!("There is no parameter {name:?} here; allowed: cursor.");
        return Err(Error::parameter(name, "unknown_parameter", detail));
    }
    let since = &model.fields[trash.since].name;
    let known = view.sees(trash.since);
    let mut parameters = vec![("trash".to_owned(), "only".to_owned())];
    if known {
        parameters.push(("sort".to_owned(), format!("-{since}")));
    }
    parameters.extend(query.0);
    let request = ListRequest::Parameters(&parameters);
    let page = engine.list(ctx, model.id, request).await?;
    let rows = Row::page(&page.body[page.data.clone()])?;
    let rows = rows.iter().map(|row| discarded(model, row, (trash, known)));
    let own = format!("/admin/{}/_trash", model.slug);
    let at = |cursor: &Option<String>| match cursor {
        Some(cursor) => format!("{own}?cursor={cursor}"),
        None => String::new(),
    };
    page::render(
        StatusCode::OK,
        &TrashPage {
            shell: Shell::of_model(engine, ctx, model)
                .here(t("Trash"))
                .saying(flash)
                .doing("GET", &format!("/api/v1/{}?trash=only", model.slug)),
            title: &model.label_plural,
            list: format!("/admin/{}", model.slug),
            count: page
                .count
                .map(|c| count::words(c.rows, c.kind))
                .unwrap_or_default(),
            days: trash.days,
            rows: rows.collect(),
            prev: at(&page.prev),
            next: at(&page.next),
        },
    )
}

fn discarded(model: &ModelMeta, row: &Row, (trash, known): (Trash, bool)) -> Discarded {
    let key = row::key(model, row).unwrap_or_default();
    let at = row.text(&model.fields[trash.since].name).filter(|_| known);
    Discarded {
        title: row::title(model, row),
        left: at.as_deref().zip(trash.days).map_or_else(String::new, left),
        since: at.as_deref().map(Moment::of),
        own: address::record(&model.slug, &key),
    }
}

/// How long a record stays that went at `since`.
fn left((since, days): (&str, u32)) -> String {
    let Ok(at) = DateTime::parse_from_rfc3339(since) else {
        return clock::shown(since);
    };
    let end = at.to_utc() + TimeDelta::days(days.into());
    match (end - Utc::now()).num_days() {
        ..1 => t("less than a day left").to_owned(),
        1 => t("one day left").to_owned(),
        days => fill("{} days left", &[&days]),
    }
}
