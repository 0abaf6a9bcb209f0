//! [`Identity`]: who a request is from. Sessions, tokens and users are cached per node; a change to
//! any of them raises the policy version, which drops the caches here at once and on the other nodes
//! within a second.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use moka::sync::Cache;
use tokio::sync::Mutex;

use crate::acl::{Principal, User};
use crate::auth::{accounts, policy, secret, state, tokens};
use crate::crud::Engine;
use crate::error::Error;
use crate::store::now;

use super::store::{self, Lifetime, Session};

/// How often a session or a token is written down as used.
const NOTE_EVERY: TimeDelta = TimeDelta::seconds(60);
/// How often each node looks for a new policy version.
const WATCH_EVERY: Duration = Duration::from_millis(400);

/// What a request brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credentials<'a> {
    /// Nothing.
    None,
    /// The value of the session cookie.
    Cookie(&'a str),
    /// An API token.
    Token(&'a str),
}

/// A cache whose entries are good for one epoch.
type Cached<K, V> = Cache<(u64, K), V>;

/// Who is asking, from what the request brought.
#[derive(Debug)]
pub struct Identity {
    engine: Arc<Engine>,
    lifetime: Lifetime,
    sessions: Cached<String, Arc<Session>>,
    tokens: Cached<String, Arc<tokens::Found>>,
    users: Cached<i64, Arc<User>>,
    principals: Cached<String, (Arc<User>, Arc<Principal>)>,
    /// Raised by every reload. What was read from the database before it, and cached after, is void.
    epoch: AtomicU64,
    /// Raised by every local change; caches made before the last one are void.
    wanted: AtomicU64,
    current: AtomicU64,
    reloading: Mutex<()>,
}

impl Identity {
    /// For an engine whose policy has not been loaded yet: call [`Self::reload`] before serving.
    #[must_use]
    pub fn new(engine: Arc<Engine>, lifetime: Lifetime) -> Self {
        Self {
            engine,
            lifetime,
            sessions: Cache::new(50_000),
            tokens: Cache::new(10_000),
            users: Cache::new(10_000),
            principals: Cache::new(50_000),
            epoch: AtomicU64::new(0),
            wanted: AtomicU64::new(0),
            current: AtomicU64::new(0),
            reloading: Mutex::new(()),
        }
    }

    /// How long sessions live.
    #[must_use]
    pub fn lifetime(&self) -> &Lifetime {
        &self.lifetime
    }

    /// Says that users, roles, grants, sessions or tokens have changed.
    pub fn changed(&self) {
        self.wanted.fetch_add(1, Ordering::SeqCst);
    }

    fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::SeqCst)
    }

    /// Loads the policy and forgets every cached session, token and user.
    ///
    /// # Errors
    /// What the database said; then the old policy stays in force.
    pub async fn reload(&self) -> Result<(), Error> {
        let _one = self.reloading.lock().await;
        let wanted = self.wanted.load(Ordering::SeqCst);
        let db = self.engine.db();
        // Read before the grants: a change in between is then noticed by the next look.
        let version = state::version(db).await?;
        let loaded = policy::load(db, self.engine.registry(), version).await?;
        self.engine.enforce(loaded);
        self.epoch.fetch_add(1, Ordering::SeqCst);
        self.sessions.invalidate_all();
        self.tokens.invalidate_all();
        self.users.invalidate_all();
        self.principals.invalidate_all();
        self.current.fetch_max(wanted, Ordering::SeqCst);
        Ok(())
    }

    /// Reloads when another node, or a command in another process, has changed anything. Runs until
    /// it is dropped.
    pub async fn watch(&self) {
        loop {
            tokio::time::sleep(WATCH_EVERY).await;
            let outcome = match state::version(self.engine.db()).await {
                Ok(version) if version != self.engine.policy_version() => self.reload().await,
                Ok(_) => Ok(()),
                Err(e) => Err(e),
            };
            if let Err(error) = outcome {
                tracing::warn!(error = %error, "the policy version cannot be read");
            }
        }
    }

    /// Who a request is from; `None` for credentials that are not good.
    ///
    /// # Errors
    /// What the database said: never "anonymous" because it could not be asked.
    pub async fn identify(&self, given: Credentials<'_>) -> Result<Option<Arc<Principal>>, Error> {
        if self.current.load(Ordering::SeqCst) < self.wanted.load(Ordering::SeqCst) {
            self.reload().await?;
        }
        match given {
            Credentials::None => Ok(None),
            Credentials::Cookie(value) if secret::is_random(value) => self.session(value).await,
            Credentials::Token(value) if secret::is_token(value) => self.token(value).await,
            Credentials::Cookie(_) | Credentials::Token(_) => Ok(None),
        }
    }

    /// The same from the caches alone: for addresses that have used up their unproven requests.
    #[must_use]
    pub fn known(&self, given: Credentials<'_>) -> bool {
        let (Credentials::Cookie(value) | Credentials::Token(value)) = given else {
            return false;
        };
        self.principals
            .contains_key(&(self.epoch(), secret::digest(value)))
    }

    async fn session(&self, value: &str) -> Result<Option<Arc<Principal>>, Error> {
        let hash = (self.epoch(), secret::digest(value));
        let now = now();
        let db = self.engine.db();
        let session = match self.sessions.get(&hash) {
            Some(session) => session,
            None => match store::by_hash(db, &hash.1, now).await? {
                Some(session) => Arc::new(session),
                None => return Ok(None),
            },
        };
        if now >= session.expires_at {
            self.sessions.invalidate(&hash);
            return Ok(None);
        }
        let Some(user) = self.user(hash.0, session.user_id).await? else {
            return Ok(None);
        };
        let due = now - session.seen_at >= NOTE_EVERY;
        let session = if due {
            self.extend(&session, now).await?
        } else {
            session
        };
        self.sessions.insert(hash.clone(), Arc::clone(&session));
        Ok(Some(self.principal(hash, user, |user| Principal {
            user: Some(User::clone(user)),
            session: Some(session.id),
            ..Principal::default()
        })))
    }

    async fn extend(&self, old: &Session, now: DateTime<Utc>) -> Result<Arc<Session>, Error> {
        let expires_at = self.lifetime.expiry(old.created_at, now);
        let session = Session {
            seen_at: now,
            expires_at,
            ..old.clone()
        };
        store::touch(self.engine.db(), &session).await?;
        Ok(Arc::new(session))
    }

    async fn token(&self, value: &str) -> Result<Option<Arc<Principal>>, Error> {
        let hash = (self.epoch(), secret::digest(value));
        let now = now();
        let db = self.engine.db();
        let token = match self.tokens.get(&hash) {
            Some(token) => token,
            None => match tokens::by_hash(db, &hash.1).await? {
                Some(token) => Arc::new(token),
                None => return Ok(None),
            },
        };
        if token.expires_at.is_some_and(|end| now >= end) {
            return Ok(None);
        }
        let Some(user) = self.user(hash.0, token.user_id).await? else {
            return Ok(None);
        };
        let due = token.last_used_at.is_none_or(|at| now - at >= NOTE_EVERY);
        let token = if due {
            tokens::note_use(db, token.scope.id, now).await?;
            Arc::new(tokens::Found {
                last_used_at: Some(now),
                ..(*token).clone()
            })
        } else {
            token
        };
        self.tokens.insert(hash.clone(), Arc::clone(&token));
        Ok(Some(self.principal(hash, user, |user| Principal {
            user: Some(User::clone(user)),
            token: Some(token.scope.clone()),
            ..Principal::default()
        })))
    }

    async fn user(&self, epoch: u64, id: i64) -> Result<Option<Arc<User>>, Error> {
        if let Some(user) = self.users.get(&(epoch, id)) {
            return Ok(Some(user));
        }
        let found = accounts::active(self.engine.db(), id).await?;
        if let Some(user) = &found {
            self.users.insert((epoch, id), Arc::clone(user));
        }
        Ok(found)
    }

    fn principal(
        &self,
        hash: (u64, String),
        user: Arc<User>,
        make: impl FnOnce(&Arc<User>) -> Principal,
    ) -> Arc<Principal> {
        match self.principals.get(&hash) {
            Some((of, principal)) if Arc::ptr_eq(&of, &user) => principal,
            _ => {
                let principal = Arc::new(make(&user));
                self.principals.insert(hash, (user, Arc::clone(&principal)));
                principal
            }
        }
    }
}
