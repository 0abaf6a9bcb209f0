//! The form of a new record: empty, or with what its address or a draft says.

use poem::Response;
use poem::http::StatusCode;

use crate::admin::record::around::Neighbours;
use crate::admin::record::controls::{picker, sets, shown, zone_of};
use crate::admin::record::draft::{self, Draft, Errand};
use crate::admin::record::faults::Faults;
use crate::admin::record::form::{self, Sent};
use crate::admin::record::inline;
use crate::admin::record::page::{RecordPage, back, enctype};
use crate::admin::record::widget::relation::Relation;
use crate::admin::record::widget::{Control, Purpose, Shape};
use crate::admin::record::{Known, Subject, editable, parameters, pick};
use crate::admin::shell::Shell;
use crate::admin::view::View;
use crate::crud::{Context, Engine};
use crate::error::Error;
use crate::http::Call;
use crate::model::{FieldId, ModelMeta, Verb};
use crate::page;
use crate::page::viewer::Viewer;
use crate::page::words::{fill, noun, t};

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
            control.shape = Shape::Relation(Box::new(Relation { target, ..picker }));
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
    let title = fill("New {}", &[&noun(&model.label)]);
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
            enctype: enctype(&controls, &blocks),
            sets: sets(model, controls),
            blocks,
            faults,
            differences: Vec::new(),
            version: "",
            zone: zone.map_or("UTC", |zone| zone.name()),
            delete: String::new(),
            copy: String::new(),
            made: Vec::new(),
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
