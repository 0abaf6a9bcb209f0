//! An action on a selection of records: what it is about to do, its form, and the deed. The lists and
//! the records lead here with the keys of what is selected.

use askama::Template;
use poem::Response;
use poem::http::StatusCode;

use crate::admin::address::{self, Query};
use crate::admin::record::faults::{mendable, sentence};
use crate::admin::record::form::{self, Sent};
use crate::admin::record::widget::{Control, Purpose};
use crate::admin::shell::Shell;
use crate::admin::value::row::{self, Row};
use crate::admin::view::View;
use crate::crud::{Context, Engine};
use crate::error::{Error, Fault};
use crate::http::{Call, answer};
use crate::model::{ActionMeta, Input, ModelMeta, Verb};
use crate::page::form::posted;
use crate::page::viewer::Viewer;
use crate::page::words::{fill, t};
use crate::page::{self, filters};

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
    ids: String,
    /// The first of the records: title and address.
    named: Vec<(String, String)>,
    count: usize,
    zone: &'static str,
    controls: Vec<Control>,
    faults: Vec<(String, String)>,
}

/// What is asked for: the records, by their keys, and the form as it was sent.
struct Asked {
    keys: Vec<String>,
    sent: Sent,
}

impl Asked {
    /// The keys are in `ids` with commas between them, each with its own commas escaped once more; or
    /// in several fields of this name.
    fn of(fields: Vec<(String, String)>, action: &ActionMeta) -> Result<Self, Error> {
        let (ids, rest): (Vec<_>, Vec<_>) = fields.into_iter().partition(|(n, _)| n == "ids");
        let ids = ids.iter().flat_map(|(_, ids)| ids.split(','));
        let decode = |id: &str| {
            let id = percent_encoding::percent_decode_str(id).decode_utf8_lossy();
            id.into_owned()
        };
        let keys: Vec<String> = ids.filter(|id| !id.is_empty()).map(decode).collect();
        if keys.is_empty() {
            let detail = t("Select the records first.");
            return Err(Error::parameter("ids", "required", detail));
        }
        let known = |name: &str| action.form.iter().any(|f| f.name == name);
        let rest = rest.into_iter().filter(|(name, _)| name != "_run");
        let sent = Sent::of(rest.collect(), known)?;
        Ok(Self { keys, sent })
    }

    fn ids(&self) -> String {
        encoded(&self.keys)
    }
}

/// Keys for an address or a hidden field: a comma or a percent sign within one is escaped.
fn encoded(keys: &[String]) -> String {
    let one = |key: &String| key.replace('%', "%25").replace(',', "%2C");
    keys.iter().map(one).collect::<Vec<_>>().join(",")
}

/// The address where an action on these records is asked for.
pub(crate) fn address_of(slug: &str, action: &str, keys: &[String]) -> String {
    let query = Query(vec![("ids".to_owned(), encoded(keys))]);
    format!("/admin/{slug}/_actions/{action}?{}", query.text())
}

/// `GET /admin/{model}/_actions/{name}?ids=1,2`
pub(crate) async fn question(call: Call) -> Result<Response, Error> {
    let engine = call.engine.clone();
    let model = engine.model(&call.param("model"))?;
    let action = &engine
        .action(&call.ctx, model.id, &call.param("name"))?
        .meta;
    let asked = Asked::of(call.query()?, action)?;
    show(&engine, &call.ctx, (model, action), (&asked, None)).await
}

/// `POST /admin/{model}/_actions/{name}`: the question, with the records of a list's form; with `_run`
/// the deed.
pub(crate) async fn run(mut call: Call) -> Result<Response, Error> {
    let engine = call.engine.clone();
    let model = engine.model(&call.param("model"))?;
    let name = call.param("name");
    let action = &engine.action(&call.ctx, model.id, &name)?.meta;
    let fields = posted(&mut call).await?;
    let runs = fields.iter().any(|(name, _)| name == "_run");
    let asked = Asked::of(fields, action)?;
    if !runs {
        return show(&engine, &call.ctx, (model, action), (&asked, None)).await;
    }
    let outcome = match body(action, &asked) {
        Ok(body) => engine.act(&call.ctx, (model.id, &name), body).await,
        Err(error) => Err(error),
    };
    match outcome {
        Ok(written) => {
            let affected = Row::parse(&written.body)?
                .text("affected")
                .unwrap_or_default();
            let done = format!(
                "/admin/{}/_actions/{name}/done?affected={affected}",
                model.slug
            );
            Ok(answer::see_other(&done))
        }
        Err(error) if mendable(&error) => {
            show(&engine, &call.ctx, (model, action), (&asked, Some(&error))).await
        }
        Err(error) => Err(error),
    }
}

/// The request that the form stands for.
fn body(action: &ActionMeta, asked: &Asked) -> Result<Input, Error> {
    let part = asked.sent.record();
    let (mut input, mut faults) = (Vec::new(), Vec::new());
    for field in &action.form {
        let state = part.state(field);
        if state.as_deref().is_none_or(str::is_empty) {
            continue;
        }
        match form::input(&field.kind, state, asked.sent.zone()) {
            Ok(value) => input.push((field.name.clone(), value)),
            Err(misfit) => {
                let detail = format!("{} {}", field.name, misfit.detail);
                let fault = Fault::field(&field.name, misfit.code, detail);
                faults.push(fault.within("/input"));
            }
        }
    }
    if !faults.is_empty() {
        return Err(Error::invalid(faults));
    }
    let ids = asked.keys.iter().cloned().map(Input::String).collect();
    Ok(Input::Object(vec![
        ("ids".to_owned(), Input::Array(ids)),
        ("input".to_owned(), Input::Object(input)),
    ]))
}

async fn show(
    engine: &Engine,
    ctx: &Context,
    (model, action): (&ModelMeta, &ActionMeta),
    (asked, error): (&Asked, Option<&Error>),
) -> Result<Response, Error> {
    let zone = match error {
        Some(_) => asked.sent.zone(),
        None => Viewer::now().zone,
    };
    let control = |field| {
        let state = asked.sent.record().state(field);
        Control::editable(field, Purpose::Create, &state, &None, zone)
    };
    let mut controls: Vec<Control> = action.form.iter().map(control).collect();
    let faults = error.map_or_else(Vec::new, |error| placed(&mut controls, error));
    let path = format!("/admin/{}/_actions/{}", model.slug, action.name);
    let api = path.replacen("/admin/", "/api/v1/", 1);
    let keys: Vec<serde_json::Value> = asked
        .keys
        .iter()
        .take(NAMED)
        .cloned()
        .map(Into::into)
        .collect();
    let json = serde_json::json!({ "ids": keys, "input": {} }).to_string();
    let status = error.map_or(200, |e| e.kind.status());
    page::render(
        StatusCode::from_u16(status).unwrap_or(StatusCode::UNPROCESSABLE_ENTITY),
        &ActionPage {
            shell: Shell::of_model(engine, ctx, model)
                .here(action.label.clone())
                .doing("POST", &api)
                .sending(&json),
            title: &action.label,
            confirm: &action.confirm,
            back: Query::default().list(&model.slug),
            action: path,
            ids: asked.ids(),
            named: named(engine, ctx, model, &asked.keys).await?,
            count: asked.keys.len(),
            zone: zone.map_or("UTC", |zone| zone.name()),
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
            None => all.push((String::new(), fault.detail.clone())),
        }
    }
    if error.faults.is_empty() {
        all.push((String::new(), error.detail.to_string()));
    }
    all
}

/// The titles of the first records.
async fn named(
    engine: &Engine,
    ctx: &Context,
    model: &ModelMeta,
    keys: &[String],
) -> Result<Vec<(String, String)>, Error> {
    let mut all = Vec::new();
    if !engine.may(ctx, Verb::Read, model.id) {
        return Ok(all);
    }
    let view = View::of(engine, ctx, Verb::Read, model.id)?;
    let fields = (0..model.fields.len()).filter(|&f| model.names_records(f) && view.sees(f));
    let fields: Vec<&str> = fields.map(|f| model.fields[f].name.as_str()).collect();
    let parameters = [("fields".to_owned(), fields.join(","))];
    for key in keys.iter().take(NAMED) {
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

/// `GET /admin/{model}/_actions/{name}/done?affected=`
pub(crate) async fn done(call: Call) -> Result<Response, Error> {
    let engine = &call.engine;
    let model = engine.model(&call.param("model"))?;
    let action = &engine
        .action(&call.ctx, model.id, &call.param("name"))?
        .meta;
    let query = Query(call.query()?);
    let affected: u64 = query
        .get("affected")
        .filter(|_| query.0.len() == 1)
        .and_then(|n| n.parse().ok())
        .ok_or_else(|| {
            let detail = "affected is a number.";
            Error::parameter("affected", "type", detail)
        })?;
    page::render(
        StatusCode::OK,
        &DonePage {
            shell: Shell::of_model(engine, &call.ctx, model).here(action.label.clone()),
            title: &action.label,
            text: fill("Done. Records: {}.", &[&affected]),
            back: Query::default().list(&model.slug),
        },
    )
}
