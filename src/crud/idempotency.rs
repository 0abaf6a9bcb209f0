//! `Idempotency-Key`: a create that is sent again, because its answer was lost, happens once
//! (draft-ietf-httpapi-idempotency-key-header). Key, request and answer are stored in the write's own
//! transaction, so there is no moment at which one is there without the other.
//!
//! A kept answer is no way round a right: it belongs to the user and the token that it was given to,
//! and whoever reads the model otherwise than then is told no more than the record's key.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use chrono::TimeDelta;
use parking_lot::Mutex;
use quarterdeck_entity::system::idempotency;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _,
};
use serde_json::{Map, Value as Json};
use sha2::{Digest as _, Sha256};

use crate::acl::{Principal, Scope};
use crate::error::{Error, Fault, Kind};
use crate::model::{Input, ModelMeta};
use crate::store::{Tx, failure, now};

use super::Written;
use super::read::etag;

/// How long an answer is kept.
const KEPT: TimeDelta = TimeDelta::hours(24);

/// The code of a key that came with another request.
const MISMATCH: &str = "idempotency_mismatch";

/// The code of a key whose request is under way.
const IN_FLIGHT: &str = "idempotency_in_flight";

/// A request that is to happen once.
#[derive(Debug, Clone)]
pub struct Once {
    key: String,
    request: String,
    rights: String,
    /// The names of the fields that whoever has written a record may read of it.
    open: Vec<String>,
}

impl Once {
    /// The request of `principal`, who reads the model in the scope `reads`, to create a record of it
    /// from `body`, under the key it sent.
    ///
    /// # Errors
    /// 400 for a key that is empty, too long or not visible ASCII.
    pub fn new(
        by: (&Principal, Option<&Scope>),
        key: &str,
        (model, body): (&ModelMeta, &Input),
    ) -> Result<Self, Error> {
        // What was understood, not how it was spelt: a client may write its members anew.
        let request = digest(format!("{} {body:?}", model.slug));
        Ok(Self::of_digest(by, key, request)?.showing(model))
    }

    /// The request with this digest.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub(super) fn of_digest(
        (principal, reads): (&Principal, Option<&Scope>),
        key: &str,
        request: String,
    ) -> Result<Self, Error> {
        check(key)?;
        let user = principal.user.as_ref().map(|user| user.id);
        let token = principal.token.as_ref().map(|token| token.id);
        Ok(Self {
            key: digest(format!("{user:?} {token:?} {key}")),
            request,
            rights: digest(format!("{reads:?}")),
            open: Vec::new(),
        })
    }

    /// The same, of which whoever may not read the answer any more is told the key of the model's
    /// record.
    pub(super) fn showing(self, model: &ModelMeta) -> Self {
        let key = model.key.iter();
        Self {
            open: key.map(|&k| model.fields[k].name.clone()).collect(),
            ..self
        }
    }

    /// One of the parts of the request, each of which happens once.
    pub(super) fn part(&self, number: usize) -> Self {
        Self {
            key: digest(format!("{} {number}", self.key)),
            ..self.clone()
        }
    }

    /// The first answer, if there was one.
    ///
    /// # Errors
    /// 422 when the key came with another request.
    pub(super) async fn answered(&self, tx: &Tx) -> Result<Option<Written>, Error> {
        let found = idempotency::Entity::find_by_id(&self.key).one(tx).await;
        let Some(first) = found.map_err(failure::plain)? else {
            return Ok(None);
        };
        if first.created_at + KEPT < now() {
            let gone = idempotency::Entity::delete_by_id(&self.key).exec(tx).await;
            gone.map_err(failure::plain)?;
            return Ok(None);
        }
        if first.request != self.request {
            return Err(mismatch());
        }
        let (body, etag) = if first.rights == self.rights {
            (first.body.into_bytes(), first.etag)
        } else {
            let body = self.cut_down(&first.body)?;
            let etag = etag(&body);
            (body, etag)
        };
        Ok(Some(Written {
            body,
            etag,
            key: first.record_id,
            again: true,
            ..Written::default()
        }))
    }

    /// Whether there is an answer by now.
    pub(super) async fn is_answered(
        &self,
        connection: &impl ConnectionTrait,
    ) -> Result<bool, Error> {
        let found = idempotency::Entity::find_by_id(&self.key)
            .filter(idempotency::Column::CreatedAt.gte(now() - KEPT))
            .one(connection);
        Ok(found.await.map_err(failure::plain)?.is_some())
    }

    /// What of an answer may be read whatever else may.
    fn cut_down(&self, body: &str) -> Result<Vec<u8>, Error> {
        let mut record: Map<String, Json> = serde_json::from_str(body).map_err(Error::internal)?;
        record.retain(|name, _| self.open.contains(name));
        serde_json::to_vec(&record).map_err(Error::internal)
    }

    /// Stores the answer, or an empty one for [`Self::end`] to fill in. Another node that was faster makes
    /// this fail as a lost race does: tried again, the write finds the other's answer.
    pub(super) async fn keep(&self, tx: &Tx, written: &Written) -> Result<(), Error> {
        if self.key.starts_with('A') {
            // One in 64 sweeps for the others.
            let old = idempotency::Column::CreatedAt.lt(now() - KEPT);
            let swept = idempotency::Entity::delete_many()
                .filter(old)
                .exec(tx)
                .await;
            swept.map_err(failure::plain)?;
        }
        let row = idempotency::ActiveModel {
            key: Set(self.key.clone()),
            request: Set(self.request.clone()),
            rights: Set(self.rights.clone()),
            record_id: Set(written.key.clone()),
            etag: Set(written.etag.clone()),
            body: Set(String::from_utf8(written.body.clone()).map_err(Error::internal)?),
            created_at: Set(now()),
        };
        let kept = idempotency::Entity::insert(row)
            .exec_without_returning(tx)
            .await;
        kept.map(drop).map_err(|e| match failure::classify(&e) {
            failure::Failure::Unique(_) => {
                Error::unavailable("busy", "The same request is under way; try again.", 1)
                    .because(e)
            }
            // It waited for another node's, which is not committed.
            failure::Failure::Locked | failure::Failure::Timeout => in_flight().because(e),
            _ => failure::plain(e),
        })
    }
}

impl Once {
    /// Stores the answer under a key that was kept without one.
    pub(super) async fn end(&self, tx: &Tx, written: &Written) -> Result<(), Error> {
        let text = str::from_utf8(&written.body).map_err(Error::internal)?;
        let ended = idempotency::Entity::update_many()
            .filter(idempotency::Column::Key.eq(&self.key))
            .col_expr(idempotency::Column::Body, Expr::value(text));
        ended.exec(tx).await.map(drop).map_err(failure::plain)
    }
}

pub(super) fn digest(bytes: impl AsRef<[u8]>) -> String {
    BASE64.encode(Sha256::digest(bytes))
}

fn in_flight() -> Error {
    let detail = "The first request with this Idempotency-Key is still under way.";
    Error::new(Kind::Conflict, IN_FLIGHT, detail)
}

fn mismatch() -> Error {
    let detail = "This Idempotency-Key came with another request before.";
    let fault = Fault::parameter("Idempotency-Key", MISMATCH, detail);
    Error::invalid(vec![fault])
}

/// Whether an error says that a key cannot be used for a request, rather than that its work failed.
pub(super) fn is_final(error: &Error) -> bool {
    let mismatch = |fault: &Fault| fault.code == MISMATCH;
    error.code == IN_FLIGHT || error.faults.iter().any(mismatch)
}

/// The keys whose requests this node is working on, and what was asked with them.
#[derive(Debug, Default)]
pub(crate) struct Running(Mutex<HashMap<String, String>>);

impl Running {
    /// Notes that a request is under way until the guard is dropped.
    ///
    /// # Errors
    /// 409 when it is under way already, 422 when another with its key is.
    pub(super) fn begin(&self, once: &Once) -> Result<UnderWay<'_>, Error> {
        match self.0.lock().entry(once.key.clone()) {
            Entry::Occupied(first) if *first.get() == once.request => Err(in_flight()),
            Entry::Occupied(_) => Err(mismatch()),
            Entry::Vacant(free) => {
                free.insert(once.request.clone());
                Ok(UnderWay {
                    running: self,
                    key: once.key.clone(),
                })
            }
        }
    }
}

/// See [`Running::begin`].
pub(super) struct UnderWay<'a> {
    running: &'a Running,
    key: String,
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.running.0.lock().remove(&self.key);
    }
}

/// Whether a text may be a key.
///
/// # Errors
/// 400 for one that may not.
pub(super) fn check(key: &str) -> Result<(), Error> {
    let visible = key.bytes().all(|b| (0x21..0x7f).contains(&b));
    if key.is_empty() || key.len() > 255 || !visible {
        return Err(Error::parameter(
            "Idempotency-Key",
            "idempotency_key",
            "An Idempotency-Key has 1 to 255 visible ASCII characters.",
        ));
    }
    Ok(())
}
