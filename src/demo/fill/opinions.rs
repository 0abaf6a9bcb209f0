//! The rows in which people say something: reviews of customers and notes of the staff.

use quarterdeck_entity::demo::{review, staff_note};
use sea_orm::prelude::Time;

use super::catalogue::{BOOK_COUNT, prose};
use super::people::{self, CUSTOMER_COUNT};
use super::random::{Random, Stream};
use super::words::STAFF_NOTES;

/// How many reviews there are.
const REVIEW_COUNT: i64 = 10_000;

/// How many notes there are.
const NOTE_COUNT: i64 = 60;

/// The reviews, in the order in which they were written.
pub(super) fn reviews() -> impl Iterator<Item = review::Model> {
    (1..=REVIEW_COUNT).map(review)
}

fn review(id: i64) -> review::Model {
    use review::Moderation::{Accepted, Flagged, Pending, Rejected};
    let mut random = Random::of(Stream::Review, id);
    let number = random.skewed(1, CUSTOMER_COUNT);
    let culture = people::culture_of(number);
    let moderation = random.pick(&[
        Accepted, Accepted, Accepted, Accepted, Accepted, Accepted, Pending, Rejected, Flagged,
    ]);
    let sentences = if random.one_in(400) {
        80
    } else {
        random.between(1, 4)
    };
    let title = random.pick(culture.verdicts);
    review::Model {
        id,
        book_id: random.skewed(1, BOOK_COUNT),
        customer_id: (!random.one_in(20)).then(|| people::id_of(number)),
        rating: random.pick(&[1, 2, 3, 3, 4, 4, 4, 5, 5, 5]),
        title: if random.one_in(15) {
            format!("{title} 👍🏽")
        } else {
            title.to_owned()
        },
        body: (!random.one_in(4)).then(|| prose(&mut random, culture.opinions, sentences)),
        approved: moderation == Accepted,
        moderation,
        created_at: random.instant((REVIEW_COUNT - id) * 1_390 / REVIEW_COUNT + 1, 1),
    }
}

/// The mean of each book's reviews to two digits, by number; none for a book without any.
pub(super) fn mean_ratings() -> Vec<Option<f64>> {
    let mut sums = vec![(0_i32, 0_i32); usize::try_from(BOOK_COUNT).unwrap_or_default()];
    for review in reviews() {
        let index = usize::try_from(review.book_id - 1).unwrap_or_default();
        sums[index].0 += i32::from(review.rating);
        sums[index].1 += 1;
    }
    let mean = |(sum, count)| (f64::from(sum) / f64::from(count) * 100.0).round() / 100.0;
    sums.into_iter()
        .map(|sum| (sum.1 > 0).then(|| mean(sum)))
        .collect()
}

/// The notes.
pub(super) fn staff_notes() -> impl Iterator<Item = staff_note::Model> {
    (1..=NOTE_COUNT).map(|number| {
        let mut random = Random::of(Stream::Note, number);
        let body = prose(&mut random, &STAFF_NOTES, if number == 7 { 40 } else { 1 });
        let second = u32::try_from(random.between(0, 24 * 60 - 1)).unwrap_or_default() * 60;
        staff_note::Model {
            code: format!("SN-{number:04}"),
            body,
            pinned: random.one_in(8),
            remind_at: match number {
                // The last microsecond of a day.
                1 => Time::from_num_seconds_from_midnight_opt(86_399, 999_999_000),
                _ if random.one_in(2) => None,
                _ => Time::from_num_seconds_from_midnight_opt(second, 0),
            },
            deleted_at: None,
            created_at: random.instant(300, 299),
        }
    })
}
