//! Keyset cursors: opaque, tamper-evident, and bound to the query they were made for.
//!
//! A cursor is base64url of `direction, sort values as JSON, tag`, where the tag is HMAC-SHA256 over
//! the query's [`digest`] and the payload, cut to 128 bits (RFC 2104, section 5).

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use hmac::{Hmac, KeyInit, Mac};
use sea_orm::Value;
use sha2::{Digest, Sha256};

use crate::model::{ModelMeta, value};

use super::{Filter, Position, SortKey};

const TAG: usize = 16;
/// No honest cursor is longer. A sort value may be a long text, and then so is its cursor.
const MAX_LENGTH: usize = 1024 * 1024;

/// What binds a cursor to its query: a hash of the model, the filter and the order.
pub type Binding = [u8; 32];

/// The binding of a query. Limit, fields and expand may change from page to page.
#[must_use]
pub fn digest(model: &ModelMeta, filter: &Filter, sort: &[SortKey]) -> Binding {
    let mut hasher = Sha256::new();
    hasher.update(model.slug.as_bytes());
    // The derived Debug form names every part of both, and is the same for equal queries.
    hasher.update(format!("\0{filter:?}\0").as_bytes());
    for key in sort {
        hasher
            .update(format!("{}{}", key.field, if key.descending { '-' } else { '+' }).as_bytes());
    }
    hasher.finalize().into()
}

/// Makes and opens cursors with the installation's key.
#[derive(Clone)]
pub struct Cursors {
    key: Hmac<Sha256>,
}

impl std::fmt::Debug for Cursors {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Cursors(…)")
    }
}

impl Cursors {
    /// Cursors under `key` (one block of SHA-256, 64 bytes), which all nodes share.
    #[must_use]
    pub fn new(key: &[u8; 64]) -> Self {
        Self {
            key: Hmac::new(key.into()),
        }
    }

    /// The cursor of the row with these sort values; `None` for a null among them is kept.
    #[must_use]
    pub fn seal(&self, binding: &Binding, forward: bool, values: &[Value]) -> String {
        let mut payload = vec![if forward { b'n' } else { b'p' }];
        payload.push(b'[');
        for (i, v) in values.iter().enumerate() {
            if i > 0 {
                payload.push(b',');
            }
            match value::to_text(v) {
                Some(text) => value::write_string(&mut payload, &text),
                None => payload.extend_from_slice(b"null"),
            }
        }
        payload.push(b']');
        let tag = self.mac(binding, &payload).finalize().into_bytes();
        payload.extend_from_slice(&tag[..TAG]);
        BASE64.encode(payload)
    }

    /// Opens a cursor for a query; `None` when it is not one of ours or belongs to another query.
    #[must_use]
    pub fn open(
        &self,
        text: &str,
        binding: &Binding,
        model: &ModelMeta,
        sort: &[SortKey],
    ) -> Option<Position> {
        if text.len() > MAX_LENGTH {
            return None;
        }
        let bytes = BASE64.decode(text).ok()?;
        let (payload, tag) = bytes.split_at_checked(bytes.len().checked_sub(TAG)?)?;
        self.mac(binding, payload).verify_truncated_left(tag).ok()?;
        let (direction, json) = payload.split_first()?;
        let texts: Vec<Option<String>> = serde_json::from_slice(json).ok()?;
        if texts.len() != sort.len() {
            return None;
        }
        let values = sort
            .iter()
            .zip(texts)
            .map(|(key, text)| {
                let kind = &model.fields[key.field].kind;
                match text {
                    None => Some(value::null(kind)),
                    Some(text) => value::from_text(&unbounded(kind), &text).ok(),
                }
            })
            .collect::<Option<Vec<_>>>()?;
        match direction {
            b'n' => Some(Position::After(values)),
            b'p' => Some(Position::Before(values)),
            _ => None,
        }
    }

    fn mac(&self, binding: &Binding, payload: &[u8]) -> Hmac<Sha256> {
        let mut mac = self.key.clone();
        mac.update(binding);
        mac.update(payload);
        mac
    }
}

/// A stored value may break a limit that was added after it was written.
fn unbounded(kind: &crate::model::Kind) -> crate::model::Kind {
    use crate::model::Kind;
    match kind {
        Kind::Text(_) | Kind::Enum { .. } => Kind::Text(None),
        Kind::Decimal(_) => Kind::Decimal(None),
        other => other.clone(),
    }
}
