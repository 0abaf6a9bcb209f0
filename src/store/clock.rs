//! The time as the databases keep it.

use chrono::{DateTime, SubsecRound as _, Utc};

/// Now, cut to the microseconds that every database keeps. SQLite would keep the nanoseconds too,
/// as text: the value read back, which shows microseconds, would then not be found by a filter or
/// a cursor.
#[must_use]
pub fn now() -> DateTime<Utc> {
    Utc::now().trunc_subsecs(6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn now_has_no_more_than_microseconds() {
        assert_eq!(now().timestamp_subsec_nanos() % 1000, 0);
    }
}
