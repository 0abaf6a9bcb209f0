//! What a superuser does with the credentials of others: give a password, make a link to choose one.
//! Whoever may do that may become that user, so it is nobody else's, whatever their grants on `qd_user`
//! say, and no token's.

use chrono::{DateTime, Utc};
use serde_json::json;

use crate::auth::password::Passwords;
use crate::auth::{accounts, link};
use crate::config::Secret;
use crate::crud::{Context, Engine, Note, note};
use crate::error::{Error, Fault, Kind};
use crate::store::{Tx, failure};

use super::Identity;

async fn reach(engine: &Engine, ctx: &Context, id: i64) -> Result<(), Error> {
    let principal = &ctx.principal;
    if principal.is_anonymous() {
        return Err(Error::unauthenticated());
    }
    if principal.viewer.is_some() {
        return Err(super::view::refused());
    }
    if !principal.is_superuser() || principal.token.is_some() {
        let detail = "Only a superuser with a session gives others a password.";
        return Err(Error::new(Kind::Forbidden, "superuser_only", detail));
    }
    let users = engine.model("qd_user")?.id;
    engine
        .read(ctx, users, &id.to_string(), &[])
        .await
        .map(drop)
}

async fn written(tx: &Tx, ctx: &Context, id: i64, deed: &str) -> Result<(), Error> {
    let done = Note {
        model: "qd_user",
        record: id.to_string(),
        deed,
        changes: json!({}),
    };
    note(tx, ctx, done).await
}

/// Makes a link by which a user chooses a password: its secret, and when it ends.
///
/// # Errors
/// 401, 403 for anybody but a superuser with a session, 404 for an unknown user.
pub async fn offer_link(
    engine: &Engine,
    ctx: &Context,
    id: i64,
) -> Result<(Secret, DateTime<Utc>), Error> {
    reach(engine, ctx, id).await?;
    let tx = engine.db().begin().await?;
    let offered = link::offer(&tx, id).await?;
    written(&tx, ctx, id, "make_link").await?;
    tx.commit().await.map_err(failure::plain)?;
    Ok(offered)
}

/// Gives a user a password. Every session of the user ends, and the link to choose one is void.
///
/// # Errors
/// As [`offer_link`]; 422 for a weak one.
pub async fn give_password(
    (engine, identity): (&Engine, &Identity),
    ctx: &Context,
    passwords: &Passwords,
    (id, new): (i64, &str),
) -> Result<(), Error> {
    reach(engine, ctx, id).await?;
    let hash = accounts::hash_of(passwords, new).await;
    let hash = hash.map_err(|e| Error {
        faults: (e.faults.iter())
            .map(|f| Fault::field("new", f.code, f.detail.clone()))
            .collect(),
        ..e
    })?;
    let tx = engine.db().begin().await?;
    accounts::give_hash(&tx, id, hash).await?;
    written(&tx, ctx, id, "set_password").await?;
    tx.commit().await.map_err(failure::plain)?;
    identity.changed();
    Ok(())
}
