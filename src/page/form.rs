//! The forms of a session: each carries a token that only pages of that session have (OWASP, "CSRF
//! Prevention", HMAC-based token; R30). A browser that says where a request comes from has been
//! checked by that already; the token is what tells where none of it is said (R29).

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use hmac::{Hmac, KeyInit as _, Mac as _};
use poem::http::header;
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

use crate::error::{Error, Kind};
use crate::http::{Call, body, multipart};

use super::viewer::Viewer;

/// The name of the field that carries the token.
pub const FIELD: &str = "_token";

/// What the tokens are made with; the same on all nodes of an installation.
pub struct FormKey([u8; 64]);

impl std::fmt::Debug for FormKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FormKey")
    }
}

/// What the forms of one session have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FormToken([u8; 32]);

impl FormKey {
    /// A key of the installation's secret.
    #[must_use]
    pub fn new(secret: &[u8; 64]) -> Self {
        Self(*secret)
    }

    /// The token of a session.
    #[must_use]
    pub fn token(&self, session: i64) -> Option<FormToken> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).ok()?;
        mac.update(b"form\0");
        mac.update(&session.to_be_bytes());
        Some(FormToken(mac.finalize().into_bytes().into()))
    }
}

impl FormToken {
    /// The text for one form: another one each time, so that compression tells nothing of it (BREACH).
    #[must_use]
    pub fn masked(self) -> String {
        let mut bytes = [0; 64];
        // Without randomness there is no text, and so no form that works.
        if getrandom::fill(&mut bytes[..32]).is_err() {
            return String::new();
        }
        for (i, own) in self.0.iter().enumerate() {
            bytes[32 + i] = bytes[i] ^ own;
        }
        BASE64.encode(bytes)
    }

    /// Whether a form of this session sent `text`.
    #[must_use]
    pub fn made(self, text: &str) -> bool {
        let Some(bytes) = BASE64.decode(text).ok().filter(|b| b.len() == 64) else {
            return false;
        };
        let (mask, masked) = bytes.split_at(32);
        let own: Vec<u8> = mask.iter().zip(masked).map(|(a, b)| a ^ b).collect();
        self.0.ct_eq(&own).into()
    }
}

/// The token for a form of the page that is being made; empty outside a session.
#[must_use]
pub fn token() -> String {
    Viewer::now()
        .token
        .map_or_else(String::new, FormToken::masked)
}

/// The token of a request's session.
#[must_use]
pub fn of(call: &Call) -> Option<FormToken> {
    let key = call.request.data::<Arc<FormKey>>()?;
    key.token(call.ctx.principal.session?)
}

/// The fields of a form that a page of this session has sent, without the token.
///
/// # Errors
/// 403 for a wrong token, and for none where nothing else tells where the form comes from; 413, 415
/// and 400 as [`body::form_body`].
pub async fn posted(call: &mut Call) -> Result<Vec<(String, String)>, Error> {
    let mut fields = body::form_body(&mut call.request).await?;
    let sent = fields.iter().position(|(name, _)| name == FIELD);
    let sent = sent.map(|at| fields.remove(at).1);
    admit(call, sent.as_deref())?;
    Ok(fields)
}

/// The parts of a form with a file that a page of this session has sent, without the token.
///
/// # Errors
/// As [`posted`].
pub async fn uploaded(call: &mut Call) -> Result<Vec<multipart::Part>, Error> {
    let kind = call.header("content-type").unwrap_or_default();
    let boundary = multipart::boundary(kind)?;
    let body = body::bytes(&mut call.request).await?;
    let mut parts = multipart::parts(&body, &boundary)?;
    let sent = parts.iter().position(|part| part.name == FIELD);
    let sent = sent.map(|at| parts.remove(at).bytes);
    let sent = sent.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    admit(call, sent.as_deref())?;
    Ok(parts)
}

/// Whether a form with this token is one of the session that sent it.
fn admit(call: &Call, sent: Option<&str>) -> Result<(), Error> {
    let headers = call.request.headers();
    let told = headers.contains_key("sec-fetch-site") || headers.contains_key(header::ORIGIN);
    match (of(call), sent) {
        (Some(token), Some(sent)) if token.made(sent) => Ok(()),
        (Some(_), None) if told => Ok(()),
        (None, None) => Ok(()),
        _ => Err(Error::new(
            Kind::Forbidden,
            "form_token",
            "This form is not one of your session: open its page again.",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r30_a_token_is_masked_anew_and_belongs_to_one_session() {
        let key = FormKey::new(&[7; 64]);
        let (one, other) = (key.token(1).unwrap(), key.token(2).unwrap());
        let (text, again) = (one.masked(), one.masked());
        assert_ne!(text, again);
        assert!(one.made(&text) && one.made(&again));
        assert!(!other.made(&text));
        assert!(!one.made("") && !one.made(&text[1..]));
        let another = FormKey::new(&[8; 64]).token(1).unwrap();
        assert!(!another.made(&text));
    }
}
