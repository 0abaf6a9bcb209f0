//! Texts in the cells of a workbook, whose empty cell is no text: an empty text is one apostrophe, and a
//! text of nothing but apostrophes has one more. Whoever reads the file takes one apostrophe from each
//! such text.

/// Whether a text is marked: it is empty, or of apostrophes alone.
#[must_use]
pub fn is_marked(text: &str) -> bool {
    text.bytes().all(|b| b == b'\'')
}

/// The text without its mark.
#[must_use]
pub fn unmarked(text: &str) -> &str {
    match text.strip_prefix('\'') {
        Some(rest) if is_marked(rest) => rest,
        _ => text,
    }
}
