//! Whether a signature holds, over the bytes as they came. Pure; the time is an argument.
//!
//! All comparisons take the same time wherever the difference is (R26).

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

pub use super::secret::Key;

/// How far the sender's clock, or the way of the message, may be off.
const TOLERANCE_SECONDS: u64 = 5 * 60;
/// The version of Standard Webhooks' symmetric signatures.
const VERSION: &str = "v1";
/// What GitHub's signatures begin with.
const ALGORITHM: &str = "sha256=";

/// Why a message is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// No signature was made with one of the keys over these bytes.
    Signature,
    /// The signature may be good, but the message is too old, or from the future.
    Stale,
}

/// Checks a message of Standard Webhooks: the signature is over `id.timestamp.body`.
///
/// # Errors
/// Why the message is not believed.
pub fn standard(
    keys: &[&Key],
    (id, timestamp): (&str, &str),
    body: &[u8],
    (signatures, now): (&str, i64),
) -> Result<(), Refusal> {
    // A list may hold signatures of other versions, and one for each key of the sender's.
    let given: Vec<Vec<u8>> = signatures
        .split(' ')
        .filter_map(|s| {
            BASE64
                .decode(s.strip_prefix(VERSION)?.strip_prefix(',')?)
                .ok()
        })
        .collect();
    let mut holds = false;
    for key in keys {
        let mac = authenticate(
            key,
            &[id.as_bytes(), b".", timestamp.as_bytes(), b".", body],
        );
        for signature in &given {
            holds |= bool::from(mac.ct_eq(signature));
        }
    }
    let seconds: Option<i64> = timestamp.parse().ok();
    let fresh = seconds.is_some_and(|at| at.abs_diff(now) <= TOLERANCE_SECONDS);
    match (holds, fresh) {
        (false, _) => Err(Refusal::Signature),
        (true, false) => Err(Refusal::Stale),
        (true, true) => Ok(()),
    }
}

/// Checks a message of GitHub's: the signature is over the body alone.
///
/// # Errors
/// Why the message is not believed.
pub fn github(keys: &[&Key], body: &[u8], signature: &str) -> Result<(), Refusal> {
    let given = signature.strip_prefix(ALGORITHM).and_then(from_hex);
    let given = given.ok_or(Refusal::Signature)?;
    let mut holds = false;
    for key in keys {
        holds |= bool::from(authenticate(key, &[body]).ct_eq(&given));
    }
    if holds {
        Ok(())
    } else {
        Err(Refusal::Signature)
    }
}

/// HMAC-SHA256 of the parts, one after the other.
fn authenticate(key: &Key, parts: &[&[u8]]) -> Vec<u8> {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&key.0) else {
        // HMAC takes keys of any length; were it not so, nothing would match an empty tag.
        return Vec::new();
    };
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().to_vec()
}

/// 64 lower-case hexadecimal digits.
fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |b: u8| match b {
        b'0'..=b'9' => Some(b - b'0'),
        b'a'..=b'f' => Some(b - b'a' + 10),
        _ => None,
    };
    let bytes = text.as_bytes();
    if bytes.len() != 64 {
        return None;
    }
    let pairs = bytes.chunks_exact(2);
    pairs
        .map(|p| Some(digit(p[0])? << 4 | digit(p[1])?))
        .collect()
}

#[cfg(test)]
mod tests;
