//! `_revert`: one record as it was at a point of its history.

use std::sync::Arc;

use async_trait::async_trait;
use quarterdeck_entity::system::audit;
use sea_orm::{
    ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _, Value,
};

use crate::error::{Error, Fault, Kind};
use crate::model::{Input, ModelId, Verb};
use crate::query::Sight;
use crate::store::failure;

use super::idempotency::{Once, digest};
use super::ledger::record_id;
use super::precondition::{IfMatch, Target};
use super::restore::{Side, Values, side};
use super::work::{Job, Step, Work};
use super::{Context, Engine, Written};

/// Most changes that are walked back.
const STEPS: u64 = 1_000;

/// A revert as it is asked for.
struct Revert {
    model: ModelId,
    key: Vec<Value>,
    condition: IfMatch,
    to: Point,
}

/// A point between two changes of a record.
#[derive(Debug, Clone, Copy)]
enum Point {
    /// Right after this change set.
    After(i64),
    /// Right before it.
    Before(i64),
}

impl Engine {
    /// Brings a record back to what it was right after (`{"change_set": N}`) or right before
    /// (`{"before": N}`) a change set of its history; one that is deleted is made again. The text beside
    /// the body is an `Idempotency-Key`.
    ///
    /// # Errors
    /// As an update or a create; 400 for another body; 403 for a caller who may not see all of what
    /// was; 409 when the record did not exist then, or the change set is not of its history.
    pub async fn revert(
        self: &Arc<Self>,
        ctx: &Context,
        model: ModelId,
        target: Target<'_>,
        (key, body): (Option<&str>, Input),
    ) -> Result<Written, Error> {
        let read = self.scope(ctx, Verb::Read, model)?;
        self.scope(ctx, Verb::Patch, model)?;
        let meta = self.registry.model(model);
        let (record, condition) = self.target(model, Some(target))?;
        let once = key.map(|key| {
            let request = format!("{} revert {record:?} {condition:?} {body:?}", meta.slug);
            let once = Once::of_digest((&ctx.principal, Some(&*read)), key, digest(request))?;
            Ok(once.showing(meta))
        });
        let once: Option<Once> = once.transpose()?;
        let to = point(body)?;
        if !read.is_unruled() {
            return Err(Error::new(
                Kind::Forbidden,
                "history_hidden",
                "Its history is not all yours to see, so you cannot go back in it.",
            ));
        }
        let job = Revert {
            model,
            key: record,
            condition,
            to,
        };
        let written = self.transact(ctx, once, job).await?;
        written.ok_or_else(Error::not_found)
    }
}

fn point(body: Input) -> Result<Point, Error> {
    let members = body.into_object(Error::malformed)?;
    let read = match &members[..] {
        [(name, Input::Number(text))] => match (name.as_str(), text.parse()) {
            ("change_set", Ok(id)) => Some(Point::After(id)),
            ("before", Ok(id)) => Some(Point::Before(id)),
            _ => None,
        },
        _ => None,
    };
    read.ok_or_else(|| {
        let detail = "Give {\"change_set\": N}, or {\"before\": N}, with a number of its history.";
        Error::malformed(vec![Fault::pointer(String::new(), "type", detail)])
    })
}

#[async_trait]
impl Job for Revert {
    async fn run(&self, engine: &Engine, work: &mut Work<'_>) -> Result<Option<Written>, Step> {
        let meta = engine.registry.model(self.model);
        let patch = engine.scope(work.ctx, Verb::Patch, self.model)?;
        let of = (self.key.as_slice(), &patch.ruled);
        let loaded = engine.locked(work.tx, self.model, of).await?;
        if let Some(loaded) = &loaded {
            let of = (self.model, &self.condition);
            engine.check_condition(work, of, &loaded.values).await?;
        }
        let wanted = self.wanted(engine, work).await?;
        let row = match loaded {
            Some(loaded) => engine.put_back(work, meta, loaded, wanted).await?,
            None => engine.make_again(work, meta, wanted).await?,
        };
        let of = (work.ctx, self.model);
        Ok(Some(engine.written(work.tx, of, &row).await?))
    }
}

impl Revert {
    /// The values that the fields changed since then had.
    async fn wanted(&self, engine: &Engine, work: &Work<'_>) -> Result<Values, Error> {
        let meta = engine.registry.model(self.model);
        let read = engine.scope(work.ctx, Verb::Read, self.model)?;
        let entries = audit::Entity::find()
            .filter(audit::Column::Model.eq(&meta.slug))
            .filter(audit::Column::RecordId.eq(record_id(meta, &self.key)))
            .order_by_desc(audit::Column::Id)
            .limit(STEPS)
            .all(work.tx)
            .await
            .map_err(failure::plain)?;
        let mut wanted: Values = Vec::new();
        let mut there = true;
        for (i, entry) in entries.iter().enumerate() {
            let set = entry.change_set.unwrap_or(entry.id);
            if matches!(self.to, Point::After(id) if id == set) {
                return there.then_some(wanted).ok_or_else(was_not_there);
            }
            match side(meta, entry, Side::Old).map_err(|f| Error::invalid(vec![f]))? {
                None => there = false,
                Some(old) => {
                    // A deleted record is all of what it was; a change is of some fields.
                    if entry.verb == Verb::Delete.name() {
                        wanted.clear();
                    }
                    there = true;
                    for (field, value) in old {
                        if read.readable[field] != Sight::Always {
                            continue;
                        }
                        wanted.retain(|(f, _)| *f != field);
                        wanted.push((field, value));
                    }
                }
            }
            let next = entries.get(i + 1).map(|e| e.change_set.unwrap_or(e.id));
            if matches!(self.to, Point::Before(id) if id == set && next != Some(id)) {
                return there.then_some(wanted).ok_or_else(was_not_there);
            }
        }
        Err(Error::new(
            Kind::Conflict,
            "unknown_change_set",
            "That change set is not of this record's history.",
        ))
    }
}

fn was_not_there() -> Error {
    Error::new(
        Kind::Conflict,
        "not_there_then",
        "The record did not exist at that point.",
    )
}
