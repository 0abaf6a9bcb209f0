//! An action on a selection of records: what it is about to do, its form, and the deed. The lists and
//! the records lead here with the keys of what is selected, or with the list of which all are meant.

mod asked;

pub(crate) use asked::address_of;

use askama::Template;
use poem::Response;
use poem::http::StatusCode;

use crate::admin::address::{self, Query};
use crate::admin::list::matching;
use crate::admin::record::faults::{mendable, sentence};
use crate::admin::record::form::files;
use crate::admin::record::widget::{Control, Purpose, enctype};
use crate::admin::shell::Shell;
use crate::admin::value::count::words;
use crate::admin::value::row::{self, Row};
use crate::admin::view::View;
use crate::crud::{Context, Count, Engine};
use crate::error::Error;
use crate::http::{Call, answer};
use crate::model::{ActionMeta, Input, ModelMeta, Verb};
use crate::page::viewer::Viewer;
use crate::page::words::{fill, told};
use crate::page::{self, filters};

use self::asked::Asked;

/// As many of the selected records are named.
const NAMED: usize = 12;

/// The page.
#[derive(Debug, Template)]
#[template(path = "admin/action.html")]
struct ActionPage<'a> {
    shell: Shell,
    title: &'a str,
    confirm: &'a str,
    action: String,
    back: String,
    /// What is sent again of the records that are meant.
    hidden: Vec<(&'static str, String)>,
    /// The first of the records: title and address; it is empty for who may not go there.
    named: Vec<(String, String)>,
    /// How many there are, in words.
    counted: String,
    /// How many of them are not named; 0 where none is.
    more: u64,
    /// Whether it can be done: not for none, nor for more than one operation may be about.
    runs: bool,
    zone: &'static str,
    /// How the form is sent.
    enctype: &'static str,
    controls: Vec<Control>,
    faults: Vec<(String, String)>,
}

/// `GET /admin/{model}/_actions/{name}?ids=1,2`
pub(crate) async fn question(call: Call) -> Result<Response, Error> {
    let engine = call.engine.clone();
    let model = engine.model(&call.param("model"))?;
    let action = &engine
        .action(&call.ctx, model.id, &call.param("name"))?
        .meta;
    let asked = Asked::of(call.query()?, (model, action))?;
    show(&engine, &call.ctx, (model, action), (&asked, None)).await
}

/// `POST /admin/{model}/_actions/{name}`: the question, with the records of a list's form; with `_run`
/// the deed.
pub(crate) async fn run(mut call: Call) -> Result<Response, Error> {
    let engine = call.engine.clone();
    let model = engine.model(&call.param("model"))?;
    let name = call.param("name");
    let action = &engine.action(&call.ctx, model.id, &name)?.meta;
    let fields = files::fields(&mut call).await?;
    let runs = fields.iter().any(|(name, _)| name == "_run");
    let asked = Asked::of(fields, (model, action))?;
    if !runs {
        return show(&engine, &call.ctx, (model, action), (&asked, None)).await;
    }
    let outcome = match asked.body(model, action) {
        Ok(body) => {
            engine
                .act(&call.ctx, (model.id, &name), (asked.once.as_deref(), body))
                .await
        }
        Err(error) => Err(error),
    };
    match outcome {
        Ok(written) => {
            let affected = Row::parse(&written.body)?
                .text("affected")
                .unwrap_or_default();
            let mut query = Query(vec![("affected".to_owned(), affected)]);
            let rest = asked.place.selecting(&[]).text();
            if !rest.is_empty() {
                query.0.push(("_rest".to_owned(), rest));
            }
            let done = format!("/admin/{}/_actions/{name}/done", model.slug);
            Ok(answer::see_other(&format!("{done}?{}", query.text())))
        }
        Err(error) if mendable(&error) => {
            show(&engine, &call.ctx, (model, action), (&asked, Some(&error))).await
        }
        Err(error) => Err(error),
    }
}

async fn show(
    engine: &Engine,
    ctx: &Context,
    (model, action): (&ModelMeta, &ActionMeta),
    (asked, error): (&Asked, Option<&Error>),
) -> Result<Response, Error> {
    let count = if asked.all {
        matching::count(engine, ctx, (model, &asked.place)).await?
    } else {
        Count::exact(asked.keys.len() as u64)
    };
    let zone = match error {
        Some(_) => asked.sent.zone(),
        None => Viewer::now().zone,
    };
    let control = |field| {
        let state = asked.sent.record().state(field);
        Control::editable(field, Purpose::Create, &state, &None, zone)
    };
    let mut controls: Vec<Control> = action.form.iter().map(control).collect();
    let mut faults = error.map_or_else(Vec::new, |error| placed(&mut controls, error));
    let (records, too_many) = (count.rows, count.kind != "exact");
    if too_many {
        let most = words(records, "exact");
        let detail = fill(
            "More than {} records match: narrow the list down.",
            &[&most],
        );
        faults.insert(0, (String::new(), detail));
    }
    let named = named(engine, ctx, (model, asked)).await?;
    let path = format!("/admin/{}/_actions/{}", model.slug, action.name);
    let api = path.replacen("/admin/", "/api/v1/", 1);
    let mut body = asked.records(model, records);
    body.push(("input".to_owned(), Input::Object(Vec::new())));
    let json = Input::Object(body).to_json().map_err(Error::internal)?;
    let status = error.map_or(200, |e| e.kind.status());
    page::render(
        StatusCode::from_u16(status).unwrap_or(StatusCode::UNPROCESSABLE_ENTITY),
        &ActionPage {
            shell: Shell::of_model(engine, ctx, model)
                .here(action.label.clone())
                .doing("POST", &api)
                .sending(&json.to_string()),
            title: &action.label,
            confirm: &action.confirm,
            back: asked.place.selecting(&asked.keys).list(&model.slug),
            action: path,
            hidden: asked.hidden(records),
            counted: words(records, count.kind),
            more: match named.len() as u64 {
                some if some > 0 && !too_many => records.saturating_sub(some),
                _ => 0,
            },
            named,
            runs: !too_many && records > 0,
            zone: zone.map_or("UTC", |zone| zone.name()),
            enctype: enctype(&controls),
            controls,
            faults,
        },
    )
}

/// Puts the faults of the form to its controls; all of them with their anchors.
fn placed(controls: &mut [Control], error: &Error) -> Vec<(String, String)> {
    let mut all = Vec::new();
    for fault in &error.faults {
        let name = match &fault.place {
            crate::error::Place::Pointer(at) => at.strip_prefix("/input/"),
            crate::error::Place::Parameter(_) => None,
        };
        match controls.iter_mut().find(|c| Some(c.field.as_str()) == name) {
            Some(control) => {
                let text = sentence(fault, &control.label, &control.field);
                all.push((format!("f-{}", control.name), text.clone()));
                control.faults.push(text);
            }
            None => all.push((String::new(), told(&fault.detail))),
        }
    }
    if error.faults.is_empty() {
        all.push((String::new(), told(&error.detail)));
    }
    all
}

/// The titles of the first records.
async fn named(
    engine: &Engine,
    ctx: &Context,
    (model, asked): (&ModelMeta, &Asked),
) -> Result<Vec<(String, String)>, Error> {
    let opens = engine.may(ctx, Verb::Read, model.id);
    let verb = if asked.all { Verb::List } else { Verb::Read };
    let mut all = Vec::new();
    if !engine.may(ctx, verb, model.id) {
        return Ok(all);
    }
    let view = View::of(engine, ctx, verb, model.id)?;
    let mut fields = model.key.clone();
    fields.extend((0..model.fields.len()).filter(|&f| model.names_records(f)));
    fields.retain(|&f| view.sees(f));
    let fields: Vec<&str> = fields.iter().map(|&f| &*model.fields[f].name).collect();
    let fields = fields.join(",");
    if asked.all {
        let first = NAMED.to_string();
        let own = [("fields", fields.as_str()), ("limit", &first)];
        let page = matching::listed(engine, ctx, (model, &asked.place), &own).await?;
        for row in Row::page(&page.body[page.data])? {
            let key = row::key(model, &row).filter(|_| opens);
            let href = key.map(|key| address::record(&model.slug, &key));
            all.push((row::title(model, &row), href.unwrap_or_default()));
        }
        return Ok(all);
    }
    let parameters = [("fields".to_owned(), fields)];
    for key in asked.keys.iter().take(NAMED) {
        let record = engine.read(ctx, model.id, key, &parameters).await?;
        let row = Row::parse(&record.body)?;
        all.push((row::title(model, &row), address::record(&model.slug, key)));
    }
    Ok(all)
}

/// The page after the deed.
#[derive(Debug, Template)]
#[template(path = "admin/action_done.html")]
struct DonePage<'a> {
    shell: Shell,
    title: &'a str,
    text: String,
    back: String,
}

/// `GET /admin/{model}/_actions/{name}/done?affected=&_rest=`
pub(crate) async fn done(call: Call) -> Result<Response, Error> {
    let engine = &call.engine;
    let model = engine.model(&call.param("model"))?;
    let action = &engine
        .action(&call.ctx, model.id, &call.param("name"))?
        .meta;
    let query = Query(call.query()?);
    let affected: u64 = query
        .get("affected")
        .filter(|_| query.without(&["_rest"]).0.len() == 1)
        .and_then(|n| n.parse().ok())
        .ok_or_else(|| {
            let detail = "affected is a number.";
            Error::parameter("affected", "type", detail)
        })?;
    let rest = Query::parse(query.get("_rest").unwrap_or_default())?;
    page::render(
        StatusCode::OK,
        &DonePage {
            shell: Shell::of_model(engine, &call.ctx, model).here(action.label.clone()),
            title: &action.label,
            text: fill("Done. Records: {}.", &[&affected]),
            back: rest.list(&model.slug),
        },
    )
}
