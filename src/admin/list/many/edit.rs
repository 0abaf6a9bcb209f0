//! The page that asks which fields of many records get which values.

use askama::Template;
use poem::Response;
use poem::http::StatusCode;

use crate::error::{Error, Fault};
use crate::http::Call;
use crate::model::patch::{self, validate};
use crate::model::{Field, FieldId, Input, ModelMeta, Verb};

use super::{Wanted, confirm};
use crate::admin::address::Query;
use crate::admin::record;
use crate::admin::record::draft::Draft;
use crate::admin::record::faults::Faults;
use crate::admin::record::form::{self, Sent};
use crate::admin::record::widget::{Control, Purpose};
use crate::admin::shell::Shell;
use crate::admin::view::View;
use crate::page::viewer::Viewer;
use crate::page::{self, filters};

/// What stands before a field's name where it is to be changed.
const SET: &str = "set.";

#[derive(Debug, Template)]
#[template(path = "admin/list_edit.html")]
struct EditPage {
    shell: Shell,
    title: String,
    action: String,
    back: String,
    hidden: Vec<(String, String)>,
    /// The zone of the times in the form.
    zone: &'static str,
    /// Each with whether it is to be changed.
    controls: Vec<(Control, bool)>,
    faults: Faults,
}

/// The fields that can be changed in many records at once: not what tells them apart.
fn open(call: &Call, view: &View<'_>) -> Result<Vec<FieldId>, Error> {
    let model = view.model;
    let scope = call.engine.scope(&call.ctx, Verb::Patch, model.id)?;
    let mut all = record::editable(model, &scope, Purpose::Edit, |f| view.sees(f));
    all.retain(|&f| !model.fields[f].unique);
    Ok(all)
}

/// The page; `refused` shows it again as it was sent.
pub(super) async fn page(
    call: &Call,
    model: &ModelMeta,
    wanted: &Wanted,
    refused: Option<&Draft>,
) -> Result<Response, Error> {
    let (engine, ctx) = (&call.engine, &call.ctx);
    let view = View::of(engine, ctx, Verb::List, model.id)?;
    let records = wanted.count(engine, ctx, model).await?;
    let open = open(call, &view)?;
    let mut controls: Vec<(FieldId, Control)> = open
        .iter()
        .map(|&f| (f, control(&view, f, refused)))
        .collect();
    let faults = Faults::at(&mut controls, &mut [], refused);
    let set = |f: FieldId| refused.is_some_and(|d| d.sent.record().holds(&model.fields[f]));
    let controls = controls.into_iter().map(|(f, c)| (c, set(f)));
    let title = confirm::title(wanted.act, model, records);
    page::render(
        faults.status(StatusCode::OK),
        &EditPage {
            shell: Shell::of_model(engine, ctx, model)
                .here(title.clone())
                .doing("POST", &format!("/api/v1/{}/_bulk", model.slug)),
            title,
            action: format!("/admin/{}/_many", model.slug),
            back: wanted.place.selecting(&wanted.keys).list(&model.slug),
            hidden: confirm::hidden(wanted, records, None),
            controls: controls.collect(),
            faults,
            zone: Viewer::now().zone.map_or("", |zone| zone.name()),
        },
    )
}

fn control(view: &View<'_>, id: FieldId, refused: Option<&Draft>) -> Control {
    let field = &view.model.fields[id];
    let zone = record::controls::zone_of(refused);
    let part = refused.map(|d| d.sent.record());
    let part = part.filter(|part| part.holds(field));
    let state = part.map_or_else(|| form::shown(field, None, zone), |part| part.state(field));
    let mut control = Control::editable(field, Purpose::Edit, &state, &None, zone);
    control.was.clear();
    view.label(id).clone_into(&mut control.label);
    control
}

/// The values of a form, and the fields of it that say them; or why they cannot be had.
pub(super) fn data(
    call: &Call,
    model: &ModelMeta,
    sent: &Query,
) -> Result<Result<(Input, Query), Draft>, Error> {
    let view = View::of(&call.engine, &call.ctx, Verb::List, model.id)?;
    let scope = call.engine.scope(&call.ctx, Verb::Patch, model.id)?;
    let open = open(call, &view)?;
    let set = |field: &Field| sent.get(&format!("{SET}{}", field.name)).is_some();
    let fields: Vec<&Field> = open.iter().map(|&f| &model.fields[f]).collect();
    let chosen: Vec<&Field> = fields.into_iter().filter(|f| set(f)).collect();
    let named = |name: &str| {
        let bare = [SET, "empty."]
            .iter()
            .find_map(|p| name.strip_prefix(p))
            .unwrap_or(name);
        name == "_zone" || chosen.iter().any(|f| f.name == bare)
    };
    let said = sent.0.iter().filter(|(name, _)| named(name));
    let said = Query(said.cloned().collect());
    let mut values = said.0.clone();
    values.retain(|(name, _)| !name.starts_with(SET));
    // A box that is not ticked sends nothing, and means "no".
    for field in &chosen {
        if !values.iter().any(|(name, _)| *name == field.name) {
            values.push((field.name.clone(), String::new()));
        }
    }
    let form = Sent::of(values, |name| chosen.iter().any(|f| f.name == name))?;
    let (mut members, mut faults) = (Vec::new(), Vec::new());
    for field in &chosen {
        let state = match form.record().state(field) {
            None if field.kind == crate::model::Kind::Bool && !field.nullable => {
                Some("false".to_owned())
            }
            state => state,
        };
        match form::input(&field.kind, state, form.zone()) {
            Ok(input) => members.push((field.name.clone(), input)),
            Err(misfit) => {
                let detail = format!("{} {}", field.name, misfit.detail);
                faults.push(Fault::field(&field.name, misfit.code, detail));
            }
        }
    }
    if chosen.is_empty() {
        let detail = page::words::t("Choose at least one field.");
        faults.push(Fault::pointer(String::new(), "required", detail));
    }
    let body = Input::Object(members);
    if let Err(more) = validate(model, body.clone(), patch::Purpose::Patch, &*scope) {
        faults.extend(more.faults);
    }
    if faults.is_empty() {
        return Ok(Ok((body, said)));
    }
    Ok(Err(Draft::refused(form, Error::invalid(faults))))
}
