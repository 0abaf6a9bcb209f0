//! Times for people: in the viewer's zone, and how long ago.

use std::fmt::Display;

use chrono::{DateTime, NaiveDateTime, SecondsFormat, Timelike, Utc};

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
        let viewer = Viewer {
            zone: crate::page::viewer::zone("Europe/Berlin"),
            ..Viewer::default()
        };
        let visit = Visit {
            viewer,
            ..Visit::default()
        };
        let berlin = scoped(visit, async { shown("2026-07-01T22:30:00Z") }).await;
        assert_eq!(berlin, "2026-07-02 00:30 CEST");
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
