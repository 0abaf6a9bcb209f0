//! [`Identity`]: who a request is from. Sessions, tokens and users are cached per node; a change to
//! any of them raises the policy version, which drops the caches here at once and on the other nodes
//! within a second.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use moka::sync::Cache;
use tokio::sync::{Mutex, MutexGuard};

use crate::acl::{Principal, User};
use crate::auth::{accounts, policy, secret, state, tokens};
use crate::crud::Engine;
use crate::error::Error;
use crate::store::{failure, now};

use super::store::{self, Lifetime, Session};

/// How often a session or a token is written down as used, at most.
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

/// A session that is in use on this node. All its requests share one, so that its end moves with
/// each of them and one of them, not each, writes that down.
#[derive(Debug)]
struct Live {
    session: Session,
    /// When it ends, in microseconds since 1970.
    end: AtomicI64,
    noted: Noted,
}

/// A token that is in use on this node.
#[derive(Debug)]
struct Used {
    token: tokens::Found,
    noted: Noted,
}

/// When the use of a session or a token was last written down, in microseconds since 1970.
#[derive(Debug)]
struct Noted(AtomicI64);

impl Noted {
    fn at(time: Option<DateTime<Utc>>) -> Self {
        Self(AtomicI64::new(
            time.map_or(i64::MIN, |t| t.timestamp_micros()),
        ))
    }

    /// Whether it is time to write again, or the clock has been set back since. Of many that ask at once
    /// one is told yes.
    fn claim(&self, now: DateTime<Utc>, every: TimeDelta) -> bool {
        let last = self.0.load(Ordering::Relaxed);
        let now = now.timestamp_micros();
        let since = now.saturating_sub(last).saturating_abs();
        let is_due = since >= every.num_microseconds().unwrap_or(i64::MAX);
        is_due
            && self
                .0
                .compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
    }

    /// What came of writing. That there is no room to write is no reason to refuse who only reads: the
    /// use is noted when it is due again, and all that is lost is that the session slid. After any
    /// other failure the next request tries at once.
    fn settle(&self, written: Result<(), Error>) -> Result<(), Error> {
        match written {
            Err(error) if failure::stops_writes(&error) => {
                tracing::warn!(error = ?error.source, "the use of a session or a token is not noted");
                Ok(())
            }
            Err(error) => {
                self.0.store(i64::MIN, Ordering::Relaxed);
                Err(error)
            }
            Ok(()) => Ok(()),
        }
    }
}

/// A cache whose entries are good for one epoch.
type Cached<K, V> = Cache<(u64, K), V>;

/// Who is asking, from what the request brought.
#[derive(Debug)]
pub struct Identity {
    engine: Arc<Engine>,
    lifetime: Lifetime,
    sessions: Cached<String, Arc<Live>>,
    tokens: Cached<String, Arc<Used>>,
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
        let one = self.reloading.lock().await;
        self.reload_under(one).await
    }

    /// Reloads if nobody has done so since the last change. Of many requests that come after a
    /// change one reloads and the others wait for it.
    async fn catch_up(&self) -> Result<(), Error> {
        let wanted = self.wanted.load(Ordering::SeqCst);
        if self.current.load(Ordering::SeqCst) >= wanted {
            return Ok(());
        }
        let one = self.reloading.lock().await;
        if self.current.load(Ordering::SeqCst) >= wanted {
            return Ok(());
        }
        self.reload_under(one).await
    }

    /// Reloads, unless a request that came after the same change has done so in the meantime.
    async fn follow(&self) -> Result<(), Error> {
        let one = self.reloading.lock().await;
        if state::version(self.engine.db()).await? == self.engine.policy_version() {
            return Ok(());
        }
        self.reload_under(one).await
    }

    async fn reload_under(&self, _one: MutexGuard<'_, ()>) -> Result<(), Error> {
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
                Ok(version) if version != self.engine.policy_version() => self.follow().await,
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
        self.catch_up().await?;
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
        match self.sessions.get(&hash) {
            Some(live) if now.timestamp_micros() < live.end.load(Ordering::Relaxed) => {
                return self.enter(hash, live, now).await;
            }
            Some(_) => self.sessions.invalidate(&hash),
            None => {}
        }
        self.find_session(hash, now).await
    }

    /// A session that is not cached, or has ended as far as this node knows: another node may have
    /// moved its end.
    async fn find_session(
        &self,
        hash: (u64, String),
        now: DateTime<Utc>,
    ) -> Result<Option<Arc<Principal>>, Error> {
        let Some(session) = store::by_hash(self.engine.db(), &hash.1, now).await? else {
            self.principals.invalidate(&hash);
            return Ok(None);
        };
        let live = || {
            Arc::new(Live {
                end: AtomicI64::new(session.expires_at.timestamp_micros()),
                noted: Noted::at(Some(session.seen_at)),
                session,
            })
        };
        let live = self.sessions.entry_by_ref(&hash).or_insert_with(live);
        self.enter(hash, live.into_value(), now).await
    }

    async fn enter(
        &self,
        hash: (u64, String),
        live: Arc<Live>,
        now: DateTime<Utc>,
    ) -> Result<Option<Arc<Principal>>, Error> {
        let Some(user) = self.user(hash.0, live.session.user_id).await? else {
            return Ok(None);
        };
        let end = self.lifetime.expiry(live.session.created_at, now);
        live.end.store(end.timestamp_micros(), Ordering::Relaxed);
        // A short life is written down more often, or it would end between two notes.
        let every = NOTE_EVERY.min(self.lifetime.inactivity / 4);
        if live.noted.claim(now, every) {
            let session = Session {
                seen_at: now,
                expires_at: end,
                ..live.session
            };
            let touched = store::touch(self.engine.db(), &session).await;
            live.noted.settle(touched)?;
        }
        Ok(Some(self.principal(hash, user, |user| Principal {
            user: Some(User::clone(user)),
            session: Some(live.session.id),
            ..Principal::default()
        })))
    }

    async fn token(&self, value: &str) -> Result<Option<Arc<Principal>>, Error> {
        let hash = (self.epoch(), secret::digest(value));
        let now = now();
        let db = self.engine.db();
        let used = match self.tokens.get(&hash) {
            Some(used) => used,
            None => {
                let Some(token) = tokens::by_hash(db, &hash.1).await? else {
                    return Ok(None);
                };
                let used = || {
                    Arc::new(Used {
                        noted: Noted::at(token.last_used_at),
                        token,
                    })
                };
                let used = self.tokens.entry_by_ref(&hash).or_insert_with(used);
                used.into_value()
            }
        };
        if used.token.expires_at.is_some_and(|end| now >= end) {
            return Ok(None);
        }
        let Some(user) = self.user(hash.0, used.token.user_id).await? else {
            return Ok(None);
        };
        if used.noted.claim(now, NOTE_EVERY) {
            let touched = tokens::note_use(db, used.token.scope.id, now).await;
            used.noted.settle(touched)?;
        }
        Ok(Some(self.principal(hash, user, |user| Principal {
            user: Some(User::clone(user)),
            token: Some(used.token.scope.clone()),
            ..Principal::default()
        })))
    }

    /// A user with its roles, unless it is suspended or gone.
    pub(super) async fn active(&self, id: i64) -> Result<Option<Arc<User>>, Error> {
        self.user(self.epoch(), id).await
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
