//! What users do with their own credentials, whatever door they use: change the password, end
//! sessions, make and revoke API tokens. Each is one transaction with its row in the audit.

use quarterdeck_entity::system::{session, token};
use serde_json::json;

use crate::acl::User;
use crate::auth::password::Passwords;
use crate::auth::tokens::{self, NewToken};
use crate::auth::{accounts, login};
use crate::config::Secret;
use crate::crud::{Context, Engine, Note, note};
use crate::error::{Error, Fault, Kind};
use crate::store::failure;

use super::Identity;
use super::store::{self, Which};

/// Most tokens of one user.
const MOST_TOKENS: usize = 100;

/// One user and the user's credentials.
#[derive(Debug, Clone, Copy)]
pub struct Own<'a> {
    engine: &'a Engine,
    identity: &'a Identity,
    ctx: &'a Context,
    user: &'a User,
}

impl<'a> Own<'a> {
    /// Of the caller.
    ///
    /// # Errors
    /// 401 for nobody, 403 for who looks as another.
    pub fn of(engine: &'a Engine, identity: &'a Identity, ctx: &'a Context) -> Result<Self, Error> {
        // What is somebody's own is not looked at.
        if ctx.principal.viewer.is_some() {
            return Err(super::view::refused());
        }
        let user = ctx.principal.user.as_ref();
        Ok(Self {
            engine,
            identity,
            ctx,
            user: user.ok_or_else(Error::unauthenticated)?,
        })
    }

    /// A token must not make itself a longer life or more rights (R21).
    fn by_session(&self, detail: &'static str) -> Result<(), Error> {
        match &self.ctx.principal.token {
            Some(_) => Err(Error::new(Kind::Forbidden, "forbidden", detail)),
            None => Ok(()),
        }
    }

    /// The open sessions, newest first.
    ///
    /// # Errors
    /// What the database said.
    pub async fn sessions(&self) -> Result<Vec<session::Model>, Error> {
        store::of_user(self.engine.db(), self.user.id).await
    }

    /// Ends one of them.
    ///
    /// # Errors
    /// 404 for a session that is not one's own.
    pub async fn end_session(&self, id: i64) -> Result<(), Error> {
        if !self.sessions().await?.iter().any(|s| s.id == id) {
            return Err(Error::not_found());
        }
        self.end(Which::One(id), ("qd_session", id)).await.map(drop)
    }

    /// Ends all of them but the one that the request came with; how many.
    ///
    /// # Errors
    /// What the database said.
    pub async fn end_others(&self) -> Result<u64, Error> {
        let user = self.user.id;
        let which = match self.ctx.principal.session {
            Some(but) => Which::Others { user, but },
            None => Which::OfUser(user),
        };
        self.end(which, ("qd_user", user)).await
    }

    async fn end(&self, which: Which, (model, id): (&str, i64)) -> Result<u64, Error> {
        let tx = self.engine.db().begin().await?;
        let ended = store::end_in(&tx, which).await?;
        let done = Note {
            model,
            record: id.to_string(),
            deed: "end_session",
            changes: json!({}),
        };
        note(&tx, self.ctx, done).await?;
        tx.commit().await.map_err(failure::plain)?;
        self.identity.changed();
        Ok(ended)
    }

    /// The tokens that were not revoked, newest first.
    ///
    /// # Errors
    /// What the database said.
    pub async fn tokens(&self) -> Result<Vec<token::Model>, Error> {
        tokens::of_user(self.engine.db(), self.user.id).await
    }

    /// Makes a token; its row, and its text, which is given out here and never again.
    ///
    /// # Errors
    /// 403 for a token that asks, 409 past a hundred.
    pub async fn make_token(&self, new: NewToken) -> Result<(token::Model, Secret), Error> {
        self.by_session("A token cannot make another token.")?;
        if self.tokens().await?.len() >= MOST_TOKENS {
            let detail = format!("A user has at most {MOST_TOKENS} tokens; revoke one first.");
            return Err(Error::new(Kind::Conflict, "too_many_tokens", detail));
        }
        let user_id = self.user.id;
        let tx = self.engine.db().begin().await?;
        let (row, text) = tokens::insert(&tx, NewToken { user_id, ..new }).await?;
        let done = Note {
            model: "qd_token",
            record: row.id.to_string(),
            deed: "make_token",
            changes: json!({"name": {"new": row.name}, "scopes": {"new": row.scopes}}),
        };
        note(&tx, self.ctx, done).await?;
        tx.commit().await.map_err(failure::plain)?;
        Ok((row, text))
    }

    /// Revokes a token. A token may revoke itself and no other.
    ///
    /// # Errors
    /// 404 for a token that is not one's own or is revoked, 403 for a token that asks for another.
    pub async fn revoke_token(&self, id: i64) -> Result<(), Error> {
        if self.ctx.principal.token.as_ref().is_none_or(|t| t.id != id) {
            self.by_session("A token can revoke itself and no other.")?;
        }
        let tx = self.engine.db().begin().await?;
        if !tokens::revoke_in(&tx, id, Some(self.user.id)).await? {
            return Err(Error::not_found());
        }
        let done = Note {
            model: "qd_token",
            record: id.to_string(),
            deed: "revoke_token",
            changes: json!({}),
        };
        note(&tx, self.ctx, done).await?;
        tx.commit().await.map_err(failure::plain)?;
        self.identity.changed();
        Ok(())
    }

    /// Changes the password, given the current one. Every session of the user ends, this one too.
    ///
    /// # Errors
    /// 401 for a wrong current password, 422 for a weak new one, 403 for a token that asks.
    pub async fn change_password(
        &self,
        passwords: &Passwords,
        (current, new): (&str, &str),
    ) -> Result<(), Error> {
        self.by_session("A token cannot change its owner's password.")?;
        let db = self.engine.db();
        let credentials = (self.user.username.as_str(), current);
        login::login(db, passwords, credentials, self.ctx.address).await?;
        let hash = accounts::hash_of(passwords, new).await;
        let hash = hash.map_err(|e| Error {
            faults: (e.faults.iter())
                .map(|f| Fault::field("new", f.code, f.detail.clone()))
                .collect(),
            ..e
        })?;
        let tx = db.begin().await?;
        accounts::give_hash(&tx, self.user.id, hash).await?;
        let done = Note {
            model: "qd_user",
            record: self.user.id.to_string(),
            deed: "set_password",
            changes: json!({}),
        };
        note(&tx, self.ctx, done).await?;
        tx.commit().await.map_err(failure::plain)?;
        self.identity.changed();
        Ok(())
    }
}
