//! `/auth/*`: logging in and out, the first user, one's own password and sessions. Forms for people,
//! JSON for programs; the same handlers.

pub mod cookie;
pub mod login;
pub mod own;
pub mod pages;
pub mod setup;

use std::sync::Arc;

use poem::Request;

use crate::auth::password::Passwords;
use crate::error::{Error, Fault};
use crate::http::{Call, body};
use crate::limit::Limiter;
use crate::model::Input;
use crate::page::form;
use crate::session::Identity;

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
    /// When the process started, for the limiter's clock.
    pub started: std::time::Instant,
}

/// The accounts that the threshold put into the request.
fn accounts(request: &Request) -> Result<Arc<Accounts>, Error> {
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
    /// Reads the body; any field but `allowed` is refused (A7), and so is any value but a text.
    async fn read(call: &mut Call, allowed: &[&str]) -> Result<Self, Error> {
        let json = body::media_type(&call.request).as_deref() == Some("application/json");
        let fields = if json {
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
            members.into_iter().map(text).collect::<Result<_, _>>()?
        } else {
            form::posted(call).await?
        };
        let this = Self { fields, json };
        let unknown: Vec<Fault> = this
            .fields
            .iter()
            .filter(|(name, _)| !allowed.contains(&name.as_str()))
            .map(|(name, _)| Fault::field(name, "unknown_field", format!("There is no {name}.")))
            .collect();
        let twice = allowed
            .iter()
            .any(|a| this.fields.iter().filter(|(n, _)| n == a).count() > 1);
        match (unknown.is_empty(), twice) {
            (false, _) => Err(Error::malformed(unknown)),
            (true, true) => Err(Error::parameter("", "duplicate", "A field is there twice.")),
            (true, false) => Ok(this),
        }
    }

    fn get(&self, name: &str) -> &str {
        self.fields
            .iter()
            .find(|(n, _)| n == name)
            .map_or("", |(_, v)| v.as_str())
    }
}
