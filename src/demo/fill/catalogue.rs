//! The rows of the catalogue: publishers, authors, books and what hangs on them.

use quarterdeck_entity::demo::{
    author, book, book_category, book_detail, category, price_list, publisher,
};
use sea_orm::prelude::{Date, DateTime, Decimal, Json};
use serde_json::json;

use super::random::{Random, Stream};
use super::words::{CATEGORIES, CULTURES, Culture, PUBLISHERS};

/// How many publishers there are: every house, and an imprint of it.
const PUBLISHER_COUNT: i64 = 60;

/// How many authors there are.
const AUTHOR_COUNT: i64 = 600;

/// How many books there are.
pub(super) const BOOK_COUNT: i64 = 4_000;

/// The houses, then an imprint of each of them.
pub(super) fn publishers() -> impl Iterator<Item = publisher::Model> {
    let names = PUBLISHERS
        .iter()
        .map(|(name, city)| ((*name).to_owned(), *city));
    let imprints = PUBLISHERS
        .iter()
        .map(|(name, city)| (format!("{name} · Pocket"), *city));
    (1..=PUBLISHER_COUNT)
        .zip(names.chain(imprints))
        .map(|(id, (name, city))| {
            let mut random = Random::of(Stream::Publisher, id);
            let year = match id {
                // The oldest house of all, and one that has only just opened.
                1 => 868,
                2 => 2026,
                _ => random.between(1790, 2024),
            };
            publisher::Model {
                id,
                name,
                city: city.map(str::to_owned),
                website: (!random.one_in(4))
                    .then(|| format!("https://publisher-{id}.example.org/")),
                founded_year: (!random.one_in(7)).then(|| i16::try_from(year).unwrap_or_default()),
                active: !random.one_in(10),
            }
        })
}

/// The authors, in every script of the demo.
pub(super) fn authors() -> impl Iterator<Item = author::Model> {
    (1..=AUTHOR_COUNT).map(|id| {
        let mut random = Random::of(Stream::Author, id);
        let culture = culture_of_author(id);
        let (given, latin_given) = random.pick(culture.given);
        let (family, latin_family) = random.pick(culture.family);
        let sentences = random.between(1, 4);
        author::Model {
            id,
            name: culture.full_name(given, family),
            slug: format!("{latin_given}-{latin_family}-{id}"),
            country: culture.country.to_owned(),
            born: (!random.one_in(6)).then(|| random.date((1812, 1999))),
            biography: (!random.one_in(3)).then(|| prose(&mut random, culture.blurbs, sentences)),
        }
    })
}

/// The books. `ratings` holds the mean of each book's reviews, by number.
pub(super) fn books(ratings: &[Option<f64>]) -> impl Iterator<Item = book::Model> {
    (1..=BOOK_COUNT)
        .zip(ratings)
        .map(|(id, rating)| book(id, *rating))
}

fn book(id: i64, rating: Option<f64>) -> book::Model {
    let mut random = Random::of(Stream::Book, id);
    let author_id = random.skewed(1, AUTHOR_COUNT);
    let culture = culture_of_author(author_id);
    let created_at = random.instant(2_500, 1_200);
    let changed_at = random.instant(900, 899);
    book::Model {
        id,
        isbn: isbn(id),
        title: title(&mut random, culture, id),
        subtitle: (!random.one_in(3)).then(|| random.pick(culture.subtitles).to_owned()),
        author_id,
        publisher_id: (!random.one_in(12)).then(|| random.between(1, PUBLISHER_COUNT)),
        price: price(id),
        pages: match id {
            3 => 1,
            4 => i32::MAX,
            _ => i32::try_from(random.between(24, 1_100)).unwrap_or_default(),
        },
        published_on: (!random.one_in(15)).then(|| match id {
            5 => Date::from_ymd_opt(868, 5, 11).unwrap_or_default(),
            _ => random.date((1961, 2026)),
        }),
        in_print: !random.one_in(5),
        rating,
        language: culture.language.to_owned(),
        description: description(&mut random, culture, id),
        metadata: (!random.one_in(3)).then(|| metadata(&mut random, culture)),
        created_at,
        updated_at: if random.one_in(2) {
            changed_at
        } else {
            created_at
        },
    }
}

/// What a book costs. Order lines ask for it too.
pub(super) fn price(book_id: i64) -> Decimal {
    let mut random = Random::of(Stream::Price, book_id);
    let cents = match book_id {
        // Both ends of what the column holds for a thing that is sold.
        1 => 9_999_999_999,
        2 => 1,
        _ if random.one_in(10) => random.between(199, 24_999),
        _ => random.between(3, 60) * 100 + 99,
    };
    Decimal::new(cents, 2)
}

/// Weight, size and cover of four books in five.
pub(super) fn details() -> impl Iterator<Item = book_detail::Model> {
    use book_detail::Binding::{Audio, Ebook, Hardcover, Paperback};
    (1..=BOOK_COUNT).filter(|id| id % 5 != 0).map(|book_id| {
        let mut random = Random::of(Stream::Detail, book_id);
        let binding = random.pick(&[Hardcover, Paperback, Paperback, Paperback, Ebook, Audio]);
        let solid = matches!(binding, Hardcover | Paperback);
        let grams = random.between(400, 19_000);
        let sizes = [
            random.between(90, 260),
            random.between(150, 340),
            random.between(4, 70),
        ];
        book_detail::Model {
            book_id,
            binding,
            // Tenths of a gram; so small a number is exact in 32 bits up to its rounding.
            weight_g: solid.then(|| f32::from(i16::try_from(grams).unwrap_or_default()) / 10.0),
            dimensions: solid.then(
                || json!({"width_mm": sizes[0], "height_mm": sizes[1], "depth_mm": sizes[2]}),
            ),
            cover: (!random.one_in(3)).then(|| picture(&mut random)),
        }
    })
}

/// The tree of headings.
pub(super) fn categories() -> impl Iterator<Item = category::Model> {
    let number = |slug: &str| {
        CATEGORIES
            .iter()
            .zip(1..)
            .find(|(c, _)| c.1 == slug)
            .map(|c| c.1)
    };
    CATEGORIES
        .iter()
        .zip(1..)
        .map(move |((name, slug, above), id)| category::Model {
            id,
            parent_id: number(above),
            name: (*name).to_owned(),
            slug: (*slug).to_owned(),
            position: id * 10,
        })
}

/// One to three headings for each book.
pub(super) fn book_categories() -> impl Iterator<Item = book_category::Model> {
    (1..=BOOK_COUNT).flat_map(|book_id| {
        let mut random = Random::of(Stream::BookCategory, book_id);
        let count = random.between(1, 3);
        let last = i64::try_from(CATEGORIES.len()).unwrap_or(1);
        let mut chosen: Vec<i64> = (0..count).map(|_| random.between(1, last)).collect();
        chosen.sort_unstable();
        chosen.dedup();
        chosen.into_iter().map(move |id| book_category::Model {
            book_id,
            category_id: i32::try_from(id).unwrap_or_default(),
        })
    })
}

/// Four lists, each with its successors.
pub(super) fn price_lists() -> impl Iterator<Item = price_list::Model> {
    let lists = [
        ("Home", "EUR", 1.0),
        ("Islands", "GBP", 0.861_25),
        ("Far east", "JPY", 162.374_9),
        ("Collectors", "XAU", 0.000_25),
    ];
    let years = 2021..=2026;
    years
        .flat_map(move |year| lists.map(|list| (year, list)))
        .zip(1_u8..)
        .map(|((year, (name, currency, factor)), id)| price_list::Model {
            id: i64::from(id),
            name: name.to_owned(),
            currency: currency.to_owned(),
            factor: factor * (1.0 + f64::from(id) / 1_000.0),
            valid_from: at_clock(year, 1, (6, 0, 0)),
            valid_until: (year < 2026).then(|| at_clock(year, 12, (23, 59, 59))),
        })
}

fn at_clock(year: i32, month: u32, (hour, minute, second): (u32, u32, u32)) -> DateTime {
    let day = if month == 12 { 31 } else { 1 };
    Date::from_ymd_opt(year, month, day)
        .and_then(|date| date.and_hms_opt(hour, minute, second))
        .unwrap_or_default()
}

fn culture_of_author(author_id: i64) -> &'static Culture {
    let last = i64::try_from(CULTURES.len() - 1).unwrap_or_default();
    // The square of the number: so that the first authors, who wrote most, come from everywhere.
    let chosen = (author_id * author_id + author_id / 7) % (last + 1);
    CULTURES[usize::try_from(chosen).unwrap_or_default()]
}

/// 978, nine digits that no other book has, and the check digit of ISBN-13.
fn isbn(book_id: i64) -> String {
    // 7919 and the number of possible values have no common factor, so no value comes twice.
    let digits = format!("978{:09}", book_id * 7_919 * 7_919 % 1_000_000_000);
    let sum: u32 = digits
        .chars()
        .filter_map(|digit| digit.to_digit(10))
        .zip([1, 3].into_iter().cycle())
        .map(|(digit, weight)| digit * weight)
        .sum();
    format!("{digits}{}", (10 - sum % 10) % 10)
}

fn title(random: &mut Random, culture: &Culture, id: i64) -> String {
    let plain = random.pick(culture.titles);
    match (id % 97, random.between(0, 6)) {
        (0, _) => long_title(random, culture),
        (13, _) => format!("{plain} 📚"),
        (14, _) => format!("{plain} (100 %, \"new\")"),
        (_, 0) => format!(
            "{plain} {}",
            random.pick(&["II", "III", "IV", "V", "VI", "VII"])
        ),
        (_, 1 | 2) => format!("{plain} · {}", random.pick(culture.cities).0),
        (_, 3 | 4) => format!("{plain} {}", random.between(1848, 2026)),
        (_, 5) => format!("{plain} / {}", random.pick(culture.titles)),
        _ => plain.to_owned(),
    }
}

/// A title of 190 characters, as old books have them.
fn long_title(random: &mut Random, culture: &Culture) -> String {
    let mut long = String::new();
    while long.chars().count() < 190 {
        long.push_str(random.pick(culture.titles));
        long.push_str(", ");
        long.push_str(random.pick(culture.subtitles));
        long.push_str(", ");
    }
    let cut: String = long.chars().take(189).collect();
    format!("{}…", cut.trim_end())
}

fn description(random: &mut Random, culture: &Culture, id: i64) -> Option<String> {
    match id % 50 {
        0..=9 => None,
        // A few that no page can show whole.
        10 => Some(prose(random, culture.blurbs, 120)),
        11 => Some(String::new()),
        _ => {
            let sentences = random.between(1, 5);
            Some(prose(random, culture.blurbs, sentences))
        }
    }
}

fn metadata(random: &mut Random, culture: &Culture) -> Json {
    json!({
        "edition": random.between(1, 12),
        "translated": random.one_in(3),
        "keywords": [random.pick(culture.subtitles), random.pick(culture.verdicts)],
        "shelf": if random.one_in(4) { Json::Null } else { json!({"row": random.between(1, 40)}) },
    })
}

/// Sentences one after another, a new paragraph after every fourth. A sentence comes again only
/// when all the others have been said.
pub(super) fn prose(random: &mut Random, sentences: &[&str], count: i64) -> String {
    let first = random.between(0, i64::try_from(sentences.len()).unwrap_or_default());
    let skipped = usize::try_from(first).unwrap_or_default();
    let mut text = String::new();
    for (number, sentence) in (0..count).zip(sentences.iter().cycle().skip(skipped)) {
        if number > 0 {
            text.push_str(if number % 4 == 0 { "\n\n" } else { " " });
        }
        text.push_str(sentence);
    }
    text
}

/// A Windows bitmap of four by four dots in shades of one colour: small, and a real picture.
fn picture(random: &mut Random) -> Vec<u8> {
    const HEADER: [u8; 54] = [
        b'B', b'M', 102, 0, 0, 0, 0, 0, 0, 0, 54, 0, 0,
        0, // file: size 102, dots from byte 54
        40, 0, 0, 0, 4, 0, 0, 0, 4, 0, 0, 0, 1, 0, 24, 0, // 4 x 4, one plane, 24 bits a dot
        0, 0, 0, 0, 48, 0, 0, 0, 19, 11, 0, 0, 19, 11, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    ];
    let mut bytes = HEADER.to_vec();
    let base: Vec<i64> = (0..3).map(|_| random.between(20, 200)).collect();
    for dot in 0..16 {
        bytes.extend(
            base.iter()
                .map(|part| u8::try_from(part + dot * 3).unwrap_or(u8::MAX)),
        );
    }
    bytes
}
