//! Times for people: in the viewer's zone, and how long ago.

use std::fmt::Display;

use chrono::{
    DateTime, NaiveDate, NaiveDateTime, NaiveTime, SecondsFormat, TimeDelta, TimeZone as _,
    Timelike, Utc,
};

use super::viewer::Viewer;
use super::words::{fill, t};

/// `2026-11-22T07:08:09Z` as `2026-11-22 08:08 CET`; what is no instant stays as it is.
#[must_use]
pub fn shown(instant: &str) -> String {
    let Ok(at) = DateTime::parse_from_rfc3339(instant) else {
        return instant.to_owned();
    };
    match Viewer::now().zone {
        Some(zone) => {
            let at = at.with_timezone(&zone);
            minute(at.naive_local(), at.offset())
        }
        None => minute(at.naive_utc(), &"UTC"),
    }
}

/// `2026-11-22 08:08 CET`. A list has many of them, and a pattern would be read anew for each.
fn minute(at: NaiveDateTime, zone: &dyn Display) -> String {
    format!("{} {:02}:{:02} {zone}", at.date(), at.hour(), at.minute())
}

/// `3 minutes ago`; the instant itself past a week and for what lies ahead.
#[must_use]
pub fn ago(instant: &str, now: DateTime<Utc>) -> String {
    age(instant, now).unwrap_or_else(|| shown(instant))
}

/// `3 minutes ago`; `None` past a week, for what lies ahead and for what is no instant.
#[must_use]
pub fn age(instant: &str, now: DateTime<Utc>) -> Option<String> {
    let at = DateTime::parse_from_rfc3339(instant).ok()?;
    let seconds = (now - at.with_timezone(&Utc)).num_seconds();
    Some(match seconds {
        0..60 => t("just now").to_owned(),
        60..120 => t("a minute ago").to_owned(),
        120..3600 => fill("{} minutes ago", &[&(seconds / 60)]),
        3600..7200 => t("an hour ago").to_owned(),
        7200..86_400 => fill("{} hours ago", &[&(seconds / 3600)]),
        86_400..172_800 => t("a day ago").to_owned(),
        172_800..604_800 => fill("{} days ago", &[&(seconds / 86_400)]),
        _ => return None,
    })
}

/// The time of day in the viewer's zone, of minutes since 1970.
#[must_use]
pub fn of_minute(minute: u64) -> String {
    let seconds = i64::try_from(minute).unwrap_or_default() * 60;
    let at = DateTime::from_timestamp(seconds, 0).unwrap_or_default();
    match Viewer::now().zone {
        Some(zone) => at.with_timezone(&zone).format("%H:%M").to_string(),
        None => at.format("%H:%M").to_string(),
    }
}

/// The first moment of a day in the viewer's zone.
#[must_use]
pub fn begin(day: NaiveDate) -> DateTime<Utc> {
    when(day.and_time(NaiveTime::MIN))
}

/// When the clocks of the viewer's zone show a time: for the first time where they show it twice, and a
/// little later where they leave it out.
#[must_use]
pub fn when(local: NaiveDateTime) -> DateTime<Utc> {
    let Some(zone) = Viewer::now().zone else {
        return local.and_utc();
    };
    // A zone has left out a whole day, to be on the other side of the date line.
    let quarters = (0..=100).filter_map(|n| local.checked_add_signed(TimeDelta::minutes(15 * n)));
    let mut shown = quarters.filter_map(|at| zone.from_local_datetime(&at).earliest());
    shown
        .next()
        .map_or_else(|| local.and_utc(), |at| at.to_utc())
}

/// The day that it is in the viewer's zone.
#[must_use]
pub fn today() -> NaiveDate {
    let now = Utc::now();
    match Viewer::now().zone {
        Some(zone) => now.with_timezone(&zone).date_naive(),
        None => now.date_naive(),
    }
}

/// An instant as the API writes it.
#[must_use]
pub fn text(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::viewer::{Visit, scoped};

    #[tokio::test]
    async fn instants_are_in_the_viewers_zone() {
        assert_eq!(shown("2026-11-22T07:08:09.5Z"), "2026-11-22 07:08 UTC");
        assert_eq!(shown("2026-11-22T07:08:09+02:00"), "2026-11-22 05:08 UTC");
        assert_eq!(shown("odd"), "odd");
        let berlin = seen_from("Europe/Berlin", || shown("2026-07-01T22:30:00Z")).await;
        assert_eq!(berlin, "2026-07-02 00:30 CEST");
    }

    async fn seen_from<T>(zone: &str, what: impl FnOnce() -> T) -> T {
        let viewer = Viewer {
            zone: crate::page::viewer::zone(zone),
            ..Viewer::default()
        };
        let visit = Visit {
            viewer,
            ..Visit::default()
        };
        scoped(visit, async { what() }).await
    }

    #[tokio::test]
    async fn a_day_begins_with_its_first_moment_even_without_a_midnight() {
        for (zone, day, begins) in [
            ("Europe/Berlin", "2026-03-29", "2026-03-28T23:00:00Z"),
            ("Europe/Berlin", "2026-03-30", "2026-03-29T22:00:00Z"),
            ("Asia/Kolkata", "2026-01-01", "2025-12-31T18:30:00Z"),
            // Midnight was left out, and another time the whole day.
            ("America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00:00Z"),
            ("Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00Z"),
            // Midnight came twice.
            ("America/Havana", "2026-11-01", "2026-11-01T04:00:00Z"),
        ] {
            let at = seen_from(zone, || text(begin(day.parse().unwrap()))).await;
            assert_eq!(at, begins, "{zone} {day}");
        }
        assert_eq!(
            text(begin("2026-03-29".parse().unwrap())),
            "2026-03-29T00:00:00Z"
        );
    }

    #[test]
    fn what_was_lately_is_told_by_its_age() {
        let now = DateTime::parse_from_rfc3339("2026-11-22T12:00:00Z").unwrap();
        let now = now.with_timezone(&Utc);
        assert_eq!(ago("2026-11-22T11:59:30Z", now), "just now");
        assert_eq!(ago("2026-11-22T11:15:00Z", now), "45 minutes ago");
        assert_eq!(ago("2026-11-20T11:15:00Z", now), "2 days ago");
        assert_eq!(ago("2026-10-20T11:15:00Z", now), "2026-10-20 11:15 UTC");
        assert_eq!(ago("2026-11-22T12:15:00Z", now), "2026-11-22 12:15 UTC");
    }
}
