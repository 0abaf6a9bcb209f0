//! Section `[internal]`: the secret of the internal group, and what is refused as one.

use super::reader::Reader;
use super::secret::Secret;

/// The fewest bytes of a secret.
const SHORTEST: usize = 32;
/// The fewest different bytes; 32 random hexadecimal digits have about 14.
const FEWEST_DIFFERENT: usize = 8;
/// Words of which examples and placeholders are made.
const WORDS: [&str; 34] = [
    "internal",
    "quarterdeck",
    "secret",
    "password",
    "changeme",
    "change",
    "replace",
    "example",
    "default",
    "placeholder",
    "insecure",
    "development",
    "production",
    "testing",
    "test",
    "dev",
    "token",
    "your",
    "this",
    "with",
    "must",
    "least",
    "characters",
    "bytes",
    "long",
    "random",
    "string",
    "value",
    "super",
    "admin",
    "keep",
    "here",
    "api",
    "key",
];

/// The internal group. Without a secret it does not exist.
#[derive(Clone, Debug)]
pub struct Internal {
    /// The secret in force.
    pub secret: Option<Secret>,
    /// The one before, still accepted while it is being replaced.
    pub previous_secret: Option<Secret>,
}

impl Internal {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let internal = Self {
            secret: reader.secret("internal.secret", strong),
            previous_secret: reader.secret("internal.previous_secret", strong),
        };
        if internal.previous_secret.is_some() && internal.secret.is_none() {
            reader.fault(
                "internal.previous_secret",
                "expected internal.secret to be set as well",
            );
        }
        internal
    }

    /// Whether the group exists.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.secret.is_some()
    }

    /// Whether the candidate is one of the secrets. Both are always compared.
    #[must_use]
    pub fn accepts(&self, candidate: &str) -> bool {
        let matches = |secret: &Option<Secret>| {
            secret
                .as_ref()
                .is_some_and(|secret| secret.matches(candidate))
        };
        let current = matches(&self.secret);
        let previous = matches(&self.previous_secret);
        self.is_on() & (current | previous)
    }
}

/// Refuses what is empty, short, guessable or cannot be sent in a header.
fn strong(text: &str) -> Result<(), String> {
    let fault = if text.is_empty() {
        "is empty; leave it unset to switch the internal group off"
    } else if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        "must be visible ASCII without blanks, because it travels in a header"
    } else if text.len() < SHORTEST {
        "is shorter than 32 bytes"
    } else if is_known(text) {
        "is a known or guessable one"
    } else {
        return Ok(());
    };
    Err(format!(
        "{fault}; `openssl rand -base64 48` makes a good one"
    ))
}

/// Few different bytes, a run along the alphabet or the digits, or made of the words of examples.
fn is_known(text: &str) -> bool {
    let bytes = text.as_bytes();
    let mut different = bytes.to_vec();
    different.sort_unstable();
    different.dedup();
    let steps = bytes
        .windows(2)
        .filter(|pair| pair[0].abs_diff(pair[1]) <= 1)
        .count();
    let mut rest = text.to_ascii_lowercase();
    rest.retain(|c| c.is_ascii_alphanumeric());
    for word in WORDS {
        rest = rest.replace(word, "");
    }
    different.len() < FEWEST_DIFFERENT || steps * 2 > bytes.len() || rest.len() < SHORTEST / 2
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "q8Zt1vN4yB7wKx2mP5rJ9sDfGhLc3eVa";

    #[test]
    fn r05_a_weak_secret_is_refused() {
        for text in [
            "",
            "short",
            "q8Zt1vN4yB7wKx2mP5rJ9sDfGhLc3eV",
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "0123456789012345678901234567890123456789",
            "abcdefghijklmnopqrstuvwxyz0123456789",
            "change-me-change-me-change-me-change-me-now",
            "your-internal-api-secret-of-at-least-32-bytes",
            "supersecretsupersecretsupersecret123",
            "q8Zt1vN4yB7wKx2m P5rJ9sDfGhLc3eVa",
            "q8Zt1vN4yB7wKx2mP5rJ9sDfGhLc3eVa\n",
        ] {
            assert!(strong(text).is_err(), "{text:?}");
        }
        for text in [
            GOOD,
            "f47ac10b58cc4372a5670e02b2c3d479f47ac10b58cc4372a5670e02b2c3d479",
        ] {
            assert_eq!(strong(text), Ok(()), "{text:?}");
        }
    }

    #[test]
    fn r23_two_secrets_are_valid_at_once_and_none_when_off() {
        let secret = |text: &str| Some(Secret::new(text));
        let both = Internal {
            secret: secret("new"),
            previous_secret: secret("old"),
        };
        assert!(both.accepts("new") && both.accepts("old"));
        assert!(!both.accepts("") && !both.accepts("newold"));
        let off = Internal {
            secret: None,
            previous_secret: None,
        };
        assert!(!off.is_on() && !off.accepts("") && !off.accepts("new"));
        let half = Internal {
            secret: None,
            previous_secret: secret("old"),
        };
        assert!(
            !half.accepts("old"),
            "a previous secret alone opens nothing"
        );
    }
}
