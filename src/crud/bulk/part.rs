//! One of many operations: prepared before the transaction, done within it, and taken back alone
//! when it fails.

use sea_orm::Value;
use sea_orm::sea_query::ExprTrait as _;

use crate::crud::change::Item;
use crate::crud::precondition::{self, Target};
use crate::crud::work::{Step, Work};
use crate::crud::{Context, Engine, conflict};
use crate::error::{Error, Fault, Kind as ErrorKind};
use crate::model::patch::{Changes, Purpose};
use crate::model::{FieldId, Input, ModelId, ModelMeta, Verb, value};
use crate::query::sql::Compiler;
use crate::query::{Filter, Sight};
use crate::store::writes::Record;

use super::parse::{Kind, Operation};

/// An operation, ready to be done.
pub(in crate::crud) struct Part {
    pub(in crate::crud) verb: &'static str,
    pub(in crate::crud) prepared: Prepared,
}

/// What is to be done.
pub(in crate::crud) enum Prepared {
    /// This change.
    Change(Item),
    /// The one change or the other.
    Upsert(Box<Upsert>),
    /// This record, out of the trash.
    Restore(Item),
    /// Nothing: its values, or its caller, are refused.
    Refused(Error),
}

/// A patch of the record that has these values, or a create.
pub(in crate::crud) struct Upsert {
    on: Vec<(FieldId, Value)>,
    patch: Item,
    create: Result<Item, Error>,
}

/// What has become of a part.
pub(in crate::crud) struct Done {
    /// The text of its record's key; `None` when the record is deleted.
    pub(in crate::crud) key: Option<String>,
    /// Whether the record is new.
    pub(in crate::crud) new: bool,
}

impl Part {
    /// What is set, in a new record if there is to be one.
    pub(in crate::crud) fn changes(&self) -> Option<&Changes> {
        match &self.prepared {
            Prepared::Change(item) => Some(&item.changes),
            Prepared::Upsert(upsert) => match &upsert.create {
                Ok(item) => Some(&item.changes),
                Err(_) => Some(&upsert.patch.changes),
            },
            Prepared::Restore(_) | Prepared::Refused(_) => None,
        }
    }

    pub(in crate::crud) fn is_refused(&self) -> bool {
        matches!(self.prepared, Prepared::Refused(_))
    }
}

impl Engine {
    /// Prepares an operation. What is wrong with it alone is kept; a caller who may not do such a
    /// thing at all, or a body that cannot be understood, fails the request.
    pub(super) fn prepare(
        &self,
        ctx: &Context,
        model: ModelId,
        operation: Operation,
    ) -> Result<Part, Error> {
        let (verb, prepared) = match operation.kind {
            Kind::Upsert(on) => {
                self.scope(ctx, Verb::Create, model)?;
                let upsert = self.upsert(ctx, (model, Purpose::Create), (&on, operation.data));
                ("upsert", upsert.map(|u| Prepared::Upsert(Box::new(u))))
            }
            Kind::Restore => {
                self.scope(ctx, Verb::Delete, model)?;
                let target = Target {
                    key: &operation.id,
                    condition: &operation.condition,
                };
                let item = self.deletion(ctx, model, Some(target));
                ("restore", item.map(Prepared::Restore))
            }
            Kind::Verb(verb) => {
                self.scope(ctx, verb, model)?;
                let target = Target {
                    key: &operation.id,
                    condition: &operation.condition,
                };
                let target = (verb != Verb::Create).then_some(target);
                let item = match verb {
                    Verb::Delete => self.deletion(ctx, model, target),
                    _ => self.item(ctx, (model, verb), target, operation.data),
                };
                (verb.name(), item.map(Prepared::Change))
            }
        };
        let prepared = match prepared {
            Err(error) if error.kind == ErrorKind::Malformed => return Err(error),
            other => other.unwrap_or_else(Prepared::Refused),
        };
        Ok(Part { verb, prepared })
    }

    /// Prepares a patch of the record that has these values of unique fields, or a create for this
    /// purpose. What is set by the application is never patched.
    pub(in crate::crud) fn upsert(
        &self,
        ctx: &Context,
        (model, purpose): (ModelId, Purpose),
        (on, data): (&[String], Input),
    ) -> Result<Upsert, Error> {
        let meta = self.registry.model(model);
        let scope = self.scope(ctx, Verb::Patch, model)?;
        // Who cannot say which state of a record it knows cannot change it.
        if meta.if_match {
            return Err(precondition::required());
        }
        let unknown = |name: &str| {
            let detail = format!("{name} is no unique field that you may read.");
            Error::malformed(vec![Fault::field("on", "unknown_field", detail)])
        };
        let mut fields = Vec::new();
        for name in on {
            let field = meta
                .field(name)
                .filter(|&f| scope.readable[f] == Sight::Always);
            fields.push(field.ok_or_else(|| unknown(name))?);
        }
        let is_key = fields.len() == meta.key.len() && meta.key.iter().all(|k| fields.contains(k));
        if !is_key && !fields.iter().any(|&f| meta.fields[f].unique) {
            return Err(unknown(&on.join(", ")));
        }
        let create = (model, Verb::Create, purpose);
        let create = self.item_for(ctx, create, None, data.clone());
        let own = data.into_object(Error::invalid)?;
        let rest = own
            .iter()
            .filter(|(name, _)| meta.field(name).is_none_or(|f| !stays(meta, purpose, f)));
        let rest = Input::Object(rest.cloned().collect());
        let patch = self.item(ctx, (model, Verb::Patch), None, rest)?;
        let on = fields
            .into_iter()
            .map(|f| Ok((f, given(meta, f, &own)?)))
            .collect::<Result<_, Error>>()?;
        Ok(Upsert { on, patch, create })
    }

    /// The existing record that an upsert is about.
    async fn existing(&self, work: &Work<'_>, upsert: &Upsert) -> Result<Option<Record>, Error> {
        let item = &upsert.patch;
        let meta = self.registry.model(item.model);
        let mut compiler = Compiler::new(&self.registry, self.db.backend());
        let root = compiler.root(item.model);
        let mut conditions: Vec<_> = upsert
            .on
            .iter()
            .map(|(field, value)| {
                let bound = compiler.bound(&meta.fields[*field].kind, value.clone());
                compiler.column(&root, *field).eq(bound)
            })
            .collect();
        if item.scope.rows != Filter::All {
            conditions.push(compiler.condition(&root, &item.scope.rows));
        }
        let Some(condition) = conditions.into_iter().reduce(|a, b| a.and(b)) else {
            return Ok(None);
        };
        let loaded = self.stores[item.model.0].load(work.tx, condition).await;
        loaded.map_err(|e| conflict::of_load(self.db.backend(), e))
    }
}

/// Whether an upsert leaves the field of an existing record as it is.
fn stays(meta: &ModelMeta, purpose: Purpose, field: FieldId) -> bool {
    let set_elsewhere = purpose == Purpose::Keep && !meta.fields[field].accepted();
    meta.key.contains(&field) || set_elsewhere
}

fn given(meta: &ModelMeta, field: FieldId, data: &[(String, Input)]) -> Result<Value, Error> {
    let (name, kind) = (&meta.fields[field].name, &meta.fields[field].kind);
    let missing = || {
        let detail = format!("{name} is required: the upsert goes by it.");
        Error::invalid(vec![Fault::field(name, "required", detail)])
    };
    let (_, input) = data.iter().find(|(n, _)| n == name).ok_or_else(missing)?;
    let value = value::from_input(kind, input).map_err(|m| {
        Error::invalid(vec![Fault::field(
            name,
            m.code,
            format!("{name} {}.", m.detail),
        )])
    })?;
    // Null equals nothing: there is no record to be found by it.
    if value::to_text(&value).is_none() {
        return Err(missing());
    }
    Ok(value)
}

/// Several operations, done together.
pub(in crate::crud) struct All<'p>(pub(in crate::crud) &'p [Part]);

impl Work<'_> {
    /// Does the operations, or none of them. A failure that is not theirs is the transaction's.
    pub(in crate::crud) async fn attempt(
        &mut self,
        engine: &Engine,
        All(parts): All<'_>,
    ) -> Result<Result<Vec<Done>, Error>, Step> {
        let place = self.enter().await?;
        let outcome = self.all(engine, parts).await;
        self.leave(engine, place, outcome).await
    }

    async fn all(&mut self, engine: &Engine, parts: &[Part]) -> Result<Vec<Done>, Step> {
        let mut done = Vec::with_capacity(parts.len());
        let mut rest = parts;
        while let Some(part) = rest.first() {
            let creates: Vec<&Item> = rest.iter().map_while(Part::create).collect();
            if creates.len() > 1 {
                for row in engine.insert_many(self, &creates).await? {
                    let key = Some(key_text(engine, creates[0].model, &row));
                    done.push(Done { key, new: true });
                }
                rest = &rest[creates.len()..];
                continue;
            }
            rest = &rest[1..];
            let (model, row, new) = self.one(engine, &part.prepared).await?;
            let key = row.map(|row| key_text(engine, model, &row));
            done.push(Done { key, new });
        }
        Ok(done)
    }

    async fn one(
        &mut self,
        engine: &Engine,
        prepared: &Prepared,
    ) -> Result<(ModelId, Option<Vec<Value>>, bool), Step> {
        match prepared {
            Prepared::Change(item) => {
                let row = engine.perform(self, item).await?;
                Ok((item.model, row, item.verb == Verb::Create))
            }
            Prepared::Restore(item) => {
                let row = engine.take_out(self, item).await?;
                Ok((item.model, Some(row), false))
            }
            Prepared::Refused(error) => Err(Step::Failed(error.again())),
            Prepared::Upsert(upsert) => {
                let (row, new) = match (engine.existing(self, upsert).await?, &upsert.create) {
                    (Some(Record { values, row }), _) => {
                        let loaded = (values, row);
                        (engine.alter(self, &upsert.patch, loaded).await?, false)
                    }
                    (None, Ok(create)) => {
                        let made = engine.perform(self, create).await?;
                        (made.unwrap_or_default(), true)
                    }
                    (None, Err(error)) => return Err(Step::Failed(error.again())),
                };
                Ok((upsert.patch.model, Some(row), new))
            }
        }
    }
}

impl Part {
    fn create(&self) -> Option<&Item> {
        match &self.prepared {
            Prepared::Change(item) if item.verb == Verb::Create => Some(item),
            _ => None,
        }
    }
}

fn key_text(engine: &Engine, model: ModelId, row: &[Value]) -> String {
    let meta = engine.registry.model(model);
    meta.key_text(&meta.key_of(row))
}
