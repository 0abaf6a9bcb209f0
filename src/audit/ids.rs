//! Sets of numbers of audit rows: what a seal holds, written `5-50,53`, and the gaps between them.

use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};

/// How long after a gap was seen a row may still appear in it: its transaction, which took the
/// number, was not at its end.
const LATE: TimeDelta = TimeDelta::hours(1);

/// Numbers in rising order, as first and last of each run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Ids(Vec<(i64, i64)>);

impl Ids {
    /// Appends a number that is higher than all before it.
    pub(super) fn push(&mut self, id: i64) {
        self.push_run(id, id);
    }

    /// Appends a run of numbers that are higher than all before it; nothing when it is empty.
    pub(super) fn push_run(&mut self, first: i64, last: i64) {
        match self.0.last_mut() {
            _ if first > last => {}
            Some((_, end)) if end.checked_add(1) == Some(first) => *end = last,
            _ => self.0.push((first, last)),
        }
    }

    /// Reads what [`fmt::Display`] writes; `None` for anything else.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut ids = Self::default();
        for part in text.split(',').filter(|_| !text.is_empty()) {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let run = (first.parse().ok()?, last.parse().ok()?);
            let before = ids.0.last().map_or(0, |run| run.1);
            if run.0 > run.1 || run.0 <= before {
                return None;
            }
            ids.0.push(run);
        }
        Some(ids)
    }

    /// First and last of each run.
    pub(super) fn runs(&self) -> &[(i64, i64)] {
        &self.0
    }

    /// How many there are.
    pub(super) fn count(&self) -> i64 {
        let sizes = self.0.iter().map(|(a, b)| b.saturating_sub(*a));
        sizes.fold(0, |sum, size| sum.saturating_add(size).saturating_add(1))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = i64> {
        self.0.iter().flat_map(|&(first, last)| first..=last)
    }

    /// The same numbers in parts of at most `most` numbers.
    pub(super) fn parts(&self, most: i64) -> Vec<Self> {
        let mut parts = Vec::new();
        let mut part = Self::default();
        let mut room = most;
        for &(mut first, last) in &self.0 {
            while first <= last {
                let end = last.min(first.saturating_add(room - 1));
                part.push_run(first, end);
                room -= end - first + 1;
                if room == 0 {
                    parts.push(std::mem::take(&mut part));
                    room = most;
                }
                let Some(next) = end.checked_add(1) else {
                    break;
                };
                first = next;
            }
        }
        parts.extend(Some(part).filter(|p| !p.is_empty()));
        parts
    }
}

impl fmt::Display for Ids {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, (first, last)) in self.0.iter().enumerate() {
            let comma = if i > 0 { "," } else { "" };
            match first == last {
                true => write!(f, "{comma}{first}")?,
                false => write!(f, "{comma}{first}-{last}")?,
            }
        }
        Ok(())
    }
}

/// Numbers below the highest sealed one that have no row yet, by the first of each run: its last,
/// and when the gap was seen.
#[derive(Debug, Clone, Default)]
pub(super) struct Gaps(BTreeMap<i64, (i64, DateTime<Utc>)>);

impl Gaps {
    /// Notes gaps that were seen at that time.
    pub(super) fn open(&mut self, ids: &Ids, seen: DateTime<Utc>) {
        let runs = ids.runs().iter();
        self.0.extend(runs.map(|&(a, b)| (a, (b, seen))));
    }

    /// Whether all of a run is in one gap.
    pub(super) fn has(&self, (first, last): (i64, i64)) -> bool {
        let gap = self.0.range(..=first).next_back();
        gap.is_some_and(|(_, (end, _))| *end >= last)
    }

    /// Takes a run out of its gap, if it is in one.
    pub(super) fn fill(&mut self, (first, last): (i64, i64)) {
        let Some((&start, &(end, seen))) = self.0.range(..=first).next_back() else {
            return;
        };
        if end < last {
            return;
        }
        self.0.remove(&start);
        if start < first {
            self.0.insert(start, (first - 1, seen));
        }
        if last < end {
            self.0.insert(last + 1, (end, seen));
        }
    }

    /// Takes out the gaps that are too old at that time: no row is awaited in them any more.
    pub(super) fn close(&mut self, at: DateTime<Utc>) -> Ids {
        let mut closed = Ids::default();
        self.0.retain(|&first, &mut (last, seen)| {
            let is_open = seen.checked_add_signed(LATE).is_none_or(|end| end > at);
            if !is_open {
                closed.push_run(first, last);
            }
            is_open
        });
        closed
    }

    /// All of them.
    pub(super) fn all(&self) -> Ids {
        Self::ids(self.0.iter())
    }

    /// At most `most` gaps: the highest, which are the youngest, and as many others that follow
    /// `turn`, which moves on.
    pub(super) fn some(&self, most: usize, turn: &mut i64) -> Ids {
        if self.0.len() <= most {
            return self.all();
        }
        let young = self.0.iter().rev().take(most / 2);
        let mut chosen: BTreeMap<_, _> = young.collect();
        let others: Vec<_> = self.0.range(*turn..).take(most / 2).collect();
        // At the end of the list it begins anew.
        *turn = match others.last() {
            Some((first, _)) if others.len() == most / 2 => **first + 1,
            _ => 0,
        };
        chosen.extend(others);
        Self::ids(chosen.into_iter())
    }

    fn ids<'a>(gaps: impl Iterator<Item = (&'a i64, &'a (i64, DateTime<Utc>))>) -> Ids {
        let mut ids = Ids::default();
        for (first, (last, _)) in gaps {
            ids.push_run(*first, *last);
        }
        ids
    }
}

/// How far back the seals go that may have an open gap.
pub(super) fn since(at: DateTime<Utc>) -> DateTime<Utc> {
    at.checked_sub_signed(LATE)
        .unwrap_or(DateTime::<Utc>::MIN_UTC)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(text: &str) -> Ids {
        Ids::parse(text).unwrap()
    }

    #[test]
    fn r58_numbers_are_written_as_runs_and_read_back() {
        let mut made = Ids::default();
        for id in [5, 6, 7, 9, 12, 13] {
            made.push(id);
        }
        assert_eq!(made.to_string(), "5-7,9,12-13");
        assert_eq!((ids("5-7,9,12-13"), made.count()), (made, 6));
        assert_eq!(ids("").to_string(), "");
        assert_eq!(ids("2-4").iter().collect::<Vec<_>>(), [2, 3, 4]);
        for bad in [
            "7-5", "5,5", "5,4", "0", "-1", "1,", ",", "a", "1-2-3", "1 ",
        ] {
            assert_eq!(Ids::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn r58_parts_have_all_numbers_once() {
        let parts = ids("1-7,9,12-13").parts(3);
        let texts: Vec<String> = parts.iter().map(ToString::to_string).collect();
        assert_eq!(texts, ["1-3", "4-6", "7,9,12", "13"]);
        assert!(ids("").parts(3).is_empty());
    }

    #[test]
    fn r58_a_gap_is_filled_from_any_side_and_closed_after_an_hour() {
        let start = DateTime::<Utc>::UNIX_EPOCH;
        let mut gaps = Gaps::default();
        gaps.open(&ids("10-20,30"), start);
        assert!(gaps.has((10, 20)) && gaps.has((30, 30)));
        assert!(!gaps.has((20, 21)) && !gaps.has((9, 9)) && !gaps.has((25, 25)));
        gaps.fill((15, 16));
        gaps.fill((10, 10));
        gaps.fill((99, 99));
        assert_eq!(gaps.all().to_string(), "11-14,17-20,30");
        let later = start + TimeDelta::minutes(30);
        gaps.open(&ids("40"), later);
        assert!(gaps.close(start + TimeDelta::minutes(59)).is_empty());
        let closed = gaps.close(start + TimeDelta::minutes(60));
        assert_eq!(closed.to_string(), "11-14,17-20,30");
        assert_eq!(gaps.all().to_string(), "40");
    }

    #[test]
    fn r58_of_many_gaps_each_has_its_turn() {
        let mut gaps = Gaps::default();
        for id in 1..=10 {
            gaps.open(&ids(&(id * 10).to_string()), DateTime::<Utc>::UNIX_EPOCH);
        }
        let mut turn = 0;
        let mut chosen = || gaps.some(4, &mut turn).to_string();
        assert_eq!(chosen(), "10,20,90,100");
        assert_eq!(chosen(), "30,40,90,100");
        assert_eq!(chosen(), "50,60,90,100");
        assert_eq!(chosen(), "70,80,90,100");
    }
}
