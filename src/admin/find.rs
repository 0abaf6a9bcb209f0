//! `GET /admin/_find?q=`: records of every model that the caller may search, for the command palette.

use poem::Response;
use poem::http::StatusCode;
use serde_json::{Value as Json, json};

use crate::admin::address::{self, Query};
use crate::admin::value::row::{self, Row};
use crate::admin::view::View;
use crate::crud::ListRequest;
use crate::error::Error;
use crate::http::{Call, answer};
use crate::model::{ModelMeta, Verb};

/// Models that are asked, and records of each: what a person can look through.
const MODELS: usize = 8;
const RECORDS: &str = "3";

/// `GET /admin/_find`
pub(crate) async fn records(call: Call) -> Result<Response, Error> {
    let query = Query(call.query()?);
    let wanted = query.get("q").unwrap_or_default().trim();
    let mut found: Vec<Json> = Vec::new();
    if !wanted.is_empty() {
        for model in searched(&call).take(MODELS) {
            found.extend(of_model(&call, model, wanted).await?);
        }
    }
    Ok(answer::json_value(
        StatusCode::OK,
        &json!({ "data": found }),
    ))
}

/// The models whose records the caller may search and open, the system's own last.
fn searched(call: &Call) -> impl Iterator<Item = &ModelMeta> {
    let (engine, ctx) = (&call.engine, &call.ctx);
    let models = engine.registry().models().iter();
    let (system, own): (Vec<_>, Vec<_>) = models
        .filter(|m| !m.search.is_empty())
        .filter(|m| engine.may(ctx, Verb::List, m.id) && engine.may(ctx, Verb::Read, m.id))
        .partition(|m| m.system);
    own.into_iter().chain(system)
}

async fn of_model(call: &Call, model: &ModelMeta, wanted: &str) -> Result<Vec<Json>, Error> {
    let view = View::of(&call.engine, &call.ctx, Verb::List, model.id)?;
    if !model.search.iter().any(|&f| view.sees(f)) {
        return Ok(Vec::new());
    }
    let shown = (0..model.fields.len()).filter(|&f| view.sees(f) && model.names_records(f));
    let fields: Vec<&str> = shown.map(|f| model.fields[f].name.as_str()).collect();
    let parameters = [
        ("q", wanted),
        ("limit", RECORDS),
        ("count", "none"),
        ("fields", &fields.join(",")),
    ];
    let parameters: Vec<(String, String)> = parameters
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let request = ListRequest::Parameters(&parameters);
    let page = call.engine.list(&call.ctx, model.id, request).await?;
    let rows = Row::page(&page.body[page.data.clone()])?;
    let place = |row: &Row| {
        let key = row::key(model, row)?;
        Some(json!({
            "text": row::title(model, row),
            "hint": model.label,
            "href": address::record(&model.slug, &key),
        }))
    };
    Ok(rows.iter().filter_map(place).collect())
}
