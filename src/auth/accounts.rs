//! Users as credentials: found by name, given a password. Everything else about users goes through
//! the operations, like any model.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use quarterdeck_entity::system::{session, user, user_role};
use sea_orm::{
    ActiveModelTrait as _, ActiveValue::Set, ColumnTrait as _, EntityTrait as _,
    IntoActiveModel as _, PaginatorTrait as _, QueryFilter as _,
};

use crate::acl::User;
use crate::error::{Error, Fault};
use crate::store::{Db, Tx, failure, now};

use super::password::{PasswordError, Passwords};
use super::{link, state};

/// Whether there is any user yet.
///
/// # Errors
/// What the database said.
pub async fn any(db: &Db) -> Result<bool, Error> {
    Ok(user::Entity::find()
        .count(db.reader())
        .await
        .map_err(failure::plain)?
        > 0)
}

/// The user of exactly that name.
///
/// # Errors
/// What the database said.
pub async fn by_name(db: &Db, name: &str) -> Result<Option<user::Model>, Error> {
    let found = user::Entity::find()
        .filter(user::Column::Username.eq(name))
        .one(db.reader())
        .await
        .map_err(failure::plain)?;
    // MariaDB ignores spaces at the end when it compares.
    Ok(found.filter(|u| u.username == name))
}

/// A user with its roles, unless it is suspended or gone.
///
/// # Errors
/// What the database said.
pub async fn active(db: &Db, id: i64) -> Result<Option<Arc<User>>, Error> {
    let found = user::Entity::find_by_id(id)
        .one(db.reader())
        .await
        .map_err(failure::plain)?;
    let Some(row) = found.filter(|u| u.is_active) else {
        return Ok(None);
    };
    let roles = user_role::Entity::find()
        .filter(user_role::Column::UserId.eq(id))
        .all(db.reader())
        .await
        .map_err(failure::plain)?;
    Ok(Some(Arc::new(User {
        id: row.id,
        username: row.username,
        email: row.email,
        superuser: row.is_superuser,
        roles: roles.into_iter().map(|r| r.role_id).collect(),
    })))
}

/// Sets a password: hashes it, ends every session of the user, and raises the policy version.
///
/// # Errors
/// 422 for a weak password, 404 for an unknown user, 503 when too many hashes are waiting.
pub async fn set_password(
    db: &Db,
    passwords: &Passwords,
    id: i64,
    password: &str,
) -> Result<(), Error> {
    let hash = hash_of(passwords, password).await?;
    let tx = db.begin().await?;
    give_hash(&tx, id, hash).await?;
    tx.commit().await.map_err(failure::plain)
}

/// Whether a password may be somebody's.
///
/// # Errors
/// 422 for a weak one.
pub fn check(passwords: &Passwords, password: &str) -> Result<(), Error> {
    passwords
        .check(password)
        .map_err(|w| Error::invalid(vec![Fault::field("password", "weak", w.to_string())]))
}

/// The hash of a password that somebody wants.
///
/// # Errors
/// 422 for a weak one, 503 when too many hashes are waiting.
pub async fn hash_of(passwords: &Passwords, password: &str) -> Result<String, Error> {
    check(passwords, password)?;
    passwords.hash(password).await.map_err(hash_error)
}

/// Gives a user a password by its hash, ends every session of the user, voids the link to choose one, and
/// raises the policy version.
///
/// # Errors
/// 404 for an unknown user.
pub async fn give_hash(tx: &Tx, id: i64, hash: String) -> Result<(), Error> {
    store_hash(tx, id, hash).await?;
    link::void(tx, id).await?;
    session::Entity::delete_many()
        .filter(session::Column::UserId.eq(id))
        .exec(tx)
        .await
        .map_err(failure::plain)?;
    state::raise_version(tx).await
}

/// Stores the hash of an unchanged password made at another cost, and notes the login.
///
/// # Errors
/// What the database said.
pub async fn note_login(
    db: &Db,
    id: i64,
    rehashed: Option<String>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let tx = db.begin().await?;
    let row = user::ActiveModel {
        id: Set(id),
        last_login_at: Set(Some(now)),
        password_hash: rehashed.map_or(sea_orm::ActiveValue::NotSet, |h| Set(Some(h))),
        ..Default::default()
    };
    row.update(&tx).await.map_err(failure::plain)?;
    tx.commit().await.map_err(failure::plain)
}

async fn store_hash(tx: &Tx, id: i64, hash: String) -> Result<(), Error> {
    let found = user::Entity::find_by_id(id)
        .one(tx)
        .await
        .map_err(failure::plain)?;
    let mut row = found.ok_or_else(Error::not_found)?.into_active_model();
    row.password_hash = Set(Some(hash));
    row.updated_at = Set(now());
    row.update(tx).await.map_err(failure::plain)?;
    Ok(())
}

/// What a failed hash means to the caller.
pub(super) fn hash_error(error: PasswordError) -> Error {
    match error {
        PasswordError::Busy {
            retry_after_seconds,
        } => {
            let detail = "Too many logins are waiting; try again.";
            Error::unavailable("busy", detail, retry_after_seconds)
        }
        PasswordError::TooLong => Error::malformed(vec![Fault::field(
            "password",
            "too_long",
            "A password has at most 1024 bytes.",
        )]),
        other => Error::internal(other),
    }
}
