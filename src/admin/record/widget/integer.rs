//! Whole numbers, within what the column and its rules take.

use super::text::Text;
use super::{Asked, Shape};
use crate::model::{IntSize, Rule};

/// The control.
#[derive(Debug)]
pub(crate) struct Integer {
    pub(crate) min: String,
    pub(crate) max: String,
}

/// A number that browsers know; what is none stays as text, to be mended there.
pub(super) fn of(asked: &Asked<'_>, size: IntSize) -> Shape {
    if !asked.text.is_empty() && asked.text.parse::<i128>().is_err() {
        return Shape::Text(Text { short: true });
    }
    let (mut min, mut max) = size.range();
    for rule in &asked.field.rules {
        match rule {
            Rule::Min(least) => min = min.max(whole(least.ceil(), min)),
            Rule::Max(most) => max = max.min(whole(most.floor(), max)),
            Rule::MinLength(_) | Rule::MaxLength(_) | Rule::Email | Rule::Url | Rule::Custom(_) => {
            }
        }
    }
    Shape::Integer(Integer {
        min: min.to_string(),
        max: max.to_string(),
    })
}

fn whole(number: f64, otherwise: i128) -> i128 {
    format!("{number:.0}").parse().unwrap_or(otherwise)
}
