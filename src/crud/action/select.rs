//! What an action is asked for: its body, and the records of it that are there for the caller.

use std::collections::HashSet;

use sea_orm::Value;
use serde_json::{Value as Json, json};

use crate::crud::bulk::MOST;
use crate::crud::layout::Layout;
use crate::crud::trash::Shelf;
use crate::crud::{Context, Engine, ListRequest};
use crate::error::{Error, Fault, Kind as ErrorKind};
use crate::model::{Input, ModelId, ModelMeta, Verb, value};
use crate::query::sql::Compiler;
use crate::query::{Filter, parse};

/// A selection as it is asked for.
pub(super) struct Asked {
    pub(super) records: Records,
    pub(super) input: Input,
}

/// Which records.
pub(super) enum Records {
    /// Those of these keys.
    These(Vec<String>),
    /// Those that match, if they are no more than so many.
    Matching(Input, usize),
}

impl Engine {
    /// Those of these records that are there for the caller: all of them, or every other is a fault.
    pub(super) async fn these(
        &self,
        ctx: &Context,
        model: ModelId,
        ids: Vec<String>,
    ) -> Result<Vec<String>, Error> {
        let meta = self.registry.model(model);
        let mut seen = HashSet::new();
        let mut faults = Vec::new();
        let names = key_names(meta);
        for chunk in ids.chunks(self.limits.max_in.clamp(1, 100)) {
            seen.extend(self.listed(ctx, meta, chunk, &names).await?);
        }
        for (i, id) in ids.iter().enumerate() {
            if !seen.contains(id) {
                let detail = "There is no such record.";
                faults.push(Fault::pointer(format!("/ids/{i}"), "not_found", detail));
            }
        }
        let mut once = HashSet::new();
        let keys = ids.into_iter().filter(|id| once.insert(id.clone()));
        if faults.is_empty() {
            Ok(keys.collect())
        } else {
            Err(Error::invalid(faults))
        }
    }

    async fn listed(
        &self,
        ctx: &Context,
        meta: &ModelMeta,
        ids: &[String],
        names: &str,
    ) -> Result<Vec<String>, Error> {
        let mut any = Vec::new();
        for id in ids {
            let Ok(values) = meta.parse_key(id) else {
                continue;
            };
            let parts = meta.key.iter().map(|&f| meta.fields[f].name.clone());
            any.push(Json::Object(
                parts.zip(values.iter().map(literal)).collect(),
            ));
        }
        if any.is_empty() {
            return Ok(Vec::new());
        }
        let mut found = Vec::new();
        // A filter has a bounded number of conditions, and an answer one of records.
        let size = self.limits.max_conditions / meta.key.len().max(1);
        let page = usize::try_from(self.limits.max_limit).unwrap_or(usize::MAX);
        let size = size.min(page).max(1);
        for part in any.chunks(size) {
            let filter = Input::from(&json!({ "or": part }));
            found.extend(self.keys_of(ctx, meta, (filter, names)).await?);
        }
        Ok(found)
    }

    /// The keys of the records that match: of those that the caller may list, and may do this to.
    pub(super) async fn matching(
        &self,
        ctx: &Context,
        (model, verb): (ModelId, Verb),
        (asked, most): (Input, usize),
    ) -> Result<Vec<String>, Error> {
        let meta = self.registry.model(model);
        let listed = self.through_lens(ctx, (Verb::List, model), |paths, seen| {
            let filter = parse::matching(paths, model, &asked).map_err(Error::malformed)?;
            Ok(seen.rows(Shelf::Exclude)?.and(filter))
        })?;
        let own = match verb {
            Verb::Patch | Verb::Replace | Verb::Delete | Verb::Read => {
                self.scope(ctx, verb, model)?.rows.clone()
            }
            // They are about no row that is there already.
            Verb::List | Verb::Create => Filter::All,
        };
        let mut layout = Layout::new(meta, &[]);
        let key: Vec<usize> = meta.key.iter().map(|&f| layout.need(f, None)).collect();
        let mut compiler = Compiler::new(&self.registry, self.db.backend());
        let filter = own.and(listed);
        let select = compiler.first(model, &filter, &layout.columns, most as u64 + 1);
        let found = self.db.select(&select).await?;
        if found.len() > most {
            let detail = format!("More than {most} records match (max_affected).");
            return Err(Error::new(ErrorKind::Conflict, "too_many_affected", detail));
        }
        let key_of = |row| -> Result<String, Error> {
            let values = key.iter().map(|&column| layout.value(row, column));
            Ok(meta.key_text(&values.collect::<Result<Vec<_>, _>>()?))
        };
        found.iter().map(key_of).collect()
    }

    /// The keys of those that a list of these has.
    async fn keys_of(
        &self,
        ctx: &Context,
        meta: &ModelMeta,
        (filter, names): (Input, &str),
    ) -> Result<Vec<String>, Error> {
        let text = |text: &str| Input::String(text.to_owned());
        let list = |names: &str| Input::Array(names.split(',').map(text).collect());
        let search = vec![
            ("where".to_owned(), filter),
            ("fields".to_owned(), list(names)),
            ("sort".to_owned(), list(names)),
            ("count".to_owned(), text("none")),
            (
                "limit".to_owned(),
                Input::Number(self.limits.max_limit.to_string()),
            ),
        ];
        let request = ListRequest::Search(Input::Object(search));
        let page = self.list(ctx, meta.id, request).await?;
        let rows: Vec<Json> =
            serde_json::from_slice(&page.body[page.data.clone()]).map_err(Error::internal)?;
        let key = |row: &Json| {
            let part = |&f: &usize| {
                let text = match &row[&meta.fields[f].name] {
                    Json::String(text) => text.clone(),
                    other => other.to_string(),
                };
                crate::model::encode_key_part(&text).to_string()
            };
            meta.key.iter().map(part).collect::<Vec<_>>().join(",")
        };
        Ok(rows.iter().map(key).collect())
    }
}

fn key_names(meta: &ModelMeta) -> String {
    let names = meta.key.iter().map(|&f| meta.fields[f].name.as_str());
    names.collect::<Vec<_>>().join(",")
}

impl Asked {
    pub(super) fn of(body: Input) -> Result<Self, Error> {
        let (mut ids, mut filter, mut most) = (None, None, None);
        let mut input = Input::Object(Vec::new());
        let mut faults = Vec::new();
        let mut refuse = |name: &str, code, detail: String| {
            faults.push(Fault::field(name, code, detail));
        };
        for (name, given) in body.into_object(Error::malformed)? {
            match (name.as_str(), given) {
                ("ids", given) => ids = Some(given),
                ("where", tree @ (Input::Object(_) | Input::String(_))) => filter = Some(tree),
                ("where", _) => refuse("where", "type", "where is a filter.".into()),
                ("max_affected", given) => most = Some(given),
                ("input", given) => input = given,
                _ => {
                    let detail = format!("There is no member {name} here.");
                    refuse(&name, "unknown_field", detail);
                }
            }
        }
        let records = match (ids, filter) {
            (Some(ids), None) => {
                let keys = keys(ids);
                if keys.is_none() {
                    let detail = format!("ids is an array of 1 to {MOST} keys of records.");
                    refuse("ids", "type", detail);
                }
                if most.is_some() {
                    let detail = "Only what matches a filter is counted.";
                    refuse("max_affected", "unknown_field", detail.into());
                }
                keys.map(Records::These)
            }
            (None, Some(filter)) => {
                let most = most.and_then(number).filter(|n| (1..=MOST).contains(n));
                if most.is_none() {
                    let detail =
                        format!("Say how many records it may be at most, from 1 to {MOST}.");
                    refuse("max_affected", "required", detail);
                }
                most.map(|most| Records::Matching(filter, most))
            }
            _ => {
                let detail = "Name the records by ids, or by where.";
                refuse("ids", "required", detail.into());
                None
            }
        };
        match records {
            Some(records) if faults.is_empty() => Ok(Self { records, input }),
            _ => Err(Error::malformed(faults)),
        }
    }
}

fn keys(ids: Input) -> Option<Vec<String>> {
    let Input::Array(ids) = ids else {
        return None;
    };
    let id = |id| match id {
        Input::String(id) | Input::Number(id) => Some(id),
        _ => None,
    };
    let all = Some(ids).filter(|ids| (1..=MOST).contains(&ids.len()))?;
    all.into_iter().map(id).collect()
}

fn number(input: Input) -> Option<usize> {
    match input {
        Input::Number(text) => text.parse().ok(),
        _ => None,
    }
}

/// A value as a search tree has it.
fn literal(of: &Value) -> Json {
    let mut text = Vec::new();
    value::write_json(&mut text, of);
    serde_json::from_slice(&text).unwrap_or_default()
}
