//! When a login attempt is let through, as a pure function of what is stored and of the time.
//!
//! An attempt is counted *before* the password is looked at, and taken back when it was right: so
//! two hundred attempts at once are counted as two hundred, whatever their order. The block of an
//! account belongs to one address, so that an outsider cannot lock its owner out for good. Storing
//! the state, in one statement per key, is the caller's work.

use std::net::IpAddr;

use chrono::{DateTime, TimeDelta, Utc};

use crate::auth::secret::digest;
use crate::limit::network;

/// The first block, doubled with every further failure.
const FIRST_BLOCK: TimeDelta = TimeDelta::seconds(30);
/// The longest block.
const LONGEST_BLOCK: TimeDelta = TimeDelta::minutes(15);
/// After this time without an attempt or a block everything is forgotten.
const QUIET: TimeDelta = TimeDelta::minutes(15);
/// The span in which the attempts of everybody together are counted.
const MINUTE: TimeDelta = TimeDelta::minutes(1);

/// Whose failures are counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope<'a> {
    /// One account from one address: 5 failures.
    Account {
        /// The name as it was typed.
        name: &'a str,
        /// Where the attempt comes from.
        address: IpAddr,
    },
    /// One address, whatever the account: 20 failures.
    Address(IpAddr),
    /// All attempts together: 600 a minute, and no block beyond that minute.
    Everyone,
}

/// What is stored for one scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State {
    /// Attempts that were not taken back.
    pub failures: i32,
    /// When the time of quiet began to count: the last attempt; for everyone, the minute's begin.
    pub window_started_at: DateTime<Utc>,
    /// No attempt is let through before this.
    pub blocked_until: Option<DateTime<Utc>>,
}

/// Whether the attempt may go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Store the state, then look at the password.
    Allow(State),
    /// Answer that it is too early. Nothing is stored: a blocked attempt does not prolong the block.
    Block {
        /// How long until the next attempt is let through; above zero.
        retry_after: TimeDelta,
    },
}

impl Decision {
    /// Whole seconds for the `Retry-After` header; 0 when the attempt may go on.
    #[must_use]
    pub fn retry_after_seconds(&self) -> u64 {
        match self {
            Self::Allow(_) => 0,
            Self::Block { retry_after } => u64::try_from(retry_after.num_milliseconds())
                .unwrap_or(0)
                .div_ceil(1_000)
                .max(1),
        }
    }
}

impl Scope<'_> {
    /// The key of its stored state: 64 hexadecimal digits, because a name may be longer than a
    /// column and is nobody's business in a dump. Case and blanks around a name make no new key,
    /// nor does another address of the same IPv6 network.
    #[must_use]
    pub fn key(&self) -> String {
        match self {
            Self::Account { name, address } => digest(&format!(
                "account\n{}\n{}",
                network(*address),
                name.trim().to_lowercase()
            )),
            Self::Address(address) => digest(&format!("address\n{}", network(*address))),
            Self::Everyone => digest("everyone"),
        }
    }

    /// Attempts that are let through before the first block.
    fn allowed(&self) -> i32 {
        match self {
            Self::Account { .. } => 5,
            Self::Address(_) => 20,
            Self::Everyone => 600,
        }
    }
}

/// Decides about one attempt, given what is stored.
#[must_use]
pub fn attempt(scope: Scope<'_>, stored: Option<State>, now: DateTime<Utc>) -> Decision {
    match scope {
        Scope::Account { .. } | Scope::Address(_) => exponential(scope.allowed(), stored, now),
        Scope::Everyone => per_minute(scope.allowed(), stored, now),
    }
}

/// Takes back an attempt whose password was right. For the account the slate is clean; an address
/// gets back this attempt alone, or somebody with one good account could try the others for ever.
/// `None`: delete the row.
#[must_use]
pub fn success(scope: Scope<'_>, stored: State) -> Option<State> {
    let failures = stored.failures - 1;
    match scope {
        Scope::Account { .. } => None,
        _ if failures <= 0 => None,
        Scope::Address(_) | Scope::Everyone => {
            let is_over = failures >= scope.allowed();
            let blocked_until = stored.blocked_until.filter(|_| is_over);
            Some(State {
                failures,
                blocked_until,
                ..stored
            })
        }
    }
}

fn exponential(allowed: i32, stored: Option<State>, now: DateTime<Utc>) -> Decision {
    let stored = stored.filter(|state| now - state.last_event() < QUIET);
    if let Some(retry_after) = stored.and_then(|state| state.remaining_block(now, LONGEST_BLOCK)) {
        return Decision::Block { retry_after };
    }
    let failures = stored.map_or(0, |state| state.failures).saturating_add(1);
    let blocked_until = (failures >= allowed).then(|| now + block(failures - allowed));
    Decision::Allow(State {
        failures,
        window_started_at: now,
        blocked_until,
    })
}

fn per_minute(allowed: i32, stored: Option<State>, now: DateTime<Utc>) -> Decision {
    let begin = stored
        .map(|state| state.window_started_at)
        // A begin in the future means that a clock was set back: it must not block for hours.
        .filter(|begin| *begin <= now && now - *begin < MINUTE);
    let (Some(begin), Some(state)) = (begin, stored) else {
        return Decision::Allow(State {
            failures: 1,
            window_started_at: now,
            blocked_until: None,
        });
    };
    if state.failures >= allowed {
        return Decision::Block {
            retry_after: begin + MINUTE - now,
        };
    }
    let failures = state.failures.saturating_add(1);
    Decision::Allow(State {
        failures,
        window_started_at: begin,
        blocked_until: None,
    })
}

/// 30 s, 60 s, 120 s, … and never more than 15 minutes.
fn block(doublings: i32) -> TimeDelta {
    let doublings = u32::try_from(doublings).unwrap_or(0).min(16);
    FIRST_BLOCK
        .checked_mul(1 << doublings)
        .map_or(LONGEST_BLOCK, |block| block.min(LONGEST_BLOCK))
}

impl State {
    fn last_event(&self) -> DateTime<Utc> {
        self.blocked_until.map_or(self.window_started_at, |end| {
            end.max(self.window_started_at)
        })
    }

    /// What is left of the block, never more than a block can last: a clock that was set back
    /// must not lengthen it.
    fn remaining_block(&self, now: DateTime<Utc>, longest: TimeDelta) -> Option<TimeDelta> {
        let rest = self.blocked_until? - now;
        (rest > TimeDelta::zero()).then(|| rest.min(longest))
    }
}

#[cfg(test)]
mod tests;
