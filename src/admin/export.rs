//! Taking a list away as a file: `GET /admin/{model}/_export` asks for the format and the columns and
//! carries the list's conditions; the file itself is the API's, made at once or while nobody waits.

use askama::Template;
use poem::Response;
use poem::http::StatusCode;

use crate::error::Error;
use crate::http::{Call, answer};
use crate::model::Verb;
use crate::query::parse::{Format, NOT_EXPORTED};

use crate::admin::address::Query;
use crate::admin::list::conditions;
use crate::admin::operations;
use crate::admin::shell::Shell;
use crate::admin::view::View;
use crate::page::form::posted;
use crate::page::words::t;
use crate::page::{self, filters};

/// The parameter of a chosen column.
const COLUMN: &str = "_column";
/// The parameter of the button: whether the file is waited for.
const WHEN: &str = "_when";

/// The page.
#[derive(Debug, Template)]
#[template(path = "admin/export.html")]
struct ExportPage<'a> {
    shell: Shell,
    title: &'a str,
    action: String,
    list: String,
    /// The conditions that are carried along: for people, and as they are sent.
    conditions: Vec<String>,
    kept: Vec<(String, String)>,
    formats: Vec<(&'static str, &'static str, bool)>,
    columns: Vec<(String, &'a str, bool)>,
}

/// `GET /admin/{model}/_export`
pub(crate) async fn page(call: Call) -> Result<Response, Error> {
    let (engine, ctx) = (&call.engine, &call.ctx);
    let model = engine.model(&call.param("model"))?;
    let view = View::of(engine, ctx, Verb::List, model.id)?;
    let query = Query(call.query()?);
    let wanted = wanted(&query);
    // Wrong conditions are told here, and not by a file that does not come.
    engine.export(ctx, model.id, &wanted.0)?;
    let there = format!("/api/v1/{}/_export?{}", model.slug, wanted.text());
    let chosen: Vec<&str> = wanted
        .get("fields")
        .map(|all| all.split(',').collect())
        .unwrap_or_default();
    let format = wanted.get("format").unwrap_or(Format::Csv.name());
    let columns = (0..model.fields.len()).filter(|&f| view.sees(f)).map(|f| {
        let name = &model.fields[f].name;
        let ticked = chosen.is_empty() || chosen.contains(&name.as_str());
        (name.clone(), view.label(f), ticked)
    });
    let kept = wanted.without(&["format", "fields"]);
    let titles = conditions::titles((engine, ctx), &view, &kept).await?;
    let chips = conditions::chips(engine.registry(), &view, (&kept, &titles), &|q| {
        q.list(&model.slug)
    });
    let chips = chips.into_iter();
    page::render(
        StatusCode::OK,
        &ExportPage {
            shell: Shell::of_model(engine, ctx, model)
                .here(t("Export"))
                .doing("GET", &there),
            title: &model.label_plural,
            action: format!("/admin/{}/_export", model.slug),
            list: kept.list(&model.slug),
            conditions: chips.map(|chip| chip.text).collect(),
            kept: kept.0,
            formats: Format::ALL
                .map(|f| (f.name(), words(f), f.name() == format))
                .to_vec(),
            columns: columns.collect(),
        },
    )
}

/// `POST /admin/{model}/_export`: to the file, or to the operation that makes it.
pub(crate) async fn make(mut call: Call) -> Result<Response, Error> {
    let engine = call.engine.clone();
    let model = engine.model(&call.param("model"))?;
    engine.scope(&call.ctx, Verb::List, model.id)?;
    let query = Query(posted(&mut call).await?);
    let wanted = wanted(&query);
    if query.get(WHEN) == Some("later") {
        let begun = engine.export_later(&call.ctx, model.id, &wanted.0).await?;
        return Ok(answer::see_other(&operations::address(&begun)));
    }
    engine.export(&call.ctx, model.id, &wanted.0)?;
    let there = format!("/api/v1/{}/_export?{}", model.slug, wanted.text());
    Ok(answer::see_other(&there))
}

/// What is asked of the operation: of the list's parameters those that an export knows, and the
/// columns as one.
fn wanted(query: &Query) -> Query {
    let mut wanted = query.without(&NOT_EXPORTED);
    // What begins so is the page's own.
    wanted.0.retain(|(name, _)| !name.starts_with('_'));
    let columns = query.0.iter().filter(|(name, _)| name == COLUMN);
    let columns: Vec<&str> = columns.map(|(_, column)| column.as_str()).collect();
    if !columns.is_empty() {
        wanted = wanted.without(&["fields"]);
        wanted.0.push(("fields".to_owned(), columns.join(",")));
    }
    wanted
}

fn words(format: Format) -> &'static str {
    match format {
        Format::Csv => t("CSV: for spreadsheets and other programs"),
        Format::Ndjson => t("NDJSON: a record on each line, for programs"),
        Format::Xlsx => t("Excel workbook"),
    }
}
