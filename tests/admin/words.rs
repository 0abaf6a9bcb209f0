//! The second language is complete: every sentence that code and templates say stands in its table, and
//! the table has no sentence that nothing says; and so for what the operations say.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// All files below a folder.
fn files(folder: &Path, extension: &str, found: &mut Vec<(PathBuf, String)>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files(&path, extension, found);
        } else if path.extension().is_some_and(|e| e == extension) {
            let text = fs::read_to_string(&path).expect("a text");
            found.push((path, text));
        }
    }
}

fn texts(folder: &Path, extension: &str) -> Vec<String> {
    let mut found = Vec::new();
    files(folder, extension, &mut found);
    found.into_iter().map(|(_, text)| text).collect()
}

/// A literal that begins after a quote: its text, and what comes after its end.
fn literal(text: &str) -> Option<(String, &str)> {
    let mut said = String::new();
    let mut rest = text;
    loop {
        let at = rest.find(['"', '\\'])?;
        said.push_str(&rest[..at]);
        let tail = &rest[at + 1..];
        if rest[at..].starts_with('"') {
            return Some((said, tail));
        }
        rest = match tail.chars().next()? {
            '\n' => tail.trim_start(),
            other => {
                said.push(other);
                &tail[other.len_utf8()..]
            }
        };
    }
}

/// `"…"|t` and `"…"|fill(` of a template.
fn said_in_template(template: &str, all: &mut BTreeSet<String>) {
    for (at, _) in template.match_indices('"') {
        if let Some((said, after)) = literal(&template[at + 1..])
            && (after.starts_with("|t") || after.starts_with("|fill("))
            && !said.contains(['<', '='])
            && !said.contains("}}")
        {
            all.insert(said);
        }
    }
}

/// `t("…")` and `fill("…", …)` of a source; its tests may say what they like.
fn said_in_source(source: &str, all: &mut BTreeSet<String>) {
    let code = source.split("#[cfg(test)]\nmod tests").next();
    let code = code.expect("a text");
    for call in ["t(", "fill("] {
        for (at, _) in code.match_indices(call) {
            let before = code[..at].chars().next_back();
            if before.is_some_and(|c| c.is_alphanumeric() || c == '_') {
                continue;
            }
            let inside = code[at + call.len()..].trim_start();
            let quoted = inside.strip_prefix('"').and_then(literal);
            all.extend(quoted.map(|(said, _)| said));
        }
    }
}

/// The code of a source, without its tests and comments.
fn code_of(source: &str) -> String {
    let code = source.split("#[cfg(test)]\nmod tests").next();
    let lines = code.expect("a text").lines();
    let lines = lines.filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

/// Every literal of a source, its values as `{}`.
fn literals(source: &str) -> BTreeSet<String> {
    let code = code_of(source);
    let (mut all, mut rest) = (BTreeSet::new(), code.as_str());
    while let Some((before, after)) = rest.split_once('"') {
        if before.ends_with('\'') {
            rest = after;
            continue;
        }
        let Some((text, after)) = literal(after) else {
            break;
        };
        let mut plain = String::new();
        for (i, piece) in text.split('{').enumerate() {
            match piece.split_once('}') {
                Some((_, piece)) if i > 0 => plain.extend(["{}", piece]),
                _ => plain.push_str(piece),
            }
        }
        all.insert(plain);
        rest = after;
    }
    all
}

/// What is wrong with the grammar of a request that no page sends.
const OF_PROGRAMS: [&str; 9] = [
    "crud/action.rs",
    "crud/action/select.rs",
    "crud/bulk/parse.rs",
    "crud/changes/sought.rs",
    "crud/history.rs",
    "crud/idempotency.rs",
    "crud/import/options.rs",
    "crud/revert.rs",
    "model/registry",
];

#[test]
fn the_second_language_says_what_stands_against_a_write() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let table = fs::read_to_string(src.join("page/words/told.de.tsv")).expect("the table");
    let mut known = BTreeSet::new();
    for line in table.lines() {
        let (english, german) = line.split_once('\t').expect("a tab in each line");
        let holes = |text: &str| text.matches("{}").count();
        assert!(known.insert(english), "twice: {english}");
        assert!(
            !german.is_empty() && holes(english) == holes(german),
            "{line}"
        );
    }
    assert!(table.lines().is_sorted(), "the table is not sorted");
    let mut sources = Vec::new();
    files(&src, "rs", &mut sources);
    let (mut said, mut wanted) = (BTreeSet::new(), BTreeSet::new());
    for (path, source) in &sources {
        let room = path.strip_prefix(&src).expect("a source").to_string_lossy();
        let all = literals(source);
        if (room.starts_with("crud/") || room.starts_with("model/"))
            && !OF_PROGRAMS.iter().any(|of| room.starts_with(of))
        {
            let misfit = |text: &&String| {
                let verb = text.split(' ').next().unwrap_or_default();
                ["must", "can", "cannot", "has", "is"].contains(&verb) && text.contains(' ')
            };
            let sentence =
                |text: &&String| text.ends_with('.') && text.contains(' ') && **text != "{} {}.";
            wanted.extend(
                all.iter()
                    .filter(misfit)
                    .map(|text| format!("{{}} {text}.")),
            );
            wanted.extend(all.iter().filter(sentence).cloned());
        }
        said.extend(all);
    }
    let missing: Vec<_> = wanted
        .iter()
        .filter(|w| !known.contains(w.as_str()))
        .collect();
    assert!(missing.is_empty(), "not in the table: {missing:#?}");
    let nowhere = |english: &&&str| {
        let misfit = english
            .strip_prefix("{} ")
            .and_then(|rest| rest.strip_suffix('.'));
        !said.contains(**english) && !misfit.is_some_and(|text| said.contains(text))
    };
    let unsaid: Vec<_> = known.iter().filter(nowhere).collect();
    assert!(unsaid.is_empty(), "said nowhere: {unsaid:#?}");
}

#[test]
fn the_second_language_says_every_sentence_and_no_other() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let templates = texts(&root.join("templates"), "html");
    let sources = texts(&root.join("src"), "rs");
    let mut said = BTreeSet::new();
    for template in &templates {
        said_in_template(template, &mut said);
    }
    for source in &sources {
        said_in_source(source, &mut said);
    }
    assert!(said.len() > 60, "{said:?}");

    let table = fs::read_to_string(root.join("src/page/words/de.tsv")).expect("the table");
    let mut known = BTreeSet::new();
    for line in table.lines() {
        let (english, german) = line.split_once('\t').expect("a tab in each line");
        assert!(known.insert(english.to_owned()), "twice: {english}");
        let holes = |text: &str| text.matches("{}").count();
        assert!(
            !german.is_empty() && holes(english) == holes(german),
            "{line}"
        );
    }
    let missing: Vec<_> = said.difference(&known).collect();
    assert!(missing.is_empty(), "not in the table: {missing:#?}");
    // A sentence that is chosen while the program runs is a literal elsewhere in the sources.
    let nowhere = |english: &&String| {
        let quoted = format!("\"{english}\"");
        !said.contains(*english) && !sources.iter().any(|s| s.contains(&quoted))
    };
    let unsaid: Vec<_> = known.iter().filter(nowhere).collect();
    assert!(unsaid.is_empty(), "said nowhere: {unsaid:#?}");
}
