//! Many records at once, from the bar under a list: what is to be done with which of them ([`Wanted`]),
//! a page that asks for the new values ([`edit`]), and one that says what would come of it before
//! anything is done ([`confirm`]). What is done is a `_bulk` of the API.

mod confirm;
mod edit;
mod forecast;

use poem::Response;

use crate::crud::{Context, Count, Engine};
use crate::error::Error;
use crate::http::{Call, answer};
use crate::model::{Input, ModelMeta, Verb};

use self::forecast::Forecast;
use super::place::{self, Place, SELECTED};
use super::{columns, matching};
use crate::admin::action;
use crate::admin::address::{POSITION, Query};
use crate::admin::record::form::files;
use crate::admin::value::reach::TYPED;
use crate::admin::view::View;

/// What can be done with many records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Act {
    /// Give fields other values.
    Edit,
    /// Delete them.
    Delete,
    /// Take them out of the trash.
    Restore,
}

/// What is to be done, and with which records.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) act: Act,
    pub(super) place: Place,
    /// The keys of the selected records.
    pub(super) keys: Vec<String>,
    /// Whether every record that matches is meant instead.
    pub(super) all: bool,
    /// How many records it was when the page asked.
    pub(super) most: Option<u64>,
}

impl Act {
    fn named(name: &str) -> Option<Self> {
        match name {
            "edit" => Some(Self::Edit),
            "delete" => Some(Self::Delete),
            "restore" => Some(Self::Restore),
            _ => None,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Edit => "edit",
            Self::Delete => "delete",
            Self::Restore => "restore",
        }
    }

    /// The verb of the operations.
    fn verb(self) -> Verb {
        match self {
            Self::Edit => Verb::Patch,
            Self::Delete | Self::Restore => Verb::Delete,
        }
    }

    /// The word of `_bulk`.
    fn of_bulk(self) -> &'static str {
        match self {
            Self::Edit => "patch",
            Self::Delete => "delete",
            Self::Restore => "restore",
        }
    }
}

/// The records that a form means: those of other pages that were selected before, and those that are
/// ticked on this one.
fn ticked(sent: &Query, place: &Place) -> Vec<String> {
    let shown = place::keys(sent.get("_on").unwrap_or_default());
    let mut keys = place.selected();
    keys.extend(place::keys(sent.get(SELECTED).unwrap_or_default()));
    keys.retain(|key| !shown.contains(key));
    let ticks = sent.0.iter().filter(|(name, _)| name == "_key");
    keys.extend(ticks.map(|(_, key)| key.clone()));
    let mut seen = std::collections::HashSet::new();
    keys.retain(|key| seen.insert(key.clone()));
    keys
}

impl Wanted {
    fn of(sent: &Query) -> Result<Self, Error> {
        let rest = Query::parse(sent.get("_rest").unwrap_or_default())?;
        let place = Place::of(&rest);
        let act = Act::named(sent.get("_do").unwrap_or_default()).ok_or_else(|| {
            let detail = "This is none of edit, delete, restore, export, keep.";
            Error::parameter("_do", "choice", detail)
        })?;
        Ok(Self {
            act,
            keys: ticked(sent, &place),
            place,
            all: sent.get("_all").is_some(),
            most: sent.get("_most").and_then(|n| n.parse().ok()),
        })
    }

    /// How many records are meant; of all that match, as many as there are now.
    async fn count(
        &self,
        engine: &Engine,
        ctx: &Context,
        model: &ModelMeta,
    ) -> Result<Count, Error> {
        if !self.all {
            return Ok(Count::exact(self.keys.len() as u64));
        }
        matching::count(engine, ctx, (model, &self.place)).await
    }

    /// The body of `_bulk`.
    fn body(&self, model: &ModelMeta, data: Option<&Input>, records: u64) -> Input {
        let text = |text: &str| Input::String(text.to_owned());
        let verb = ("verb".to_owned(), text(self.act.of_bulk()));
        let data = data.map(|data| ("data".to_owned(), data.clone()));
        if self.all {
            let these = matching::members(model, &self.place, records);
            return Input::Object([verb].into_iter().chain(these).chain(data).collect());
        }
        let operation = |key: &String| {
            let mut members = vec![verb.clone(), ("id".into(), text(key))];
            if model.if_match {
                members.push(("if_match".into(), text("*")));
            }
            members.extend(data.clone());
            Input::Object(members)
        };
        let operations = self.keys.iter().map(operation).collect();
        Input::Object(vec![("operations".into(), Input::Array(operations))])
    }
}

/// `GET /admin/{model}/_many`: from the bar under the list to what its button says.
pub(crate) async fn question(call: Call) -> Result<Response, Error> {
    let engine = call.engine.clone();
    let model = engine.model(&call.param("model"))?;
    engine.scope(&call.ctx, Verb::List, model.id)?;
    let sent = Query(call.query()?);
    let rest = Query::parse(sent.get("_rest").unwrap_or_default())?;
    let place = Place::of(&rest);
    let keys = ticked(&sent, &place);
    let all = sent.get("_all").is_some();
    let to = |there: &Query| Ok(answer::see_other(&there.list(&model.slug)));
    match sent.get("_do") {
        Some("keep") => return to(&place.selecting(&keys)),
        Some(act) if act.starts_with("action:") && (all || !keys.is_empty()) => {
            let name = act.trim_start_matches("action:");
            let keys = if all { &[][..] } else { &keys };
            let there = action::address_of((&model.slug, name), &place, keys);
            return Ok(answer::see_other(&there));
        }
        _ if keys.is_empty() && !all => return to(&place.after("none", 0)),
        Some("export") => {
            let view = View::of(&call.engine, &call.ctx, Verb::List, model.id)?;
            return Ok(answer::see_other(&exported(&view, &place, (&keys, all))));
        }
        _ => {}
    }
    let wanted = Wanted::of(&sent)?;
    engine.scope(&call.ctx, wanted.act.verb(), model.id)?;
    match wanted.act {
        Act::Edit => edit::page(&call, model, &wanted, None).await,
        Act::Delete | Act::Restore => confirm::page(&call, model, &wanted, (None, None)).await,
    }
}

/// Where the file of these records is made.
pub(super) fn exported(view: &View<'_>, place: &Place, (keys, all): (&[String], bool)) -> String {
    let model = view.model;
    let pages = [&POSITION[..], &["limit", "count", "expand"]].concat();
    let mut query = columns::without_computed(&place.api, view).without(&pages);
    if !all {
        query = Query(
            query
                .0
                .into_iter()
                .filter(|(name, _)| ["fields", "sort", "trash"].contains(&name.as_str()))
                .collect(),
        );
        query.0.push(one_of(model, keys));
    }
    format!("/admin/{}/_export?{}", model.slug, query.text())
}

/// The condition that a record has one of these keys.
fn one_of(model: &ModelMeta, keys: &[String]) -> (String, String) {
    let decode = |part: &str| {
        let decoded = percent_encoding::percent_decode_str(part);
        decoded.decode_utf8_lossy().into_owned()
    };
    let name = |&field: &usize| format!("{}__eq", model.fields[field].name);
    if let [field] = &model.key[..] {
        let escape = |key: &String| decode(key).replace('\\', "\\\\").replace(',', "\\,");
        let values: Vec<String> = keys.iter().map(escape).collect();
        return (
            format!("{}__in", model.fields[*field].name),
            values.join(","),
        );
    }
    let of_key = |key: &String| {
        let parts = model.key.iter().zip(key.split(','));
        let parts = parts.map(|(field, part)| (name(field), decode(part)));
        ("and".to_owned(), Query(parts.collect()).text())
    };
    ("or".into(), Query(keys.iter().map(of_key).collect()).text())
}

/// `POST /admin/{model}/_many`: the new values, to be tried; or what was tried, to be done.
pub(crate) async fn answered(mut call: Call) -> Result<Response, Error> {
    let engine = call.engine.clone();
    let model = engine.model(&call.param("model"))?;
    let sent = Query(files::fields(&mut call).await?);
    let wanted = Wanted::of(&sent)?;
    engine.scope(&call.ctx, Verb::List, model.id)?;
    engine.scope(&call.ctx, wanted.act.verb(), model.id)?;
    if wanted.keys.is_empty() && !wanted.all {
        let there = wanted.place.after("none", 0);
        return Ok(answer::see_other(&there.list(&model.slug)));
    }
    if wanted.act == Act::Edit
        && let Some(draft) = edit::searched(&call, model, &sent).await?
    {
        return edit::page(&call, model, &wanted, Some(&draft)).await;
    }
    let data = match wanted.act {
        Act::Edit => match edit::data(&call, model, &sent)? {
            Ok(data) => Some(data),
            Err(refused) => return edit::page(&call, model, &wanted, Some(&refused)).await,
        },
        Act::Delete | Act::Restore => None,
    };
    let values = data.as_ref().map(|(data, sent)| (data, sent));
    let records = wanted.most.unwrap_or_default();
    if sent.get("_step") != Some("do") || !typed(&wanted, &sent) {
        return confirm::page(&call, model, &wanted, (values, None)).await;
    }
    let body = wanted.body(model, data.as_ref().map(|(data, _)| data), records);
    match engine.bulk(&call.ctx, model.id, (None, body)).await {
        Ok(_) => {
            let there = wanted.place.after(wanted.act.name(), records);
            Ok(answer::see_other(&there.list(&model.slug)))
        }
        Err(error) if forecast::is_obstacle(&error) => {
            confirm::page(&call, model, &wanted, (values, Some(&error))).await
        }
        Err(error) => Err(error),
    }
}

/// Whether the number that had to be typed was typed.
fn typed(wanted: &Wanted, sent: &Query) -> bool {
    let records = wanted.most.unwrap_or_default();
    let needed = wanted.act == Act::Delete && records > TYPED;
    !needed || sent.get("_typed").map(str::trim) == Some(&records.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(text: &str) -> Query {
        Query::parse(text).unwrap()
    }

    #[test]
    fn ticks_of_this_page_replace_what_was_selected_on_it() {
        let form = sent("_rest=_selected%3D1:2:9&_on=1:2:3&_key=2&_key=3&_do=delete");
        assert_eq!(Wanted::of(&form).unwrap().keys, ["9", "2", "3"]);
        let again = sent("_rest=&_selected=9:2&_do=edit&_most=2");
        let again = Wanted::of(&again).unwrap();
        assert_eq!((again.keys.len(), again.most), (2, Some(2)));
        assert!(Wanted::of(&sent("_do=zap")).is_err());
    }

    #[test]
    fn a_large_delete_is_typed() {
        let form = |n: u64, typed: &str| sent(&format!("_do=delete&_most={n}&_typed={typed}"));
        let typed = |form: &Query| super::typed(&Wanted::of(form).unwrap(), form);
        assert!(typed(&form(50, "")));
        assert!(!typed(&form(51, "")) && !typed(&form(51, "50")));
        assert!(typed(&form(51, "+51+")));
    }
}
