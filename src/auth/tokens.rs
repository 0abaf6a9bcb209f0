//! API tokens: made, found by their hash, marked as used. Listing and revoking them goes through the
//! operations on `qd_token`.

use chrono::{DateTime, Utc};
use quarterdeck_entity::system::token;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait as _, ActiveValue::Set, ColumnTrait as _, EntityTrait as _, QueryFilter as _,
    QueryOrder as _,
};

use crate::acl::TokenScope;
use crate::config::Secret;
use crate::error::Error;
use crate::model::Verb;
use crate::store::{Db, Tx, failure, now};

use super::{secret, state};

/// A token to be made.
#[derive(Debug, Clone)]
pub struct NewToken {
    /// Whose it is.
    pub user_id: i64,
    /// What the owner calls it.
    pub name: String,
    /// Models and verbs; `None` is everything the owner may.
    pub scopes: Option<Vec<(String, Vec<Verb>)>>,
    /// When it ends.
    pub expires_at: Option<DateTime<Utc>>,
}

/// A token found by its hash.
#[derive(Debug, Clone)]
pub struct Found {
    /// Its owner.
    pub user_id: i64,
    /// What it may at most do.
    pub scope: TokenScope,
    /// When it ends.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was last used, as far as that was written.
    pub last_used_at: Option<DateTime<Utc>>,
}

/// Makes a token; its text is given out here and never again.
///
/// # Errors
/// No randomness, or what the database said.
pub async fn create(db: &Db, new: NewToken) -> Result<Secret, Error> {
    let tx = db.begin().await?;
    let (_, text) = insert(&tx, new).await?;
    tx.commit().await.map_err(failure::plain)?;
    Ok(text)
}

/// The same within a transaction; its row and its text.
///
/// # Errors
/// As [`create`].
pub async fn insert(tx: &Tx, new: NewToken) -> Result<(token::Model, Secret), Error> {
    let text = secret::token().map_err(Error::internal)?;
    let scopes = match &new.scopes {
        None => "all".into(),
        Some(scopes) => scopes
            .iter()
            .map(|(model, verbs)| {
                let verbs: Vec<&str> = verbs.iter().map(|v| v.name()).collect();
                serde_json::json!({"model": model, "verbs": verbs})
            })
            .collect(),
    };
    let row = token::ActiveModel {
        user_id: Set(new.user_id),
        name: Set(new.name),
        prefix: Set(secret::shown_part(text.expose()).to_owned()),
        token_hash: Set(secret::digest(text.expose())),
        scopes: Set(scopes),
        created_at: Set(now()),
        expires_at: Set(new.expires_at),
        ..Default::default()
    };
    let row = row.insert(tx).await.map_err(failure::plain)?;
    Ok((row, text))
}

/// A user's tokens that were not revoked, newest first.
///
/// # Errors
/// What the database said.
pub async fn of_user(db: &Db, user_id: i64) -> Result<Vec<token::Model>, Error> {
    token::Entity::find()
        .filter(token::Column::UserId.eq(user_id))
        .filter(token::Column::RevokedAt.is_null())
        .order_by_desc(token::Column::Id)
        .all(db.reader())
        .await
        .map_err(failure::plain)
}

/// The unrevoked token of that hash.
///
/// # Errors
/// What the database said.
pub async fn by_hash(db: &Db, hash: &str) -> Result<Option<Found>, Error> {
    let row = token::Entity::find()
        .filter(token::Column::TokenHash.eq(hash))
        .filter(token::Column::RevokedAt.is_null())
        .one(db.reader())
        .await
        .map_err(failure::plain)?;
    Ok(row.map(|row| Found {
        user_id: row.user_id,
        scope: TokenScope {
            id: row.id,
            scopes: scopes(&row.scopes),
        },
        expires_at: row.expires_at,
        last_used_at: row.last_used_at,
    }))
}

/// Stored scopes; anything that is not understood allows nothing.
fn scopes(stored: &serde_json::Value) -> Option<Vec<(String, Vec<Verb>)>> {
    if stored == "all" {
        return None;
    }
    let entries = stored.as_array().map_or(&[][..], Vec::as_slice);
    let read = |entry: &serde_json::Value| {
        let model = entry.get("model")?.as_str()?.to_owned();
        let verbs = entry.get("verbs")?.as_array()?;
        Some((
            model,
            verbs
                .iter()
                .filter_map(|v| Verb::named(v.as_str()?))
                .collect(),
        ))
    };
    Some(entries.iter().filter_map(read).collect())
}

/// Notes that a token was used.
///
/// # Errors
/// What the database said.
pub async fn note_use(db: &Db, id: i64, now: DateTime<Utc>) -> Result<(), Error> {
    let tx = db.begin().await?;
    // The row may be gone by now; that is no fault of this request.
    token::Entity::update_many()
        .col_expr(token::Column::LastUsedAt, Expr::value(now))
        .filter(token::Column::Id.eq(id))
        .exec(&tx)
        .await
        .map_err(failure::plain)?;
    tx.commit().await.map_err(failure::plain)
}

/// Revokes a token; whether there was one to revoke.
///
/// # Errors
/// What the database said.
pub async fn revoke(db: &Db, id: i64) -> Result<bool, Error> {
    let tx = db.begin().await?;
    let revoked = revoke_in(&tx, id, None).await?;
    tx.commit().await.map_err(failure::plain)?;
    Ok(revoked)
}

/// The same within a transaction; of `owner` alone, if one is given.
///
/// # Errors
/// What the database said.
pub async fn revoke_in(tx: &Tx, id: i64, owner: Option<i64>) -> Result<bool, Error> {
    let row = token::Entity::find_by_id(id)
        .one(tx)
        .await
        .map_err(failure::plain)?;
    let of_owner = |r: &token::Model| owner.is_none_or(|owner| r.user_id == owner);
    let Some(row) = row.filter(|r| r.revoked_at.is_none() && of_owner(r)) else {
        return Ok(false);
    };
    let mut row: token::ActiveModel = row.into();
    row.revoked_at = Set(Some(now()));
    row.update(tx).await.map_err(failure::plain)?;
    state::raise_version(tx).await?;
    Ok(true)
}
