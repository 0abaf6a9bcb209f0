//! JSON, laid out; a script tells while it is typed where it is none.

use super::Asked;

/// The control.
#[derive(Debug)]
pub(crate) struct Json {
    pub(crate) rows: usize,
}

impl Json {
    pub(super) fn of(asked: &Asked<'_>) -> Self {
        Self {
            rows: asked.text.lines().count().clamp(3, 16),
        }
    }
}
