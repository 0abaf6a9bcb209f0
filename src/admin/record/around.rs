//! What stands around a record: the records that point at it, with honest counts, and its neighbours
//! in the list that it was found in. All of it from the lists that the API has.

use crate::admin::address::{self, POSITION, Query};
use crate::admin::record::editable;
use crate::admin::record::widget::Purpose;
use crate::admin::value::count;
use crate::admin::value::row::{self, Row};
use crate::admin::view::View;
use crate::crud::{Context, Engine, ListRequest, Page};
use crate::error::{Error, Kind};
use crate::model::{FieldId, ModelMeta, Verb};

/// Past so many relations their counts would cost more than they tell.
const COUNTED: usize = 12;

/// Other records that point at this one.
#[derive(Debug)]
pub(crate) struct Related {
    pub(crate) label: String,
    pub(crate) href: String,
    /// How many they are, as far as that is cheap to know; empty where it is not asked.
    pub(crate) count: String,
    /// Where another one is made; empty when the caller may not.
    pub(crate) add: String,
}

/// Where the records before and after this one are; empty where there is none.
#[derive(Debug, Default)]
pub(crate) struct Neighbours {
    pub(crate) prev: String,
    pub(crate) next: String,
    /// The list itself.
    pub(crate) list: String,
}

/// The lists of the records that point at this one.
pub(crate) async fn related(
    engine: &Engine,
    ctx: &Context,
    view: &View<'_>,
    row: &Row,
) -> Result<Vec<Related>, Error> {
    let mut all = Vec::new();
    let theirs = view.links.iter();
    for link in theirs.filter(|l| !l.relation.owns_key && l.relation.via.is_none()) {
        let ([own], [field]) = (&link.relation.from[..], &link.relation.to[..]) else {
            continue;
        };
        let Some(value) = row.text(&view.model.fields[*own].name) else {
            continue;
        };
        let target = link.target;
        let field = &target.fields[*field];
        if field.operators().is_empty() {
            continue;
        }
        let name = if crate::query::parse::RESERVED.contains(&field.name.as_str()) {
            format!("{}__eq", field.name)
        } else {
            field.name.clone()
        };
        let query = Query(vec![(name, value)]);
        let counted = all.len() < COUNTED && engine.may(ctx, Verb::List, target.id);
        let add = takes(engine, ctx, target, link.relation.to[0])?;
        all.push(Related {
            label: target.label_plural.clone(),
            href: query.list(&target.slug),
            count: if counted {
                count_of(engine, ctx, target, query.clone()).await?
            } else {
                String::new()
            },
            add: if add {
                let fixed = Query(vec![(field.name.clone(), query.0[0].1.clone())]);
                format!("/admin/{}/new?{}", target.slug, fixed.text())
            } else {
                String::new()
            },
        });
    }
    Ok(all)
}

/// Whether the form of a new record has the field.
fn takes(engine: &Engine, ctx: &Context, model: &ModelMeta, field: FieldId) -> Result<bool, Error> {
    if !engine.may(ctx, Verb::Create, model.id) {
        return Ok(false);
    }
    let view = View::of(engine, ctx, Verb::Create, model.id)?;
    let open = editable(model, &view.scope, Purpose::Create, |f| view.sees(f));
    Ok(open.contains(&field))
}

async fn count_of(
    engine: &Engine,
    ctx: &Context,
    model: &ModelMeta,
    query: Query,
) -> Result<String, Error> {
    let mut parameters = query.0;
    parameters.extend(keys(model));
    parameters.push(("limit".to_owned(), "1".to_owned()));
    if model.key.iter().all(|&f| model.fields[f].sortable()) {
        parameters.push(("sort".to_owned(), key_names(model)));
    }
    let request = ListRequest::Parameters(&parameters);
    match engine.list(ctx, model.id, request).await {
        Ok(page) => Ok(page
            .count
            .map(|c| count::words(c.rows, c.kind))
            .unwrap_or_default()),
        // The caller may see that there are such records, and not by which field.
        Err(error) if error.kind == Kind::Malformed => Ok(String::new()),
        Err(error) => Err(error),
    }
}

/// The record's neighbours in the list whose query string is `list`. A list that cannot be read any
/// more has none, and a record that is not on its page.
pub(crate) async fn neighbours(
    engine: &Engine,
    ctx: &Context,
    model: &ModelMeta,
    (key, list): (&str, Option<&str>),
) -> Neighbours {
    let none = Neighbours::default();
    let Some(query) = list.and_then(|list| Query::parse(list).ok()) else {
        return none;
    };
    if !engine.may(ctx, Verb::List, model.id) {
        return none;
    }
    let found = Neighbours {
        list: query.list(&model.slug),
        ..none
    };
    let Ok((page, rows)) = fetch(engine, ctx, model, &query).await else {
        return Neighbours::default();
    };
    let Some(at) = rows.iter().position(|row| row == key) else {
        return found;
    };
    let beyond = async |cursor: Option<String>, last: bool| {
        let query = query.without(&POSITION).with("cursor", &cursor?);
        let (_, rows) = fetch(engine, ctx, model, &query).await.ok()?;
        let key = if last { rows.last() } else { rows.first() };
        Some(address::record_of(&model.slug, key?, &query))
    };
    let here = |at: usize| {
        let key = rows.get(at)?;
        Some(address::record_of(&model.slug, key, &query))
    };
    let prev = match at.checked_sub(1) {
        Some(at) => here(at),
        None => beyond(page.prev.clone(), true).await,
    };
    let next = match here(at + 1) {
        Some(next) => Some(next),
        None => beyond(page.next.clone(), false).await,
    };
    Neighbours {
        prev: prev.unwrap_or_default(),
        next: next.unwrap_or_default(),
        ..found
    }
}

/// A page of a list: its keys alone.
async fn fetch(
    engine: &Engine,
    ctx: &Context,
    model: &ModelMeta,
    query: &Query,
) -> Result<(Page, Vec<String>), Error> {
    let mut parameters = query.without(&["fields", "expand", "count", "_list"]).0;
    parameters.extend(keys(model));
    parameters.push(("count".to_owned(), "none".to_owned()));
    let request = ListRequest::Parameters(&parameters);
    let page = engine.list(ctx, model.id, request).await?;
    let rows = Row::page(&page.body[page.data.clone()])?;
    let keys = rows.iter().filter_map(|row| row::key(model, row)).collect();
    Ok((page, keys))
}

fn key_names(model: &ModelMeta) -> String {
    let names = model.key.iter().map(|&f| model.fields[f].name.as_str());
    names.collect::<Vec<_>>().join(",")
}

fn keys(model: &ModelMeta) -> Vec<(String, String)> {
    vec![("fields".to_owned(), key_names(model))]
}
