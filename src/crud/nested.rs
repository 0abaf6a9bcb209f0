//! Child rows that are written with their record, in its transaction: the members of a body that have
//! the name of an inline relation.
//!
//! Each child is an operation of its own, as a single request would be: its verb, its permissions, its
//! `_if_match`. What is refused is said with a pointer into the body, `/order_line/2/quantity`; and then
//! nothing of it all is written.

use std::sync::Arc;

use async_trait::async_trait;
use sea_orm::Value;

use crate::error::{Error, Fault, Kind, escape_pointer};
use crate::model::patch::{Purpose, admit, validate_with};
use crate::model::{FieldId, Input, ModelId, ModelMeta, Relation, Verb};
use crate::query::{Cmp, Filter};

use super::change::Item;
use super::precondition::{IfMatch, Target};
use super::work::{Job, Step, Work};
use super::{Context, Engine, Written};

/// Most child rows in one body.
const MOST: usize = 500;

/// The members of a child that are none of its fields.
const KEY: &str = "_key";
const CONDITION: &str = "_if_match";
const DELETE: &str = "_delete";

/// A record and the child rows that are written with it.
pub(super) struct Family {
    parent: Item,
    children: Vec<Child>,
}

/// A child row, ready to be written once its record is there.
struct Child {
    /// Where it is in the body.
    pointer: String,
    item: Item,
    /// Its fields that hold the record's values, and the record's fields that they are equal to.
    link: Vec<(FieldId, FieldId)>,
}

/// The children of one inline relation as they were sent.
struct Sent<'a> {
    relation: &'a Relation,
    input: Input,
}

/// What was wrong with the parts of a body.
#[derive(Default)]
struct Refused(Vec<(String, Error)>);

impl Refused {
    /// The one error that they come to. What only one of them has to say beyond its faults is kept.
    fn into_error(mut self) -> Option<Error> {
        if let [(pointer, _)] = &self.0[..] {
            let pointer = pointer.clone();
            return self.0.pop().map(|(_, error)| at(&pointer, error));
        }
        let kind = self.0.first()?.1.kind;
        let same = self.0.iter().all(|(_, error)| error.kind == kind);
        let faults = self
            .0
            .into_iter()
            .flat_map(|(p, error)| at(&p, error).faults);
        let whole = Error::invalid(faults.collect());
        Some(if same { Error { kind, ..whole } } else { whole })
    }
}

/// The error of a part of the body, as one of the whole.
fn at(pointer: &str, error: Error) -> Error {
    if pointer.is_empty() && !error.faults.is_empty() {
        return error;
    }
    let faults = if error.faults.is_empty() {
        let detail = error.detail.clone();
        vec![Fault::pointer(pointer.to_owned(), error.code, detail)]
    } else {
        error.faults.iter().map(|f| f.within(pointer)).collect()
    };
    Error { faults, ..error }
}

/// A child that is none of this record's is no fault of the address: the values name it.
fn missing(error: Error) -> Error {
    if error.kind != Kind::NotFound {
        return error;
    }
    Error::new(
        Kind::Invalid,
        "not_found",
        "There is no such row among those of this record.",
    )
}

#[async_trait]
impl Job for Family {
    async fn run(&self, engine: &Engine, work: &mut Work<'_>) -> Result<Option<Written>, Step> {
        let Some(row) = engine.perform(work, &self.parent).await? else {
            return Ok(None);
        };
        let mut refused = Refused::default();
        for child in &self.children {
            let place = work.enter().await?;
            let outcome = engine.perform(work, &child.of(&row)).await;
            if let Err(error) = work.leave(engine, place, outcome).await? {
                refused.0.push((child.pointer.clone(), missing(error)));
            }
        }
        if let Some(error) = refused.into_error() {
            return Err(Step::Failed(error));
        }
        let of = (work.ctx, self.parent.model);
        Ok(Some(engine.written(work.tx, of, &row).await?))
    }
}

impl Child {
    /// The change, of a row that belongs to this record or is to belong to it.
    fn of(&self, parent: &[Value]) -> Item {
        let mut item = self.item.of_key(self.item.key.clone());
        for &(own, far) in &self.link {
            let value = parent[far].clone();
            if item.verb == Verb::Create {
                item.changes.values.push((own, value));
            } else {
                let mut scope = (*item.scope).clone();
                scope.rows = scope.rows.and(Filter::Cmp(own, Cmp::Eq, value));
                item.scope = Arc::new(scope);
            }
        }
        item.changes.values.sort_by_key(|(field, _)| *field);
        item
    }
}

impl Engine {
    /// The change that a body asks for, with those of the child rows in it.
    pub(super) fn family(
        &self,
        ctx: &Context,
        of: (ModelId, Verb),
        target: Option<Target<'_>>,
        body: Input,
    ) -> Result<Family, Error> {
        let (own, sent) = self.apart(ctx, of.0, body);
        let mut refused = Refused::default();
        let mut children = Vec::new();
        for Sent { relation, input } in sent {
            self.children(ctx, relation, input, &mut (&mut children, &mut refused));
        }
        match self.item(ctx, of, target, own) {
            Ok(parent) => match refused.into_error() {
                None => Ok(Family { parent, children }),
                Some(error) => Err(error),
            },
            Err(error) if error.kind == Kind::Invalid => {
                refused.0.insert(0, (String::new(), error));
                Err(refused.into_error().unwrap_or_else(Error::not_found))
            }
            Err(error) => Err(error),
        }
    }

    /// A body without its child rows. What the caller has no verb on is no child but an unknown field.
    fn apart(&self, ctx: &Context, model: ModelId, body: Input) -> (Input, Vec<Sent<'_>>) {
        let meta = self.registry.model(model);
        let inlines = meta.inlines.iter().map(|i| &meta.relations[i.relation]);
        let seen: Vec<&Relation> = inlines
            .filter(|r| {
                Verb::ALL
                    .into_iter()
                    .any(|verb| self.may(ctx, verb, r.target))
            })
            .collect();
        let Input::Object(members) = body else {
            return (body, Vec::new());
        };
        let (mut own, mut sent) = (Vec::with_capacity(members.len()), Vec::new());
        for (name, input) in members {
            match seen.iter().find(|r| r.name == name) {
                Some(relation) => sent.push(Sent { relation, input }),
                None => own.push((name, input)),
            }
        }
        (Input::Object(own), sent)
    }

    fn children(
        &self,
        ctx: &Context,
        relation: &Relation,
        input: Input,
        (children, refused): &mut (&mut Vec<Child>, &mut Refused),
    ) {
        let at = format!("/{}", escape_pointer(&relation.name));
        let mut refuse = |pointer: String, error| refused.0.push((pointer, error));
        let Input::Array(rows) = input else {
            let detail = format!("{} must be an array.", relation.name);
            return refuse(at, fault("type", detail));
        };
        if rows.len() > MOST {
            let detail = format!(
                "{} can have at most {MOST} rows in one request.",
                relation.name
            );
            return refuse(at, fault("too_many", detail));
        }
        for (i, row) in rows.into_iter().enumerate() {
            let pointer = format!("{at}/{i}");
            match self.child(ctx, relation, row) {
                Ok(item) => {
                    let link = relation.to.iter().zip(&relation.from);
                    let link = link.map(|(&own, &far)| (own, far)).collect();
                    children.push(Child {
                        pointer,
                        item,
                        link,
                    });
                }
                Err(error) => refuse(pointer, missing(error)),
            }
        }
    }

    fn child(&self, ctx: &Context, relation: &Relation, row: Input) -> Result<Item, Error> {
        let meta = self.registry.model(relation.target);
        let Row {
            key,
            condition,
            delete,
            fields,
        } = Row::of(row)?;
        for (name, _) in &fields {
            if meta.field(name).is_some_and(|f| relation.to.contains(&f)) {
                let detail = format!("{name} is that of the record it belongs to.");
                let fault = Fault::field(name, "read_only", detail);
                return Err(Error::invalid(vec![fault]));
            }
        }
        let target = key.as_deref().map(|key| Target {
            key,
            condition: &condition,
        });
        match (target, delete) {
            (Some(target), true) => self.deletion(ctx, meta.id, Some(target)),
            (Some(target), false) => self.item(
                ctx,
                (meta.id, Verb::Patch),
                Some(target),
                Input::Object(fields),
            ),
            (None, true) => Err(fault("required", format!("{DELETE} needs a {KEY}."))),
            (None, false) => self.new_child(ctx, meta, relation, fields),
        }
    }

    fn new_child(
        &self,
        ctx: &Context,
        meta: &ModelMeta,
        relation: &Relation,
        fields: Vec<(String, Input)>,
    ) -> Result<Item, Error> {
        let scope = self.scope(ctx, Verb::Create, meta.id)?;
        let links = relation.to.iter().map(|&f| meta.fields[f].name.as_str());
        let shut = links.filter_map(|name| admit(meta, name, Purpose::Create, &*scope).err());
        let shut: Vec<Fault> = shut.collect();
        if !shut.is_empty() {
            return Err(Error::invalid(shut));
        }
        let body = Input::Object(fields);
        let changes = validate_with(meta, body, Purpose::Create, &*scope, &relation.to)?;
        Ok(Item {
            model: meta.id,
            verb: Verb::Create,
            key: Vec::new(),
            condition: IfMatch::Unconditional,
            changes,
            scope,
            purge: false,
        })
    }
}

/// A child row as it was sent.
struct Row {
    key: Option<String>,
    condition: IfMatch,
    delete: bool,
    fields: Vec<(String, Input)>,
}

impl Row {
    fn of(input: Input) -> Result<Self, Error> {
        let mut row = Self {
            key: None,
            condition: IfMatch::Unconditional,
            delete: false,
            fields: Vec::new(),
        };
        let wrong = |name: &str, what: &str| {
            let detail = format!("{name} {what}.");
            Err(Error::invalid(vec![Fault::field(name, "type", detail)]))
        };
        let Input::Object(members) = input else {
            return Err(fault("type", "A child row is an object.".to_owned()));
        };
        for (name, input) in members {
            match (name.as_str(), input) {
                (KEY, Input::String(key) | Input::Number(key)) => row.key = Some(key),
                (KEY, _) => return wrong(KEY, "must be a key, as a string or a number"),
                (CONDITION, Input::String(tag)) => {
                    row.condition = IfMatch::parse([tag.as_str()])?;
                }
                (CONDITION, _) => return wrong(CONDITION, "must be an entity tag"),
                (DELETE, Input::Bool(delete)) => row.delete = delete,
                (DELETE, _) => return wrong(DELETE, "must be true or false"),
                (_, input) => row.fields.push((name, input)),
            }
        }
        if row.delete && !row.fields.is_empty() {
            let detail = format!("A row with {DELETE} has no fields.");
            return Err(fault("too_many", detail));
        }
        Ok(row)
    }
}

/// A 422 with one fault, at the part itself.
fn fault(code: &'static str, detail: String) -> Error {
    Error::invalid(vec![Fault::pointer(String::new(), code, detail)])
}
