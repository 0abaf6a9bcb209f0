//! Counts in words, as honest as they are known.

use crate::model::ModelMeta;
use crate::page::viewer::Viewer;
use crate::page::words::{fill, noun, t};

/// `1,234`, `about 1.2 million`, `more than 10,000`.
pub(crate) fn words(rows: u64, kind: &str) -> String {
    match kind {
        "estimated" => fill("about {}", &[&rounded(rows)]),
        "at_least" => fill("more than {}", &[&grouped(rows)]),
        _ => grouped(rows),
    }
}

/// `1 book`, `1,200 books`, `more than 10,000 books`.
pub(crate) fn records(model: &ModelMeta, (rows, kind): (u64, &str)) -> String {
    let label = match rows {
        1 => &model.label,
        _ => &model.label_plural,
    };
    format!("{} {}", words(rows, kind), noun(label))
}

/// Digits in groups of three.
fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let (mark, _) = Viewer::now().language.marks();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(mark);
        }
        out.push(digit);
    }
    out
}

/// Two or three significant digits: an estimate has no more.
fn rounded(n: u64) -> String {
    for (unit, name) in [(1_000_000_000, t("billion")), (1_000_000, t("million"))] {
        if n >= unit {
            let tenths = (n + unit / 20) / (unit / 10);
            let (_, point) = Viewer::now().language.marks();
            return match tenths % 10 {
                0 => format!("{} {name}", grouped(tenths / 10)),
                tenth => format!("{}{point}{tenth} {name}", grouped(tenths / 10)),
            };
        }
    }
    let unit = if n >= 10_000 { 1000 } else { 100 };
    grouped((n + unit / 2) / unit * unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_say_how_well_they_are_known() {
        assert_eq!(words(0, "exact"), "0");
        assert_eq!(words(1234, "exact"), "1,234");
        assert_eq!(words(1_234_567, "exact"), "1,234,567");
        assert_eq!(words(10_000, "at_least"), "more than 10,000");
        assert_eq!(words(1_234_567, "estimated"), "about 1.2 million");
        assert_eq!(words(1_000_006, "estimated"), "about 1 million");
        assert_eq!(words(2_990_000_000, "estimated"), "about 3 billion");
        assert_eq!(words(123_456, "estimated"), "about 123,000");
    }
}
