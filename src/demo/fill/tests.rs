//! What the demo's rows must be for the tables to take them, and for the demo to be worth it.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;

use sea_orm::prelude::{Decimal, Uuid};

use super::{catalogue, opinions, people, trade};

fn all_differ<T: Eq + Hash>(values: impl Iterator<Item = T>) -> bool {
    let mut seen = HashSet::new();
    values.into_iter().all(|value| seen.insert(value))
}

fn books() -> Vec<quarterdeck_entity::demo::book::Model> {
    catalogue::books(&opinions::mean_ratings()).collect()
}

#[test]
fn there_are_about_a_hundred_thousand_rows() {
    let small = catalogue::publishers().count()
        + catalogue::authors().count()
        + catalogue::categories().count()
        + catalogue::price_lists().count()
        + opinions::staff_notes().count();
    let middle = books().len()
        + catalogue::details().count()
        + catalogue::book_categories().count()
        + people::customers().count()
        + people::addresses().count();
    let large = trade::orders().count()
        + trade::order_lines().count()
        + opinions::reviews().count()
        + trade::stock_events().count();
    let all = small + middle + large;
    assert!((95_000..=105_000).contains(&all), "{all}");
}

#[test]
fn what_must_be_unique_is_unique() {
    assert!(all_differ(catalogue::publishers().map(|row| row.name)));
    assert!(all_differ(catalogue::authors().map(|row| row.slug)));
    assert!(all_differ(books().into_iter().map(|row| row.isbn)));
    assert!(all_differ(catalogue::categories().map(|row| row.slug)));
    assert!(all_differ(
        catalogue::book_categories().map(|row| (row.book_id, row.category_id))
    ));
    assert!(all_differ(
        catalogue::price_lists().map(|row| (row.name, row.valid_from))
    ));
    assert!(all_differ(people::customers().map(|row| row.id)));
    assert!(all_differ(people::customers().map(|row| row.email)));
    assert!(all_differ(people::addresses().map(|row| row.id)));
    assert!(all_differ(
        trade::order_lines().map(|row| (row.order_id, row.book_id))
    ));
}

#[test]
fn texts_fit_their_columns_on_a_database_that_counts() {
    let fits = |text: &str, length: usize| text.chars().count() <= length;
    assert!(catalogue::publishers().all(|row| fits(&row.name, 150)));
    assert!(catalogue::authors().all(|row| fits(&row.name, 150) && fits(&row.slug, 160)));
    assert!(
        books()
            .iter()
            .all(|row| fits(&row.title, 200) && row.isbn.len() == 13)
    );
    assert!(people::customers().all(|row| fits(&row.name, 150) && fits(&row.email, 254)));
    assert!(people::addresses().all(|row| fits(&row.street, 200) && fits(&row.city, 100)));
    assert!(opinions::reviews().all(|row| fits(&row.title, 200)));
}

#[test]
fn an_order_costs_what_its_lines_cost_and_goes_to_its_customer() {
    let mut totals: HashMap<i64, Decimal> = HashMap::new();
    for line in trade::order_lines() {
        *totals.entry(line.order_id).or_default() += line.unit_price * Decimal::from(line.quantity);
    }
    let owners: HashMap<i64, Uuid> = people::addresses()
        .map(|row| (row.id, row.customer_id))
        .collect();
    for order in trade::orders() {
        assert_eq!(
            totals.get(&order.id),
            Some(&order.total),
            "order {}",
            order.id
        );
        if let Some(address) = order.shipping_address_id {
            assert_eq!(
                owners.get(&address),
                Some(&order.customer_id),
                "order {}",
                order.id
            );
        }
        assert!(
            order
                .shipped_at
                .is_none_or(|shipped| shipped >= order.placed_at)
        );
    }
}

#[test]
fn titles_come_in_every_script_and_in_every_length() {
    let titles: Vec<String> = books().into_iter().map(|row| row.title).collect();
    for sample in [
        'A', 'ł', 'ß', 'Ї', 'ы', 'λ', 'ا', 'ש', 'の', '江', '의', 'द', '📚',
    ] {
        assert!(
            titles.iter().any(|title| title.contains(sample)),
            "no title with {sample}"
        );
    }
    assert!(
        titles
            .iter()
            .filter(|title| title.chars().count() == 190)
            .count()
            > 20
    );
    assert!(titles.iter().collect::<HashSet<_>>().len() > 1_500);
}

#[test]
fn every_column_that_may_be_null_is_null_somewhere_and_filled_somewhere() {
    fn mixed<T>(values: impl Iterator<Item = Option<T>>) -> bool {
        let (some, none): (Vec<_>, Vec<_>) = values.partition(Option::is_some);
        !some.is_empty() && !none.is_empty()
    }
    let books = books();
    assert!(mixed(books.iter().map(|row| row.subtitle.as_ref())));
    assert!(mixed(books.iter().map(|row| row.publisher_id)));
    assert!(mixed(books.iter().map(|row| row.published_on)));
    assert!(mixed(books.iter().map(|row| row.rating)));
    assert!(mixed(books.iter().map(|row| row.description.as_ref())));
    assert!(mixed(books.iter().map(|row| row.metadata.as_ref())));
    assert!(mixed(catalogue::publishers().map(|row| row.city)));
    assert!(mixed(catalogue::publishers().map(|row| row.website)));
    assert!(mixed(catalogue::publishers().map(|row| row.founded_year)));
    assert!(mixed(catalogue::authors().map(|row| row.born)));
    assert!(mixed(catalogue::authors().map(|row| row.biography)));
    assert!(mixed(catalogue::details().map(|row| row.weight_g)));
    assert!(mixed(catalogue::details().map(|row| row.cover)));
    assert!(mixed(catalogue::categories().map(|row| row.parent_id)));
    assert!(mixed(catalogue::price_lists().map(|row| row.valid_until)));
    assert!(mixed(people::customers().map(|row| row.phone)));
    assert!(mixed(people::customers().map(|row| row.birthday)));
    assert!(mixed(people::addresses().map(|row| row.extra)));
    assert!(mixed(people::addresses().map(|row| row.postcode)));
    assert!(mixed(trade::orders().map(|row| row.shipping_address_id)));
    assert!(mixed(trade::orders().map(|row| row.note)));
    assert!(mixed(opinions::reviews().map(|row| row.customer_id)));
    assert!(mixed(opinions::reviews().map(|row| row.body)));
    assert!(mixed(trade::stock_events().map(|row| row.reference)));
    assert!(mixed(trade::stock_events().map(|row| row.payload)));
    assert!(mixed(opinions::staff_notes().map(|row| row.remind_at)));
}
