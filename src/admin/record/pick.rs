//! Records to point at: a search that asks the server, by the very list that the API has, and never for
//! more than a few of them.

use askama::Template;
use poem::Response;
use poem::http::StatusCode;

use crate::admin::address::Query;
use crate::admin::record::widget::relation::{Candidate, Found};
use crate::admin::value::cell::{self, Cell};
use crate::admin::value::row::{self, Row};
use crate::admin::view::{Link, View};
use crate::crud::{Context, Engine, ListRequest};
use crate::error::{Error, Kind as ErrorKind};
use crate::http::Call;
use crate::model::{Field, FieldId, Kind, ModelMeta, Verb, value};
use crate::page::{self, filters};

/// As many as a person looks through.
const SHOWN: usize = 12;

/// The candidates alone, for a script.
#[derive(Debug, Template)]
#[template(path = "admin/options.html")]
struct Options {
    found: Found,
}

/// `GET /admin/{model}/_options?field=&q=`: what a foreign key of the model can point at.
pub(crate) async fn options(call: Call) -> Result<Response, Error> {
    let (engine, ctx) = (&call.engine, &call.ctx);
    let model = engine.model(&call.param("model"))?;
    let query = Query(call.query()?);
    for (name, _) in &query.0 {
        if !matches!(name.as_str(), "field" | "q") {
            let detail = format!("There is no parameter {name:?} here.");
            return Err(Error::parameter(name, "unknown_parameter", detail));
        }
    }
    let verbs = [Verb::Patch, Verb::Create, Verb::Read, Verb::List];
    let verb = verbs.into_iter().find(|&v| engine.may(ctx, v, model.id));
    let view = View::of(engine, ctx, verb.unwrap_or(Verb::Read), model.id)?;
    let field = model.field(query.get("field").unwrap_or_default());
    let link = field.and_then(|f| view.link(f)).ok_or_else(|| {
        let detail = "There is no foreign key of this name.";
        Error::parameter("field", "unknown_field", detail)
    })?;
    let found = search(engine, ctx, link, query.get("q").unwrap_or_default()).await?;
    page::render(StatusCode::OK, &Options { found })
}

/// The field of the other end that a link's own field is equal to.
pub(crate) fn far(link: &Link<'_>) -> Option<FieldId> {
    match link.relation.to[..] {
        [one] => Some(one),
        _ => None,
    }
}

/// Records for some words: the one that they are the key of, and those that a search finds.
pub(crate) async fn search(
    engine: &Engine,
    ctx: &Context,
    link: &Link<'_>,
    words: &str,
) -> Result<Found, Error> {
    let words = words.trim();
    let view = View::of(engine, ctx, Verb::List, link.target.id)?;
    let mut found = Found {
        words: words.to_owned(),
        ..Found::default()
    };
    let Some(far) = far(link).filter(|&f| view.sees(f)) else {
        return Ok(found);
    };
    let field = &link.target.fields[far];
    let mut rows = Vec::new();
    if !words.is_empty() && value::from_text(&field.kind, words).is_ok() {
        rows.extend(one(engine, ctx, link, words).await?);
    }
    if let Some(condition) = condition(&view, words) {
        match some(engine, ctx, link, condition).await {
            Ok(some) => rows.extend(some),
            // What is no search, of too many words say, finds nothing.
            Err(error) if error.kind == ErrorKind::Malformed => {}
            Err(error) => return Err(error),
        }
    }
    for row in rows {
        let Some(value) = row.text(&field.name) else {
            continue;
        };
        if found.options.len() == SHOWN {
            found.more = true;
        } else if !found.options.iter().any(|o| o.value == value) {
            let title = row::title(link.target, &row);
            let hint = Some(row::number(&value)).filter(|n| *n != title);
            let hint = hint.unwrap_or_default();
            found.options.push(Candidate { value, title, hint });
        }
    }
    Ok(found)
}

/// The record that a value points at, as a cell; none where the caller cannot see such a record.
pub(crate) async fn target(
    engine: &Engine,
    ctx: &Context,
    link: &Link<'_>,
    value: &str,
) -> Result<Option<Cell>, Error> {
    if value.is_empty() {
        return Ok(None);
    }
    let row = one(engine, ctx, link, value).await?;
    Ok(row.map(|row| cell::of_target(link, &row)))
}

/// The record with this value in the field that is pointed at.
async fn one(
    engine: &Engine,
    ctx: &Context,
    link: &Link<'_>,
    value: &str,
) -> Result<Option<Row>, Error> {
    let Some(field) = far(link).map(|f| &link.target.fields[f]) else {
        return Ok(None);
    };
    let condition = (format!("{}__eq", field.name), value.to_owned());
    match some(engine, ctx, link, Some(condition)).await {
        Ok(rows) => Ok(rows.into_iter().next()),
        // What cannot be such a value points at nothing.
        Err(error) if error.kind == ErrorKind::Malformed => Ok(None),
        Err(error) => Err(error),
    }
}

/// How a list finds records by words; `None` where it cannot.
#[expect(
    clippy::option_option,
    reason = "no way to search, and nothing to search for"
)]
fn condition(view: &View<'_>, words: &str) -> Option<Option<(String, String)>> {
    // A list searches no single letter; whoever has typed one sees where the records begin.
    if words.chars().count() < 2 {
        return Some(None);
    }
    let model = view.model;
    if model.search.iter().any(|&f| view.sees(f)) {
        return Some(Some(("q".to_owned(), words.to_owned())));
    }
    let name = named(model, |f| view.sees(f))?;
    Some(Some((format!("{name}__icontains"), words.to_owned())))
}

/// The text that records are named by, of those that are seen; `None` where there is none to search in.
pub(crate) fn named(model: &ModelMeta, sees: impl Fn(FieldId) -> bool) -> Option<&str> {
    let text = |field: &Field| matches!(field.kind, Kind::Text(_)) && !field.operators().is_empty();
    let mut fields = 0..model.fields.len();
    let named = fields.find(|&f| model.names_records(f) && sees(f) && text(&model.fields[f]))?;
    Some(&model.fields[named].name)
}

async fn some(
    engine: &Engine,
    ctx: &Context,
    link: &Link<'_>,
    condition: Option<(String, String)>,
) -> Result<Vec<Row>, Error> {
    let model = link.target;
    let mut fields = link.fields.clone();
    if let Some(far) = far(link) {
        let name = model.fields[far].name.as_str();
        if !fields.contains(&name) {
            fields.push(name);
        }
    }
    let mut parameters = vec![
        ("fields".to_owned(), fields.join(",")),
        ("limit".to_owned(), (SHOWN + 1).to_string()),
        ("count".to_owned(), "none".to_owned()),
    ];
    // The model's own order may need a sort of the whole table; the key's never does.
    if model.key.iter().all(|&f| model.fields[f].sortable()) {
        let key = model.key.iter().map(|&f| model.fields[f].name.as_str());
        let key: Vec<&str> = key.collect();
        parameters.push(("sort".to_owned(), key.join(",")));
    }
    parameters.extend(condition);
    let request = ListRequest::Parameters(&parameters);
    let page = engine.list(ctx, model.id, request).await?;
    Row::page(&page.body[page.data.clone()])
}
