//! The page that asks which fields of many records get which values.

use askama::Template;
use poem::Response;
use poem::http::StatusCode;

use crate::error::{Error, Fault};
use crate::http::Call;
use crate::http::body::BodyLimits;
use crate::model::patch::{self, validate};
use crate::model::{Field, FieldId, Input, Kind, ModelMeta, Verb};

use super::{Wanted, confirm};
use crate::admin::address::Query;
use crate::admin::record::draft::Draft;
use crate::admin::record::faults::Faults;
use crate::admin::record::form::{self, Sent};
use crate::admin::record::widget::{self, Control, Purpose};
use crate::admin::record::{self, controls, pick};
use crate::admin::shell::Shell;
use crate::admin::value::count as counts;
use crate::admin::view::View;
use crate::page::viewer::Viewer;
use crate::page::words::{fill, t};
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
    /// How the form is sent.
    enctype: &'static str,
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
    let count = wanted.count(engine, ctx, model).await?;
    let open = open(call, &view)?;
    let mut controls: Vec<(FieldId, Control)> = Vec::new();
    for &f in &open {
        let mut control = control(&view, f, refused);
        let found = refused.and_then(|draft| draft.found.clone());
        let found = found.filter(|(name, _)| *name == control.name);
        let found = found.map(|(_, found)| found);
        controls::picking(call, &view, f, (&mut control, found)).await?;
        controls.push((f, control));
    }
    let faults = Faults::at(&mut controls, &mut [], refused);
    let set = |f: FieldId| refused.is_some_and(|d| d.sent.record().holds(&model.fields[f]));
    let enctype = widget::enctype(controls.iter().map(|(_, control)| control));
    let controls = controls.into_iter().map(|(f, c)| (c, set(f)));
    let title = confirm::title(wanted.act, model, count);
    page::render(
        faults.status(StatusCode::OK),
        &EditPage {
            shell: Shell::of_model(engine, ctx, model)
                .here(title.clone())
                .doing("POST", &format!("/api/v1/{}/_bulk", model.slug)),
            title,
            action: format!("/admin/{}/_many", model.slug),
            back: wanted.place.selecting(&wanted.keys).list(&model.slug),
            hidden: confirm::hidden(wanted, count.rows, None),
            enctype,
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

/// The form again, with what a search for a foreign key has found, when that was its button.
pub(super) async fn searched(
    call: &Call,
    model: &ModelMeta,
    sent: &Query,
) -> Result<Option<Draft>, Error> {
    let then = sent.get("_then").unwrap_or_default();
    let Some(name) = then.strip_prefix("find.") else {
        return Ok(None);
    };
    let view = View::of(&call.engine, &call.ctx, Verb::List, model.id)?;
    let field = model.field(name).filter(|&f| view.sees(f));
    let field = field.filter(|f| open(call, &view).is_ok_and(|open| open.contains(f)));
    let link = field.and_then(|f| view.link(f)).ok_or_else(|| {
        let detail = format!("There is no foreign key {name} in this form.");
        Error::parameter("_then", "unknown_field", detail)
    })?;
    let words = sent.get(&format!("_q.{name}")).unwrap_or_default();
    let found = pick::search(&call.engine, &call.ctx, link, words).await?;
    // Whoever searches for a value means to set it.
    let mut sent = sent.clone();
    sent.0.push((format!("{SET}{name}"), "1".into()));
    let form = chosen(call, model, &sent)?;
    Ok(Some(Draft {
        found: Some((name.to_owned(), found)),
        ..Draft::of(form.sent)
    }))
}

/// The fields of a form that are to be changed, and what it says of them.
struct Chosen<'a> {
    fields: Vec<&'a Field>,
    sent: Sent,
    said: Query,
}

fn chosen<'a>(call: &Call, model: &'a ModelMeta, sent: &Query) -> Result<Chosen<'a>, Error> {
    let view = View::of(&call.engine, &call.ctx, Verb::List, model.id)?;
    let open = open(call, &view)?;
    let set = |field: &Field| sent.get(&format!("{SET}{}", field.name)).is_some();
    let fields: Vec<&Field> = open.iter().map(|&f| &model.fields[f]).collect();
    let chosen: Vec<&Field> = fields.into_iter().filter(|f| set(f)).collect();
    let named = |name: &str| {
        let bare = [SET, "empty.", "_pick."]
            .iter()
            .find_map(|p| name.strip_prefix(p))
            .unwrap_or(name);
        name == "_zone" || chosen.iter().any(|f| f.name == bare)
    };
    let mut said = Query(Vec::new());
    for (name, value) in sent.0.iter().filter(|(name, _)| named(name)) {
        if !(name.starts_with(SET) && said.get(name).is_some()) {
            said.0.push((name.clone(), value.clone()));
        }
    }
    let mut values = said.0.clone();
    values.retain(|(name, _)| !name.starts_with(SET));
    // A box that is not ticked sends nothing, and means "no".
    for field in &chosen {
        if !values.iter().any(|(name, _)| *name == field.name) {
            values.push((field.name.clone(), String::new()));
        }
    }
    let form = Sent::of(values, |name| chosen.iter().any(|f| f.name == name))?;
    Ok(Chosen {
        fields: chosen,
        sent: form,
        said,
    })
}

/// The values of a form, and the fields of it that say them; or why they cannot be had.
pub(super) fn data(
    call: &Call,
    model: &ModelMeta,
    sent: &Query,
) -> Result<Result<(Input, Query), Draft>, Error> {
    let scope = call.engine.scope(&call.ctx, Verb::Patch, model.id)?;
    let Chosen {
        fields: chosen,
        sent: form,
        said,
    } = chosen(call, model, sent)?;
    let (mut members, mut faults) = (Vec::new(), Vec::new());
    for field in &chosen {
        let state = match form.record().state(field) {
            None if field.kind == Kind::Bool && !field.nullable => Some("false".to_owned()),
            state => state,
        };
        match form::input(&field.kind, state, form.zone()) {
            Ok(input) => members.push((field.name.clone(), input)),
            Err(misfit) => faults.push(misfit.of(&field.name)),
        }
    }
    if chosen.is_empty() {
        let detail = t("Choose at least one field.");
        faults.push(Fault::pointer(String::new(), "required", detail));
    }
    let body = Input::Object(members);
    if let Err(more) = validate(model, body.clone(), patch::Purpose::Patch, &*scope) {
        faults.extend(more.faults);
    }
    faults.extend(too_much(call, &chosen, (sent, &said)));
    if faults.is_empty() {
        return Ok(Ok((body, said)));
    }
    Ok(Err(Draft::refused(form, Error::invalid(faults))))
}

/// What a part of a form takes beside its name and its value, at most.
const PART: usize = 256;

/// The faults of files that could be previewed, and not be sent again with the confirmation, where they
/// are base64.
fn too_much(call: &Call, chosen: &[&Field], (sent, said): (&Query, &Query)) -> Vec<Fault> {
    let own = sent.0.iter().filter(|(name, _)| name.starts_with('_'));
    let size = |(name, value): &(String, String)| name.len() + value.len() + PART;
    let size: usize = own.chain(&said.0).map(size).sum();
    let limit = BodyLimits::of(&call.request).bytes;
    if size as u64 <= limit {
        return Vec::new();
    }
    let files = chosen.iter().filter(|f| matches!(f.kind, Kind::Bytes(_)));
    let files: Vec<&str> = files.map(|f| f.name.as_str()).collect();
    let held = |name: &&str| said.get(name).map_or(0, str::len);
    let room = limit.saturating_sub((size - files.iter().map(held).sum::<usize>()) as u64);
    let detail = fill(
        "A change of many can have files of {} kB in all.",
        &[&counts::words(room / 4 * 3 / 1000, "exact")],
    );
    let fault = |name: &str| Fault::field(name, "too_large", detail.clone());
    files.into_iter().map(fault).collect()
}
