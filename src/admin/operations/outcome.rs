//! What came of an import, a bulk change, an undo or an export, or what a dry run of an import says:
//! numbers in words, and every fault at its place.

use serde_json::Value as Json;

use crate::admin::value::count;
use crate::page::words::{fill, t, told};

/// Most faults that a page lists.
const SHOWN: usize = 200;

/// What came of it.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// Why there is nothing; empty when there is.
    pub(crate) problem: String,
    /// What was done, in words.
    pub(crate) facts: Vec<String>,
    /// What was understood although it was spelt otherwise: the column, how often.
    pub(crate) coerced: Vec<(String, String)>,
    pub(crate) faults: Vec<Misfit>,
    /// How many faults there are beside those.
    pub(crate) more: u64,
    /// The file that was made.
    pub(crate) file: Option<Made>,
}

/// A fault and its place.
#[derive(Debug)]
pub(crate) struct Misfit {
    /// `Line 7, column "slug"`.
    pub(crate) place: String,
    pub(crate) text: String,
}

/// A file that an export has made.
#[derive(Debug)]
pub(crate) struct Made {
    pub(crate) name: String,
    pub(crate) size: String,
    /// Until when it is kept, as the API writes it.
    pub(crate) until: String,
}

impl Outcome {
    /// Reads a report, or a problem.
    pub(crate) fn of(report: &Json) -> Self {
        let number = |name: &str| report[name].as_u64();
        let listed = report["errors"]
            .as_array()
            .or(report["violations"].as_array());
        let conflicts = report["conflicts"].as_array();
        let all = listed.or(conflicts).map(Vec::as_slice).unwrap_or_default();
        let faults: Vec<Misfit> = all.iter().take(SHOWN).map(misfit).collect();
        let found = number("error_count").unwrap_or(all.len() as u64);
        let problem = match report["status"].as_u64() {
            Some(_) => match report["detail"].as_str() {
                Some(detail) => told(detail),
                None => t("It failed.").to_owned(),
            },
            None => String::new(),
        };
        let file = report["file"].as_object().map(|_| made(&report["file"]));
        Self {
            problem,
            facts: facts(report),
            coerced: coerced(report),
            more: found.saturating_sub(faults.len() as u64),
            faults,
            file,
        }
    }

    /// Whether every row is in order.
    pub(crate) fn good(&self) -> bool {
        self.problem.is_empty() && self.faults.is_empty()
    }
}

fn facts(report: &Json) -> Vec<String> {
    let some = |name: &str| {
        let n = report[name].as_u64().filter(|n| *n > 0 || name == "rows")?;
        Some(count::words(n, "exact"))
    };
    let changed = some("succeeded").or_else(|| some("affected"));
    let all = [
        some("rows").map(|n| fill("Rows read: {}", &[&n])),
        some("created").map(|n| fill("Records created: {}", &[&n])),
        some("updated").map(|n| fill("Records updated: {}", &[&n])),
        changed.map(|n| fill("Records changed: {}", &[&n])),
        some("failed").map(|n| fill("Rows not written: {}", &[&n])),
        some("undone").map(|n| fill("Changes taken back: {}", &[&n])),
    ];
    all.into_iter().flatten().collect()
}

fn coerced(report: &Json) -> Vec<(String, String)> {
    let all = report["coerced"].as_object().into_iter().flatten();
    all.map(|(column, n)| (column.clone(), n.to_string()))
        .collect()
}

/// A fault of the API, whose text begins with its place.
fn misfit(fault: &Json) -> Misfit {
    let detail = fault["detail"].as_str().unwrap_or_default();
    let sentence = told(detail);
    let parted = sentence
        .split_once(": ")
        .filter(|_| detail.starts_with("Line "));
    let (place, text) = match parted {
        Some((place, text)) => (place, text),
        None => {
            let place = fault["pointer"].as_str().unwrap_or_default();
            let column = place.strip_prefix("/columns/");
            (column.unwrap_or(place), sentence.as_str())
        }
    };
    Misfit {
        place: place.to_owned(),
        text: text.to_owned(),
    }
}

fn made(file: &Json) -> Made {
    let text = |name: &str| file[name].as_str().unwrap_or_default().to_owned();
    let bytes = file["bytes"].as_u64().unwrap_or_default();
    Made {
        name: text("name"),
        size: match bytes {
            0..1000 => fill("{} bytes", &[&bytes]),
            1000..1_000_000 => format!("{} kB", bytes.div_ceil(1000)),
            _ => format!("{} MB", bytes.div_ceil(1_000_000)),
        },
        until: text("expires_at"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_report_is_told_in_words_with_every_fault_at_its_line() {
        let told = json!({"rows": 1200, "created": 1198, "updated": 0, "failed": 2, "error_count": 3,
            "coerced": {"Price": 7},
            "errors": [{"pointer": "/rows/700/slug", "detail": "Line 702, column \"slug\": Taken: yes."}]});
        let outcome = Outcome::of(&told);
        let facts = [
            "Rows read: 1,200",
            "Records created: 1,198",
            "Rows not written: 2",
        ];
        assert_eq!(outcome.facts, facts);
        assert_eq!(outcome.faults[0].place, "Line 702, column \"slug\"");
        assert_eq!(outcome.faults[0].text, "Taken: yes.");
        assert_eq!((outcome.more, outcome.good()), (2, false));
        let problem = Outcome::of(&json!({"status": 422, "detail": "Nothing was imported."}));
        assert_eq!(problem.problem, "Nothing was imported.");
    }
}
