//! What happened to a record: `GET /admin/{model}/{id}/history`, newest first, with a way back to
//! each of its states ([`revert`]).

pub(crate) mod revert;

use askama::Template;
use poem::Response;
use poem::http::StatusCode;
use serde_json::{Map, Value as Json};

use crate::error::{Error, Kind};
use crate::http::Call;
use crate::model::{ModelMeta, Verb};

use crate::admin::address::{self, Query};
use crate::admin::record::Subject;
use crate::admin::shell::Shell;
use crate::admin::trash;
use crate::admin::value::change::{self, Change};
use crate::admin::value::event::{self, Moment};
use crate::admin::value::row;
use crate::admin::view::View;
use crate::page::words::t;
use crate::page::{self, filters};

/// The page.
#[derive(Debug, Template)]
#[template(path = "admin/history.html")]
struct HistoryPage<'a> {
    shell: Shell,
    title: String,
    label: &'a str,
    standing: Standing,
    /// Where the record can be brought back from the trash.
    restore: String,
    /// Whether only the names of changed fields are told.
    names_only: bool,
    entries: Vec<Entry>,
    older: String,
    newest: String,
}

/// Where the record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    There,
    Trash,
    Nowhere,
}

/// One change of the record.
#[derive(Debug)]
struct Entry {
    deed: (&'static str, &'static str),
    at: Moment,
    who: String,
    door: String,
    reason: String,
    /// The change set that it belongs to: its number, and its page.
    set: i64,
    /// The change set that it took back.
    undoes: Option<i64>,
    changes: Vec<Change>,
    /// Where one can go back to the record as it was then; empty where one cannot.
    back: String,
}

/// `GET /admin/{model}/{id}/history`
pub(crate) async fn page(call: Call) -> Result<Response, Error> {
    let (engine, ctx, key) = (&call.engine, &call.ctx, call.raw_param("id"));
    let model = engine.model(&call.param("model"))?;
    let view = View::of(engine, ctx, Verb::Read, model.id)?;
    let query = Query(call.query()?);
    let told = engine.history(ctx, model.id, key, &query.0).await?;
    let (title, standing) = found(&call, model).await?;
    let own = address::record(&model.slug, key);
    let reverts = view.scope.is_unruled() && engine.may(ctx, Verb::Patch, model.id);
    let reverts = reverts && standing != Standing::Trash;
    let first = query.get("cursor").is_none();
    let entries = told["data"].as_array().into_iter().flatten().enumerate();
    let entries = entries.map(|(i, entry)| {
        let mut entry = shown(&view, entry);
        // To what it is now there is no way back, nor to what was not there.
        if reverts && !(first && i == 0) && entry.deed.1 != "gone" {
            entry.back = format!("{own}/revert?to={}", entry.set);
        }
        entry
    });
    let mut entries: Vec<Entry> = entries.collect();
    let changed = entries.iter_mut().flat_map(|entry| &mut entry.changes);
    change::entitle(engine, ctx, changed).await?;
    let there = match standing {
        Standing::There => own.clone(),
        Standing::Trash | Standing::Nowhere => String::new(),
    };
    let api = format!("{own}/_history").replacen("/admin/", "/api/v1/", 1);
    let next = told["page"]["next"].as_str();
    page::render(
        StatusCode::OK,
        &HistoryPage {
            shell: Shell::of_model(engine, ctx, model)
                .through(title.clone(), there)
                .here(t("History"))
                .doing("GET", &api),
            title,
            label: &model.label,
            standing,
            restore: format!("{own}/restore"),
            names_only: !view.scope.is_unruled(),
            entries,
            older: next
                .map(|next| format!("{own}/history?cursor={next}"))
                .unwrap_or_default(),
            newest: if first {
                String::new()
            } else {
                format!("{own}/history")
            },
        },
    )
}

/// What the record is called, as far as it is anywhere.
async fn found(call: &Call, model: &ModelMeta) -> Result<(String, Standing), Error> {
    let (engine, ctx, key) = (&call.engine, &call.ctx, call.raw_param("id"));
    match Subject::read(engine, ctx, model, key).await {
        Ok(subject) => return Ok((subject.title(), Standing::There)),
        Err(error) if error.kind == Kind::NotFound => {}
        Err(error) => return Err(error),
    }
    let nowhere = (row::number(key), Standing::Nowhere);
    if model.trash.is_none() || !engine.may(ctx, Verb::Delete, model.id) {
        return Ok(nowhere);
    }
    match trash::title(call, model).await {
        Ok(title) => Ok((title, Standing::Trash)),
        Err(error) if error.kind == Kind::NotFound => Ok(nowhere),
        Err(error) => Err(error),
    }
}

fn shown(view: &View<'_>, entry: &Json) -> Entry {
    let text = |name: &str| entry[name].as_str().unwrap_or_default();
    let nothing = Map::new();
    let changes = entry["changes"].as_object().unwrap_or(&nothing);
    Entry {
        deed: through_trash(view.model, changes).unwrap_or_else(|| event::deed(text("verb"))),
        at: Moment::of(text("at")),
        who: event::actor(entry["user"].as_str()),
        door: event::door(text("door")).to_owned(),
        reason: text("reason").to_owned(),
        set: entry["change_set"].as_i64().unwrap_or_default(),
        undoes: entry["undoes"].as_i64(),
        changes: change::told(view, changes),
        back: String::new(),
    }
}

/// The words for a change that only moved the record to the trash or out of it.
fn through_trash(
    model: &ModelMeta,
    changes: &Map<String, Json>,
) -> Option<(&'static str, &'static str)> {
    let since = &model.fields[model.trash?.since].name;
    let change = changes.get(since)?;
    match (change.get("old")?.is_null(), change.get("new")?.is_null()) {
        (true, false) => Some((t("Moved to the trash"), "gone")),
        (false, true) => Some((t("Restored"), "made")),
        _ => None,
    }
}
