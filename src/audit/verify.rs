//! Walks the chain from its first seal to its last and names the first thing that is wrong. Reads
//! only, and holds no more than a few rows and seals at once.

use std::fmt;

use quarterdeck_entity::system::audit_seal;

use crate::auth::state;
use crate::error::Error;
use crate::store::Db;

use super::chain::{Chain, DIGEST, Fold, Link, SealKey, digest, hex, unhex};
use super::rows;
use super::seal::RECORDED;

/// Seals that are in memory at once.
const SEALS: u64 = 20;

/// A chain without a fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Rows that are sealed.
    pub rows: i64,
    /// Seals.
    pub seals: i64,
    /// The chain's end, hexadecimal.
    pub head: String,
    /// Rows that are not sealed yet.
    pub unsealed: i64,
}

/// The first thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// The row is not what was sealed.
    Changed(i64),
    /// The row was sealed and is gone.
    Missing(i64),
    /// The row was put among sealed ones.
    Stray(i64),
    /// The seal was not made by this application, or was changed.
    Forged {
        /// Its number.
        seal: i64,
        /// The first audit row that it speaks of, or would.
        row: i64,
    },
    /// The chain lacks this seal, or ends before it.
    Cut {
        /// Its number.
        seal: i64,
        /// The first audit row that it spoke of.
        row: i64,
    },
    /// The state does not remember the chain's end.
    Unrecorded,
    /// The head that was asked for is no seal's.
    Unknown(String),
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Changed(id) => write!(f, "audit row {id}: changed since it was sealed"),
            Self::Missing(id) => write!(f, "audit row {id}: missing, it was sealed"),
            Self::Stray(id) => write!(f, "audit row {id}: not in the chain"),
            Self::Forged { seal, row } => {
                write!(
                    f,
                    "audit row {row}: seal {seal}, which is to hold it, is forged"
                )
            }
            Self::Cut { seal, row } => {
                write!(f, "audit row {row}: seal {seal}, which held it, is cut off")
            }
            Self::Unrecorded => {
                f.write_str("the end of the chain is not the one that was recorded")
            }
            Self::Unknown(head) => write!(f, "head {head} is not in the chain: it was cut off"),
        }
    }
}

/// Checks every seal and every sealed row, and that `head`, known from a log, is in the chain.
///
/// # Errors
/// What the database said.
pub async fn verify(
    db: &Db,
    key: &SealKey,
    head: Option<&str>,
) -> Result<Result<Report, Finding>, Error> {
    if let Some(id) = rows::below_one(db).await? {
        return Ok(Err(Finding::Stray(id)));
    }
    let mut walk = Walk {
        db,
        key,
        chain: Chain::start(),
        rows: 0,
        wanted: head.and_then(unhex),
    };
    if let Err(finding) = walk.walk().await? {
        return Ok(Err(finding));
    }
    if let Some(head) = head.filter(|h| walk.wanted.is_some() || unhex(h).is_none()) {
        return Ok(Err(Finding::Unknown(head.to_owned())));
    }
    let open = walk.chain.open.all();
    Ok(Ok(Report {
        rows: walk.rows,
        seals: walk.chain.id,
        head: hex(&walk.chain.head),
        unsealed: rows::count(db, &open, walk.chain.highest).await?,
    }))
}

struct Walk<'a> {
    db: &'a Db,
    key: &'a SealKey,
    chain: Chain,
    rows: i64,
    /// The head that is still looked for.
    wanted: Option<[u8; 32]>,
}

type Checked = Result<Result<(), Finding>, Error>;

impl Walk<'_> {
    /// To the end that the state remembers. A sealer may be at work: it moves both at once, so what
    /// is remembered after the last seal was read is that seal or a later one.
    async fn walk(&mut self) -> Checked {
        loop {
            let before = self.chain.id;
            if let Err(finding) = self.walk_seals().await? {
                return Ok(Err(finding));
            }
            let recorded = state::get(self.db.reader(), RECORDED).await?;
            let is_end = match &recorded {
                None => self.chain.id == 0,
                Some(text) => *text == self.chain.recorded(),
            };
            if is_end {
                return self.close().await;
            }
            let number = recorded.as_deref().and_then(|text| text.split_once(' '));
            let number: Option<i64> = number.and_then(|(id, _)| id.parse().ok());
            if number.is_none_or(|id| id <= self.chain.id) {
                return Ok(Err(Finding::Unrecorded));
            }
            if self.chain.id == before {
                return Ok(Err(self.cut()));
            }
        }
    }

    async fn walk_seals(&mut self) -> Checked {
        loop {
            let seals = rows::seals(self.db, self.chain.id, SEALS).await?;
            if seals.is_empty() {
                return Ok(Ok(()));
            }
            for seal in &seals {
                if let Err(finding) = self.seal(seal).await? {
                    return Ok(Err(finding));
                }
            }
        }
    }

    fn cut(&self) -> Finding {
        Finding::Cut {
            seal: self.chain.id + 1,
            row: self.chain.highest.saturating_add(1),
        }
    }

    /// The gaps that are too old now: a row in one of them came too late to be honest.
    async fn close(&mut self) -> Checked {
        let closed = self.chain.close();
        let stray = rows::first(self.db, &closed).await?;
        Ok(stray.map_or(Ok(()), |id| Err(Finding::Stray(id))))
    }

    async fn seal(&mut self, seal: &audit_seal::Model) -> Checked {
        if seal.id != self.chain.id + 1 {
            return Ok(Err(self.cut()));
        }
        if let Err(finding) = self.close().await? {
            return Ok(Err(finding));
        }
        let forged = Finding::Forged {
            seal: seal.id,
            row: self.chain.highest.saturating_add(1),
        };
        let link = Link::of(seal).filter(|link| {
            let rows = link.ranges.count();
            let digests = usize::try_from(rows)
                .ok()
                .and_then(|n| n.checked_mul(DIGEST));
            self.key.is_signed(&self.chain.head, seal)
                && seal.rows == rows
                && digests == Some(seal.digests.len())
                && self.chain.admits(link)
        });
        let Some(link) = link else {
            return Ok(Err(forged));
        };
        if let Err(finding) = self.sealed(&link, &seal.digests).await? {
            return Ok(Err(finding));
        }
        self.chain.follow(&link);
        self.rows += seal.rows;
        self.wanted = self.wanted.filter(|head| *head != link.head);
        Ok(Ok(()))
    }

    /// Every row of a seal, against its digest and all of them against the head.
    async fn sealed(&self, link: &Link, digests: &[u8]) -> Checked {
        let mut digests = digests.chunks_exact(DIGEST);
        let mut fold = Fold::after(self.chain.head);
        for part in link.ranges.parts(rows::AT_ONCE) {
            let mut found = rows::among(self.db, &part).await?.into_iter().peekable();
            for id in part.iter() {
                let Some(row) = found.next_if(|row| row.id == id) else {
                    return Ok(Err(Finding::Missing(id)));
                };
                if digests.next() != Some(&digest(&row.canonical)) {
                    return Ok(Err(Finding::Changed(id)));
                }
                fold.push(&row.canonical);
            }
        }
        let first = link.ranges.iter().next().unwrap_or_default();
        Ok(match fold.head == link.head {
            true => Ok(()),
            false => Err(Finding::Changed(first)),
        })
    }
}
