//! Random secrets that a client carries: session cookies and API tokens. The database holds only
//! the SHA-256 of one; a slow hash is not needed, because 256 random bits cannot be guessed.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::config::Secret;

/// What an API token begins with, so that people and scanners of leaked secrets know it.
const TOKEN_PREFIX: &str = "qd_";
/// Digits and letters alone: a double click selects the whole token.
const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// Digits of 256 bits to the base of 62, and of the 32 bits of a checksum.
const RANDOM_DIGITS: usize = 43;
const CHECK_DIGITS: usize = 6;
/// How much of a token may be shown to recognise it by: the prefix and 8 of its 43 digits.
const SHOWN: usize = TOKEN_PREFIX.len() + 8;

/// The system gave no random bytes.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the system gave no random bytes: {0}")]
pub struct NoRandomness(#[from] getrandom::Error);

/// A new value for a session cookie or a one-time link: 256 bits, 43 characters of base64url.
///
/// # Errors
/// When the system has no randomness.
pub fn random() -> Result<Secret, NoRandomness> {
    Ok(Secret::new(URL_SAFE_NO_PAD.encode(random_bytes()?)))
}

/// Whether a text has the shape of [`random`], so that anything else costs no look-up.
#[must_use]
pub fn is_random(text: &str) -> bool {
    text.len() == RANDOM_DIGITS
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

/// A new API token: `qd_`, 256 bits, a checksum.
///
/// # Errors
/// When the system has no randomness.
pub fn token() -> Result<Secret, NoRandomness> {
    Ok(Secret::new(token_of(random_bytes()?)))
}

/// Whether a text is a token that we may have given out: a mistyped or shortened one is refused
/// without a look-up.
#[must_use]
pub fn is_token(text: &str) -> bool {
    let length = TOKEN_PREFIX.len() + RANDOM_DIGITS + CHECK_DIGITS;
    if text.len() != length || !text.starts_with(TOKEN_PREFIX) || !text.is_ascii() {
        return false;
    }
    let (body, check) = text.split_at(length - CHECK_DIGITS);
    checksum(body) == check
}

/// The beginning of a token, for lists in which its owner must recognise it.
#[must_use]
pub fn shown_part(token: &str) -> &str {
    token.get(..SHOWN).unwrap_or_default()
}

/// What is stored in place of a secret: its SHA-256 in hexadecimal.
#[must_use]
pub fn digest(text: &str) -> String {
    use std::fmt::Write;
    let mut hex = String::with_capacity(64);
    for byte in Sha256::digest(text.as_bytes()) {
        // Writing into a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}

fn random_bytes() -> Result<[u8; 32], NoRandomness> {
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}

fn token_of(bytes: [u8; 32]) -> String {
    let body = format!("{TOKEN_PREFIX}{}", base62::<RANDOM_DIGITS>(&bytes));
    let check = checksum(&body);
    body + &check
}

fn checksum(body: &str) -> String {
    let hash = Sha256::digest(body.as_bytes());
    base62::<CHECK_DIGITS>(&hash[..4])
}

/// The bytes as a number with exactly `DIGITS` digits, by long division.
fn base62<const DIGITS: usize>(bytes: &[u8]) -> String {
    let mut number = bytes.to_vec();
    let mut digits = [b'0'; DIGITS];
    for digit in digits.iter_mut().rev() {
        let mut rest = 0_usize;
        for byte in &mut number {
            let part = rest << 8 | usize::from(*byte);
            // A part is less than 62 * 256, so that the quotient fits into a byte.
            *byte = u8::try_from(part / 62).unwrap_or(u8::MAX);
            rest = part % 62;
        }
        *digit = BASE62[rest];
    }
    digits.iter().map(|digit| char::from(*digit)).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn r10_a_session_value_has_256_random_bits_and_fits_a_cookie() {
        let value = random().unwrap();
        assert_eq!(URL_SAFE_NO_PAD.decode(value.expose()).unwrap().len(), 32);
        assert!(is_random(value.expose()));
        let many: BTreeSet<String> = (0..1_000)
            .map(|_| random().unwrap().expose().to_owned())
            .collect();
        assert_eq!(many.len(), 1_000);
    }

    #[test]
    fn r10_other_shapes_are_no_session_values() {
        let value = random().unwrap().expose().to_owned();
        for other in [
            "",
            &value[1..],
            &format!("{value}A"),
            &value.replacen(&value[..1], "=", 1),
        ] {
            assert!(!is_random(other), "{other}");
        }
        assert!(!is_random(&"é".repeat(22)[..42]));
    }

    #[test]
    fn r10_r21_only_the_sha256_is_stored() {
        assert_eq!(
            digest("abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        let token = token().unwrap();
        assert!(!digest(token.expose()).contains(shown_part(token.expose())));
    }

    #[test]
    fn r21_a_token_has_prefix_256_bits_and_checksum() {
        let token = token().unwrap();
        let text = token.expose();
        assert!(
            text.starts_with("qd_") && text.len() == 52,
            "{}",
            text.len()
        );
        assert!(is_token(text));
        assert!(text[3..].bytes().all(|b| b.is_ascii_alphanumeric()));
        assert_eq!(format!("{token:?}"), "Secret(***)");
    }

    #[test]
    fn r21_every_bit_of_the_randomness_is_in_the_token() {
        let zero = token_of([0; 32]);
        assert!(zero.starts_with(&format!("qd_{}", "0".repeat(43))));
        assert!(is_token(&token_of([u8::MAX; 32])));
        let mut tokens = BTreeSet::from([zero]);
        for bit in 0..256 {
            let mut bytes = [0_u8; 32];
            bytes[bit / 8] = 1 << (bit % 8);
            tokens.insert(token_of(bytes)[..46].to_owned());
        }
        assert_eq!(tokens.len(), 257);
    }

    #[test]
    fn r21_a_mistyped_token_is_refused_without_a_look_up() {
        let token = token_of([7; 32]);
        for place in 0..token.len() {
            for other in ["x", "0", "-"] {
                let mut typo = token.clone();
                typo.replace_range(place..=place, other);
                assert_eq!(is_token(&typo), typo == token, "{place} {other}");
            }
        }
        let swapped: String = [&token[..10], &token[11..12], &token[10..11], &token[12..]].concat();
        for text in [
            "",
            "qd_",
            &token[1..],
            &token[..51],
            &format!("{token}0"),
            &format!(" {token}"),
        ] {
            assert!(!is_token(text), "{text}");
        }
        assert_eq!(is_token(&swapped), swapped == token);
        assert!(!is_token(&format!("qd_{}", "é".repeat(24) + "0")));
    }

    #[test]
    fn r21_the_part_that_is_shown_leaves_200_bits_unknown() {
        let token = token().unwrap();
        assert_eq!(shown_part(token.expose()).len(), 11);
        assert_eq!(shown_part("qd_"), "");
    }
}
