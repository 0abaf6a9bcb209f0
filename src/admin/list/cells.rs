//! One cell of a list, changed in its place: `_edit=price:7` in the list's address opens its form there, and
//! a script asks for the same form alone. A form that is stale or refused becomes the record's own page.

use askama::Template;
use poem::Response;
use poem::http::StatusCode;

use crate::crud::{Context, Engine, Target};
use crate::error::Error;
use crate::http::{Call, answer};
use crate::model::{Field, FieldId, Input, ModelMeta, Verb};

use super::columns::Columns;
use super::place::{EDIT, Place, WORDS};
use super::selection::Line;
use crate::admin::address::Query;
use crate::admin::record::draft::Draft;
use crate::admin::record::faults::mendable;
use crate::admin::record::form::{self, Sent};
use crate::admin::record::widget::{self, Control, Purpose};
use crate::admin::record::{self, Subject, controls, pick};
use crate::admin::value::cell::{self, Cell};
use crate::admin::view::View;
use crate::page::viewer::Viewer;
use crate::page::{self, filters};

/// The form of one cell.
#[derive(Debug)]
pub(super) struct CellForm {
    /// How it is sent.
    pub(super) enctype: &'static str,
    pub(super) control: Control,
    pub(super) action: String,
    pub(super) version: String,
    /// The zone of a time in it.
    pub(super) zone: &'static str,
    /// The list, without the form.
    pub(super) back: String,
}

/// The form alone.
#[derive(Debug, Template)]
#[template(path = "admin/list_cell.html")]
struct FormPart {
    f: CellForm,
}

/// The cell after it was changed.
#[derive(Debug, Template)]
#[template(path = "admin/cell.html")]
struct CellPart {
    cell: Cell,
}

/// The fields of which cells can be changed here.
pub(super) fn open(engine: &Engine, ctx: &Context, view: &View<'_>) -> Vec<FieldId> {
    let model = view.model;
    if !engine.may(ctx, Verb::Read, model.id) {
        return Vec::new();
    }
    let scope = engine.scope(ctx, Verb::Patch, model.id).ok();
    scope.map_or_else(Vec::new, |scope| {
        record::editable(model, &scope, Purpose::Edit, |f| view.sees(f))
    })
}

/// Puts links to their forms into the cells that can be changed, and the form that is asked for.
pub(super) async fn edited(
    call: &Call,
    (columns, place): (&Columns<'_>, &Place),
    lines: &mut [Line],
) -> Result<(), Error> {
    let model = columns.model();
    if place.cells {
        for line in &mut *lines {
            for (column, shown) in columns.all.iter().zip(&mut line.cells) {
                if column.edits {
                    let mut there = place.here.clone();
                    let cell = format!("{}:{}", column.name, line.key);
                    there.0.push((EDIT.into(), cell));
                    shown.edit = there.list(&model.slug);
                }
            }
        }
    }
    let Some((name, key)) = &place.edit else {
        return Ok(());
    };
    let line = lines.iter_mut().find(|line| line.key == *key);
    let at = columns.all.iter().position(|c| c.edits && c.name == name);
    if let (Some(line), Some(at)) = (line, at)
        && let Some(shown) = line.cells.get_mut(at)
    {
        let back = place.here.list(&model.slug);
        let words = place.words.as_deref();
        shown.form = Some(of(call, model, (key, name), (back, words)).await?);
    }
    Ok(())
}

/// The form of a field of a record.
async fn of(
    call: &Call,
    model: &ModelMeta,
    (key, name): (&str, &str),
    (back, words): (String, Option<&str>),
) -> Result<CellForm, Error> {
    let subject = Subject::read(&call.engine, &call.ctx, model, key).await?;
    let id = editable(call, &subject.view, name)?;
    let field = &model.fields[id];
    let text = subject.row.text(&field.name);
    if !subject.row.has(&field.name) || !widget::fits(field, text.as_deref()) {
        return Err(closed(name));
    }
    let zone = Viewer::now().zone;
    let stored = form::shown(field, text.as_deref(), zone);
    let mut control = Control::editable(field, Purpose::Edit, &stored, &stored, zone);
    subject.view.label(id).clone_into(&mut control.label);
    let found = match (subject.view.link(id), words) {
        (Some(link), Some(words)) => {
            Some(pick::search(&call.engine, &call.ctx, link, words).await?)
        }
        _ => None,
    };
    controls::picking(call, &subject.view, id, (&mut control, found)).await?;
    Ok(CellForm {
        enctype: widget::enctype([&control]),
        control,
        action: format!("/admin/{}/{}/_cell", model.slug, subject.key),
        version: subject.version.clone(),
        zone: zone.map_or("", |zone| zone.name()),
        back,
    })
}

fn editable(call: &Call, view: &View<'_>, name: &str) -> Result<FieldId, Error> {
    let id = view.model.field(name).filter(|&f| view.sees(f));
    let scope = call.engine.scope(&call.ctx, Verb::Patch, view.model.id)?;
    let open = record::editable(view.model, &scope, Purpose::Edit, |f| view.sees(f));
    id.filter(|f| open.contains(f)).ok_or_else(|| closed(name))
}

fn closed(name: &str) -> Error {
    let detail = format!("There is no field {name:?} that can be changed here.");
    Error::parameter("field", "unknown_field", detail)
}

/// `GET /admin/{model}/{id}/_cell?field=`: the form alone, for a script.
pub(crate) async fn part(call: Call) -> Result<Response, Error> {
    let engine = call.engine.clone();
    let model = engine.model(&call.param("model"))?;
    let sent = Query(call.query()?);
    let name = sent.get("field").unwrap_or_default();
    let back = Query::default().list(&model.slug);
    let at = (call.raw_param("id"), name);
    let f = of(&call, model, at, (back, sent.get("words"))).await?;
    page::render(StatusCode::OK, &FormPart { f })
}

/// `POST /admin/{model}/{id}/_cell`
pub(crate) async fn change(mut call: Call) -> Result<Response, Error> {
    let engine = call.engine.clone();
    let model = engine.model(&call.param("model"))?;
    let mut fields = form::files::fields(&mut call).await?;
    let mut own = |name: &str| {
        let at = fields.iter().position(|(n, _)| n == name);
        at.map(|at| fields.remove(at).1).unwrap_or_default()
    };
    let (name, back) = (own("_field"), own("_back"));
    let view = View::of(&engine, &call.ctx, Verb::Read, model.id)?;
    let id = editable(&call, &view, &name)?;
    let field = &model.fields[id];
    let sent = Sent::of(fields, |name| name == field.name)?;
    let key = call.raw_param("id").to_owned();
    if sent.then() == format!("find.{name}") {
        let words = sent.own(&format!("_q.{name}")).unwrap_or_default();
        let there = searching(model, &back, (&name, &key), words);
        return Ok(answer::see_other(&there));
    }
    let outcome = match body(field, &sent) {
        Ok(body) => {
            let condition = &sent.condition()?;
            let target = Target {
                key: &key,
                condition,
            };
            let of = (model.id, Verb::Patch);
            engine.update(&call.ctx, of, target, body).await
        }
        Err(error) => Err(error),
    };
    let alone = call.header("hx-request").is_some() && call.header("hx-boosted").is_none();
    match outcome {
        Ok(_) if alone => {
            let subject = Subject::read(&engine, &call.ctx, model, &key).await?;
            let cell = match subject.view.link(id) {
                Some(link) => cell::of_link(field, link, &subject.row),
                None => cell::of_field(field, &subject.row),
            };
            page::render(StatusCode::OK, &CellPart { cell })
        }
        Ok(_) => {
            let list = Query::default().list(&model.slug);
            let there = if answer::is_local_path(&back) {
                &back
            } else {
                &list
            };
            Ok(answer::see_other(there))
        }
        Err(error) if mendable(&error) => {
            let subject = Subject::read(&engine, &call.ctx, model, &key).await?;
            let draft = Draft::refused(sent, error);
            let page =
                record::page::show(&call, &subject, (String::new(), None), Some(&draft)).await?;
            Ok(if alone { whole(page) } else { page })
        }
        Err(error) => Err(error),
    }
}

/// The list with the form of a cell open, and what a search in it has found.
fn searching(model: &ModelMeta, back: &str, (name, key): (&str, &str), words: &str) -> String {
    let list = Query::default().list(&model.slug);
    let rest = back.strip_prefix(&list).unwrap_or_default();
    let query = rest.strip_prefix('?').unwrap_or_default();
    let mut there = Query::parse(query).unwrap_or_default();
    there.0.push((EDIT.into(), format!("{name}:{key}")));
    there.0.push((WORDS.into(), words.to_owned()));
    there.list(&model.slug)
}

/// An answer that takes the place of the page, whatever asked for it.
fn whole(page: Response) -> Response {
    let name = |name: &'static str| poem::http::HeaderName::from_static(name);
    let page = answer::with(page, name("hx-retarget"), "body");
    answer::with(page, name("hx-reswap"), "innerHTML")
}

/// The body of the change.
fn body(field: &Field, sent: &Sent) -> Result<Input, Error> {
    let part = sent.record();
    if !part.changed(field) {
        return Ok(Input::Object(Vec::new()));
    }
    match form::input(&field.kind, part.state(field), sent.zone()) {
        Ok(input) => Ok(Input::Object(vec![(field.name.clone(), input)])),
        Err(misfit) => Err(Error::invalid(vec![misfit.of(&field.name)])),
    }
}
