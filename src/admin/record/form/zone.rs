//! Instants in a form: its controls have the local time of the form's zone, the operations take and
//! give UTC.

use chrono::{DateTime, LocalResult, NaiveDateTime, TimeZone as _, Utc};
use chrono_tz::Tz;

use crate::model::value::Misfit;

/// `2026-11-22T07:08:09Z` as `2026-11-22T08:08:09`, which is that in Berlin. What cannot be told in
/// the zone, a year of five digits say, stays as it is and says that it is UTC.
pub(super) fn local(text: &str, zone: Option<Tz>) -> String {
    let naive = text.strip_suffix('Z').unwrap_or(text);
    let Some(zone) = zone else {
        return naive.to_owned();
    };
    match DateTime::parse_from_rfc3339(text) {
        Ok(at) => at
            .with_timezone(&zone)
            .format("%Y-%m-%dT%H:%M:%S%.f")
            .to_string(),
        Err(_) => text.to_owned(),
    }
}

/// The instant that a local time is: the earlier one of an hour that the clocks go through twice. A
/// text that names a zone of its own keeps it, and one that is no time is left to the operation.
pub(super) fn instant(text: String, zone: Option<Tz>) -> Result<String, Misfit> {
    let bare = text
        .get(11..)
        .is_some_and(|t| t.bytes().all(|b| b.is_ascii_digit() || b":.".contains(&b)));
    if !bare {
        return Ok(text);
    }
    let naive = NaiveDateTime::parse_from_str(&text, "%Y-%m-%dT%H:%M:%S%.f");
    let (Some(zone), Ok(naive)) = (zone, naive) else {
        return Ok(text + "Z");
    };
    match zone.from_local_datetime(&naive) {
        LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => Ok(at
            .with_timezone(&Utc)
            .format("%Y-%m-%dT%H:%M:%S%.fZ")
            .to_string()),
        LocalResult::None => Err(Misfit {
            code: "no_such_time",
            detail: format!("is no time in {zone}: the clocks were put forward"),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BERLIN: Option<Tz> = Some(Tz::Europe__Berlin);

    #[test]
    fn an_instant_goes_into_its_zone_and_back() {
        for (utc, here) in [
            ("2026-11-22T07:08:09Z", "2026-11-22T08:08:09"),
            ("2026-07-01T22:30:00.125Z", "2026-07-02T00:30:00.125"),
            ("2026-10-25T00:30:00Z", "2026-10-25T02:30:00"),
            ("0001-01-01T12:00:00Z", "0001-01-01T12:53:28"),
        ] {
            assert_eq!(local(utc, BERLIN), here);
            assert_eq!(instant(here.to_owned(), BERLIN).unwrap(), utc);
            assert_eq!(instant(local(utc, None), None).unwrap(), utc);
        }
    }

    #[test]
    fn what_has_no_place_in_the_zone_is_told_or_left_alone() {
        let far = "12026-11-22T07:08:09Z";
        assert_eq!(local(far, BERLIN), far);
        assert_eq!(instant(far.to_owned(), BERLIN).unwrap(), far);
        let skipped = instant("2026-03-29T02:30:00".to_owned(), BERLIN);
        assert_eq!(skipped.unwrap_err().code, "no_such_time");
        let own = "2026-11-22T07:08:09+05:00".to_owned();
        assert_eq!(instant(own.clone(), BERLIN).unwrap(), own);
    }
}
