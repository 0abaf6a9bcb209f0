//! Times of day.

use super::Asked;

/// The control.
#[derive(Debug)]
pub(crate) struct Time {
    /// The steps of the browser's control: as fine as the value.
    pub(crate) step: &'static str,
}

impl Time {
    pub(super) fn of(asked: &Asked<'_>) -> Self {
        Self {
            step: step(asked.text),
        }
    }
}

/// As fine as the value, and no finer than seconds without need.
pub(super) fn step(text: &str) -> &'static str {
    if text.contains('.') { "0.001" } else { "1" }
}
