//! Dates, times of day and instants, from texts and back; microseconds are the finest there is.

use std::io::Write as _;

use chrono::{DateTime, Datelike as _, NaiveDate, NaiveDateTime, NaiveTime, Timelike as _, Utc};

use super::{Misfit, misfit};

pub(super) fn date(text: &str) -> Result<NaiveDate, Misfit> {
    match NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        Ok(d) if text.len() == 10 && (1..=9999).contains(&d.year()) => Ok(d),
        _ => misfit("type", "must be a date such as 2026-11-22"),
    }
}

pub(super) fn time(text: &str) -> Result<NaiveTime, Misfit> {
    let parsed = NaiveTime::parse_from_str(text, "%H:%M:%S%.f")
        .or_else(|_| NaiveTime::parse_from_str(text, "%H:%M"));
    match parsed {
        Ok(t) if t.nanosecond() >= 1_000_000_000 => misfit("type", "must not be a leap second"),
        Ok(t) if t.nanosecond() % 1000 != 0 => misfit("inexact", MICROSECONDS),
        Ok(t) => Ok(t),
        Err(_) => misfit("type", "must be a time such as 07:08:09"),
    }
}

const MICROSECONDS: &str = "can have at most 6 decimal places of a second";

/// RFC 3339; without an offset, or as a date alone, it is taken as UTC.
pub(super) fn instant(text: &str) -> Result<DateTime<Utc>, Misfit> {
    let naive = |format| NaiveDateTime::parse_from_str(text, format).map(|t| t.and_utc());
    let parsed = DateTime::parse_from_rfc3339(text)
        .map(|t| t.to_utc())
        .or_else(|_| naive("%Y-%m-%dT%H:%M:%S%.f"))
        .or_else(|_| naive("%Y-%m-%d %H:%M:%S%.f"))
        .or_else(|_| naive("%Y-%m-%dT%H:%M"))
        .ok()
        .or_else(|| {
            date(text)
                .ok()
                .map(|d| d.and_time(NaiveTime::MIN).and_utc())
        });
    match parsed {
        Some(t) if t.nanosecond() >= 1_000_000_000 => misfit("type", "must not be a leap second"),
        Some(t) if t.nanosecond() % 1000 != 0 => misfit("inexact", MICROSECONDS),
        Some(t) if (1..=9999).contains(&t.year()) => Ok(t),
        Some(_) => misfit("out_of_range", "must be in the years 1 to 9999"),
        None => misfit(
            "type",
            "must be a timestamp such as 2026-11-22T07:08:09Z (write + as %2B in an address)",
        ),
    }
}

/// Appends `YYYY-MM-DDTHH:MM:SS[.ffffff]Z` without quotes. By hand: chrono's own formatter is the
/// most expensive step of writing a row with timestamps.
pub fn write_instant(out: &mut Vec<u8>, at: NaiveDateTime) {
    write_date(out, at.date());
    out.push(b'T');
    write_time(out, at.time());
    out.push(b'Z');
}

/// Appends `YYYY-MM-DD` without quotes.
pub fn write_date(out: &mut Vec<u8>, date: NaiveDate) {
    let _ = write!(out, "{:04}", date.year());
    out.push(b'-');
    two_digits(out, date.month());
    out.push(b'-');
    two_digits(out, date.day());
}

/// Appends `HH:MM:SS[.ffffff]` without quotes.
pub fn write_time(out: &mut Vec<u8>, time: NaiveTime) {
    two_digits(out, time.hour());
    out.push(b':');
    two_digits(out, time.minute());
    out.push(b':');
    two_digits(out, time.second());
    let micros = time.nanosecond() / 1000 % 1_000_000;
    if micros > 0 {
        let text = format!("{micros:06}");
        out.push(b'.');
        out.extend_from_slice(text.trim_end_matches('0').as_bytes());
    }
}

fn two_digits(out: &mut Vec<u8>, n: u32) {
    // Both digits are below ten, so the casts keep them.
    out.push(b'0' + (n / 10 % 10) as u8);
    out.push(b'0' + (n % 10) as u8);
}
