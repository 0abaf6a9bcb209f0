//! Instants that are typed and shown: forms have the local time of their zone, conditions that of the
//! viewer; the operations take and give UTC.

use chrono::{DateTime, LocalResult, NaiveDate, NaiveDateTime, TimeZone as _, Utc};
use chrono_tz::Tz;

use crate::model::value::{self, Misfit};
use crate::model::{Field, Kind};
use crate::page::clock;
use crate::page::viewer::Viewer;

/// A local time, as the controls of browsers have it.
const LOCAL: &str = "%Y-%m-%dT%H:%M:%S%.f";

/// `2026-11-22T07:08:09Z` as `2026-11-22T08:08:09`, which is that in Berlin. What cannot be told in
/// the zone, a year of five digits say, stays as it is and says that it is UTC.
pub(crate) fn local(text: &str, zone: Option<Tz>) -> String {
    let naive = text.strip_suffix('Z').unwrap_or(text);
    let Some(zone) = zone else {
        return naive.to_owned();
    };
    match DateTime::parse_from_rfc3339(text) {
        Ok(at) => at.with_timezone(&zone).format(LOCAL).to_string(),
        Err(_) => text.to_owned(),
    }
}

/// The instant that a local time is: the earlier one of an hour that the clocks go through twice. A
/// text that names a zone of its own keeps it, and one that is no time is left to the operation.
pub(crate) fn instant(text: String, zone: Option<Tz>) -> Result<String, Misfit> {
    let bare = text
        .get(11..)
        .is_some_and(|t| t.bytes().all(|b| b.is_ascii_digit() || b":.".contains(&b)));
    if !bare {
        return Ok(text);
    }
    let naive = NaiveDateTime::parse_from_str(&text, LOCAL);
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

/// The parameter of an aggregate that makes its periods those of the viewer's clocks.
pub(crate) fn parameter() -> Option<(String, String)> {
    let zone = Viewer::now().zone?;
    Some(("zone".to_owned(), zone.name().to_owned()))
}

/// The viewer's zone, if it matters to conditions on this field.
pub(crate) fn of(field: &Field) -> Option<Tz> {
    let timed = matches!(field.kind, Kind::DateTime | Kind::Timestamp);
    Viewer::now().zone.filter(|_| timed)
}

/// The value of a condition that a day begins with.
pub(crate) fn begin(field: &Field, day: NaiveDate) -> String {
    match of(field) {
        Some(_) => clock::text(clock::begin(day)),
        None => day.to_string(),
    }
}

/// The day that begins with the value of a condition.
pub(crate) fn day(field: &Field, value: &str) -> Option<NaiveDate> {
    let Some(zone) = of(field) else {
        return value.parse().ok();
    };
    let at = moment(value)?;
    let day = at.with_timezone(&zone).date_naive();
    (clock::begin(day) == at).then_some(day)
}

/// The value of a condition as it is typed: a day, or a local time.
pub(crate) fn typed(field: &Field, text: &str) -> String {
    if of(field).is_none() {
        return text.to_owned();
    }
    if let Ok(day) = text.parse() {
        return begin(field, day);
    }
    let mut local = text.replacen(' ', "T", 1);
    if local.len() == "2026-01-31T08:00".len() {
        local.push_str(":00");
    }
    // What names a zone of its own, or is no time, is left to the operation.
    match NaiveDateTime::parse_from_str(&local, LOCAL) {
        Ok(at) => clock::text(clock::when(at)),
        Err(_) => text.to_owned(),
    }
}

/// The value of a condition for who changes it.
pub(crate) fn asked(field: &Field, value: &str) -> String {
    let (Some(zone), Some(at)) = (of(field), moment(value)) else {
        return value.to_owned();
    };
    match day(field, value) {
        Some(day) => day.to_string(),
        None => local(&clock::text(at), Some(zone)),
    }
}

/// The value of a condition for who reads it.
pub(crate) fn words(field: &Field, value: &str) -> String {
    if let Some(day) = day(field, value) {
        return day.to_string();
    }
    match moment(value) {
        Some(at) if at.timestamp() % 60 == 0 && at.timestamp_subsec_nanos() == 0 => {
            clock::shown(&clock::text(at))
        }
        _ => value.to_owned(),
    }
}

/// The instant that a condition means.
fn moment(value: &str) -> Option<DateTime<Utc>> {
    let at = value::from_text(&Kind::Timestamp, value).ok()?;
    let at = DateTime::parse_from_rfc3339(&value::to_text(&at)?).ok()?;
    Some(at.to_utc())
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
