//! A login: throttle, verify, forgive. The answer and its time do not tell which accounts exist.

use std::net::{IpAddr, Ipv4Addr};

use chrono::{DateTime, Utc};
use quarterdeck_entity::system::login_throttle;
use sea_orm::{ActiveModelTrait as _, ActiveValue::Set, EntityTrait as _, QuerySelect as _};

use crate::error::{Error, Kind};
use crate::store::{Db, Tx, failure, now};

use super::accounts;
use super::password::{Passwords, Verdict};
use super::throttle_policy::{self, Decision, Scope, State};

/// Checks a user name and a password that came from `address`; the user's key.
///
/// # Errors
/// 401, the same for every reason; 429 with the seconds to wait; 400 for a password over 1024 bytes;
/// 503 when too many hashes are waiting.
pub async fn login(
    db: &Db,
    passwords: &Passwords,
    (name, password): (&str, &str),
    address: Option<IpAddr>,
) -> Result<i64, Error> {
    let address = address.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    let scopes = [
        Scope::Account { name, address },
        Scope::Address(address),
        Scope::Everyone,
    ];
    let turn = passwords.turn().await.map_err(accounts::hash_error)?;
    let now = now();
    reserve(db, &scopes, now).await?;
    let user = accounts::by_name(db, name).await?;
    let stored = user
        .as_ref()
        .filter(|u| u.is_active)
        .and_then(|u| u.password_hash.as_deref());
    let verdict = turn
        .verify(password, stored)
        .await
        .map_err(accounts::hash_error)?;
    match (verdict, user) {
        (Verdict::Right { rehash }, Some(user)) => {
            forgive(db, &scopes).await?;
            let hash = if rehash {
                passwords.hash(password).await.ok()
            } else {
                None
            };
            accounts::note_login(db, user.id, hash, now).await?;
            Ok(user.id)
        }
        _ => Err(Error::new(
            Kind::Unauthenticated,
            "wrong_credentials",
            "The user name or the password is wrong.",
        )),
    }
}

/// Counts the attempt before the password is looked at, so that parallel ones cannot slip through.
async fn reserve(db: &Db, scopes: &[Scope<'_>], now: DateTime<Utc>) -> Result<(), Error> {
    for _ in 0..5 {
        let tx = db.begin().await?;
        match reserve_in(&tx, scopes, now).await {
            Ok(()) => return tx.commit().await.map_err(failure::plain),
            // Two first attempts at once insert the same row, or lock each other out.
            Err(e) if matches!(e.code, "busy" | "internal") => {
                let _ = tx.rollback().await;
                tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            }
            Err(e) => {
                // A refused attempt is not counted anywhere: it does not prolong a block.
                let _ = tx.rollback().await;
                return Err(e);
            }
        }
    }
    Err(Error::unavailable(
        "busy",
        "Too many logins at once; try again.",
        1,
    ))
}

async fn reserve_in(tx: &Tx, scopes: &[Scope<'_>], now: DateTime<Utc>) -> Result<(), Error> {
    for scope in scopes {
        let stored = load(tx, *scope).await?;
        match throttle_policy::attempt(*scope, stored, now) {
            Decision::Allow(state) => save(tx, *scope, stored.is_some(), state).await?,
            blocked @ Decision::Block { .. } => {
                return Err(Error {
                    retry_after: Some(blocked.retry_after_seconds()),
                    ..Error::new(
                        Kind::TooManyRequests,
                        "login_throttled",
                        "Too many failed logins; wait before the next one.",
                    )
                });
            }
        }
    }
    Ok(())
}

async fn forgive(db: &Db, scopes: &[Scope<'_>]) -> Result<(), Error> {
    let tx = db.begin().await?;
    for scope in scopes {
        let Some(stored) = load(&tx, *scope).await? else {
            continue;
        };
        match throttle_policy::success(*scope, stored) {
            Some(state) => save(&tx, *scope, true, state).await?,
            None => {
                let gone = login_throttle::Entity::delete_by_id(scope.key())
                    .exec(&tx)
                    .await;
                gone.map_err(failure::plain)?;
            }
        }
    }
    tx.commit().await.map_err(failure::plain)
}

async fn load(tx: &Tx, scope: Scope<'_>) -> Result<Option<State>, Error> {
    let mut select = login_throttle::Entity::find_by_id(scope.key());
    if sea_orm::ConnectionTrait::get_database_backend(tx) != sea_orm::DbBackend::Sqlite {
        select = select.lock_exclusive();
    }
    let row = select.one(tx).await.map_err(failure::plain)?;
    Ok(row.map(|r| State {
        failures: r.failures,
        window_started_at: r.window_started_at,
        blocked_until: r.blocked_until,
    }))
}

async fn save(tx: &Tx, scope: Scope<'_>, known: bool, state: State) -> Result<(), Error> {
    let row = login_throttle::ActiveModel {
        key: Set(scope.key()),
        failures: Set(state.failures),
        window_started_at: Set(state.window_started_at),
        blocked_until: Set(state.blocked_until),
    };
    if known {
        row.update(tx).await.map_err(failure::plain)?;
    } else {
        let inserted = login_throttle::Entity::insert(row)
            .exec_without_returning(tx)
            .await;
        inserted.map_err(failure::plain)?;
    }
    Ok(())
}
