//! The rows about customers: who they are and where their parcels go.

use quarterdeck_entity::demo::{address, customer};
use sea_orm::prelude::{Json, Uuid};
use serde_json::json;

use super::random::{Random, Stream};
use super::words::{CATEGORIES, CULTURES, Culture};

/// How many customers there are.
pub(super) const CUSTOMER_COUNT: i64 = 3_000;

/// The customers.
pub(super) fn customers() -> impl Iterator<Item = customer::Model> {
    (1..=CUSTOMER_COUNT).map(|number| {
        let mut random = Random::of(Stream::Customer, number);
        let culture = culture_of(number);
        let (given, latin_given) = random.pick(culture.given);
        let (family, latin_family) = random.pick(culture.family);
        customer::Model {
            id: id_of(number),
            name: culture.full_name(given, family),
            email: format!("{latin_given}.{latin_family}.{number}@example.org"),
            phone: (!random.one_in(3)).then(|| phone(&mut random)),
            birthday: (!random.one_in(4)).then(|| random.date((1931, 2010))),
            preferences: preferences(&mut random, culture),
            newsletter: random.one_in(2),
            marketing_sms: random.one_in(5),
            loyalty_points: match number {
                // What a float cannot hold, and both ends.
                1 => 9_007_199_254_740_993,
                2 => i64::MAX,
                3 => i64::MIN,
                _ if random.one_in(4) => 0,
                _ => random.between(1, 25_000),
            },
            created_at: random.instant(2_800, 1_300),
        }
    })
}

/// An address for each customer, then a second one for two in five.
pub(super) fn addresses() -> impl Iterator<Item = address::Model> {
    let first = (1..=CUSTOMER_COUNT).map(|number| address(number, number));
    let second = (1..=CUSTOMER_COUNT)
        .filter_map(|number| second_address(number).map(|id| address(id, number)));
    first.chain(second)
}

/// Where an order of a customer may go, by number.
pub(super) fn addresses_of(number: i64) -> Vec<i64> {
    std::iter::once(number)
        .chain(second_address(number))
        .collect()
}

/// The key of a customer, who is known by number here.
pub(super) fn id_of(number: i64) -> Uuid {
    Random::of(Stream::CustomerId, number).uuid()
}

/// What language a customer writes in.
pub(super) fn culture_of(number: i64) -> &'static Culture {
    let mut random = Random::of(Stream::Address, -number);
    let last = i64::try_from(CULTURES.len() - 1).unwrap_or_default();
    CULTURES[usize::try_from(random.skewed(0, last)).unwrap_or_default()]
}

/// Numbers 1, 5, 6, 10, 11 … have one; the addresses are numbered on without a gap.
fn second_address(number: i64) -> Option<i64> {
    (number % 5 < 2).then_some(CUSTOMER_COUNT + number / 5 * 2 + number % 5)
}

fn address(id: i64, number: i64) -> address::Model {
    use address::Kind::{Home, Pickup, Work};
    let mut random = Random::of(Stream::Address, id);
    let culture = culture_of(number);
    let house = random.between(1, 240).to_string();
    let (city, postcode) = random.pick(culture.cities);
    let is_default = id <= CUSTOMER_COUNT;
    address::Model {
        id,
        customer_id: id_of(number),
        kind: if is_default {
            Home
        } else {
            random.pick(&[Work, Pickup])
        },
        street: random.pick(culture.streets).replace('#', &house),
        extra: random
            .one_in(5)
            .then(|| format!("c/o {}", random.pick(culture.family).0)),
        postcode: (!random.one_in(12)).then(|| postcode.to_owned()),
        city: city.to_owned(),
        country: culture.country.to_owned(),
        is_default,
    }
}

fn phone(random: &mut Random) -> String {
    format!(
        "+{} {:09}",
        random.between(20, 98),
        random.between(100_000_000, 999_999_999)
    )
}

fn preferences(random: &mut Random, culture: &Culture) -> Json {
    if random.one_in(6) {
        return json!({});
    }
    json!({
        "language": culture.language,
        "favourites": [random.pick(&CATEGORIES).1, random.pick(&CATEGORIES).1],
        "page_size": random.pick(&[10, 25, 50]),
        "dark": random.one_in(2),
    })
}
