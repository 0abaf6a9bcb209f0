//! What the operations say, in the viewer's language: why a value does not fit, why a write is refused.
//! An operation says it in English, its values in the sentence, whether it answers a page, a program or
//! a report that is read next week. So a sentence is found by its words here, and its values by where
//! they stand; what the table lacks stays English, as a rule that a project words itself.

use std::sync::OnceLock;

use super::fill_with;
use crate::error::Error;
use crate::page::viewer::{Language, Viewer};

/// English, a tab, German; a line each. `{}` stands for a value.
const GERMAN: &str = include_str!("told.de.tsv");

fn german() -> &'static [(&'static str, &'static str)] {
    static TABLE: OnceLock<Vec<(&str, &str)>> = OnceLock::new();
    TABLE.get_or_init(|| {
        let mut all: Vec<_> = GERMAN.lines().filter_map(|l| l.split_once('\t')).collect();
        // What says most with words of its own goes before what a value could be read from as well.
        all.sort_by_key(|(english, _)| std::cmp::Reverse(english.replace("{}", "").len()));
        all
    })
}

/// A sentence of an operation in the viewer's language.
#[must_use]
pub fn told(english: &str) -> String {
    match Viewer::now().language {
        Language::English => english.to_owned(),
        Language::German => translated(english).unwrap_or_else(|| english.to_owned()),
    }
}

/// Every sentence of a failure, in the viewer's language.
#[must_use]
pub fn reasons(error: &Error) -> Vec<String> {
    match error.faults.as_slice() {
        [] => vec![told(&error.detail)],
        faults => faults.iter().map(|fault| told(&fault.detail)).collect(),
    }
}

fn translated(english: &str) -> Option<String> {
    let mut found = german().iter();
    let (german, values) = found.find_map(|(of, german)| Some((german, values(of, english)?)))?;
    // A value may be a sentence too, or a phrase that the table has: `a whole number`.
    let values: Vec<String> = values
        .into_iter()
        .map(|value| translated(value).unwrap_or_else(|| value.to_owned()))
        .collect();
    Some(fill_with(german, &values))
}

/// What stands at the `{}` of a sentence; `None` when `text` is not that sentence.
fn values<'a>(sentence: &str, text: &'a str) -> Option<Vec<&'a str>> {
    let Some((first, mut rest)) = sentence.split_once("{}") else {
        return (sentence == text).then(Vec::new);
    };
    let mut text = text.strip_prefix(first)?;
    let mut values = Vec::new();
    while let Some((between, last)) = rest.split_once("{}") {
        let (value, after) = text.split_once(between)?;
        values.push(value);
        (text, rest) = (after, last);
    }
    values.push(text.strip_suffix(rest)?);
    (!values.contains(&"")).then_some(values)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::viewer::{Visit, scoped};

    async fn in_german(english: &str) -> String {
        let viewer = Viewer {
            language: Language::German,
            ..Viewer::default()
        };
        let visit = Visit {
            viewer,
            ..Visit::default()
        };
        scoped(visit, async { told(english) }).await
    }

    #[tokio::test]
    async fn a_sentence_is_found_by_its_words_and_keeps_its_values() {
        for (english, german) in [
            ("Title is required.", "Title fehlt."),
            (
                "Unit price must be at least 0.5.",
                "Unit price muss mindestens 0.5 sein.",
            ),
            (
                "Pages must be a whole number, not a string.",
                "Pages muss eine ganze Zahl sein, nicht ein Text.",
            ),
            (
                "Line 7, column \"slug\": slug is required.",
                "Zeile 7, Spalte \"slug\": slug fehlt.",
            ),
            (
                "The value must be a number.",
                "Der Wert muss eine Zahl sein.",
            ),
            (
                "There is no field x. Map the column to a field, or to nothing to leave it out.",
                "Es gibt kein Feld x. Ordnen Sie der Spalte ein Feld zu, oder keines, um sie wegzulassen.",
            ),
        ] {
            assert_eq!(in_german(english).await, german);
            assert_eq!(told(english), english);
        }
    }

    #[tokio::test]
    async fn what_the_table_lacks_stays_as_it_is_said() {
        for own in [
            "A ship sails under one flag.",
            " is required.",
            "",
            "Ein Text",
        ] {
            assert_eq!(in_german(own).await, own);
        }
    }

    #[test]
    fn a_value_is_what_stands_between_the_words() {
        assert_eq!(
            values("{} is {}.", "a is b is c."),
            Some(vec!["a", "b is c"])
        );
        assert_eq!(values("{} is {}.", " is c."), None);
        assert_eq!(values("All.", "All."), Some(vec![]));
        assert_eq!(values("{} a.", "b a"), None);
    }
}
