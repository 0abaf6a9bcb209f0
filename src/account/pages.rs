//! The pages of `/auth/*`: one card each, without JavaScript.

use askama::Template;
use poem::http::StatusCode;

use crate::error::Error;
use crate::page::filters;
use crate::page::words::reasons;

/// The login form.
#[derive(Debug, Template)]
#[template(path = "account/login.html")]
pub struct Login<'a> {
    /// Where to go afterwards.
    pub next: &'a str,
    /// The name that was typed.
    pub username: &'a str,
    /// What went wrong.
    pub problem: &'a str,
}

/// The form that makes the first user.
#[derive(Debug, Template)]
#[template(path = "account/setup.html")]
pub struct Setup<'a> {
    /// The link's secret.
    pub token: &'a str,
    /// The name that was typed.
    pub username: &'a str,
    /// What went wrong.
    pub problem: &'a str,
}

/// The form by which a user chooses a password.
#[derive(Debug, Template)]
#[template(path = "account/reset.html")]
pub struct Reset<'a> {
    /// The link's secret.
    pub token: &'a str,
    /// Whose password it is.
    pub username: &'a str,
    /// What went wrong.
    pub problem: &'a str,
}

/// A link that is not good (any more).
#[derive(Debug, Template)]
#[template(path = "account/expired.html")]
pub struct Expired {}

/// How to come by a new password.
#[derive(Debug, Template)]
#[template(path = "account/forgotten.html")]
pub struct Forgotten {}

/// The status of a page that shows an error.
#[must_use]
pub fn status(error: &Error) -> StatusCode {
    StatusCode::from_u16(error.kind.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// Every sentence of an error, for the card.
#[must_use]
pub fn sentences(error: &Error) -> String {
    reasons(error).join(" ")
}
