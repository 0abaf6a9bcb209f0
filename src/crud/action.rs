//! Actions: what a project can do to a selection of records beyond the verbs. Each is a Rust function
//! that a registration names; the operations find out what was selected, as the caller may see it, and
//! check the form of the action before it runs. It writes with the caller's own context, so it can do
//! nothing that the caller could not.

mod select;
mod whole;

pub(super) use whole::Shared;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use serde_json::{Value as Json, json};

use crate::error::{Error, Fault, Kind as ErrorKind};
use crate::model::{ActionMeta, Field, FieldOptions, Input, Kind, ModelId, Verb, value};

use self::select::{Asked, Records};
use super::finish::Finish;
use super::work::may_write;
use super::{Context, Engine, Once, Record, Written};

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
    /// The operations, to be called with `ctx`: parts of one transaction, see [`Action::new`]. Of no use
    /// after the action.
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
    ///
    /// All that it writes through [`Selection::engine`] is one change set and one transaction, which begins
    /// with its first write: when `run` ends with an error or panics, or the process dies, nothing of it was
    /// written. What is read there after the first write is read in it; a write that fails takes back itself
    /// alone, so `run` may go on without it. It runs again when the transaction lost a race. What it does
    /// elsewhere (a letter, another service, a `Db` of its own) is no part of this.
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

    /// The records as the caller may read them, in the order of their keys here.
    ///
    /// # Errors
    /// As [`Engine::read`].
    pub async fn rows(&self) -> Result<Vec<Json>, Error> {
        let read = self.read().await?;
        Ok(read.into_iter().map(|(row, _)| row).collect())
    }

    /// The records with their entity tags.
    async fn read(&self) -> Result<Vec<(Json, String)>, Error> {
        let of = (self.model, &self.keys[..]);
        let records = self.engine.read_each(&self.ctx, of).await?;
        let row = |record: Record| {
            let row = serde_json::from_slice(&record.body).map_err(Error::internal)?;
            Ok((row, record.etag))
        };
        records.into_iter().map(row).collect()
    }

    /// Changes the records, all of them or none: `change` says which fields of a record get which
    /// values, and `None` leaves one as it is.
    ///
    /// # Errors
    /// As [`Engine::bulk`]; 412 when another has changed one of them since `change` was shown it.
    pub async fn patch(&self, change: impl Fn(&Json) -> Option<Json>) -> Outcome {
        let rows = self.read().await?;
        // They are read before the transaction: what `change` makes of a record holds for that state.
        let operations = self.keys.iter().zip(&rows).filter_map(|(key, (row, tag))| {
            let data = change(row)?;
            Some(json!({ "verb": "patch", "id": key, "if_match": tag, "data": data }))
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

    /// Runs an action on the records of `body`: `ids`, or `where` (as `_bulk` takes it) with at most
    /// `max_affected` of them; and `input`, what its form was filled with. `key` is an
    /// `Idempotency-Key`. It is one transaction, and an action that has begun runs to its end even if the
    /// caller goes away.
    ///
    /// # Errors
    /// 401, 403, 404 for the caller; 400 for a body that cannot be understood; 422 for records that the
    /// caller does not see and for a form with faults; 409 when more match than may; what the action
    /// itself says.
    pub async fn act(
        self: &Arc<Self>,
        ctx: &Context,
        (model, name): (ModelId, &str),
        (key, body): (Option<&str>, Input),
    ) -> Result<Written, Error> {
        let action = self.action(ctx, model, name)?.clone();
        if ctx.dry_run {
            let detail = "There is no dry run of an action.";
            return Err(Error::parameter("Prefer", "dry_run_unknown", detail));
        }
        may_write(ctx)?;
        let of = (self.registry.model(model), name, &body);
        let once = key.map(|key| Once::of_action(ctx, key, of)).transpose()?;
        if self.within.is_some() {
            // Of another action.
            return self.acted(ctx, (model, action), body).await;
        }
        let (engine, ctx) = (Arc::clone(self), ctx.clone());
        Finish::new(async move {
            let of = (model, &action, &body);
            engine.act_as_one(&ctx, once.as_ref(), of).await
        })
        .await
    }

    async fn acted(
        self: &Arc<Self>,
        ctx: &Context,
        (model, action): (ModelId, Action),
        body: Input,
    ) -> Result<Written, Error> {
        let asked = Asked::of(body)?;
        let filled = action.filled(asked.input);
        let selected = match asked.records {
            Records::These(ids) => self.these(ctx, model, ids).await,
            Records::Matching(filter, most) => {
                let of = (model, action.meta.verb);
                self.matching(ctx, of, (filter, most)).await
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
}
