//! `qd_state`: the few values that all nodes of an installation share. The policy version in it is
//! raised in the same transaction as any change to users, roles, grants, sessions or tokens; every
//! node notices within a second and forgets what it had cached.

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use quarterdeck_entity::system::state;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _,
};

use crate::error::Error;
use crate::store::{Db, Tx, failure};

const VERSION: &str = "policy_version";
const SIGNING_KEY: &str = "signing_key";

/// The stored value of that name.
///
/// # Errors
/// What the database said.
pub async fn get<C: ConnectionTrait>(connection: &C, name: &str) -> Result<Option<String>, Error> {
    let row = state::Entity::find_by_id(name)
        .one(connection)
        .await
        .map_err(failure::plain)?;
    Ok(row.map(|r| r.value))
}

/// Stores a value.
///
/// # Errors
/// What the database said.
pub async fn set(tx: &Tx, name: &str, value: &str) -> Result<(), Error> {
    remove(tx, name).await?;
    let row = state::ActiveModel {
        name: Set(name.to_owned()),
        value: Set(value.to_owned()),
    };
    state::Entity::insert(row)
        .exec_without_returning(tx)
        .await
        .map_err(failure::plain)?;
    Ok(())
}

/// Removes a value; whether there was one.
///
/// # Errors
/// What the database said.
pub async fn remove(tx: &Tx, name: &str) -> Result<bool, Error> {
    let deleted = state::Entity::delete_by_id(name)
        .exec(tx)
        .await
        .map_err(failure::plain)?;
    Ok(deleted.rows_affected > 0)
}

/// The policy version in force.
///
/// # Errors
/// What the database said.
pub async fn version(db: &Db) -> Result<i64, Error> {
    let text = get(db.reader(), VERSION).await?;
    Ok(text.and_then(|t| t.parse().ok()).unwrap_or(0))
}

/// Raises the policy version.
///
/// # Errors
/// What the database said.
pub async fn raise_version(tx: &Tx) -> Result<(), Error> {
    // The value is text on every database; the sum is made where the row is locked.
    let number = match tx.get_database_backend() {
        sea_orm::DbBackend::MySql => "CAST(CAST(value AS SIGNED) + 1 AS CHAR)",
        _ => "CAST(CAST(value AS BIGINT) + 1 AS TEXT)",
    };
    state::Entity::update_many()
        .col_expr(state::Column::Value, Expr::cust(number))
        .filter(state::Column::Name.eq(VERSION))
        .exec(tx)
        .await
        .map_err(failure::plain)?;
    Ok(())
}

/// The key that cursors are sealed with, if there is one yet.
///
/// # Errors
/// What the database said.
pub async fn stored_signing_key<C: ConnectionTrait>(
    connection: &C,
) -> Result<Option<[u8; 64]>, Error> {
    let text = get(connection, SIGNING_KEY).await?;
    let bytes = text.and_then(|t| BASE64.decode(t).ok());
    Ok(bytes.and_then(|b| <[u8; 64]>::try_from(b).ok()))
}

/// The key that cursors are sealed with, made at the first start.
///
/// # Errors
/// No randomness, or what the database said.
pub async fn signing_key(db: &Db) -> Result<[u8; 64], Error> {
    if let Some(key) = stored_signing_key(db.reader()).await? {
        return Ok(key);
    }
    let mut fresh = [0; 64];
    getrandom::fill(&mut fresh).map_err(Error::internal)?;
    let tx = db.begin().await?;
    // Of two nodes that start at once the second takes the first one's key.
    let stored = match stored_signing_key(&tx).await? {
        Some(key) => key,
        None => {
            set(&tx, SIGNING_KEY, &BASE64.encode(fresh)).await?;
            fresh
        }
    };
    tx.commit().await.map_err(failure::plain)?;
    Ok(stored)
}
