//! The window against a model of it, and its limits in memory.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use proptest::prelude::*;
use rstest::rstest;

use super::*;

fn limiter(limit: u32) -> Limiter<u32> {
    Limiter::new(limit, DEFAULT_KEYS)
}

#[test]
fn r53_the_limit_is_reached_and_the_next_hit_is_told_when_to_come_back() {
    let limiter = limiter(3);
    for (now, remaining) in [(5_500, 2), (6_000, 1), (20_000, 0)] {
        let decision = limiter.hit(&1, now);
        assert!(decision.allowed);
        assert_eq!((decision.limit, decision.remaining), (3, remaining));
        assert_eq!(decision.retry_after_seconds, 0);
    }
    let refused = limiter.hit(&1, 30_000);
    let expected = Decision {
        allowed: false,
        limit: 3,
        remaining: 0,
        reset_seconds: 36,
        retry_after_seconds: 36,
    };
    assert_eq!(refused, expected, "the hit of 5.5 s leaves at 65.5 s");
    assert!(!limiter.hit(&1, 65_499).allowed);
    assert!(limiter.hit(&1, 65_500).allowed);
    assert!(!limiter.hit(&1, 65_999).allowed);
    assert!(limiter.hit(&1, 66_000).allowed);
}

#[test]
fn r53_a_burst_is_told_to_wait_no_longer_than_a_minute() {
    let limiter = limiter(60);
    for hit in 0..60 {
        assert!(limiter.hit(&1, 1_900 + hit).allowed);
    }
    let refused = limiter.hit(&1, 1_960);
    assert!(
        !refused.allowed && refused.retry_after_seconds <= 60,
        "{refused:?}"
    );
    assert!(
        limiter
            .hit(&1, 1_960 + refused.retry_after_seconds * 1_000)
            .allowed
    );
}

#[test]
fn r53_the_limit_holds_over_the_edge_of_a_clock_minute() {
    let limiter = limiter(10);
    let allowed = (0..100)
        .filter(|hit| limiter.hit(&1, 59_000 + hit * 20).allowed)
        .count();
    assert_eq!(allowed, 10, "a fixed window would let 20 through");
}

#[test]
fn r53_refused_hits_are_not_counted() {
    let limiter = limiter(1);
    assert!(limiter.hit(&1, 0).allowed);
    for now in 1..60 {
        assert!(!limiter.hit(&1, now * 1_000).allowed);
    }
    assert!(limiter.hit(&1, 60_000).allowed);
}

#[test]
fn r53_a_peek_counts_nothing_and_foretells_the_hit() {
    let limiter = limiter(2);
    for _ in 0..10 {
        let peek = limiter.peek(&1, 0);
        assert!(peek.allowed);
        assert_eq!((peek.remaining, peek.reset_seconds), (2, 0));
    }
    assert_eq!(limiter.keys(), 0, "a peek remembers no key");
    limiter.hit(&1, 0);
    assert_eq!(limiter.peek(&1, 10_000).remaining, 1);
    limiter.hit(&1, 10_000);
    let peek = limiter.peek(&1, 10_000);
    assert_eq!(peek, limiter.hit(&1, 10_000));
    assert!(!peek.allowed);
}

#[test]
fn a10_the_key_is_a_value_and_keys_do_not_share() {
    #[derive(Clone, PartialEq, Eq, Hash)]
    enum Key {
        Address(IpAddr),
        Principal(i64),
    }
    let limiter = Limiter::new(1, DEFAULT_KEYS);
    let keys = [
        Key::Address([10, 0, 0, 1].into()),
        Key::Address([10, 0, 0, 2].into()),
        Key::Principal(1),
        Key::Principal(2),
    ];
    for key in &keys {
        assert!(limiter.hit(key, 0).allowed);
    }
    for key in &keys {
        assert!(!limiter.hit(key, 0).allowed);
    }
}

#[rstest]
#[case("203.0.113.9", "203.0.113.9")]
#[case("::ffff:203.0.113.9", "203.0.113.9")]
#[case("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::")]
fn a10_an_address_is_counted_as_its_network(#[case] address: &str, #[case] expected: &str) {
    assert_eq!(
        network(address.parse().unwrap()),
        expected.parse::<IpAddr>().unwrap()
    );
}

#[test]
fn a_time_that_goes_back_a_little_changes_nothing() {
    let limiter = limiter(2);
    assert!(limiter.hit(&1, 100_000).allowed);
    assert!(limiter.hit(&1, 99_000).allowed);
    assert!(!limiter.hit(&1, 98_000).allowed);
    assert!(!limiter.hit(&1, 159_999).allowed);
    assert!(limiter.hit(&1, 160_000).allowed);
}

#[test]
fn a_limit_of_nothing_allows_nothing() {
    let limiter = limiter(0);
    assert!(!limiter.peek(&1, 0).allowed);
    let refused = limiter.hit(&1, 0);
    assert!(!refused.allowed && refused.retry_after_seconds == 1);
}

#[test]
fn idle_keys_are_forgotten() {
    let limiter = limiter(5);
    for key in 0..1_000 {
        limiter.hit(&key, 0);
    }
    assert_eq!(limiter.keys(), 1_000);
    limiter.hit(&0, 30_000);
    limiter.evict_idle(60_000);
    assert_eq!(limiter.keys(), 1);
    assert_eq!(limiter.peek(&0, 60_000).remaining, 4);
}

#[test]
fn a_limiter_in_use_forgets_idle_keys_itself() {
    let limiter = limiter(5);
    for key in 0..1_000 {
        limiter.hit(&key, 0);
    }
    for key in 1_000..2_000 {
        limiter.hit(&key, 120_000);
    }
    assert_eq!(limiter.keys(), 1_000);
}

#[test]
fn r53_the_number_of_keys_is_bounded_and_the_oldest_go_first() {
    let keys = 1_600;
    let limiter: Limiter<u64> = Limiter::new(5, keys);
    for key in 0..100_000_u64 {
        limiter.hit(&key, key / 100);
        assert!(
            key % 1_000 > 0 || limiter.keys() <= keys,
            "{}",
            limiter.keys()
        );
    }
    let is_remembered = |key: u64| limiter.peek(&key, 1_000).remaining < 5;
    assert!((0..90_000).all(|key| !is_remembered(key)));
    let newest = (99_900..100_000).filter(|key| is_remembered(*key)).count();
    assert_eq!(newest, 100);
}

#[test]
fn r53_threads_together_get_no_more_than_the_limit() {
    let limiter = Arc::new(limiter(100));
    let allowed = Arc::new(AtomicU32::new(0));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for now in 0..500 {
                    let hit = limiter.hit(&7, now);
                    allowed.fetch_add(u32::from(hit.allowed), Ordering::Relaxed);
                }
            });
        }
    });
    assert_eq!(allowed.load(Ordering::Relaxed), 100);
}

/// The limiter as one would write it without a thought for memory: every hit with its time.
#[derive(Default)]
struct Log(VecDeque<u64>);

impl Log {
    fn within(&self, now: u64, span: u64) -> usize {
        self.0.iter().filter(|hit| **hit + span > now).count()
    }
}

proptest! {
    #[test]
    fn r53_the_window_agrees_with_a_log_of_every_hit(
        limit in 1_u32..12,
        start in 0_u64..200_000,
        steps in prop::collection::vec(prop_oneof![0_u64..50, 0_u64..3_000, 0_u64..70_000], 1..400),
    ) {
        let limiter = limiter(limit);
        let mut log = Log::default();
        let mut now = start;
        for step in steps {
            now += step;
            let peek = limiter.peek(&1, now);
            let decision = limiter.hit(&1, now);
            prop_assert_eq!(peek.allowed, decision.allowed);
            if decision.allowed {
                prop_assert!(log.within(now, SPAN_MS) < limit as usize, "more than the limit");
                log.0.push_back(now);
            } else {
                let counted = log.within(now, SPAN_MS + 1_000);
                prop_assert!(counted >= limit as usize, "refused though there was room");
                prop_assert!((1..=60).contains(&decision.retry_after_seconds));
            }
            let used = (limit - decision.remaining) as usize;
            prop_assert!(used >= log.within(now, SPAN_MS));
            prop_assert!(used <= log.within(now, SPAN_MS + 1_000));
        }
    }

    #[test]
    fn r53_who_waits_as_told_is_let_in(
        limit in 1_u32..6,
        start in 0_u64..200_000,
        steps in prop::collection::vec(0_u64..20_000, 1..100),
    ) {
        let limiter = limiter(limit);
        let mut now = start;
        for step in steps {
            now += step;
            let decision = limiter.hit(&1, now);
            if !decision.allowed {
                now += decision.retry_after_seconds * 1_000;
                prop_assert!(limiter.hit(&1, now).allowed);
            }
        }
    }
}
