//! Instants, in the zone of the form.

use super::{Asked, time};

/// The control.
#[derive(Debug)]
pub(crate) struct DateTime {
    /// The steps of the browser's control.
    pub(crate) step: &'static str,
}

impl DateTime {
    pub(super) fn of(asked: &Asked<'_>) -> Self {
        Self {
            step: time::step(asked.text),
        }
    }
}
