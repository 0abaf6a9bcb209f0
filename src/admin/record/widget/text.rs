//! One line of text, and whatever the control of its kind could not show.

/// The control.
#[derive(Debug)]
pub(crate) struct Text {
    /// Whether its texts are always short.
    pub(crate) short: bool,
}
