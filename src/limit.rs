//! A sliding-window rate limiter: so many hits of one key within any 60 seconds.
//!
//! The key is a value that the caller makes (an address, a user), never the text of a path, and the
//! time is an argument. What a key means and which header tells about it is decided above.

mod window;

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::net::{IpAddr, Ipv6Addr};

use parking_lot::Mutex;

use self::window::{SPAN_MS, Window};

/// Locks, so that requests of different keys seldom wait for each other.
const SHARDS: usize = 16;
/// Keys of a limiter when nobody says otherwise: about 13 MB when all are in use.
pub const DEFAULT_KEYS: usize = 32_768;

/// What a limiter answers, in the terms of the headers that tell about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Whether the request may go on.
    pub allowed: bool,
    /// Hits in 60 seconds.
    pub limit: u32,
    /// Hits that are left now.
    pub remaining: u32,
    /// Seconds until the oldest hit leaves the window and another becomes free; 0 without hits.
    pub reset_seconds: u64,
    /// Seconds until a refused request is worth another try; 0 when it was allowed.
    pub retry_after_seconds: u64,
}

/// Counts hits by key. Memory is bounded: keys without a hit in the window go, and when there are
/// too many, those that were seen longest ago.
#[derive(Debug)]
pub struct Limiter<K> {
    limit: u32,
    keys_per_shard: usize,
    hasher: RandomState,
    shards: [Mutex<Shard<K>>; SHARDS],
}

#[derive(Debug)]
struct Shard<K> {
    windows: HashMap<K, Box<Window>>,
    swept_at: u64,
}

impl<K: Hash + Eq + Clone> Limiter<K> {
    /// A limiter of `limit` hits in 60 seconds that remembers about `keys` keys.
    #[must_use]
    pub fn new(limit: u32, keys: usize) -> Self {
        let shard = || {
            Mutex::new(Shard {
                windows: HashMap::new(),
                swept_at: 0,
            })
        };
        Self {
            limit,
            keys_per_shard: keys.div_ceil(SHARDS).max(1),
            hasher: RandomState::new(),
            shards: std::array::from_fn(|_| shard()),
        }
    }

    /// Counts a hit if there is room for it. `now` is in milliseconds of a clock that never goes
    /// back.
    pub fn hit(&self, key: &K, now: u64) -> Decision {
        let mut shard = self.shard(key).lock();
        if let Some(window) = shard.windows.get_mut(key) {
            let now = window.advance(now);
            let allowed = window.total() < self.limit;
            if allowed {
                window.add();
            }
            return self.decision(allowed, window, now);
        }
        shard.make_room(self.keys_per_shard, now);
        let mut window = Window::starting(now);
        let allowed = self.limit > 0;
        if allowed {
            window.add();
        }
        let decision = self.decision(allowed, &window, now);
        shard.windows.insert(key.clone(), Box::new(window));
        decision
    }

    /// Whether a hit would be counted, without counting it.
    pub fn peek(&self, key: &K, now: u64) -> Decision {
        let mut shard = self.shard(key).lock();
        match shard.windows.get_mut(key) {
            Some(window) => {
                let now = window.advance(now);
                self.decision(window.total() < self.limit, window, now)
            }
            None => self.decision(self.limit > 0, &Window::starting(now), now),
        }
    }

    /// Forgets the keys that had no hit in the window; a limiter that is in use does this itself.
    pub fn evict_idle(&self, now: u64) {
        for shard in &self.shards {
            shard.lock().sweep(now);
        }
    }

    /// Keys that are remembered.
    #[must_use]
    pub fn keys(&self) -> usize {
        self.shards
            .iter()
            .map(|shard| shard.lock().windows.len())
            .sum()
    }

    fn shard(&self, key: &K) -> &Mutex<Shard<K>> {
        // The high bits: the map inside the shard uses the low ones of another hasher.
        let place = usize::try_from(self.hasher.hash_one(key) >> 60).unwrap_or(0);
        &self.shards[place % SHARDS]
    }

    fn decision(&self, allowed: bool, window: &Window, now: u64) -> Decision {
        let reset_seconds = window
            .oldest_leaves_at()
            .map_or(0, |at| at.saturating_sub(now).div_ceil(1_000));
        Decision {
            allowed,
            limit: self.limit,
            remaining: self.limit.saturating_sub(window.total()),
            reset_seconds,
            retry_after_seconds: if allowed { 0 } else { reset_seconds.max(1) },
        }
    }
}

impl<K: Hash + Eq + Clone> Shard<K> {
    /// Makes room for one more key. The oldest eighth goes at once, because looking for the oldest
    /// costs a walk over all of them.
    fn make_room(&mut self, most: usize, now: u64) {
        if self.windows.len() >= most || now.saturating_sub(self.swept_at) >= SPAN_MS {
            self.sweep(now);
        }
        if self.windows.len() < most {
            return;
        }
        let mut seen: Vec<u64> = self
            .windows
            .values()
            .map(|window| window.last_seen())
            .collect();
        let (_, limit, _) = seen.select_nth_unstable(most / 8);
        let limit = *limit;
        let mut surplus = most / 8 + 1;
        self.windows.retain(|_, window| {
            let goes = surplus > 0 && window.last_seen() <= limit;
            surplus -= usize::from(goes);
            !goes
        });
    }

    fn sweep(&mut self, now: u64) {
        self.swept_at = now;
        self.windows
            .retain(|_, window| window.last_seen().saturating_add(SPAN_MS) > now);
        self.windows.shrink_to(self.windows.len() * 2);
    }
}

/// The network that an address is counted as: an IPv4 address itself, also when it is wrapped in
/// IPv6; of IPv6 the first 64 bits, because one customer owns all addresses behind them.
#[must_use]
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(v4) => IpAddr::V4(v4),
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

#[cfg(test)]
mod tests;
