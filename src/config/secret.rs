//! A text that must not be shown. There is no `PartialEq`: a comparison goes through
//! [`Secret::matches`], which takes the same time wherever the difference is.

use std::fmt;

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// A secret setting. `Debug` shows nothing of it, not even its length.
///
/// It cannot be compared with `==`:
/// ```compile_fail
/// use quarterdeck::config::Secret;
/// let _ = Secret::new("a") == Secret::new("a");
/// ```
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// Takes the text as it is.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for the one place that must hand it on.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether the candidate is the secret. An empty one never is.
    ///
    /// Both sides are hashed first, so that neither the length nor a common prefix of the
    /// secret shows in the time.
    #[must_use]
    pub fn matches(&self, candidate: &str) -> bool {
        let ours = Sha256::digest(self.0.as_bytes());
        let theirs = Sha256::digest(candidate.as_bytes());
        bool::from(ours.as_slice().ct_eq(theirs.as_slice())) & !candidate.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r26_a_secret_matches_itself_alone() {
        let secret = Secret::new("correct horse");
        assert!(secret.matches("correct horse"));
        for other in ["", "correct hors", "correct horse ", "Correct horse"] {
            assert!(!secret.matches(other), "{other:?}");
        }
    }

    #[test]
    fn a76_a_blank_candidate_never_matches_a_blank_secret() {
        assert!(!Secret::new("").matches(""));
    }

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", Secret::new("hush")), "Secret(***)");
    }
}
