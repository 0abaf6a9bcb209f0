//! Cells of CSV files (RFC 4180): quotes where they are needed, and a mark before what a spreadsheet
//! would take for a formula (A73).
//!
//! The mark is an apostrophe, and it can be taken off again: it stands before every text that begins
//! with `=`, `+`, `-`, `@`, a tabulator or a carriage return, also when apostrophes are in front of
//! that already. So whoever reads the file takes one apostrophe from each text that begins so.

/// What a spreadsheet may begin a formula with.
const FORMULA: &[u8] = b"=+-@\t\r";

/// Whether a text is marked: after any apostrophes it begins like a formula.
#[must_use]
pub fn is_formula(text: &[u8]) -> bool {
    match text.first() {
        Some(b'\'') => {
            let rest = text.iter().find(|b| **b != b'\'');
            rest.is_some_and(|b| FORMULA.contains(b))
        }
        Some(first) => FORMULA.contains(first),
        None => false,
    }
}

/// The text without its mark.
#[must_use]
pub fn unmarked(text: &str) -> &str {
    match text.strip_prefix('\'') {
        Some(rest) if is_formula(rest.as_bytes()) => rest,
        _ => text,
    }
}

/// Appends a text as one cell. An empty one has quotes: nothing at all is null.
pub fn write(out: &mut Vec<u8>, text: &[u8]) {
    let special = |b: &u8| matches!(b, b'"' | b',' | b'\n' | b'\r');
    let mark = is_formula(text);
    if !text.is_empty() && !text.iter().any(special) {
        if mark {
            out.push(b'\'');
        }
        out.extend_from_slice(text);
        return;
    }
    out.push(b'"');
    if mark {
        out.push(b'\'');
    }
    for piece in text.split_inclusive(|b| *b == b'"') {
        out.extend_from_slice(piece);
        if piece.ends_with(b"\"") {
            out.push(b'"');
        }
    }
    out.push(b'"');
}

/// Makes a cell of what stands in `out` from `start`, if anything; in place, from its end.
pub(super) fn rewrite(out: &mut Vec<u8>, start: usize) {
    let text = &out[start..];
    if text.is_empty() {
        return;
    }
    let mark = is_formula(text);
    let quotes = text.iter().filter(|b| **b == b'"').count();
    if quotes == 0 && !text.iter().any(|b| matches!(b, b',' | b'\n' | b'\r')) {
        if mark {
            out.insert(start, b'\'');
        }
        return;
    }
    let mut from = out.len();
    out.resize(from + quotes + 2 + usize::from(mark), b'"');
    let mut to = out.len() - 1;
    while from > start {
        from -= 1;
        to -= 1;
        out[to] = out[from];
        if out[to] == b'"' {
            // The place before it is taken by the other of the pair.
            to -= 1;
            out[to] = b'"';
        }
    }
    if mark {
        out[start + 1] = b'\'';
    }
    out[start] = b'"';
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(text: &str) -> String {
        let mut out = Vec::new();
        write(&mut out, text.as_bytes());
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_cell_has_quotes_where_it_needs_them() {
        assert_eq!(cell("plain text"), "plain text");
        assert_eq!(cell(""), "\"\"");
        assert_eq!(cell("a,b"), "\"a,b\"");
        assert_eq!(cell("say \"a\""), "\"say \"\"a\"\"\"");
        assert_eq!(cell("two\r\nlines"), "\"two\r\nlines\"");
        assert_eq!(cell("\""), "\"\"\"\"");
    }

    #[test]
    fn a_cell_made_in_place_is_the_same() {
        for text in [
            "a",
            "a,b",
            "\"",
            "{\"a\":\"=1\"}",
            "-5",
            "-5,\"x\"",
            "''=\"",
            "+/+/",
            "\n",
        ] {
            let mut out = b"before,".to_vec();
            out.extend_from_slice(text.as_bytes());
            rewrite(&mut out, 7);
            assert_eq!(
                out,
                format!("before,{}", cell(text)).into_bytes(),
                "{text:?}"
            );
        }
    }

    #[test]
    fn a73_a_formula_is_marked_and_the_mark_comes_off_again() {
        for text in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\rx", "'=1", "''@x"] {
            assert!(
                cell(text).trim_start_matches('"').starts_with('\''),
                "{text:?}"
            );
            let marked = format!("'{text}");
            assert_eq!(unmarked(&marked), text);
        }
        for text in ["", "a", "'", "'quoted'", "1-1", " =1", "''"] {
            assert!(!is_formula(text.as_bytes()), "{text:?}");
            assert_eq!(unmarked(text), text);
        }
    }
}
