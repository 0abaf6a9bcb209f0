//! The secrets of the sources, read from the settings once. A secret that is too short or cannot be
//! read stops the start; it never makes a source that anybody could sign for.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};

use crate::check::Finding;
use crate::plugin::Settings;

use super::Scheme;

/// What the secrets of Standard Webhooks begin with.
const PREFIX: &str = "whsec_";
/// Standard Webhooks asks for 192 to 512 random bits.
const STANDARD_BYTES: std::ops::RangeInclusive<usize> = 24..=64;
/// GitHub leaves the secret to its user; less than this is guessed offline from one delivery.
const GITHUB_BYTES: usize = 16;
/// One secret, and the one that replaces it.
const AT_ONCE: usize = 2;
/// As long as the column that keeps it.
const LONGEST_NAME: usize = 64;

/// The bytes that a message is authenticated with.
#[derive(Clone)]
pub struct Key(pub Vec<u8>);

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(***)")
    }
}

/// The keys of every source.
#[derive(Debug, Default)]
pub(super) struct Sources(BTreeMap<String, Vec<(Scheme, Key)>>);

impl Sources {
    /// The sources of the settings, and what is wrong with the settings.
    pub(super) fn read(settings: &Settings) -> (Self, Vec<Finding>) {
        let mut sources = Self::default();
        let mut findings = Vec::new();
        let mut fault = |key: &str, message: String| {
            let hint = "Standard Webhooks: `whsec_` and the base64 of 24 to 64 random bytes; \
                        GitHub: at least 16 random characters without a comma";
            findings.push(Finding::error("webhooks.E001", key, message, hint));
        };
        for (name, value) in &settings.0 {
            let Some(source) = name.strip_suffix("_secret") else {
                continue;
            };
            let texts: Vec<&str> = value.expose().split(',').map(str::trim).collect();
            if texts.len() > AT_ONCE {
                fault(name, format!("more than {AT_ONCE} secrets"));
            }
            if source.len() > LONGEST_NAME {
                fault(
                    name,
                    format!("a source's name has at most {LONGEST_NAME} letters"),
                );
            }
            for text in texts {
                match key(text) {
                    Ok(key) => sources.0.entry(source.to_owned()).or_default().push(key),
                    Err(message) => fault(name, message.to_owned()),
                }
            }
        }
        (sources, findings)
    }

    /// The keys of a source for a scheme; `None` where it has none.
    pub(super) fn keys(&self, source: &str, scheme: Scheme) -> Option<Vec<&Key>> {
        let all = self.0.get(source)?.iter();
        let keys: Vec<&Key> = all.filter(|(s, _)| *s == scheme).map(|(_, k)| k).collect();
        (!keys.is_empty()).then_some(keys)
    }
}

fn key(text: &str) -> Result<(Scheme, Key), &'static str> {
    let Some(encoded) = text.strip_prefix(PREFIX) else {
        return if text.len() < GITHUB_BYTES {
            Err("a secret is shorter than 16 bytes")
        } else {
            Ok((Scheme::Github, Key(text.as_bytes().to_vec())))
        };
    };
    let bytes = BASE64.decode(encoded);
    let bytes = bytes.map_err(|_| "what follows `whsec_` is no base64")?;
    if STANDARD_BYTES.contains(&bytes.len()) {
        Ok((Scheme::Standard, Key(bytes)))
    } else {
        Err("a secret of Standard Webhooks has 24 to 64 bytes")
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::config::Secret;

    const STANDARD: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const GITHUB: &str = "It's a Secret to Everybody";

    fn read(name: &str, value: &str) -> (Sources, Vec<Finding>) {
        Sources::read(&Settings(vec![(name.to_owned(), Secret::new(value))]))
    }

    #[test]
    fn the_form_of_a_secret_tells_the_scheme_and_two_may_be_valid_at_once() {
        let (sources, findings) = read("shop_secret", &format!("{STANDARD}, {GITHUB}"));
        assert!(findings.is_empty(), "{findings:?}");
        let keys = |source, scheme| sources.keys(source, scheme).map(|k| k.len());
        assert_eq!(keys("shop", Scheme::Standard), Some(1));
        assert_eq!(keys("shop", Scheme::Github), Some(1));
        assert_eq!(keys("other", Scheme::Github), None);
        let (sources, _) = read("shop_secret", &format!("{STANDARD},{STANDARD}"));
        assert_eq!(sources.keys("shop", Scheme::Standard).unwrap().len(), 2);
        assert!(sources.keys("shop", Scheme::Github).is_none());
    }

    #[rstest]
    #[case::empty("")]
    #[case::one_of_two_is_empty("It's a Secret to Everybody,")]
    #[case::short("fifteen letters")]
    #[case::no_base64("whsec_***")]
    #[case::short_base64("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa==")]
    #[case::three("It's a Secret to Everybody,It's a Secret to Everybody,It's a Secret to all")]
    fn r45_a_weak_or_broken_secret_is_an_error_that_does_not_repeat_it(#[case] value: &str) {
        let (_, findings) = read("shop_secret", value);
        assert_eq!(findings.len(), 1, "{findings:?}");
        assert_eq!(findings[0].id, "webhooks.E001");
        let shown = findings[0].to_string();
        assert!(value.is_empty() || !shown.contains(value), "{shown}");
    }

    #[test]
    fn a_source_whose_secret_is_refused_has_no_key() {
        let (sources, _) = read("shop_secret", "short");
        assert!(sources.keys("shop", Scheme::Github).is_none());
        assert_eq!(format!("{:?}", Key(vec![104, 117])), "Key(***)");
    }
}
