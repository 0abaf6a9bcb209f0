//! What an action is asked for: its body, and the records of it that are there for the caller.

use std::collections::HashSet;

use serde_json::{Value as Json, json};

use crate::crud::{Context, Engine, ListRequest};
use crate::error::{Error, Fault, Kind as ErrorKind};
use crate::model::{Input, ModelId, ModelMeta, value};

/// Most records of one selection.
const MOST: usize = 10_000;

/// A selection as it is asked for.
pub(super) struct Asked {
    pub(super) ids: Option<Vec<String>>,
    pub(super) filter: Option<Input>,
    pub(super) most: usize,
    pub(super) input: Input,
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
            let texts = values.iter().map(|v| value::to_text(v).unwrap_or_default());
            let parts = meta.key.iter().map(|&f| meta.fields[f].name.clone());
            any.push(Json::Object(parts.zip(texts.map(Json::from)).collect()));
        }
        if any.is_empty() {
            return Ok(Vec::new());
        }
        let mut found = Vec::new();
        // A filter has a bounded number of conditions.
        let size = (self.limits.max_conditions / meta.key.len().max(1)).max(1);
        for part in any.chunks(size) {
            let filter = Input::from(&json!({ "or": part }));
            let (keys, _) = self.page_of_keys(ctx, meta, (filter, names), None).await?;
            found.extend(keys);
        }
        Ok(found)
    }

    /// The keys of the records that match, page by page.
    pub(super) async fn matching(
        &self,
        ctx: &Context,
        model: ModelId,
        (filter, most): (Input, usize),
    ) -> Result<Vec<String>, Error> {
        let meta = self.registry.model(model);
        let names = key_names(meta);
        let mut keys = Vec::new();
        let mut cursor = None;
        loop {
            let of = (filter.clone(), names.as_str());
            let (page, next) = self.page_of_keys(ctx, meta, of, cursor).await?;
            keys.extend(page);
            if keys.len() > most {
                let detail = format!("More than {most} records match (max_affected).");
                return Err(Error::new(ErrorKind::Conflict, "too_many_affected", detail));
            }
            match next {
                None => return Ok(keys),
                next => cursor = next,
            }
        }
    }

    async fn page_of_keys(
        &self,
        ctx: &Context,
        meta: &ModelMeta,
        (filter, names): (Input, &str),
        cursor: Option<String>,
    ) -> Result<(Vec<String>, Option<String>), Error> {
        let text = |text: &str| Input::String(text.to_owned());
        let list = |names: &str| Input::Array(names.split(',').map(text).collect());
        let mut search = vec![
            ("where".to_owned(), filter),
            ("fields".to_owned(), list(names)),
            ("sort".to_owned(), list(names)),
            ("count".to_owned(), text("none")),
            (
                "limit".to_owned(),
                Input::Number(self.limits.max_limit.to_string()),
            ),
        ];
        search.extend(cursor.map(|c| ("cursor".to_owned(), Input::String(c))));
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
        Ok((rows.iter().map(key).collect(), page.next))
    }
}

fn key_names(meta: &ModelMeta) -> String {
    let names = meta.key.iter().map(|&f| meta.fields[f].name.as_str());
    names.collect::<Vec<_>>().join(",")
}

impl Asked {
    pub(super) fn of(body: Input) -> Result<Self, Error> {
        let mut asked = Self {
            ids: None,
            filter: None,
            most: MOST,
            input: Input::Object(Vec::new()),
        };
        let refuse = |name: &str, code, detail: String| {
            Error::malformed(vec![Fault::field(name, code, detail)])
        };
        for (name, input) in body.into_object(Error::malformed)? {
            match (name.as_str(), input) {
                ("ids", Input::Array(ids)) if ids.len() <= MOST => {
                    let id = |id| match id {
                        Input::String(id) | Input::Number(id) => Some(id),
                        _ => None,
                    };
                    let ids: Option<Vec<String>> = ids.into_iter().map(id).collect();
                    let ids = ids.filter(|ids| !ids.is_empty());
                    let wrong = || {
                        refuse(
                            "ids",
                            "type",
                            "ids are keys of records, one at least.".into(),
                        )
                    };
                    asked.ids = Some(ids.ok_or_else(wrong)?);
                }
                ("ids", _) => {
                    let detail = format!("ids is an array of at most {MOST} keys.");
                    return Err(refuse("ids", "type", detail));
                }
                ("where", filter @ Input::Object(_)) => asked.filter = Some(filter),
                ("where", _) => return Err(refuse("where", "type", "where is a filter.".into())),
                ("max_affected", Input::Number(text)) => {
                    let most = text.parse().ok().filter(|n| (1..=MOST).contains(n));
                    let wrong = || {
                        let detail = format!("max_affected is a number from 1 to {MOST}.");
                        refuse("max_affected", "out_of_range", detail)
                    };
                    asked.most = most.ok_or_else(wrong)?;
                }
                ("input", input) => asked.input = input,
                _ => {
                    let detail = format!("There is no member {name} here.");
                    return Err(refuse(&name, "unknown_field", detail));
                }
            }
        }
        Ok(asked)
    }
}
