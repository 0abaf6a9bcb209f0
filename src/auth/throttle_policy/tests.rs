//! The policy against a clock that the tests turn themselves.

use rstest::rstest;

use super::*;

const ADDRESS: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(203, 0, 113, 9));
const ACCOUNT: Scope<'static> = Scope::Account {
    name: "ann",
    address: ADDRESS,
};

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
}

/// Attempts that all fail, each as soon as it is let through: the seconds at which they were.
fn failing_as_fast_as_allowed(scope: Scope<'_>, attempts: usize) -> Vec<i64> {
    let (mut stored, mut now, mut let_through) = (None, 0, Vec::new());
    while let_through.len() < attempts {
        match attempt(scope, stored, at(now)) {
            Decision::Allow(next) => {
                stored = Some(next);
                let_through.push(now);
            }
            Decision::Block { retry_after } => now += retry_after.num_seconds(),
        }
    }
    let_through
}

fn waits(times: &[i64]) -> Vec<i64> {
    times.windows(2).map(|pair| pair[1] - pair[0]).collect()
}

#[test]
fn r06_an_account_gets_five_attempts_and_then_doubling_blocks_up_to_15_minutes() {
    let times = failing_as_fast_as_allowed(ACCOUNT, 14);
    assert_eq!(
        waits(&times),
        [0, 0, 0, 0, 30, 60, 120, 240, 480, 900, 900, 900, 900]
    );
}

#[test]
fn r06_an_address_gets_twenty_attempts_and_then_the_same() {
    let times = failing_as_fast_as_allowed(Scope::Address(ADDRESS), 24);
    assert_eq!(waits(&times)[..19], [0; 19]);
    assert_eq!(waits(&times)[19..], [30, 60, 120, 240]);
}

#[test]
fn r06_all_together_get_600_a_minute_and_never_a_longer_block() {
    let times = failing_as_fast_as_allowed(Scope::Everyone, 1_900);
    for (minute, attempts) in times.chunks(600).enumerate() {
        let expected = i64::try_from(minute).unwrap() * 60;
        assert!(attempts.iter().all(|time| *time == expected), "{minute}");
    }
}

#[test]
fn r06_a_blocked_attempt_changes_nothing() {
    let mut stored = None;
    for _ in 0..5 {
        let Decision::Allow(next) = attempt(ACCOUNT, stored, at(0)) else {
            panic!("blocked")
        };
        stored = Some(next);
    }
    for second in 0..30 {
        let decision = attempt(ACCOUNT, stored, at(second));
        assert_eq!(
            decision,
            Decision::Block {
                retry_after: TimeDelta::seconds(30 - second)
            }
        );
    }
    assert!(matches!(
        attempt(ACCOUNT, stored, at(30)),
        Decision::Allow(_)
    ));
}

#[rstest]
#[case::just_before(899, 5)]
#[case::after_15_minutes(900, 1)]
fn r06_fifteen_quiet_minutes_forget_everything(#[case] pause: i64, #[case] failures: i32) {
    let stored = State {
        failures: 4,
        window_started_at: at(0),
        blocked_until: None,
    };
    let Decision::Allow(next) = attempt(ACCOUNT, Some(stored), at(pause)) else {
        panic!("blocked")
    };
    assert_eq!(next.failures, failures);
    assert_eq!(next.blocked_until.is_some(), failures == 5);
}

#[rstest]
#[case::just_before(900 + 899, 21)]
#[case::after_15_minutes(900 + 900, 1)]
fn r06_the_quiet_begins_when_the_block_ends(#[case] now: i64, #[case] failures: i32) {
    let blocked_until = Some(at(900));
    let stored = State {
        failures: 20,
        window_started_at: at(0),
        blocked_until,
    };
    let Decision::Allow(next) = attempt(ACCOUNT, Some(stored), at(now)) else {
        panic!("blocked")
    };
    assert_eq!(next.failures, failures);
}

#[test]
fn r06_two_hundred_wrong_attempts_at_once_let_exactly_five_through() {
    let mut stored = None;
    let mut evaluated = 0;
    for _ in 0..200 {
        if let Decision::Allow(next) = attempt(ACCOUNT, stored, at(0)) {
            stored = Some(next);
            evaluated += 1;
        }
    }
    assert_eq!(evaluated, 5);
}

#[test]
fn r06_the_right_password_clears_the_account_and_gives_the_address_one_attempt_back() {
    let state = |failures, blocked_until| State {
        failures,
        window_started_at: at(0),
        blocked_until,
    };
    assert_eq!(success(ACCOUNT, state(5, Some(at(30)))), None);
    let address = Scope::Address(ADDRESS);
    assert_eq!(success(address, state(1, None)), None);
    assert_eq!(success(address, state(8, None)), Some(state(7, None)));
    assert_eq!(
        success(address, state(20, Some(at(30)))),
        Some(state(19, None))
    );
    assert_eq!(
        success(address, state(21, Some(at(60)))),
        Some(state(20, Some(at(60))))
    );
    assert_eq!(
        success(Scope::Everyone, state(600, None)),
        Some(state(599, None))
    );
}

#[test]
fn r06_a_right_fifth_attempt_leaves_no_block_behind() {
    let mut stored = None;
    for _ in 0..5 {
        let Decision::Allow(next) = attempt(ACCOUNT, stored, at(0)) else {
            panic!("blocked")
        };
        stored = Some(next);
    }
    let stored = success(ACCOUNT, stored.unwrap());
    assert!(matches!(attempt(ACCOUNT, stored, at(1)), Decision::Allow(next) if next.failures == 1));
}

#[test]
fn r06_a_clock_that_was_set_back_blocks_no_longer_than_a_block() {
    let blocked_until = Some(at(7_200));
    let stored = State {
        failures: 9,
        window_started_at: at(7_000),
        blocked_until,
    };
    let decision = attempt(ACCOUNT, Some(stored), at(0));
    assert_eq!(
        decision,
        Decision::Block {
            retry_after: LONGEST_BLOCK
        }
    );
    let stored = State {
        failures: 600,
        window_started_at: at(7_200),
        blocked_until: None,
    };
    assert!(matches!(
        attempt(Scope::Everyone, Some(stored), at(0)),
        Decision::Allow(_)
    ));
}

#[test]
fn r06_the_victim_from_another_address_is_not_blocked() {
    let other = IpAddr::from([198, 51, 100, 4]);
    assert_ne!(
        ACCOUNT.key(),
        Scope::Account {
            name: "ann",
            address: other
        }
        .key()
    );
}

#[rstest]
#[case("ann", "ANN", true)]
#[case("ann", " ann ", true)]
#[case("ann", "anne", false)]
#[case("ann", "", false)]
fn a10_a_key_is_the_canonical_name(#[case] a: &str, #[case] b: &str, #[case] same: bool) {
    let key = |name| {
        Scope::Account {
            name,
            address: ADDRESS,
        }
        .key()
    };
    assert_eq!(key(a) == key(b), same);
    assert_eq!(key(a).len(), 64);
}

#[test]
fn a10_no_name_makes_the_key_of_another_scope() {
    let keys = [
        Scope::Account {
            name: "",
            address: ADDRESS,
        }
        .key(),
        Scope::Account {
            name: "everyone",
            address: ADDRESS,
        }
        .key(),
        Scope::Address(ADDRESS).key(),
        Scope::Everyone.key(),
    ];
    let different: std::collections::BTreeSet<_> = keys.iter().collect();
    assert_eq!(different.len(), keys.len());
}

#[rstest]
#[case("203.0.113.9", "::ffff:203.0.113.9", true)]
#[case("2001:db8::1", "2001:db8::2", true)]
#[case("2001:db8:0:1::1", "2001:db8:0:2::1", false)]
#[case("203.0.113.9", "203.0.113.10", false)]
fn a10_an_ipv6_network_counts_as_one(#[case] a: &str, #[case] b: &str, #[case] same: bool) {
    let key = |text: &str| Scope::Address(text.parse().unwrap()).key();
    assert_eq!(key(a) == key(b), same);
}

#[test]
fn the_header_says_whole_seconds_of_at_least_one() {
    let block = |milliseconds| Decision::Block {
        retry_after: TimeDelta::milliseconds(milliseconds),
    };
    for (milliseconds, seconds) in [(1, 1), (1_000, 1), (1_001, 2), (29_400, 30)] {
        assert_eq!(block(milliseconds).retry_after_seconds(), seconds);
    }
    assert_eq!(attempt(ACCOUNT, None, at(0)).retry_after_seconds(), 0);
}
