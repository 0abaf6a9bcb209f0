//! The page of a record, and of a new one.

use askama::Template;
use chrono_tz::Tz;
use poem::Response;
use poem::http::StatusCode;

use crate::admin::action;
use crate::admin::address::{self, Query};
use crate::admin::record::around::{self, Neighbours, Related};
use crate::admin::record::difference::{self, Difference};
use crate::admin::record::draft::{self, Draft, Errand};
use crate::admin::record::faults::Faults;
use crate::admin::record::form::{self, Sent};
use crate::admin::record::inline::{self, Block};
use crate::admin::record::widget::relation::Relation;
use crate::admin::record::widget::{self, Control, Purpose, Shape};
use crate::admin::record::{Known, Subject, editable, parameters, pick};
use crate::admin::shell::Shell;
use crate::admin::value::cell;
use crate::admin::value::row::Row;
use crate::admin::view::{Link, View};
use crate::crud::{Context, Engine};
use crate::error::Error;
use crate::http::Call;
use crate::model::{FieldId, ModelMeta, Verb};
use crate::page::viewer::Viewer;
use crate::page::words::{fill, t};
use crate::page::{self, filters};

/// The page of a record or of a new one.
#[derive(Debug, Template)]
#[template(path = "admin/record.html")]
struct RecordPage<'a> {
    shell: Shell,
    title: String,
    label: &'a str,
    action: String,
    creating: bool,
    /// Whether there is anything to save.
    editable: bool,
    sets: Vec<Set>,
    /// The child rows.
    blocks: Vec<Block>,
    faults: Faults,
    /// What somebody else changed meanwhile, and what the user wanted instead.
    differences: Vec<Difference>,
    /// The entity tag of the record as it is shown; empty for a new one.
    version: &'a str,
    /// The zone of the times in the form.
    zone: &'static str,
    /// Where the record can be deleted; empty when the caller may not.
    delete: String,
    /// Where a copy of it is begun; empty when the caller may not.
    copy: String,
    /// What can be done to it beside: label and address.
    actions: Vec<(String, String)>,
    /// Where what has become of it is told; empty for a new one.
    history: String,
    related: Vec<Related>,
    around: Neighbours,
    errand: Errand,
    /// What other records can point at: the name and the value of each such field.
    given: Vec<(String, String)>,
    /// Whether the form has what is not saved.
    dirty: bool,
    /// Where one goes who does not save.
    back: String,
}

/// Controls under one heading.
#[derive(Debug)]
struct Set {
    title: String,
    help: String,
    controls: Vec<Control>,
}

/// The zone that a form is in: that of what was sent, else the viewer's.
pub(crate) fn zone_of(draft: Option<&Draft>) -> Option<Tz> {
    match draft {
        Some(draft) => draft.sent.zone(),
        None => Viewer::now().zone,
    }
}

/// `GET /admin/{model}/{id}`
pub(crate) async fn page(call: Call) -> Result<Response, Error> {
    let (engine, ctx) = (&call.engine, &call.ctx);
    let model = engine.model(&call.param("model"))?;
    let subject = Subject::read(engine, ctx, model, call.raw_param("id")).await?;
    let query = parameters(&call, |name, value| match name {
        "saved" => matches!(value, "created" | "changed"),
        "_draft" | "_list" => true,
        _ => false,
    })?;
    let flash = match query.get("saved") {
        Some("created") => fill("The {} was created.", &[&model.label.to_lowercase()]),
        Some(_) => t("Your changes were saved.").to_owned(),
        None => String::new(),
    };
    let draft = match query.get("_draft") {
        None => None,
        Some(text) => {
            let scope = engine.scope(ctx, Verb::Patch, model.id)?;
            let fields = editable(model, &scope, Purpose::Edit, |f| subject.view.sees(f));
            let families = inline::families(engine, ctx, model)?;
            let known = Known {
                model,
                fields,
                families,
            };
            Some(Draft::of(draft::carried(text, |name| known.has(name))?))
        }
    };
    show(&call, &subject, (flash, query.get("_list")), draft.as_ref()).await
}

/// The page of a record that is there; a draft shows the form as it was sent.
pub(crate) async fn show(
    call: &Call,
    subject: &Subject<'_>,
    (flash, list): (String, Option<&str>),
    draft: Option<&Draft>,
) -> Result<Response, Error> {
    let (engine, ctx) = (&call.engine, &call.ctx);
    let Subject { view, row, key, .. } = subject;
    let model = view.model;
    let scope = engine.scope(ctx, Verb::Patch, model.id).ok();
    let open = scope.map_or_else(Vec::new, |scope| {
        editable(model, &scope, Purpose::Edit, |f| {
            let field = &model.fields[f];
            view.sees(f) && widget::fits(field, row.text(&field.name).as_deref())
        })
    });
    let mut controls = Vec::new();
    for f in shown(model).filter(|&f| view.sees(f) && row.has(&model.fields[f].name)) {
        let of = (f, open.contains(&f));
        controls.push((f, control(engine, ctx, subject, of, draft).await?));
    }
    let of = inline::Of { engine, ctx, draft };
    let mut blocks = Vec::new();
    if !open.is_empty() {
        for family in inline::families(engine, ctx, model)? {
            blocks.push(inline::block(of, &family, Some(row), model).await?);
        }
    }
    let faults = Faults::at(&mut controls, &mut blocks, draft);
    let title = subject.title();
    let own = address::record(&model.slug, key);
    let may = |verb, path: String| {
        let path = Some(path).filter(|_| engine.may(ctx, verb, model.id));
        path.unwrap_or_default()
    };
    let around = around::neighbours(engine, ctx, model, (key, list)).await;
    let back = if around.list.is_empty() {
        back(engine, ctx, model)
    } else {
        around.list.clone()
    };
    let from = Query(vec![("_from".to_owned(), key.clone())]);
    page::render(
        faults.status(StatusCode::OK),
        &RecordPage {
            shell: Shell::of_model(engine, ctx, model)
                .here(title.clone())
                .saying(flash)
                .doing("GET", &own.replacen("/admin/", "/api/v1/", 1)),
            title,
            label: &model.label,
            creating: false,
            editable: !open.is_empty(),
            sets: sets(model, controls),
            blocks,
            faults,
            differences: draft.map_or_else(Vec::new, |d| difference::of(view, d)),
            version: &subject.version,
            zone: zone_of(draft).map_or("UTC", |zone| zone.name()),
            delete: may(Verb::Delete, format!("{own}/delete")),
            copy: may(
                Verb::Create,
                format!("/admin/{}/new?{}", model.slug, from.text()),
            ),
            actions: engine
                .actions(ctx, model.id)
                .into_iter()
                .map(|a| {
                    (
                        a.meta.label.clone(),
                        action::address_of(&model.slug, &a.meta.name, std::slice::from_ref(key)),
                    )
                })
                .collect(),
            history: format!("{own}/history"),
            related: around::related(engine, ctx, view, row).await?,
            around,
            errand: Errand::default(),
            given: given(engine, model, row),
            dirty: draft.is_some(),
            back,
            action: own,
        },
    )
}

/// The fields in the order of the form.
fn shown(model: &ModelMeta) -> impl Iterator<Item = FieldId> {
    let in_sets: Vec<FieldId> = model
        .fieldsets
        .iter()
        .flat_map(|s| s.fields.clone())
        .collect();
    let rest: Vec<FieldId> = (0..model.fields.len())
        .filter(|f| !in_sets.contains(f))
        .collect();
    in_sets.into_iter().chain(rest)
}

/// The controls under their headings; what is in no fieldset comes last, and alone when there are none.
fn sets(model: &ModelMeta, controls: Vec<(FieldId, Control)>) -> Vec<Set> {
    let mut sets: Vec<Set> = model
        .fieldsets
        .iter()
        .map(|of| Set {
            title: of.title.clone(),
            help: of.help.clone(),
            controls: Vec::new(),
        })
        .collect();
    let rest = if sets.is_empty() { "" } else { t("More") };
    sets.push(Set {
        title: rest.to_owned(),
        help: String::new(),
        controls: Vec::new(),
    });
    let last = sets.len() - 1;
    for (field, control) in controls {
        let at = model
            .fieldsets
            .iter()
            .position(|s| s.fields.contains(&field));
        sets[at.unwrap_or(last)].controls.push(control);
    }
    sets.retain(|set| !set.controls.is_empty());
    sets
}

async fn control(
    engine: &Engine,
    ctx: &Context,
    subject: &Subject<'_>,
    (id, editable): (FieldId, bool),
    draft: Option<&Draft>,
) -> Result<Control, Error> {
    let Subject { view, row, .. } = subject;
    let field = &view.model.fields[id];
    let link = view.link(id);
    let target = link.and_then(|l| Some(cell::of_target(l, &row.one(&l.relation.name)?)));
    if !editable {
        let value = target.unwrap_or_else(|| cell::whole(field, row));
        return Ok(Control {
            label: view.label(id).to_owned(),
            ..Control::fixed(field, value)
        });
    }
    let zone = zone_of(draft);
    let stored = form::shown(field, row.text(&field.name).as_deref(), zone);
    let sent = draft
        .map(|d| d.sent.record())
        .filter(|part| part.holds(field));
    let state = sent.map_or_else(|| stored.clone(), |part| part.state(field));
    let mut control = Control::editable(field, Purpose::Edit, &state, &stored, zone);
    if let Some(was) = sent.as_ref().and_then(|part| part.was(field)) {
        was.clone_into(&mut control.was);
    }
    view.label(id).clone_into(&mut control.label);
    if let Some(link) = link {
        // The title belongs to the key that is stored, not to another one that was typed.
        let target = if state == stored {
            target
        } else {
            let key = state.as_deref().unwrap_or_default();
            pick::target(engine, ctx, link, key).await?
        };
        let of = (view.model, id, control.name.clone());
        let picker = picker(engine, ctx, link, of, draft);
        control.shape = Shape::Relation(Relation { target, ..picker });
    }
    Ok(control)
}

/// The picker of a foreign key.
pub(crate) fn picker(
    engine: &Engine,
    ctx: &Context,
    link: &Link<'_>,
    (owner, field, name): (&ModelMeta, FieldId, String),
    draft: Option<&Draft>,
) -> Relation {
    let target = link.target;
    let found = draft.and_then(|d| d.found.as_ref());
    let options = Query(vec![("field".to_owned(), owner.fields[field].name.clone())]);
    Relation {
        plural: target.label_plural.to_lowercase(),
        singular: target.label.to_lowercase(),
        options: if pick::may_search(engine, ctx, link) {
            format!("/admin/{}/_options?{}", owner.slug, options.text())
        } else {
            String::new()
        },
        target: None,
        create: engine.may(ctx, Verb::Create, target.id) && pick::far(link).is_some(),
        new: format!("/admin/{}/new", target.slug),
        gives: pick::far(link).map_or_else(String::new, |f| target.fields[f].name.clone()),
        found: found.filter(|(of, _)| *of == name).map(|(_, f)| f.clone()),
    }
}

/// The fields of the record that foreign keys are equal to.
fn given(engine: &Engine, model: &ModelMeta, row: &Row) -> Vec<(String, String)> {
    let relations = engine.registry().models().iter().flat_map(|m| &m.relations);
    let pointing = relations.filter(|r| r.owns_key && r.target == model.id && r.to.len() == 1);
    let mut fields: Vec<FieldId> = pointing.map(|r| r.to[0]).collect();
    fields.sort_unstable();
    fields.dedup();
    let names = fields.into_iter().map(|f| model.fields[f].name.clone());
    names
        .filter_map(|name| row.text(&name).map(|value| (name, value)))
        .collect()
}

/// The list, and home for one who may not see it.
fn back(engine: &Engine, ctx: &Context, model: &ModelMeta) -> String {
    if engine.may(ctx, Verb::List, model.id) {
        Query::default().list(&model.slug)
    } else {
        "/admin".to_owned()
    }
}

/// `GET /admin/{model}/new`: empty, or with what the address says: values of fields, a record to copy
/// (`_from`), a form that is carried (`_draft`), and another one to come back to (`_next`, `_into`).
pub(crate) async fn new(call: Call) -> Result<Response, Error> {
    let (engine, ctx) = (&call.engine, &call.ctx);
    let model = engine.model(&call.param("model"))?;
    let view = View::of(engine, ctx, Verb::Create, model.id)?;
    let fields = editable(model, &view.scope, Purpose::Create, |f| view.sees(f));
    let families = inline::families(engine, ctx, model)?;
    let known = Known {
        model,
        fields,
        families,
    };
    let query = parameters(&call, |name, value| match name {
        "saved" => value == "created",
        "_draft" | "_from" | "_next" | "_into" => true,
        _ => known.names(name),
    })?;
    let flash = match query.get("saved") {
        Some(_) => t("The record was created; here is the next one.").to_owned(),
        None => String::new(),
    };
    let mut pairs: Vec<(String, String)> = Vec::new();
    if let Some(zone) = Viewer::now().zone {
        pairs.push(("_zone".to_owned(), zone.name().to_owned()));
    }
    if let Some(key) = query.get("_from") {
        pairs.extend(copied(engine, ctx, (model, key), &known.fields).await?);
    }
    for (name, value) in query.0.iter().filter(|(name, _)| known.names(name)) {
        pairs.retain(|(n, _)| n != name);
        pairs.push((name.clone(), value.clone()));
    }
    let draft = match query.get("_draft") {
        Some(text) => Some(draft::carried(text, |name| known.has(name))?),
        None if pairs.iter().all(|(name, _)| name.starts_with('_')) => None,
        None => Some(Sent::of(pairs, |name| known.has(name))?),
    };
    let errand = Errand::of(query.get("_next"), query.get("_into"));
    blank(&call, (flash, errand), draft.map(Draft::of).as_ref()).await
}

/// What a form would send that has the values of a record.
async fn copied(
    engine: &Engine,
    ctx: &Context,
    (model, key): (&ModelMeta, &str),
    fields: &[FieldId],
) -> Result<Vec<(String, String)>, Error> {
    let subject = Subject::read(engine, ctx, model, key).await?;
    let zone = Viewer::now().zone;
    let fields = fields.iter().map(|&f| &model.fields[f]);
    Ok(fields
        .filter(|field| draft::tells(field) && subject.row.has(&field.name))
        .flat_map(|field| {
            let stored = subject.row.text(&field.name);
            let state = form::shown(field, stored.as_deref(), zone);
            draft::pairs(field, &state)
        })
        .collect())
}

/// The form of a new record; a draft shows it as it was sent.
pub(crate) async fn blank(
    call: &Call,
    (flash, errand): (String, Errand),
    draft: Option<&Draft>,
) -> Result<Response, Error> {
    let (engine, ctx) = (&call.engine, &call.ctx);
    let model = engine.model(&call.param("model"))?;
    let view = View::of(engine, ctx, Verb::Create, model.id)?;
    let fields = editable(model, &view.scope, Purpose::Create, |f| view.sees(f));
    let zone = zone_of(draft);
    let mut controls = Vec::new();
    for f in shown(model).filter(|f| fields.contains(f)) {
        let field = &model.fields[f];
        let state = draft.and_then(|d| d.sent.record().state(field));
        let mut control = Control::editable(field, Purpose::Create, &state, &None, zone);
        view.label(f).clone_into(&mut control.label);
        if let Some(link) = view.link(f) {
            let key = state.as_deref().unwrap_or_default();
            let target = pick::target(engine, ctx, link, key).await?;
            let of = (model, f, control.name.clone());
            let picker = picker(engine, ctx, link, of, draft);
            control.shape = Shape::Relation(Relation { target, ..picker });
        }
        controls.push((f, control));
    }
    let of = inline::Of { engine, ctx, draft };
    let mut blocks = Vec::new();
    for family in inline::families(engine, ctx, model)? {
        let block = inline::block(of, &family, None, model).await?;
        blocks.extend(Some(block).filter(|block| block.adds));
    }
    let faults = Faults::at(&mut controls, &mut blocks, draft);
    let title = fill("New {}", &[&model.label.to_lowercase()]);
    page::render(
        faults.status(StatusCode::OK),
        &RecordPage {
            shell: Shell::of_model(engine, ctx, model)
                .here(title.clone())
                .saying(flash)
                .doing("POST", &format!("/api/v1/{}", model.slug)),
            title,
            label: &model.label,
            action: format!("/admin/{}/new", model.slug),
            creating: true,
            editable: true,
            sets: sets(model, controls),
            blocks,
            faults,
            differences: Vec::new(),
            version: "",
            zone: zone.map_or("UTC", |zone| zone.name()),
            delete: String::new(),
            copy: String::new(),
            actions: Vec::new(),
            history: String::new(),
            related: Vec::new(),
            around: Neighbours::default(),
            back: if errand.next.is_empty() {
                back(engine, ctx, model)
            } else {
                errand.next.clone()
            },
            errand,
            given: Vec::new(),
            dirty: draft.is_some(),
        },
    )
}
