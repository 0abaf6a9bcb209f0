//! Lists of one kind: a value on each line, or JSON where lines could not say it.

use super::Asked;
use crate::model::Kind;

/// The control.
#[derive(Debug)]
pub(crate) struct Array {
    pub(crate) rows: usize,
    /// What its values are, for people.
    pub(crate) item: String,
}

impl Array {
    pub(super) fn of(asked: &Asked<'_>, item: &Kind) -> Self {
        Self {
            rows: asked.text.lines().count().clamp(3, 16),
            item: item.to_string(),
        }
    }
}
