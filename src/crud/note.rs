//! What is done beside the verbs and stands in the audit all the same: a token is made, a session is
//! ended, somebody looks through another's eyes. Such a row takes part in the chain like any other;
//! it cannot be undone.

use quarterdeck_entity::system::audit;
use sea_orm::{ActiveModelTrait as _, ActiveValue::Set};
use serde_json::Value as Json;

use crate::error::Error;
use crate::store::{Tx, failure, now};

use super::Context;

/// Something that was done.
#[derive(Debug, Clone)]
pub struct Note<'a> {
    /// The model of the record that it was done to.
    pub model: &'a str,
    /// Its key.
    pub record: String,
    /// What was done, in at most 16 letters: no verb of the operations.
    pub deed: &'a str,
    /// What is to be known of it; never a secret.
    pub changes: Json,
}

/// Writes the audit row of a deed in the deed's own transaction.
///
/// # Errors
/// What the database said.
pub async fn note(tx: &Tx, ctx: &Context, note: Note<'_>) -> Result<(), Error> {
    let principal = &ctx.principal;
    let row = audit::ActiveModel {
        at: Set(now()),
        user_id: Set(principal.user.as_ref().map(|u| u.id)),
        username: Set(Some(principal.name().to_owned())),
        token_id: Set(principal.token.as_ref().map(|t| t.id)),
        door: Set(ctx.door.name().to_owned()),
        ip: Set(ctx.address.map(|a| a.to_string())),
        request_id: Set(ctx.request_id.clone()),
        verb: Set(note.deed.to_owned()),
        model: Set(note.model.to_owned()),
        record_id: Set(note.record),
        changes: Set(note.changes),
        change_set: Set(None),
        undoes: Set(None),
        reason: Set(ctx.reason.clone()),
        ..Default::default()
    };
    row.insert(tx).await.map_err(failure::plain)?;
    Ok(())
}
