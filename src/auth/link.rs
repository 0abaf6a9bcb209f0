//! One-time links by which a user chooses a password: an administrator makes one for somebody new, or
//! for somebody who has forgotten theirs. One per user, good for a day; a new one, and any change of
//! the password, voids the one before. Only its hash is stored.

use chrono::{DateTime, TimeDelta, Utc};
use quarterdeck_entity::system::user;
use sea_orm::EntityTrait as _;

use crate::config::Secret;
use crate::error::{Error, Fault};
use crate::store::{Db, Tx, failure, now};

use super::password::Passwords;
use super::{accounts, secret, state};

/// How long a link is good.
const LIFETIME: TimeDelta = TimeDelta::days(1);

fn name(user: i64) -> String {
    format!("password_link.{user}")
}

/// Makes a link's secret for a user, and when it ends; the one before is void.
///
/// # Errors
/// No randomness, or what the database said.
pub async fn offer(tx: &Tx, user: i64) -> Result<(Secret, DateTime<Utc>), Error> {
    let text = secret::random().map_err(Error::internal)?;
    let until = now() + LIFETIME;
    let stored = format!("{} {}", secret::digest(text.expose()), until.timestamp());
    state::set(tx, &name(user), &stored).await?;
    Ok((Secret::new(format!("{user}.{}", text.expose())), until))
}

/// Voids the link of a user, if there is one.
///
/// # Errors
/// What the database said.
pub async fn void(tx: &Tx, user: i64) -> Result<(), Error> {
    state::remove(tx, &name(user)).await.map(drop)
}

/// The user whom a link is for, if it is good now.
///
/// # Errors
/// What the database said.
pub async fn owner(db: &Db, candidate: &str) -> Result<Option<user::Model>, Error> {
    let Some((id, text)) = candidate.split_once('.') else {
        return Ok(None);
    };
    let Some(id) = id.parse::<i64>().ok().filter(|_| secret::is_random(text)) else {
        return Ok(None);
    };
    let stored = state::get(db.reader(), &name(id)).await?;
    // Comparing hashes tells nothing about the secret.
    let good = stored.as_deref().and_then(|s| s.split_once(' '));
    let good = good.is_some_and(|(hash, until)| {
        let in_time = until.parse().is_ok_and(|until| now().timestamp() < until);
        in_time && hash == secret::digest(text)
    });
    if !good {
        return Ok(None);
    }
    let found = user::Entity::find_by_id(id)
        .one(db.reader())
        .await
        .map_err(failure::plain)?;
    Ok(found.filter(|u| u.is_active))
}

/// Gives the user of a link the password they want, and voids the link; of several at once exactly one
/// succeeds. Every session of the user ends.
///
/// # Errors
/// 404 for a link that is not good (any more), 422 for a weak password.
pub async fn claim(
    db: &Db,
    passwords: &Passwords,
    candidate: &str,
    password: &str,
) -> Result<i64, Error> {
    let user = owner(db, candidate).await?.ok_or_else(Error::not_found)?;
    if password.is_empty() {
        let detail = "Choose a password.";
        return Err(Error::invalid(vec![Fault::field(
            "password", "weak", detail,
        )]));
    }
    let hash = accounts::hash_of(passwords, password).await?;
    let tx = db.begin().await?;
    if !state::remove(&tx, &name(user.id)).await? {
        return Err(Error::not_found());
    }
    accounts::give_hash(&tx, user.id, hash).await?;
    tx.commit().await.map_err(failure::plain)?;
    Ok(user.id)
}
