//! What the next seal may be, and how it is signed. No database here.

use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use quarterdeck_entity::system::audit_seal;
use sha2::{Digest, Sha256};

use super::canonical::put;
use super::ids::{Gaps, Ids};

/// Bytes of a row's digest that a seal keeps.
pub(super) const DIGEST: usize = 16;

/// A SHA-256.
pub(super) type Hash = [u8; 32];

/// What seals are signed with: derived from the application's signing key, so that a signature is
/// never good for anything else.
#[derive(Clone)]
pub struct SealKey(Hmac<Sha256>);

impl std::fmt::Debug for SealKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SealKey(…)")
    }
}

impl SealKey {
    /// The key of an application with that signing key.
    #[must_use]
    pub fn new(signing_key: &[u8; 64]) -> Self {
        let mut mac: Hmac<Sha256> = Hmac::new(signing_key.into());
        mac.update(b"quarterdeck audit seal 1");
        let derived: Hash = mac.finalize().into_bytes().into();
        let mut block = [0; 64];
        block[..32].copy_from_slice(&derived);
        Self(Hmac::new(&block.into()))
    }

    fn mac(&self, before: &Hash, seal: &audit_seal::Model) -> Hmac<Sha256> {
        let mut bytes = Vec::with_capacity(seal.digests.len() + 512);
        for number in [seal.id, seal.at.timestamp_micros(), seal.rows, seal.highest] {
            bytes.extend_from_slice(&number.to_be_bytes());
        }
        bytes.extend_from_slice(before);
        put(&mut bytes, seal.ranges.as_bytes());
        put(
            &mut bytes,
            seal.gaps.as_deref().unwrap_or_default().as_bytes(),
        );
        put(&mut bytes, &seal.digests);
        put(&mut bytes, seal.head.as_bytes());
        let mut mac = self.0.clone();
        mac.update(&bytes);
        mac
    }

    /// The signature of a seal that follows the head `before`.
    pub(super) fn sign(&self, before: &Hash, seal: &audit_seal::Model) -> String {
        hex(&self.mac(before, seal).finalize().into_bytes())
    }

    /// Whether a seal has the right signature.
    pub(super) fn is_signed(&self, before: &Hash, seal: &audit_seal::Model) -> bool {
        let signature = unhex(&seal.signature);
        signature.is_some_and(|s| self.mac(before, seal).verify_slice(&s).is_ok())
    }
}

/// Folds rows into the chain.
#[derive(Debug, Clone)]
pub(super) struct Fold {
    pub(super) head: Hash,
    pub(super) digests: Vec<u8>,
}

impl Fold {
    pub(super) fn after(head: Hash) -> Self {
        Self {
            head,
            digests: Vec::new(),
        }
    }

    /// Appends a row by its canonical bytes.
    pub(super) fn push(&mut self, canonical: &[u8]) {
        let mut hasher = Sha256::new();
        hasher.update(self.head);
        hasher.update(canonical);
        self.head = hasher.finalize().into();
        self.digests.extend_from_slice(&digest(canonical));
    }
}

/// What a seal keeps of a row.
pub(super) fn digest(canonical: &[u8]) -> [u8; DIGEST] {
    let mut short = [0; DIGEST];
    short.copy_from_slice(&Sha256::digest(canonical)[..DIGEST]);
    short
}

/// What the chain needs of a seal.
#[derive(Debug, Clone)]
pub(super) struct Link {
    pub(super) id: i64,
    pub(super) at: DateTime<Utc>,
    pub(super) highest: i64,
    pub(super) ranges: Ids,
    pub(super) gaps: Ids,
    pub(super) head: Hash,
}

impl Link {
    /// `None` when a text of it is not what a sealer writes.
    pub(super) fn of(seal: &audit_seal::Model) -> Option<Self> {
        Some(Self {
            id: seal.id,
            at: seal.at,
            highest: seal.highest,
            ranges: Ids::parse(&seal.ranges)?,
            gaps: match seal.gaps.as_deref() {
                None => Ids::default(),
                // None is null, so that no other text is as good.
                Some(text) => Ids::parse(text).filter(|ids| !ids.is_empty())?,
            },
            head: unhex(&seal.head)?,
        })
    }
}

/// Where the chain ends.
#[derive(Debug, Clone)]
pub(super) struct Chain {
    pub(super) id: i64,
    pub(super) at: DateTime<Utc>,
    pub(super) highest: i64,
    pub(super) head: Hash,
    pub(super) open: Gaps,
}

impl Chain {
    /// Before the first seal.
    pub(super) fn start() -> Self {
        Self {
            id: 0,
            at: DateTime::<Utc>::MIN_UTC,
            highest: 0,
            head: [0; 32],
            open: Gaps::default(),
        }
    }

    /// After a seal of which only this is known: no gap is open.
    pub(super) fn at(link: &Link) -> Self {
        Self {
            id: link.id,
            at: link.at,
            highest: link.highest,
            head: link.head,
            open: Gaps::default(),
        }
    }

    /// Closes the gaps in which the next seal may not have a row any more. An hour counts to the
    /// last seal, not to now: what was written while nobody sealed is not late.
    pub(super) fn close(&mut self) -> Ids {
        self.open.close(self.at)
    }

    /// Whether a seal may follow, once [`Self::close`] was called: every number after the highest is
    /// either sealed or a gap, and every other number was a gap that is open.
    pub(super) fn admits(&self, link: &Link) -> bool {
        let runs = link.ranges.runs();
        let (late, new) = runs.split_at(runs.partition_point(|run| run.1 <= self.highest));
        if link.at < self.at || late.iter().any(|&run| !self.open.has(run)) {
            return false;
        }
        let mut all: Vec<(i64, i64)> = new.iter().chain(link.gaps.runs()).copied().collect();
        all.sort_unstable();
        let mut reached = self.highest;
        for (first, last) in all {
            if reached.checked_add(1) != Some(first) {
                return false;
            }
            reached = last;
        }
        reached == link.highest && new.last().map_or(self.highest, |run| run.1) == reached
    }

    /// Goes on to a seal.
    pub(super) fn follow(&mut self, link: &Link) {
        for &run in link.ranges.runs() {
            self.open.fill(run);
        }
        self.open.open(&link.gaps, link.at);
        (self.id, self.at) = (link.id, link.at);
        (self.highest, self.head) = (link.highest, link.head);
    }

    /// What the state remembers of it.
    pub(super) fn recorded(&self) -> String {
        format!("{} {}", self.id, hex(&self.head))
    }
}

/// Bytes in hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing into a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// A hash from hexadecimal, capitals included.
pub(super) fn unhex(text: &str) -> Option<Hash> {
    let mut bytes = [0; 32];
    if text.len() != 64 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    for (byte, at) in bytes.iter_mut().zip((0..64).step_by(2)) {
        *byte = u8::from_str_radix(text.get(at..at + 2)?, 16).ok()?;
    }
    Some(bytes)
}
