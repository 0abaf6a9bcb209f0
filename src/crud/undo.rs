//! Undo: what a request did, or a token, or a user since some time, taken back as one new change set.
//!
//! Each entry of the audit is reversed, the newest first, by an ordinary change of the caller's: what
//! the caller may not write is not undone for them. What has been changed since is a conflict; either
//! nothing is undone then, or all that is free of conflicts.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use quarterdeck_entity::system::audit;
use sea_orm::{
    ColumnTrait as _, Condition, EntityTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _,
};
use serde_json::{Value as Json, json};

use crate::error::{Error, Fault, Kind};
use crate::model::{Input, ModelMeta, Verb};
use crate::store::failure;
use crate::store::pool::Pool;
use crate::store::writes::Record as Stored;

use super::change::{Item, same};
use super::idempotency::{Once, digest};
use super::operation as tracked;
use super::restore::{Side, Values, place, side};
use super::work::{Job, Step, Work};
use super::{Context, Engine, Written};

/// Most entries that one request takes back.
const MOST: u64 = 10_000;

/// What is to be taken back.
#[derive(Debug)]
struct Undo {
    of: Of,
    skip: bool,
}

#[derive(Debug)]
enum Of {
    ChangeSet(i64),
    Token(i64, DateTime<Utc>),
    User(i64, DateTime<Utc>),
}

impl Engine {
    /// Takes back a change set (`{"change_set": N}`), or all that a token or a user did since a time
    /// (`{"token": N, "since": T}`). With `"conflicts": "skip"` what can be undone is. `key` is an
    /// `Idempotency-Key`.
    ///
    /// # Errors
    /// 401; 400 for another body; 404 for a change set that is not the caller's, unless they may list
    /// the audit; 409 that lists every conflict.
    pub async fn undo(
        self: &Arc<Self>,
        ctx: &Context,
        (key, body): (Option<&str>, Input),
    ) -> Result<Written, Error> {
        if ctx.principal.is_anonymous() {
            return Err(Error::unauthenticated());
        }
        let request = digest(format!("undo {body:?}"));
        let once = key.map(|key| Once::of_digest((&ctx.principal, None), key, request));
        let once = once.transpose()?;
        let undo = read(body)?;
        let rows = match self.would_track(ctx) {
            true => undo.of.size(self.db.reader()).await?,
            false => 0,
        };
        let tracked = tracked::Of {
            kind: "undo",
            atomic: true,
            ..tracked::Of::default()
        };
        self.recorded(ctx, (tracked, rows), |engine, ctx| async move {
            let written = engine.transact(&ctx, once, undo).await?;
            written.ok_or_else(Error::not_found)
        })
        .await
    }

    /// Whether an undo of a change set is a [`LARGE`](tracked::LARGE) operation.
    ///
    /// # Errors
    /// What the database said.
    pub async fn is_large_undo(&self, change_set: i64) -> Result<bool, Error> {
        let size = Of::ChangeSet(change_set).size(self.db.reader()).await?;
        Ok(size > tracked::LARGE)
    }

    /// Whether the caller may know what everybody did.
    #[must_use]
    pub fn sees_all_changes(&self, ctx: &Context) -> bool {
        self.registry.by_slug("qd_audit").is_some_and(|audit| {
            let listed = self.scope(ctx, Verb::List, audit.id);
            listed.is_ok_and(|scope| scope.is_unruled())
        })
    }
}

/// Whether a body says what is to be undone.
///
/// # Errors
/// 400 for one that does not.
pub(super) fn check(body: Input) -> Result<(), Error> {
    read(body).map(drop)
}

fn read(body: Input) -> Result<Undo, Error> {
    let fault =
        |detail: &str| Error::malformed(vec![Fault::pointer(String::new(), "type", detail)]);
    let (mut of, mut since, mut skip) = (None, None, false);
    for (name, value) in body.into_object(Error::malformed)? {
        match (name.as_str(), value) {
            ("change_set" | "token" | "user", Input::Number(text)) if of.is_none() => {
                let id: i64 = text
                    .parse()
                    .map_err(|_| fault("An id is a whole number."))?;
                of = Some((name, id));
            }
            ("since", Input::String(text)) => {
                let at = DateTime::parse_from_rfc3339(&text);
                since = Some(
                    at.map_err(|_| fault("since is a time (RFC 3339)."))?
                        .to_utc(),
                );
            }
            ("conflicts", Input::String(text)) if text == "skip" || text == "refuse" => {
                skip = text == "skip";
            }
            _ => {
                return Err(fault(
                    "Give one of change_set, token, user (a number); with a token or a user since \
                     (a time); and conflicts, refuse or skip.",
                ));
            }
        }
    }
    let of = match (of.as_ref().map(|(name, id)| (name.as_str(), *id)), since) {
        (Some(("change_set", id)), None) => Of::ChangeSet(id),
        (Some(("token", id)), Some(at)) => Of::Token(id, at),
        (Some(("user", id)), Some(at)) => Of::User(id, at),
        _ => {
            return Err(fault(
                "Give a change_set alone, or a token or a user with since.",
            ));
        }
    };
    Ok(Undo { of, skip })
}

#[async_trait]
impl Job for Undo {
    async fn run(&self, engine: &Engine, work: &mut Work<'_>) -> Result<Option<Written>, Step> {
        let entries = self.entries(engine, work).await?;
        let mut undone = 0;
        let mut conflicts: Vec<Fault> = Vec::new();
        work.comes_to(entries.len());
        for (entry, number) in entries.iter().zip(1..) {
            work.reached(number)?;
            work.ledger.undoes = Some(entry.change_set.unwrap_or(entry.id));
            let place = work.enter().await?;
            let outcome = reverse(engine, work, entry).await;
            match work.leave(engine, place, outcome).await? {
                Ok(()) => undone += 1,
                Err(error) => conflicts.extend(told(entry, &error)),
            }
        }
        if !conflicts.is_empty() && !self.skip {
            return Err(Step::Failed(Error {
                faults: conflicts,
                ..Error::new(
                    Kind::Conflict,
                    "conflicts",
                    "Nothing was undone: some of it cannot be.",
                )
            }));
        }
        let conflicts: Vec<Json> = conflicts.iter().map(Fault::to_json).collect();
        let body = json!({ "undone": undone, "conflicts": conflicts });
        Ok(Some(Written {
            body: body.to_string().into_bytes(),
            ..Written::default()
        }))
    }
}

/// The faults of an error, at the record they are about.
fn told(entry: &audit::Model, error: &Error) -> Vec<Fault> {
    let at = place(entry, None);
    if error.faults.is_empty() {
        return vec![Fault::pointer(at, error.code, error.detail.clone())];
    }
    error.faults.iter().map(|f| f.within(&at)).collect()
}

impl Undo {
    async fn entries(&self, engine: &Engine, work: &Work<'_>) -> Result<Vec<audit::Model>, Error> {
        let entries = audit::Entity::find()
            .filter(self.of.condition())
            .order_by_desc(audit::Column::Id)
            .limit(MOST + 1)
            .all(work.tx)
            .await
            .map_err(failure::plain)?;
        let user = work.ctx.principal.user.as_ref().map(|u| u.id);
        let own = user.is_some() && entries.iter().all(|e| e.user_id == user);
        if entries.is_empty() || !own && !engine.sees_all_changes(work.ctx) {
            return Err(Error::not_found());
        }
        if matches!(self.of, Of::ChangeSet(id) if entries.iter().all(|e| e.id != id)) {
            return Err(Error::not_found());
        }
        if entries.len() as u64 > MOST {
            let detail = format!("More than {MOST} changes are to be undone; do it in parts.");
            return Err(Error::new(Kind::Conflict, "too_many_changes", detail));
        }
        Ok(entries)
    }
}

impl Of {
    fn condition(&self) -> Condition {
        use audit::Column::{At, ChangeSet, Id, TokenId, UserId};
        match *self {
            Self::ChangeSet(id) => Condition::any().add(Id.eq(id)).add(ChangeSet.eq(id)),
            Self::Token(id, since) => Condition::all().add(TokenId.eq(id)).add(At.gte(since)),
            Self::User(id, since) => Condition::all().add(UserId.eq(id)).add(At.gte(since)),
        }
    }

    /// How many entries there are, as far as it matters whether they are many.
    async fn size(&self, reader: &Pool) -> Result<usize, Error> {
        let found = audit::Entity::find()
            .select_only()
            .column(audit::Column::Id)
            .filter(self.condition())
            .limit(tracked::LARGE as u64 + 1)
            .into_tuple::<i64>()
            .all(reader)
            .await;
        Ok(found.map_err(failure::plain)?.len())
    }
}

/// Does the opposite of what the entry says.
async fn reverse(engine: &Engine, work: &mut Work<'_>, entry: &audit::Model) -> Result<(), Step> {
    let meta = engine.registry.by_slug(&entry.model);
    let meta = meta.ok_or_else(|| conflict("unknown_model", "The model is not there any more."))?;
    if !matches!(Verb::named(&entry.verb), Some(v) if !matches!(v, Verb::List | Verb::Read)) {
        return Ok(());
    }
    let read = |of| side(meta, entry, of).map_err(|fault| Error::invalid(vec![fault]));
    let (old, new) = (read(Side::Old)?, read(Side::New)?);
    engine.may_see(work.ctx, meta, entry)?;
    let key = meta.parse_key(&entry.record_id)?;
    let verb = match (&old, &new) {
        (Some(_), None) => Verb::Create,
        (None, _) => Verb::Delete,
        (Some(_), Some(_)) => Verb::Patch,
    };
    let scope = engine.scope(work.ctx, verb, meta.id)?;
    let loaded = engine
        .locked(work.tx, meta.id, (&key, &scope.ruled))
        .await?;
    match (old, new, loaded) {
        (Some(old), None, None) => engine.make_again(work, meta, old).await.map(drop),
        (_, None, Some(_)) => {
            Err(conflict("there_again", "A record with this key is there again.").into())
        }
        (_, _, None) => Err(conflict("gone_since", "The record has been deleted since.").into()),
        (old, Some(new), Some(loaded)) => {
            unchanged(meta, &loaded, &new)?;
            match old {
                Some(old) => engine.put_back(work, meta, loaded, old).await.map(drop),
                None => {
                    let item = engine.deletion(work.ctx, meta.id, None)?;
                    engine.perform(work, &Item { key, ..item }).await.map(drop)
                }
            }
        }
    }
}

fn conflict(code: &'static str, detail: &'static str) -> Error {
    Error::new(Kind::Conflict, code, detail)
}

impl Engine {
    /// Others' changes are undone only by those who may see all that was.
    fn may_see(&self, ctx: &Context, meta: &ModelMeta, entry: &audit::Model) -> Result<(), Error> {
        let user = ctx.principal.user.as_ref().map(|u| u.id);
        let own = user.is_some() && entry.user_id == user;
        let read = self.scope(ctx, Verb::Read, meta.id);
        if own || read.is_ok_and(|scope| scope.is_unruled()) {
            return Ok(());
        }
        Err(Error::new(
            Kind::Forbidden,
            "history_hidden",
            "What it was before is not yours to see.",
        ))
    }
}

/// Whether the fields still are what the change made them.
fn unchanged(meta: &ModelMeta, loaded: &Stored, new: &Values) -> Result<(), Error> {
    let differing = new.iter().filter(|(field, value)| {
        // What the application sets at every write says nothing.
        meta.fields[*field].accepted() && !same(&loaded.values[*field], value)
    });
    let faults: Vec<Fault> = differing
        .map(|(field, _)| {
            let name = &meta.fields[*field].name;
            Fault::field(
                name,
                "changed_since",
                format!("{name} has been changed since."),
            )
        })
        .collect();
    if faults.is_empty() {
        return Ok(());
    }
    Err(Error {
        faults,
        ..Error::new(
            Kind::Conflict,
            "changed_since",
            "It has been changed since.",
        )
    })
}
