//! Bringing back what the audit remembers: values of an entry, and a change that puts them in place.
//! Used by `revert`, of one record to a point, and by `undo`, of everything that a request did.

use quarterdeck_entity::system::audit;
use sea_orm::Value;
use serde_json::Value as Json;

use crate::acl::Scope;
use crate::error::{Error, Fault, Kind, escape_pointer};
use crate::model::patch::Changes;
use crate::model::{FieldId, Input, ModelMeta, Verb, value};
use crate::query::Sight;
use crate::store::writes::Record as Stored;

use super::change::Item;
use super::precondition::IfMatch;
use super::work::{Step, Work};
use super::{Context, Engine};

/// Values of some fields.
pub(super) type Values = Vec<(FieldId, Value)>;

/// Which side of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Old,
    New,
}

/// The values of one side of an audit entry; `None` where the record did not exist on that side. A
/// field that the model does not have any more is left out, a value that the field cannot hold any
/// more is a fault.
pub(super) fn side(
    meta: &ModelMeta,
    entry: &audit::Model,
    side: Side,
) -> Result<Option<Values>, Fault> {
    let absent = match side {
        Side::Old => Verb::Create,
        Side::New => Verb::Delete,
    };
    if entry.verb == absent.name() {
        return Ok(None);
    }
    let name = if side == Side::Old { "old" } else { "new" };
    let mut values = Vec::new();
    let Json::Object(changes) = &entry.changes else {
        return Ok(Some(values));
    };
    for (field, change) in changes {
        let (Some(id), Some(remembered)) = (meta.field(field), change.get(name)) else {
            continue;
        };
        let kind = &meta.fields[id].kind;
        let value = value::from_input(kind, &Input::from(remembered)).map_err(|misfit| {
            let detail = misfit.sentence(field);
            Fault::pointer(place(entry, Some(field)), misfit.code, detail)
        })?;
        values.push((id, value));
    }
    Ok(Some(values))
}

/// Where a fault about a record, or a field of it, is: `/book/12/title`.
pub(super) fn place(entry: &audit::Model, field: Option<&str>) -> String {
    let mut pointer = format!("/{}/{}", entry.model, escape_pointer(&entry.record_id));
    if let Some(field) = field {
        pointer.push('/');
        pointer.push_str(&escape_pointer(field));
    }
    pointer
}

impl Engine {
    /// Puts the values in place of those of a loaded record.
    pub(super) async fn put_back(
        &self,
        work: &mut Work<'_>,
        meta: &ModelMeta,
        loaded: Stored,
        values: Values,
    ) -> Result<Vec<Value>, Step> {
        let item = self.restoring(work.ctx, (meta, Verb::Patch), values)?;
        self.alter(work, &item, (loaded.values, loaded.row)).await
    }

    /// Makes a deleted record again, with its key.
    pub(super) async fn make_again(
        &self,
        work: &mut Work<'_>,
        meta: &ModelMeta,
        values: Values,
    ) -> Result<Vec<Value>, Step> {
        let item = self.restoring(work.ctx, (meta, Verb::Create), values)?;
        let made = self.perform(work, &item).await?;
        Ok(made.unwrap_or_default())
    }

    /// The change that sets these values. It may set what is set by the application otherwise (the
    /// day of creation, a generated key), but nothing that its caller may not write.
    fn restoring(
        &self,
        ctx: &Context,
        (meta, verb): (&ModelMeta, Verb),
        mut values: Values,
    ) -> Result<Item, Error> {
        let scope = self.scope(ctx, verb, meta.id)?;
        values.retain(|(id, _)| verb == Verb::Create || !meta.key.contains(id));
        let shut = values.iter().filter(|(id, _)| !may_set(meta, &scope, *id));
        let faults: Vec<Fault> = shut
            .map(|(id, _)| {
                let name = &meta.fields[*id].name;
                Fault::field(name, "read_only", format!("{name} cannot be written."))
            })
            .collect();
        if !faults.is_empty() {
            return Err(Error {
                faults,
                ..Error::new(
                    Kind::Conflict,
                    "not_yours",
                    "Some fields are not yours to set.",
                )
            });
        }
        Ok(Item {
            model: meta.id,
            verb,
            key: Vec::new(),
            condition: IfMatch::Unconditional,
            changes: Changes {
                values,
                defaults: Vec::new(),
            },
            scope,
            purge: false,
        })
    }
}

fn may_set(meta: &ModelMeta, scope: &Scope, field: FieldId) -> bool {
    !meta.fields[field].accepted()
        || meta.key.contains(&field)
        || scope.writable[field] != Sight::Never
}
