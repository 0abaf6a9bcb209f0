//! Actions: what a project can do to a selection of records beyond the verbs. Each is a Rust function
//! that a registration names; the operations find out what was selected, as the caller may see it, and
//! check the form of the action before it runs. It writes with the caller's own context, so it can do
//! nothing that the caller could not.

use std::collections::HashSet;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use serde_json::{Value as Json, json};

use crate::error::{Error, Fault, Kind as ErrorKind};
use crate::model::{ActionMeta, Field, FieldOptions, Input, Kind, ModelId, ModelMeta, Verb, value};

use super::{Context, Engine, ListRequest, Written};

/// Most records of one selection.
const MOST: usize = 10_000;

/// What an action answers.
pub type Outcome = Result<Done, Error>;
type Run = dyn Fn(Selection) -> Pin<Box<dyn Future<Output = Outcome> + Send>> + Send + Sync;

/// An action of one model.
#[derive(Clone)]
pub struct Action {
    /// What it is.
    pub meta: ActionMeta,
    run: Arc<Run>,
}

impl std::fmt::Debug for Action {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Action")
            .field("name", &self.meta.name)
            .finish_non_exhaustive()
    }
}

/// What an action has done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Done {
    /// How many records it was about.
    pub affected: u64,
    /// A sentence about it; may be empty.
    pub message: String,
}

/// What an action is run with.
#[derive(Debug, Clone)]
pub struct Selection {
    /// The operations, to be called with `ctx`.
    pub engine: Arc<Engine>,
    /// Who asks.
    pub ctx: Context,
    /// The model.
    pub model: ModelId,
    /// The keys of the records, as addresses have them.
    pub keys: Vec<String>,
    /// What the form was filled with, field by field; already checked.
    pub input: Vec<(String, Input)>,
}

impl Action {
    /// An action that runs `run`. Its caller must have the verb `patch` on the model.
    pub fn new<F, Fut>(name: &str, label: &str, run: F) -> Self
    where
        F: Fn(Selection) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Outcome> + Send + 'static,
    {
        Self {
            meta: ActionMeta {
                name: name.to_owned(),
                label: label.to_owned(),
                confirm: String::new(),
                verb: Verb::Patch,
                form: Vec::new(),
            },
            run: Arc::new(move |selection| Box::pin(run(selection))),
        }
    }

    /// The question that is asked before it runs.
    #[must_use]
    pub fn confirm(mut self, question: &str) -> Self {
        question.clone_into(&mut self.meta.confirm);
        self
    }

    /// The verb on the model that its caller must have, instead of `patch`.
    #[must_use]
    pub fn verb(mut self, verb: Verb) -> Self {
        self.meta.verb = verb;
        self
    }

    /// A field of its form, which must be filled in unless `nullable`.
    #[must_use]
    pub fn field(
        mut self,
        name: &str,
        kind: Kind,
        nullable: bool,
        options: impl FnOnce(FieldOptions) -> FieldOptions,
    ) -> Self {
        let options = options(FieldOptions::default());
        self.meta
            .form
            .push(Field::loose((name, kind, nullable), options));
        self
    }

    /// The values of a form, checked; every fault is at `/input/{field}`.
    fn filled(&self, input: Input) -> Result<Vec<(String, Input)>, Vec<Fault>> {
        let Input::Object(given) = input else {
            let fault = Fault::pointer("/input".into(), "type", "input must be an object.");
            return Err(vec![fault]);
        };
        let mut faults = Vec::new();
        let mut fault = |name: &str, code, detail: String| {
            faults.push(Fault::field(name, code, detail).within("/input"));
        };
        for (name, input) in &given {
            let Some(field) = self.meta.form.iter().find(|f| f.name == *name) else {
                fault(name, "unknown_field", format!("There is no field {name}."));
                continue;
            };
            match value::from_input(&field.kind, input) {
                Ok(value) => {
                    for misfit in field.check(&value) {
                        fault(name, misfit.code, format!("{name} {}.", misfit.detail));
                    }
                }
                Err(misfit) => fault(name, misfit.code, format!("{name} {}.", misfit.detail)),
            }
        }
        for field in self.meta.form.iter().filter(|f| f.required()) {
            if !given.iter().any(|(name, _)| *name == field.name) {
                let name = &field.name;
                fault(name, "required", format!("{name} is required."));
            }
        }
        if faults.is_empty() {
            Ok(given)
        } else {
            Err(faults)
        }
    }
}

impl Selection {
    /// The value of a field of the form, as text; `None` for null and for one that was left out.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<String> {
        let (_, input) = self.input.iter().find(|(n, _)| n == name)?;
        match input {
            Input::Null => None,
            Input::String(text) | Input::Number(text) => Some(text.clone()),
            Input::Bool(yes) => Some(yes.to_string()),
            Input::Array(_) | Input::Object(_) => input.to_json().ok().map(|json| json.to_string()),
        }
    }

    /// The records as the caller may read them, in no certain order.
    ///
    /// # Errors
    /// As [`Engine::read`].
    pub async fn rows(&self) -> Result<Vec<Json>, Error> {
        let mut rows = Vec::with_capacity(self.keys.len());
        for key in &self.keys {
            let record = self.engine.read(&self.ctx, self.model, key, &[]).await?;
            rows.push(serde_json::from_slice(&record.body).map_err(Error::internal)?);
        }
        Ok(rows)
    }

    /// Changes the records, all of them or none: `change` says which fields of a record get which
    /// values, and `None` leaves one as it is.
    ///
    /// # Errors
    /// As [`Engine::bulk`].
    pub async fn patch(&self, change: impl Fn(&Json) -> Option<Json>) -> Outcome {
        let rows = self.rows().await?;
        let operations = self.keys.iter().zip(&rows).filter_map(|(key, row)| {
            let data = change(row)?;
            Some(json!({ "verb": "patch", "id": key, "data": data }))
        });
        let operations: Vec<Json> = operations.collect();
        let affected = operations.len() as u64;
        if affected > 0 {
            let body = Input::from(&json!({ "operations": operations }));
            self.engine
                .bulk(&self.ctx, self.model, (None, body))
                .await?;
        }
        Ok(Done {
            affected,
            message: String::new(),
        })
    }
}

/// A selection as it is asked for.
struct Asked {
    ids: Option<Vec<String>>,
    filter: Option<Input>,
    most: usize,
    input: Input,
}

impl Engine {
    /// The actions of a model that the caller may run.
    #[must_use]
    pub fn actions(&self, ctx: &Context, model: ModelId) -> Vec<&Action> {
        let own = self.actions.iter().filter(|(of, _)| *of == model);
        own.map(|(_, action)| action)
            .filter(|a| self.may(ctx, a.meta.verb, model) && self.may(ctx, Verb::List, model))
            .collect()
    }

    /// The action of that name.
    ///
    /// # Errors
    /// 401, 403, 404 for the caller; 404 for no action.
    pub fn action(&self, ctx: &Context, model: ModelId, name: &str) -> Result<&Action, Error> {
        self.scope(ctx, Verb::List, model)?;
        let mut own = self.actions.iter().filter(|(of, _)| *of == model);
        let found = own.find(|(_, action)| action.meta.name == name);
        let (_, action) = found.ok_or_else(Error::not_found)?;
        self.scope(ctx, action.meta.verb, model)?;
        Ok(action)
    }

    /// Runs an action on the records of `body`: `ids`, or `where` (as `_search` takes it) with at most
    /// `max_affected` of them; and `input`, what its form was filled with.
    ///
    /// # Errors
    /// 401, 403, 404 for the caller; 400 for a body that cannot be understood; 422 for records that the
    /// caller does not see and for a form with faults; 409 when more match than may; what the action
    /// itself says.
    pub async fn act(
        self: &Arc<Self>,
        ctx: &Context,
        (model, name): (ModelId, &str),
        body: Input,
    ) -> Result<Written, Error> {
        let action = self.action(ctx, model, name)?;
        if ctx.dry_run {
            let detail = "There is no dry run of an action.";
            return Err(Error::parameter("Prefer", "dry_run_unknown", detail));
        }
        let asked = Asked::of(body)?;
        let filled = action.filled(asked.input);
        let selected = match (asked.ids, asked.filter) {
            (Some(ids), None) => self.these(ctx, model, ids).await,
            (None, Some(filter)) => self.matching(ctx, model, (filter, asked.most)).await,
            _ => {
                let detail = "Name the records by ids, or by where.";
                return Err(Error::malformed(vec![Fault::field(
                    "ids", "required", detail,
                )]));
            }
        };
        let (keys, input) = match (selected, filled) {
            (Ok(keys), Ok(input)) => (keys, input),
            (Err(mut error), Err(more)) if error.kind == ErrorKind::Invalid => {
                error.faults.extend(more);
                return Err(error);
            }
            (Err(error), _) => return Err(error),
            (_, Err(faults)) => return Err(Error::invalid(faults)),
        };
        let selection = Selection {
            engine: Arc::clone(self),
            ctx: ctx.clone(),
            model,
            keys,
            input,
        };
        let Done { affected, message } = (action.run)(selection).await?;
        let body = json!({ "affected": affected, "message": message });
        Ok(Written {
            body: body.to_string().into_bytes(),
            ..Written::default()
        })
    }

    /// Those of these records that are there for the caller: all of them, or every other is a fault.
    async fn these(
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
    async fn matching(
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
    fn of(body: Input) -> Result<Self, Error> {
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
