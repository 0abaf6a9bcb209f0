//! The controls of a record's form: which state each is in, under which heading it stands, and the picker
//! of a foreign key.

use chrono_tz::Tz;

use crate::admin::address::Query;
use crate::admin::record::draft::Draft;
use crate::admin::record::form;
use crate::admin::record::widget::relation::{Found, Relation};
use crate::admin::record::widget::{Control, Purpose, Shape};
use crate::admin::record::{Subject, pick};
use crate::admin::value::cell;
use crate::admin::view::{Link, View};
use crate::crud::{Context, Engine};
use crate::error::Error;
use crate::http::Call;
use crate::model::{FieldId, ModelMeta, Verb};
use crate::page::viewer::Viewer;
use crate::page::words::{noun, t};

/// Controls under one heading.
#[derive(Debug)]
pub(crate) struct Set {
    pub(crate) title: String,
    pub(crate) help: String,
    pub(crate) controls: Vec<Control>,
}

/// The zone that a form is in: that of what was sent, else the viewer's.
pub(crate) fn zone_of(draft: Option<&Draft>) -> Option<Tz> {
    match draft {
        Some(draft) => draft.sent.zone(),
        None => Viewer::now().zone,
    }
}

/// The fields in the order of the form.
pub(crate) fn shown(model: &ModelMeta) -> impl Iterator<Item = FieldId> {
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
pub(crate) fn sets(model: &ModelMeta, controls: Vec<(FieldId, Control)>) -> Vec<Set> {
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

/// The control of one field of a record.
pub(crate) async fn control(
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
        control.shape = Shape::Relation(Box::new(Relation { target, ..picker }));
    }
    Ok(control)
}

/// Makes the control of a foreign key the picker of one in a form of its own, which cannot be left for
/// a new record and come back to.
pub(crate) async fn picking(
    call: &Call,
    view: &View<'_>,
    id: FieldId,
    (control, found): (&mut Control, Option<Found>),
) -> Result<(), Error> {
    let (engine, ctx) = (&call.engine, &call.ctx);
    if let Some(link) = view.link(id) {
        let of = (view.model, id, control.name.clone());
        let picker = picker(engine, ctx, link, of, None);
        control.shape = Shape::Relation(Box::new(Relation {
            target: pick::target(engine, ctx, link, &control.value).await?,
            create: false,
            found,
            ..picker
        }));
    }
    Ok(())
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
        plural: noun(&target.label_plural),
        singular: noun(&target.label),
        options: format!("/admin/{}/_options?{}", owner.slug, options.text()),
        target: None,
        create: engine.may(ctx, Verb::Create, target.id) && pick::far(link).is_some(),
        new: format!("/admin/{}/new", target.slug),
        gives: pick::far(link).map_or_else(String::new, |f| target.fields[f].name.clone()),
        found: found.filter(|(of, _)| *of == name).map(|(_, f)| f.clone()),
    }
}
