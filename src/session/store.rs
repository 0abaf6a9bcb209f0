//! `qd_session`: made at login, found by the hash of the cookie, extended, ended.

use std::net::IpAddr;

use chrono::{DateTime, TimeDelta, Utc};
use quarterdeck_entity::system::session;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait as _, ActiveValue::Set, ColumnTrait as _, Condition, EntityTrait as _,
    QueryFilter as _, QueryOrder as _,
};

use crate::auth::{secret, state};
use crate::config::{self, Secret};
use crate::error::Error;
use crate::store::{Db, Tx, failure, now};

/// How long sessions live.
#[derive(Debug, Clone, Copy)]
pub struct Lifetime {
    /// Without a request.
    pub inactivity: TimeDelta,
    /// After login, whatever happens.
    pub max_age: TimeDelta,
}

impl From<&config::Session> for Lifetime {
    fn from(settings: &config::Session) -> Self {
        let delta = |d| TimeDelta::from_std(d).unwrap_or(TimeDelta::MAX);
        Self {
            inactivity: delta(settings.inactivity),
            max_age: delta(settings.max_age),
        }
    }
}

impl Lifetime {
    /// When a session made at `created` ends if its last request was at `now`.
    #[must_use]
    pub fn expiry(&self, created: DateTime<Utc>, now: DateTime<Utc>) -> DateTime<Utc> {
        (now + self.inactivity).min(created + self.max_age)
    }
}

/// A session as it is cached.
#[derive(Debug, Clone, Copy)]
pub struct Session {
    /// Its key.
    pub id: i64,
    /// Whose it is.
    pub user_id: i64,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it ends.
    pub expires_at: DateTime<Utc>,
    /// When its last request was written down.
    pub seen_at: DateTime<Utc>,
}

/// Makes a session for a user who has just proved to be one; the cookie's value.
///
/// # Errors
/// No randomness, or what the database said. The row is only ever inserted: a value that happened
/// to be taken is an error, never another's session.
pub async fn create(
    db: &Db,
    lifetime: &Lifetime,
    user_id: i64,
    (address, agent): (Option<IpAddr>, Option<&str>),
) -> Result<Secret, Error> {
    let value = secret::random().map_err(Error::internal)?;
    let now = now();
    let agent = agent.map(|a| a.chars().filter(|c| !c.is_control()).take(255).collect());
    let row = session::ActiveModel {
        token_hash: Set(secret::digest(value.expose())),
        user_id: Set(user_id),
        created_at: Set(now),
        expires_at: Set(lifetime.expiry(now, now)),
        seen_at: Set(now),
        ip: Set(address.map(|a| a.to_string())),
        user_agent: Set(agent),
        ..Default::default()
    };
    let tx = db.begin().await?;
    row.insert(&tx).await.map_err(failure::plain)?;
    tx.commit().await.map_err(failure::plain)?;
    Ok(value)
}

/// The session of that hash, if it has not ended.
///
/// # Errors
/// What the database said.
pub async fn by_hash(db: &Db, hash: &str, now: DateTime<Utc>) -> Result<Option<Session>, Error> {
    let row = session::Entity::find()
        .filter(session::Column::TokenHash.eq(hash))
        .one(db.reader())
        .await
        .map_err(failure::plain)?;
    Ok(row.filter(|r| now < r.expires_at).map(|r| Session {
        id: r.id,
        user_id: r.user_id,
        created_at: r.created_at,
        expires_at: r.expires_at,
        seen_at: r.seen_at,
    }))
}

/// Writes down that a session was used.
///
/// # Errors
/// What the database said.
pub async fn touch(db: &Db, session: &Session) -> Result<(), Error> {
    let tx = db.begin().await?;
    session::Entity::update_many()
        .col_expr(session::Column::SeenAt, Expr::value(session.seen_at))
        .col_expr(session::Column::ExpiresAt, Expr::value(session.expires_at))
        .filter(session::Column::Id.eq(session.id))
        .exec(&tx)
        .await
        .map_err(failure::plain)?;
    tx.commit().await.map_err(failure::plain)
}

/// Which sessions to end.
#[derive(Debug, Clone, Copy)]
pub enum Which {
    /// This one.
    One(i64),
    /// All of a user.
    OfUser(i64),
    /// All of a user but one.
    Others {
        /// Whose.
        user: i64,
        /// The one that is left.
        but: i64,
    },
    /// Those that have expired by now.
    Expired,
}

/// Ends sessions on every node; how many.
///
/// # Errors
/// What the database said.
pub async fn end(db: &Db, which: Which) -> Result<u64, Error> {
    let tx = db.begin().await?;
    let ended = end_in(&tx, which).await?;
    tx.commit().await.map_err(failure::plain)?;
    Ok(ended)
}

/// The same within a transaction.
///
/// # Errors
/// What the database said.
pub async fn end_in(tx: &Tx, which: Which) -> Result<u64, Error> {
    let condition = match which {
        Which::One(id) => Condition::all().add(session::Column::Id.eq(id)),
        Which::OfUser(id) => Condition::all().add(session::Column::UserId.eq(id)),
        Which::Others { user, but } => Condition::all()
            .add(session::Column::UserId.eq(user))
            .add(session::Column::Id.ne(but)),
        Which::Expired => Condition::all().add(session::Column::ExpiresAt.lte(now())),
    };
    let ended = session::Entity::delete_many()
        .filter(condition)
        .exec(tx)
        .await
        .map_err(failure::plain)?
        .rows_affected;
    // What has expired is refused everywhere already.
    if ended > 0 && !matches!(which, Which::Expired) {
        state::raise_version(tx).await?;
    }
    Ok(ended)
}

/// A user's sessions that have not ended, newest first.
///
/// # Errors
/// What the database said.
pub async fn of_user(db: &Db, user_id: i64) -> Result<Vec<session::Model>, Error> {
    session::Entity::find()
        .filter(session::Column::UserId.eq(user_id))
        .filter(session::Column::ExpiresAt.gt(now().naive_utc()))
        .order_by_desc(session::Column::Id)
        .all(db.reader())
        .await
        .map_err(failure::plain)
}
