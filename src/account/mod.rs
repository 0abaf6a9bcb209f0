//! `/auth/*`: logging in and out, the first user, one's own password, sessions and tokens. Forms for people,
//! JSON for programs; the same handlers.

pub mod cookie;
pub mod login;
pub mod others;
pub mod own;
pub mod pages;
pub mod reset;
pub mod setup;
pub mod tokens;
pub mod view;

use std::sync::Arc;

use poem::Request;

use crate::auth::password::Passwords;
use crate::error::{Error, Fault};
use crate::http::{Call, body};
use crate::limit::Limiter;
use crate::model::Input;
use crate::page::form;
use crate::session::Identity;
use crate::session::view::ViewKey;

/// What these handlers need besides the operations.
#[derive(Debug)]
pub struct Accounts {
    /// The passwords.
    pub passwords: Passwords,
    /// Sessions and their caches.
    pub identity: Arc<Identity>,
    /// Login attempts from one network, before anything is looked up.
    pub attempts: Limiter<std::net::IpAddr>,
    /// Whether browsers reach us over HTTPS.
    pub https: bool,
    /// Where browsers reach us, where that is configured: links are made of it.
    pub public_url: Option<String>,
    /// What looks through other eyes are signed with.
    pub view_key: ViewKey,
    /// When the process started, for the limiter's clock.
    pub started: std::time::Instant,
}

/// The accounts that the threshold put into the request.
///
/// # Errors
/// 500 when it did not come over the threshold.
pub fn accounts(request: &Request) -> Result<Arc<Accounts>, Error> {
    request
        .data::<Arc<Accounts>>()
        .cloned()
        .ok_or_else(|| Error::internal("a request without accounts"))
}

/// The fields of a small form, sent as a form or as JSON.
struct Fields {
    fields: Vec<(String, String)>,
    /// Whether it came as JSON, and is to be answered so.
    json: bool,
}

impl Fields {
    /// Reads the body of nobody in particular; any field but `allowed` is refused (A7), and so is any
    /// value but a text.
    async fn read(call: &mut Call, allowed: &[&str]) -> Result<Self, Error> {
        let json = is_json(call);
        let fields = if json {
            members(call).await?
        } else {
            body::form_body(&mut call.request).await?
        };
        Self::allowing(fields, json, allowed)
    }

    /// As [`Self::read`], where a form is one of the caller's session (R30).
    async fn posted(call: &mut Call, allowed: &[&str]) -> Result<Self, Error> {
        let json = is_json(call);
        let fields = if json {
            members(call).await?
        } else {
            form::posted(call).await?
        };
        Self::allowing(fields, json, allowed)
    }

    /// As [`Self::read`], of programs alone.
    async fn json(call: &mut Call, allowed: &[&str]) -> Result<Self, Error> {
        Self::allowing(members(call).await?, true, allowed)
    }

    fn allowing(
        fields: Vec<(String, String)>,
        json: bool,
        allowed: &[&str],
    ) -> Result<Self, Error> {
        let unknown: Vec<Fault> = fields
            .iter()
            .filter(|(name, _)| !allowed.contains(&name.as_str()))
            .map(|(name, _)| Fault::field(name, "unknown_field", format!("There is no {name}.")))
            .collect();
        let times = |name: &str| fields.iter().filter(|(n, _)| n == name).count();
        if !unknown.is_empty() {
            return Err(Error::malformed(unknown));
        }
        if allowed.iter().any(|name| times(name) > 1) {
            return Err(Error::parameter("", "duplicate", "A field is there twice."));
        }
        Ok(Self { fields, json })
    }

    fn get(&self, name: &str) -> &str {
        self.fields
            .iter()
            .find(|(n, _)| n == name)
            .map_or("", |(_, v)| v.as_str())
    }
}

fn is_json(call: &Call) -> bool {
    body::media_type(&call.request).as_deref() == Some("application/json")
}

/// The texts of a JSON object.
async fn members(call: &mut Call) -> Result<Vec<(String, String)>, Error> {
    let members = body::json(&mut call.request, false).await?;
    let members = members.into_object(Error::invalid)?;
    let text = |(name, value): (String, Input)| match value {
        Input::String(text) => Ok((name, text)),
        other => Err(Error::invalid(vec![Fault::field(
            &name,
            "type",
            format!("{name} must be a string, not {}.", other.type_name()),
        )])),
    };
    members.into_iter().map(text).collect()
}
