//! Several lines of text.

use super::Asked;

/// The control.
#[derive(Debug)]
pub(crate) struct LongText {
    pub(crate) rows: usize,
}

impl LongText {
    pub(super) fn of(asked: &Asked<'_>) -> Self {
        let lines = asked.text.lines().count() + asked.text.chars().count() / 80;
        Self {
            rows: lines.clamp(3, 14),
        }
    }
}
