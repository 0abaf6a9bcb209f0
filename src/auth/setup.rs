//! The one-time link by which the first superuser is made. There is no default password: as long as
//! there are no users, each start makes a fresh link that is good for 30 minutes.

use chrono::{DateTime, TimeDelta, Utc};
use quarterdeck_entity::system::user;
use sea_orm::{ActiveModelTrait as _, ActiveValue::Set, EntityTrait as _, PaginatorTrait as _};

use crate::config::Secret;
use crate::error::{Error, Fault};
use crate::store::{Db, failure, now};

use super::password::Passwords;
use super::{accounts, secret, state};

const NAME: &str = "setup_link";
const LIFETIME: TimeDelta = TimeDelta::minutes(30);

/// Makes a link's secret; the one before is void.
///
/// # Errors
/// No randomness, or what the database said.
pub async fn offer(db: &Db) -> Result<Secret, Error> {
    let text = secret::random().map_err(Error::internal)?;
    let until = now() + LIFETIME;
    let stored = format!("{} {}", secret::digest(text.expose()), until.timestamp());
    let tx = db.begin().await?;
    state::set(&tx, NAME, &stored).await?;
    tx.commit().await.map_err(failure::plain)?;
    Ok(text)
}

/// Whether a link's secret is good now.
///
/// # Errors
/// What the database said.
pub async fn is_open(db: &Db, candidate: &str) -> Result<bool, Error> {
    let stored = state::get(db.reader(), NAME).await?;
    Ok(stored.is_some_and(|s| fits(&s, candidate, now())) && !accounts::any(db).await?)
}

fn fits(stored: &str, candidate: &str, now: DateTime<Utc>) -> bool {
    let Some((hash, until)) = stored.split_once(' ') else {
        return false;
    };
    let in_time = until
        .parse::<i64>()
        .is_ok_and(|until| now.timestamp() < until);
    // Comparing hashes tells nothing about the secret.
    in_time && secret::is_random(candidate) && hash == secret::digest(candidate)
}

/// Makes the first superuser and voids the link; of several at once exactly one succeeds.
///
/// # Errors
/// 404 for a link that is not good (any more), 422 for a bad name or a weak password.
pub async fn claim(
    db: &Db,
    passwords: &Passwords,
    candidate: &str,
    (username, password): (&str, &str),
) -> Result<i64, Error> {
    if !is_open(db, candidate).await? {
        return Err(Error::not_found());
    }
    let mut faults = Vec::new();
    if username.trim().is_empty() || username.chars().count() > 150 {
        let detail = "A user name has 1 to 150 characters.";
        faults.push(Fault::field("username", "length", detail));
    }
    if let Err(weakness) = passwords.check(password) {
        faults.push(Fault::field("password", "weak", weakness.to_string()));
    }
    if !faults.is_empty() {
        return Err(Error::invalid(faults));
    }
    let hash = passwords
        .hash(password)
        .await
        .map_err(accounts::hash_error)?;
    let tx = db.begin().await?;
    let stored = state::get(&tx, NAME).await?;
    let still = stored.is_some_and(|s| fits(&s, candidate, now()));
    let first = user::Entity::find()
        .count(&tx)
        .await
        .map_err(failure::plain)?
        == 0;
    // The row is deleted before the user is made: a second claim finds nothing to delete.
    if !still || !first || !state::remove(&tx, NAME).await? {
        return Err(Error::not_found());
    }
    let now = now();
    let row = user::ActiveModel {
        username: Set(username.to_owned()),
        password_hash: Set(Some(hash)),
        is_superuser: Set(true),
        is_active: Set(true),
        created_at: Set(now),
        updated_at: Set(now),
        ..Default::default()
    };
    let made = row.insert(&tx).await.map_err(failure::plain)?;
    state::raise_version(&tx).await?;
    tx.commit().await.map_err(failure::plain)?;
    Ok(made.id)
}
