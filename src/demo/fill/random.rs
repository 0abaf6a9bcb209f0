//! A small generator of numbers that look random and are the same everywhere. Not for secrets.
//!
//! Every row has a generator of its own, seeded by its table and its number. So a row does not
//! depend on the rows made before it, and one table can ask what another table's row will be.

use sea_orm::prelude::{Date, DateTimeUtc};
use uuid::Uuid;

/// The last instant that the demo's data knows of: 2026-11-01T00:00:00Z.
const NOW: i64 = 1_793_491_200_000_000;

/// Microseconds of a day.
const DAY: i64 = 86_400_000_000;

/// Which table the numbers are for; two tables must not show the same pattern.
#[derive(Clone, Copy, Debug)]
pub(super) enum Stream {
    Publisher,
    Author,
    Book,
    Price,
    Detail,
    BookCategory,
    Customer,
    CustomerId,
    Address,
    Order,
    Lines,
    Review,
    StockEvent,
    Note,
}

/// SplitMix64 (Steele, Lea, Flood 2014): one addition and three mixing steps for each number.
#[derive(Debug)]
pub(super) struct Random(u64);

impl Random {
    /// The generator of row `number` of a table.
    pub(super) fn of(stream: Stream, number: i64) -> Self {
        let mut random = Self(((stream as u64) << 48) ^ number.unsigned_abs());
        // Neighbouring seeds give neighbouring first numbers without this.
        let seed = random.next();
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// From `low` to `high`, both included.
    pub(super) fn between(&mut self, low: i64, high: i64) -> i64 {
        let span = high.abs_diff(low).saturating_add(1);
        low.saturating_add_unsigned(self.next() % span)
    }

    /// As [`Self::between`], but the low numbers come much more often: as with books, where a
    /// few sell and most stand on the shelf.
    pub(super) fn skewed(&mut self, low: i64, high: i64) -> i64 {
        let one = self.between(low, high);
        let other = self.between(low, high);
        let third = self.between(low, high);
        one.min(other).min(third)
    }

    /// True once in `times`.
    pub(super) fn one_in(&mut self, times: u64) -> bool {
        self.next().is_multiple_of(times)
    }

    /// One of a list that is not empty.
    pub(super) fn pick<T: Copy>(&mut self, list: &[T]) -> T {
        let length = u64::try_from(list.len()).unwrap_or(1);
        let index = usize::try_from(self.next() % length).unwrap_or_default();
        list[index]
    }

    /// A UUID of version 4.
    pub(super) fn uuid(&mut self) -> Uuid {
        let bits = (u128::from(self.next()) << 64) | u128::from(self.next());
        uuid::Builder::from_random_bytes(bits.to_be_bytes()).into_uuid()
    }

    /// A day of the years given, both included.
    pub(super) fn date(&mut self, years: (i32, i32)) -> Date {
        let first = Date::from_ymd_opt(years.0, 1, 1).unwrap_or_default();
        let last = Date::from_ymd_opt(years.1, 12, 31).unwrap_or_default();
        let days = self.between(0, (last - first).num_days());
        first
            .checked_add_days(chrono::Days::new(days.unsigned_abs()))
            .unwrap_or(first)
    }

    /// An instant at most `spread` days after the one that lies `days` before the end of the
    /// data, and never past that end.
    pub(super) fn instant(&mut self, days: i64, spread: i64) -> DateTimeUtc {
        let micros = NOW - days * DAY + self.between(0, spread * DAY);
        // Most clocks in the shop know seconds only.
        let rounded = if self.one_in(4) {
            micros
        } else {
            micros / 1_000_000 * 1_000_000
        };
        DateTimeUtc::from_timestamp_micros(rounded.min(NOW)).unwrap_or_default()
    }
}
