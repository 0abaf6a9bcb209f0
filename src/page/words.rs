//! Every sentence of the pages, in the viewer's language. The English one is its own name: code and
//! templates say it, [`t`] and [`fill`] find its translation in the table of that language. A test
//! compares the tables with what code and templates say. What the operations say is in [`told`].

mod told;

pub use told::{reasons, told};

use std::collections::HashMap;
use std::fmt::Display;
use std::sync::OnceLock;

use super::viewer::{Language, Viewer};

/// English, a tab, German; a line each. `{}` stands for what [`fill`] puts there.
const GERMAN: &str = include_str!("words/de.tsv");

fn german() -> &'static HashMap<&'static str, &'static str> {
    static TABLE: OnceLock<HashMap<&'static str, &'static str>> = OnceLock::new();
    TABLE.get_or_init(|| {
        let lines = GERMAN.lines();
        lines.filter_map(|line| line.split_once('\t')).collect()
    })
}

/// A sentence in the viewer's language; in English where its table lacks it.
#[must_use]
pub fn t(english: &'static str) -> &'static str {
    say(english)
}

/// A sentence that is not known when the program is built: a text that the table may have.
#[must_use]
pub fn say(english: &str) -> &str {
    match Viewer::now().language {
        Language::English => english,
        Language::German => german().get(english).copied().unwrap_or(english),
    }
}

/// A sentence with values at its `{}`, in order.
#[must_use]
pub fn fill(english: &str, values: &[&dyn Display]) -> String {
    fill_with(say(english), values)
}

/// A model's name within a sentence: as it is where nouns are written large.
#[must_use]
pub fn noun(label: &str) -> String {
    match Viewer::now().language {
        Language::English => label.to_lowercase(),
        Language::German => label.to_owned(),
    }
}

fn fill_with(sentence: &str, values: &[impl Display]) -> String {
    let mut pieces = sentence.split("{}");
    let mut text = pieces.next().unwrap_or_default().to_owned();
    for (i, piece) in pieces.enumerate() {
        if let Some(value) = values.get(i) {
            text.push_str(&value.to_string());
        }
        text.push_str(piece);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::viewer::{Visit, scoped};

    #[tokio::test]
    async fn a_sentence_is_in_the_viewers_language_and_else_in_english() {
        let viewer = Viewer {
            language: Language::German,
            ..Viewer::default()
        };
        let german = Visit {
            viewer,
            ..Visit::default()
        };
        assert_eq!(
            (t("Save"), say("no such sentence")),
            ("Save", "no such sentence")
        );
        scoped(german, async {
            assert_eq!(
                (t("Save"), say("no such sentence")),
                ("Speichern", "no such sentence")
            );
            assert_eq!(fill("New {}", &[&"Buch"]), "Neu: Buch");
        })
        .await;
    }
}
