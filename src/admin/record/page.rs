//! The page of a record, and of a new one.

use askama::Template;
use poem::Response;
use poem::http::StatusCode;

use crate::admin::action;
use crate::admin::address::{self, Query};
use crate::admin::filters;
use crate::admin::list::place::Place;
use crate::admin::look::Part;
use crate::admin::record::around::{self, Neighbours, Related};
use crate::admin::record::controls::{Set, control, sets, shown, zone_of};
use crate::admin::record::difference::{self, Difference};
use crate::admin::record::draft::{self, Draft, Errand};
use crate::admin::record::faults::Faults;
use crate::admin::record::inline::{self, Block};
use crate::admin::record::widget::{self, Control, Purpose};
use crate::admin::record::{Known, Subject, editable, parameters};
use crate::admin::shell::Shell;
use crate::admin::value::cell::Cell;
use crate::admin::value::computed;
use crate::admin::value::row::Row;
use crate::crud::{Context, Engine};
use crate::error::Error;
use crate::http::Call;
use crate::model::{FieldId, ModelMeta, Verb};
use crate::page;
use crate::page::words::{fill, noun, t};

/// The page of a record or of a new one.
#[derive(Debug, Template)]
#[template(path = "admin/record.html")]
pub(crate) struct RecordPage<'a> {
    pub(crate) shell: Shell,
    pub(crate) title: String,
    pub(crate) label: &'a str,
    pub(crate) action: String,
    pub(crate) creating: bool,
    /// Whether there is anything to save.
    pub(crate) editable: bool,
    pub(crate) sets: Vec<Set>,
    /// How the form is sent.
    pub(crate) enctype: &'static str,
    /// The child rows.
    pub(crate) blocks: Vec<Block>,
    pub(crate) faults: Faults,
    /// What somebody else changed meanwhile, and what the user wanted instead.
    pub(crate) differences: Vec<Difference>,
    /// The entity tag of the record as it is shown; empty for a new one.
    pub(crate) version: &'a str,
    /// The zone of the times in the form.
    pub(crate) zone: &'static str,
    /// Where the record can be deleted; empty when the caller may not.
    pub(crate) delete: String,
    /// Where a copy of it is begun; empty when the caller may not.
    pub(crate) copy: String,
    /// What is made of several of its fields: label and text.
    pub(crate) made: Vec<(String, Cell)>,
    /// What can be done to it beside: label and address.
    pub(crate) actions: Vec<(String, String)>,
    /// Where what has become of it is told; empty for a new one.
    pub(crate) history: String,
    pub(crate) related: Vec<Related>,
    pub(crate) around: Neighbours,
    pub(crate) errand: Errand,
    /// What other records can point at: the name and the value of each such field.
    pub(crate) given: Vec<(String, String)>,
    /// Whether the form has what is not saved.
    pub(crate) dirty: bool,
    /// Where one goes who does not save.
    pub(crate) back: String,
}

impl RecordPage<'_> {
    /// A field of the form, as the project wants it.
    fn field(&self, control: &Control) -> askama::Result<String> {
        let (html, of) = (
            control.render()?,
            (control.name.as_str(), control.value.as_str()),
        );
        Ok(self.shell.part_of(Part::Field, of, &html).into_owned())
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
        Some("created") => fill("The {} was created.", &[&noun(&model.label)]),
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
        editable(model, &scope, Purpose::Edit, |f| view.sees(f))
    });
    let (mut controls, mut blocks) = filled(call, subject, &open, draft).await?;
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
            enctype: enctype(&controls, &blocks),
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
            made: computed::seen(view)
                .map(|c| (c.label.clone(), computed::cell(model, c, row)))
                .collect(),
            actions: actions(engine, ctx, model, key),
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

/// How a form with these controls and child rows is sent.
pub(crate) fn enctype(controls: &[(FieldId, Control)], blocks: &[Block]) -> &'static str {
    let rows = blocks.iter().flat_map(|block| &block.rows);
    let own = controls.iter().map(|(_, control)| control);
    widget::enctype(own.chain(rows.flat_map(|row| &row.controls)))
}

/// The controls of the form, and its child rows.
async fn filled(
    call: &Call,
    subject: &Subject<'_>,
    open: &[FieldId],
    draft: Option<&Draft>,
) -> Result<(Vec<(FieldId, Control)>, Vec<Block>), Error> {
    let (engine, ctx) = (&call.engine, &call.ctx);
    let Subject { view, row, .. } = subject;
    let model = view.model;
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
    Ok((controls, blocks))
}

/// What can be done to the record beside: label and address.
fn actions(
    engine: &Engine,
    ctx: &Context,
    model: &ModelMeta,
    key: &String,
) -> Vec<(String, String)> {
    let own = engine.actions(ctx, model.id).into_iter();
    let keys = std::slice::from_ref(key);
    own.map(|of| {
        let there = action::address_of((&model.slug, &of.meta.name), &Place::default(), keys);
        (of.meta.label.clone(), there)
    })
    .collect()
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
pub(crate) fn back(engine: &Engine, ctx: &Context, model: &ModelMeta) -> String {
    if engine.may(ctx, Verb::List, model.id) {
        Query::default().list(&model.slug)
    } else {
        "/admin".to_owned()
    }
}
