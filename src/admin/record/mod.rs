//! One record: its page, as a form where the caller may change it, and the empty form of a new one.

pub(crate) mod delete;
mod difference;
mod faults;
mod form;
pub(crate) mod save;
mod widget;

use askama::Template;
use poem::Response;
use poem::http::StatusCode;

use crate::acl::Scope;
use crate::crud::{Context, Engine};
use crate::error::Error;
use crate::http::Call;
use crate::model::{FieldId, ModelMeta, Verb};

use self::difference::Difference;
use self::faults::Faults;
use self::form::Sent;
use self::widget::{Control, Purpose, Shape};
use crate::admin::address::{self, Query};
use crate::admin::shell::Shell;
use crate::admin::value::cell;
use crate::admin::value::row::{self, Row};
use crate::admin::view::View;
use crate::page::words::fill;
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
    controls: Vec<Control>,
    faults: Faults,
    /// What somebody else changed meanwhile, and what the user wanted instead.
    differences: Vec<Difference>,
    /// The entity tag of the record as it is shown; empty for a new one.
    version: &'a str,
    /// Where the record can be deleted; empty when the caller may not.
    delete: String,
    related: Vec<Related>,
    /// Where one goes who does not save.
    back: String,
}

/// Other records that point at this one.
#[derive(Debug)]
struct Related {
    label: String,
    href: String,
}

/// What was sent, and what was wrong with it.
#[derive(Debug)]
pub(crate) struct Refused {
    /// The form, as the user left it.
    pub(crate) sent: Sent,
    /// Why it was not saved.
    pub(crate) error: Error,
}

/// A record that the caller may read.
#[derive(Debug)]
pub(crate) struct Subject<'a> {
    pub(crate) view: View<'a>,
    pub(crate) row: Row,
    pub(crate) key: String,
    /// The entity tag of the record, without the titles of what it points at.
    pub(crate) version: String,
}

impl<'a> Subject<'a> {
    /// Reads a record with the titles of what it points at.
    pub(crate) async fn read(
        engine: &'a Engine,
        ctx: &Context,
        model: &'a ModelMeta,
        key: &str,
    ) -> Result<Self, Error> {
        let view = View::of(engine, ctx, Verb::Read, model.id)?;
        let links = (0..model.fields.len()).filter_map(|f| view.link(f));
        let (mut expand, mut fields) = (Vec::new(), Vec::new());
        for link in links {
            expand.push(link.relation.name.clone());
            fields.extend(link.narrowed());
        }
        let parameters = [("expand", expand), ("fields", fields)];
        let parameters: Vec<(String, String)> = parameters
            .into_iter()
            .filter(|(_, names)| !names.is_empty())
            .map(|(name, names)| (name.to_owned(), names.join(",")))
            .collect();
        let record = engine.read(ctx, model.id, key, &parameters).await?;
        let row = Row::parse(&record.body)?;
        let key = row::key(model, &row).unwrap_or_else(|| key.to_owned());
        let version = record.version();
        Ok(Self {
            view,
            row,
            key,
            version,
        })
    }

    /// The record's title.
    pub(crate) fn title(&self) -> String {
        row::title(self.view.model, &self.row)
    }
}

/// The fields that the caller may change in a form.
pub(crate) fn editable(
    model: &ModelMeta,
    scope: &Scope,
    purpose: Purpose,
    sees: impl Fn(FieldId) -> bool,
) -> Vec<FieldId> {
    let open = |&f: &FieldId| {
        let key = purpose == Purpose::Edit && model.key.contains(&f);
        model.fields[f].accepted() && !key && scope.writable[f].possible() && sees(f)
    };
    (0..model.fields.len()).filter(open).collect()
}

/// `GET /admin/{model}/{id}`
pub(crate) async fn page(call: Call) -> Result<Response, Error> {
    let model = call.engine.model(&call.param("model"))?;
    let subject = Subject::read(&call.engine, &call.ctx, model, call.raw_param("id")).await?;
    let flash = match saved(&call)?.as_deref() {
        Some("created") => format!("The {} was created.", model.label.to_lowercase()),
        Some(_) => "Your changes were saved.".to_owned(),
        None => String::new(),
    };
    show(&call, &subject, flash, None)
}

/// What has just been done, from the address: `?saved=created` or `?saved=changed`.
fn saved(call: &Call) -> Result<Option<String>, Error> {
    let query = Query(call.query()?);
    for (name, value) in &query.0 {
        if name != "saved" || !matches!(value.as_str(), "created" | "changed") {
            let detail = format!("There is no parameter {name:?} with this value here.");
            return Err(Error::parameter(name, "unknown_parameter", detail));
        }
    }
    Ok(query.get("saved").map(ToOwned::to_owned))
}

/// The page of a record that is there; `refused` shows the form again as it was sent.
pub(crate) fn show(
    call: &Call,
    subject: &Subject<'_>,
    flash: String,
    refused: Option<&Refused>,
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
    let mut controls: Vec<Control> = (0..model.fields.len())
        .filter(|&f| view.sees(f) && row.has(&model.fields[f].name))
        .map(|f| control(view, row, (f, open.contains(&f)), refused))
        .collect();
    let faults = Faults::at(&mut controls, refused.map(|r| &r.error));
    let title = subject.title();
    let shell = Shell::of_model(engine, ctx, model)
        .here(title.clone())
        .saying(flash);
    let own = address::record(&model.slug, key);
    let shell = shell.doing("GET", &own.replacen("/admin/", "/api/v1/", 1));
    let deletes = engine.may(ctx, Verb::Delete, model.id);
    page::render(
        faults.status(StatusCode::OK),
        &RecordPage {
            shell,
            title,
            label: &model.label,
            creating: false,
            editable: !open.is_empty(),
            controls,
            faults,
            differences: refused.map_or_else(Vec::new, |r| difference::of(view, r)),
            version: &subject.version,
            delete: if deletes {
                format!("{own}/delete")
            } else {
                String::new()
            },
            related: related(view, row),
            back: back(engine, ctx, model),
            action: own,
        },
    )
}

fn control(
    view: &View<'_>,
    row: &Row,
    (id, editable): (FieldId, bool),
    refused: Option<&Refused>,
) -> Control {
    let field = &view.model.fields[id];
    let link = view.link(id);
    let target = link.and_then(|l| Some(cell::of_target(l, &row.one(&l.relation.name)?)));
    if !editable {
        let value = target.unwrap_or_else(|| cell::whole(field, row));
        return Control {
            label: view.label(id).to_owned(),
            ..Control::fixed(field, value)
        };
    }
    let stored = form::shown(field, row.text(&field.name).as_deref());
    let sent = refused
        .filter(|r| r.sent.holds(field))
        .map(|r| r.sent.state(field));
    // The title belongs to the key that is stored, not to another one that was typed.
    let same = sent.as_ref().is_none_or(|s| *s == stored);
    let mut control = Control::editable(
        field,
        Purpose::Edit,
        sent.as_ref().unwrap_or(&stored),
        &stored,
    );
    if let Some(was) = refused.and_then(|r| r.sent.was(field)) {
        was.clone_into(&mut control.was);
    }
    view.label(id).clone_into(&mut control.label);
    control.target = target.filter(|_| same);
    control.find = link
        .map(|l| format!("/admin/{}", l.target.slug))
        .unwrap_or_default();
    control
}

/// The list, and home for one who may not see it.
fn back(engine: &Engine, ctx: &Context, model: &ModelMeta) -> String {
    if engine.may(ctx, Verb::List, model.id) {
        Query::default().list(&model.slug)
    } else {
        "/admin".to_owned()
    }
}

/// The lists of the records that point at this one.
fn related(view: &View<'_>, row: &Row) -> Vec<Related> {
    let theirs = view
        .links
        .iter()
        .filter(|l| !l.relation.owns_key && l.relation.via.is_none());
    theirs
        .filter_map(|link| {
            let ([own], [field]) = (&link.relation.from[..], &link.relation.to[..]) else {
                return None;
            };
            let value = row.text(&view.model.fields[*own].name)?;
            let field = &link.target.fields[*field];
            if field.operators().is_empty() {
                return None;
            }
            let name = if crate::query::parse::RESERVED.contains(&field.name.as_str()) {
                format!("{}__eq", field.name)
            } else {
                field.name.clone()
            };
            Some(Related {
                label: link.target.label_plural.clone(),
                href: Query(vec![(name, value)]).list(&link.target.slug),
            })
        })
        .collect()
}

/// `GET /admin/{model}/new`
pub(crate) async fn new(call: Call) -> Result<Response, Error> {
    let flash = saved(&call)?.map(|_| "The record was created; here is the next one.".to_owned());
    blank(&call, flash.unwrap_or_default(), None)
}

/// The form of a new record; `refused` shows it again as it was sent.
pub(crate) fn blank(
    call: &Call,
    flash: String,
    refused: Option<&Refused>,
) -> Result<Response, Error> {
    let (engine, ctx) = (&call.engine, &call.ctx);
    let model = engine.model(&call.param("model"))?;
    let view = View::of(engine, ctx, Verb::Create, model.id)?;
    let fields = editable(model, &view.scope, Purpose::Create, |f| view.sees(f));
    let mut controls: Vec<Control> = fields
        .into_iter()
        .map(|f| {
            let field = &model.fields[f];
            let state = refused.and_then(|r| r.sent.state(field));
            let mut control = Control::editable(field, Purpose::Create, &state, &None);
            view.label(f).clone_into(&mut control.label);
            control.find = view
                .link(f)
                .map(|l| format!("/admin/{}", l.target.slug))
                .unwrap_or_default();
            control
        })
        .collect();
    let faults = Faults::at(&mut controls, refused.map(|r| &r.error));
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
            controls,
            faults,
            differences: Vec::new(),
            version: "",
            delete: String::new(),
            related: Vec::new(),
            back: back(engine, ctx, model),
        },
    )
}
