//! How many requests were answered in each of the last minutes, for people who look at a page rather
//! than at a monitoring system.

use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};

/// How many minutes are remembered.
const MINUTES: u64 = 60;

/// What was answered within one minute.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Minute {
    /// Minutes since 1970.
    pub minute: u64,
    /// Requests answered.
    pub requests: u64,
    /// Those of them that failed on our side (5xx).
    pub failures: u64,
}

/// The last [`MINUTES`], each in its own place of a ring.
#[derive(Debug, Default)]
pub(super) struct Recent(Mutex<Vec<Minute>>);

impl Recent {
    /// Counts one answer.
    pub(super) fn count(&self, at: DateTime<Utc>, failed: bool) {
        let minute = of(at);
        let mut ring = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if ring.is_empty() {
            ring.resize(
                usize::try_from(MINUTES).unwrap_or_default(),
                Minute::default(),
            );
        }
        let place = usize::try_from(minute % MINUTES).unwrap_or_default();
        if let Some(slot) = ring.get_mut(place) {
            if slot.minute != minute {
                *slot = Minute {
                    minute,
                    ..Minute::default()
                };
            }
            slot.requests += 1;
            slot.failures += u64::from(failed);
        }
    }

    /// The minutes up to `now`, oldest first; those without a request are there as zeros.
    pub(super) fn until(&self, now: DateTime<Utc>) -> Vec<Minute> {
        let last = of(now);
        let ring = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let one = |minute: u64| {
            let known = ring.iter().find(|slot| slot.minute == minute);
            known.copied().unwrap_or(Minute {
                minute,
                ..Minute::default()
            })
        };
        (last.saturating_sub(MINUTES - 1)..=last).map(one).collect()
    }
}

fn of(at: DateTime<Utc>) -> u64 {
    u64::try_from(at.timestamp() / 60).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_is_remembered_and_nothing_older() {
        let recent = Recent::default();
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        recent.count(at("2026-11-22T06:30:00Z"), false);
        recent.count(at("2026-11-22T07:30:10Z"), true);
        recent.count(at("2026-11-22T07:30:50Z"), false);
        recent.count(at("2026-11-22T07:31:00Z"), false);
        let told = recent.until(at("2026-11-22T07:32:00Z"));
        assert_eq!(told.len(), 60);
        let counts: Vec<_> = told.iter().map(|m| (m.requests, m.failures)).collect();
        assert_eq!(counts[57..], [(2, 1), (1, 0), (0, 0)]);
        assert!(counts[..57].iter().all(|c| *c == (0, 0)));
        assert_eq!(told[59].minute - told[0].minute, 59);
    }
}
