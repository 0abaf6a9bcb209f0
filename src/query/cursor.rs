//! Keyset cursors: opaque, tamper-evident, and bound to the query they were made for.
//!
//! A cursor is base64url of `direction, marks as JSON, tag`, where the tag is HMAC-SHA256 over
//! the query's [`digest`] and the payload, cut to 128 bits (RFC 2104, section 5).

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use crate::model::ModelMeta;

use super::mark::Sealed;
use super::{Filter, Mark, Position, SortKey};

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

    /// The cursor of the row with these marks.
    #[must_use]
    pub fn seal(&self, binding: &Binding, forward: bool, marks: &[Mark]) -> String {
        let mut payload = vec![if forward { b'n' } else { b'p' }];
        let sealed: Vec<Sealed> = marks.iter().map(Mark::seal).collect();
        // Texts, written to memory: that cannot fail.
        let _ = serde_json::to_writer(&mut payload, &sealed);
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
        let sealed: Vec<Sealed> = serde_json::from_slice(json).ok()?;
        if sealed.len() != sort.len() {
            return None;
        }
        let marks = sort
            .iter()
            .zip(sealed)
            .map(|(key, mark)| Mark::open(mark, &model.fields[key.field].kind))
            .collect::<Option<Vec<_>>>()?;
        match direction {
            b'n' => Some(Position::After(marks)),
            b'p' => Some(Position::Before(marks)),
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
