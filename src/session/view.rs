//! Looking at things as another: a superuser sees the pages and the API as a user, or a holder of one
//! role, would see them. It is kept in a signed cookie that is good for one session and one hour.
//!
//! Only superusers may, so nobody sees by it what was not theirs to see; nothing can be changed while
//! it lasts, neither here ([`crate::crud`] refuses every write) nor at the doors; beginning and ending
//! stand in the audit under the name of the one who looks. It is the session's and not a header's,
//! because a look that any single request could ask for would have to be written down each time, or
//! would leave no trace.

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::json;
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

use crate::acl::{Principal, User, Viewer};
use crate::crud::{Context, Engine, Note, note};
use crate::error::{Error, Kind};
use crate::store::{failure, now};

use super::Identity;

/// How long a look lasts at most.
const LIFETIME: TimeDelta = TimeDelta::hours(1);

/// Through whose eyes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Eyes {
    /// A user's.
    User(i64),
    /// Those of somebody who has this role and nothing else.
    Role(i64),
}

/// A look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// Through whose eyes.
    pub eyes: Eyes,
    /// The name of the user or the role.
    pub name: String,
    /// When it ends.
    pub until: DateTime<Utc>,
}

/// What the cookies are signed with; the same on all nodes of an installation.
pub struct ViewKey([u8; 64]);

impl std::fmt::Debug for ViewKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ViewKey")
    }
}

impl ViewKey {
    /// A key of the installation's secret.
    #[must_use]
    pub fn new(secret: &[u8; 64]) -> Self {
        Self(*secret)
    }

    fn signature(&self, session: i64, text: &str) -> Option<[u8; 32]> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).ok()?;
        mac.update(b"view\0");
        mac.update(&session.to_be_bytes());
        mac.update(text.as_bytes());
        Some(mac.finalize().into_bytes().into())
    }

    /// The cookie's value for a look of a session.
    #[must_use]
    pub fn seal(&self, session: i64, look: &Look) -> Option<String> {
        let (kind, id) = match look.eyes {
            Eyes::User(id) => ("u", id),
            Eyes::Role(id) => ("r", id),
        };
        let name = BASE64.encode(&look.name);
        let text = format!("{kind}.{id}.{}.{name}", look.until.timestamp());
        let signature = BASE64.encode(self.signature(session, &text)?);
        Some(format!("{text}.{signature}"))
    }

    /// The look that a cookie's value stands for in this session, if it lasts still.
    #[must_use]
    pub fn open(&self, session: i64, value: &str, now: DateTime<Utc>) -> Option<Look> {
        let (text, signature) = value.rsplit_once('.')?;
        let given = BASE64.decode(signature).ok()?;
        let own = self.signature(session, text)?;
        if !bool::from(own.as_slice().ct_eq(&given)) {
            return None;
        }
        let mut parts = text.split('.');
        let (kind, id) = (parts.next()?, parts.next()?.parse().ok()?);
        let until = DateTime::from_timestamp(parts.next()?.parse().ok()?, 0)?;
        let name = String::from_utf8(BASE64.decode(parts.next()?).ok()?).ok()?;
        let eyes = match kind {
            "u" => Eyes::User(id),
            "r" => Eyes::Role(id),
            _ => return None,
        };
        (now < until).then_some(Look { eyes, name, until })
    }
}

/// 403 for whatever would change something, or is nobody's but the viewer's own.
#[must_use]
pub fn refused() -> Error {
    let detail = "You are looking as somebody else: nothing can be changed until you end the view.";
    Error::new(Kind::Forbidden, "view_as", detail)
}

/// Begins a look, and writes it down.
///
/// # Errors
/// 403 for anybody but a superuser with a session, and during a look; 404 for nobody to look as.
pub async fn begin(engine: &Engine, ctx: &Context, eyes: Eyes) -> Result<Look, Error> {
    let principal = &ctx.principal;
    if principal.viewer.is_some() {
        return Err(refused());
    }
    if !principal.is_superuser() || principal.session.is_none() {
        let detail = "Only a superuser with a session looks as somebody else.";
        return Err(Error::new(Kind::Forbidden, "superuser_only", detail));
    }
    let (slug, id, field) = match eyes {
        Eyes::User(id) => ("qd_user", id, "username"),
        Eyes::Role(id) => ("qd_role", id, "name"),
    };
    let model = engine.model(slug)?.id;
    let found = engine.read(ctx, model, &id.to_string(), &[]).await?;
    let found: serde_json::Value = serde_json::from_slice(&found.body).map_err(Error::internal)?;
    let name = found[field].as_str().unwrap_or_default().to_owned();
    written(engine, ctx, (slug, id), "view_as").await?;
    Ok(Look {
        eyes,
        name,
        until: now() + LIFETIME,
    })
}

/// Writes down that a look has ended; nothing when there was none.
///
/// # Errors
/// What the database said.
pub async fn end(engine: &Engine, ctx: &Context) -> Result<(), Error> {
    let Some(viewer) = &ctx.principal.viewer else {
        return Ok(());
    };
    let seen = ctx.principal.user.as_ref().map_or(0, |u| u.id);
    let of = if seen < 0 {
        ("qd_role", -seen)
    } else {
        ("qd_user", seen)
    };
    let user = User {
        id: viewer.id,
        username: viewer.username.clone(),
        email: None,
        superuser: false,
        roles: Vec::new(),
    };
    let own = Context {
        principal: Arc::new(Principal {
            user: Some(user),
            ..Principal::default()
        }),
        ..ctx.clone()
    };
    written(engine, &own, of, "end_view").await
}

async fn written(
    engine: &Engine,
    ctx: &Context,
    (model, id): (&str, i64),
    deed: &str,
) -> Result<(), Error> {
    let done = Note {
        model,
        record: id.to_string(),
        deed,
        changes: json!({}),
    };
    let tx = engine.db().begin().await?;
    note(&tx, ctx, done).await?;
    tx.commit().await.map_err(failure::plain)
}

impl Identity {
    /// The principal through whose eyes a superuser looks. A user who is suspended or gone sees
    /// nothing. A role's holder has no records of their own: the key is none that a user can have, so
    /// that nothing made for one is ever taken for the other's.
    ///
    /// # Errors
    /// What the database said.
    pub async fn look(&self, real: &Principal, look: Look) -> Result<Principal, Error> {
        let nobody = |id: i64, roles| User {
            id,
            username: look.name.clone(),
            email: None,
            superuser: false,
            roles,
        };
        let user = match look.eyes {
            Eyes::User(id) => {
                let found = self.active(id).await?;
                found.map_or_else(|| nobody(id, Vec::new()), |user| User::clone(&user))
            }
            Eyes::Role(id) => nobody(-id, vec![id]),
        };
        let viewer = real.user.as_ref().map(|user| Viewer {
            id: user.id,
            username: user.username.clone(),
        });
        Ok(Principal {
            user: Some(user),
            session: real.session,
            viewer,
            ..Principal::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_is_good_for_its_session_its_time_and_nobody_else() {
        let key = ViewKey::new(&[7; 64]);
        let look = Look {
            eyes: Eyes::Role(3),
            name: "éditeur. 2".to_owned(),
            until: DateTime::from_timestamp(1000, 0).unwrap(),
        };
        let at = |seconds| DateTime::from_timestamp(seconds, 0).unwrap();
        let text = key.seal(5, &look).unwrap();
        assert_eq!(key.open(5, &text, at(999)), Some(look));
        assert_eq!(key.open(5, &text, at(1000)), None);
        assert_eq!(key.open(6, &text, at(0)), None);
        assert_eq!(ViewKey::new(&[8; 64]).open(5, &text, at(0)), None);
        let forged = text.replacen("r.3", "r.4", 1);
        assert_eq!(key.open(5, &forged, at(0)), None);
        for odd in ["", ".", "r.3", "r.3.1000.x."] {
            assert_eq!(key.open(5, odd, at(0)), None, "{odd}");
        }
    }
}
