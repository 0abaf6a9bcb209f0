//! The hits of one key in the last 60 seconds, counted by second.

/// The length of the window.
pub(super) const SPAN_MS: u64 = 60_000;
/// Seconds that a window of 60 seconds can touch.
const SLOTS: usize = 61;

/// A count for each second, and the millisecond of the last hit in it. All hits of a second leave
/// the window together with its last one: so no 60 seconds ever hold more than was counted, and no
/// hit stays a second too long.
#[derive(Debug)]
pub(super) struct Window {
    now: u64,
    total: u32,
    counts: [u32; SLOTS],
    last_ms: [u16; SLOTS],
    last_seen: u64,
}

impl Window {
    /// Without hits.
    pub(super) fn starting(now: u64) -> Self {
        Self {
            now,
            total: 0,
            counts: [0; SLOTS],
            last_ms: [0; SLOTS],
            last_seen: now,
        }
    }

    /// Hits in the window.
    pub(super) fn total(&self) -> u32 {
        self.total
    }

    /// When the key was counted last.
    pub(super) fn last_seen(&self) -> u64 {
        self.last_seen
    }

    /// Moves on to `now` and drops what is outside. Requests may arrive a little out of order:
    /// the window never goes back. Returns the time that counts.
    pub(super) fn advance(&mut self, now: u64) -> u64 {
        let (before, now) = (self.now / 1_000, now.max(self.now));
        let second = now / 1_000;
        self.now = now;
        // Seconds that the window no longer touches; their slots are those of the seconds to come.
        let gone = usize::try_from(second - before).unwrap_or(SLOTS).min(SLOTS);
        for step in 1..=gone {
            self.clear(slot(before.wrapping_add(step as u64)));
        }
        // The oldest second that is touched is over as soon as its last hit is.
        let oldest = slot(second + 1);
        if second >= 60 && self.leaves_at(second - 60, oldest) <= now {
            self.clear(oldest);
        }
        now
    }

    /// Counts a hit at the time that was advanced to.
    pub(super) fn add(&mut self) {
        let slot = slot(self.now / 1_000);
        self.counts[slot] = self.counts[slot].saturating_add(1);
        self.total = self.total.saturating_add(1);
        self.last_ms[slot] = u16::try_from(self.now % 1_000).unwrap_or(999);
        self.last_seen = self.now;
    }

    /// When the oldest hits leave.
    pub(super) fn oldest_leaves_at(&self) -> Option<u64> {
        let second = self.now / 1_000;
        (second.saturating_sub(60)..=second)
            .map(|second| (second, slot(second)))
            .find(|(_, slot)| self.counts[*slot] > 0)
            .map(|(second, slot)| self.leaves_at(second, slot))
    }

    fn leaves_at(&self, second: u64, slot: usize) -> u64 {
        second * 1_000 + u64::from(self.last_ms[slot]) + SPAN_MS
    }

    fn clear(&mut self, slot: usize) {
        self.total = self.total.saturating_sub(self.counts[slot]);
        self.counts[slot] = 0;
    }
}

fn slot(second: u64) -> usize {
    usize::try_from(second % SLOTS as u64).unwrap_or(0)
}
