//! The rows of the trade: orders, their lines, and the movements of the stock.

use quarterdeck_entity::demo::{order, order_line, stock_event};
use sea_orm::prelude::Decimal;
use serde_json::json;

use super::catalogue::{self, BOOK_COUNT};
use super::people::{self, CUSTOMER_COUNT};
use super::random::{Random, Stream};
use super::words::NOTES;

/// How many orders there are.
const ORDER_COUNT: i64 = 14_000;

/// How many movements there are.
const STOCK_EVENT_COUNT: i64 = 18_000;

/// For how many days the shop has been open.
const DAYS_OPEN: i64 = 1_400;

/// The orders, in the order in which they were placed.
pub(super) fn orders() -> impl Iterator<Item = order::Model> {
    (1..=ORDER_COUNT).map(order)
}

fn order(id: i64) -> order::Model {
    use order::Status::{Cancelled, Delivered, Paid, Pending, Shipped};
    let mut random = Random::of(Stream::Order, id);
    let number = random.skewed(1, CUSTOMER_COUNT);
    let days = days_before(id, ORDER_COUNT);
    let placed_at = random.instant(days, 1);
    let status = match days {
        _ if random.one_in(14) => Cancelled,
        0..=4 => random.pick(&[Pending, Pending, Paid]),
        5..=12 => random.pick(&[Paid, Shipped, Shipped]),
        13..=30 => random.pick(&[Shipped, Delivered]),
        _ => Delivered,
    };
    let sent = matches!(status, Shipped | Delivered);
    order::Model {
        id,
        customer_id: people::id_of(number),
        shipping_address_id: (!random.one_in(25))
            .then(|| random.pick(&people::addresses_of(number))),
        status,
        total: lines_of(id)
            .map(|line| line.unit_price * Decimal::from(line.quantity))
            .sum(),
        placed_at,
        shipped_at: sent.then(|| random.instant(days - 1, 4).max(placed_at)),
        note: random.one_in(9).then(|| random.pick(&NOTES).to_owned()),
    }
}

/// The lines of all orders, numbered through.
pub(super) fn order_lines() -> impl Iterator<Item = order_line::Model> {
    let lines = (1..=ORDER_COUNT).flat_map(lines_of);
    lines
        .zip(1..)
        .map(|(line, id)| order_line::Model { id, ..line })
}

/// The lines of one order, not yet numbered.
fn lines_of(order_id: i64) -> impl Iterator<Item = order_line::Model> {
    let mut random = Random::of(Stream::Lines, order_id);
    let count = random.skewed(1, 8);
    let mut books: Vec<i64> = (0..count).map(|_| random.skewed(1, BOOK_COUNT)).collect();
    books.sort_unstable();
    books.dedup();
    books.into_iter().map(move |book_id| order_line::Model {
        id: 0,
        order_id,
        book_id,
        quantity: match random.between(1, 400) {
            // A school.
            1 => 60,
            _ => i32::try_from(random.skewed(1, 4)).unwrap_or(1),
        },
        unit_price: catalogue::price(book_id),
    })
}

/// The movements of the stock, in the order in which they happened.
pub(super) fn stock_events() -> impl Iterator<Item = stock_event::Model> {
    (1..=STOCK_EVENT_COUNT).map(stock_event)
}

fn stock_event(id: i64) -> stock_event::Model {
    use stock_event::Kind::{Counted, Damaged, Received, Returned, Sold};
    let mut random = Random::of(Stream::StockEvent, id);
    let kind = random.pick(&[
        Received, Received, Sold, Sold, Sold, Sold, Returned, Damaged, Counted,
    ]);
    let delta = match kind {
        Received => random.between(5, 400),
        Sold => -random.between(1, 6),
        Returned => random.between(1, 2),
        Damaged => -random.between(1, 9),
        Counted => random.between(-12, 12),
    };
    // Both ends, as a scanner that went wrong would send them, taken back at once.
    let (kind, delta) = match id {
        100 => (Counted, i32::MAX),
        101 => (Counted, -i32::MAX),
        _ => (kind, i32::try_from(delta).unwrap_or_default()),
    };
    stock_event::Model {
        id,
        book_id: if id == 101 { book_of(100) } else { book_of(id) },
        kind,
        delta,
        at: random.instant(days_before(id, STOCK_EVENT_COUNT), 1),
        reference: matches!(kind, Received | Returned).then(|| random.uuid()),
        payload: random.one_in(3).then(|| {
            json!({"scanner": format!("S{}", random.between(1, 6)), "battery": random.between(3, 100)})
        }),
    }
}

fn book_of(stock_event_id: i64) -> i64 {
    Random::of(Stream::StockEvent, -stock_event_id - STOCK_EVENT_COUNT).skewed(1, BOOK_COUNT)
}

/// Row `id` of `count` rows lies this many days before the end of the data.
fn days_before(id: i64, count: i64) -> i64 {
    (count - id) * DAYS_OPEN / count + 1
}
