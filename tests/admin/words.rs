//! The second language is complete: every sentence that code and templates say stands in its table, and
//! the table has no sentence that nothing says.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// All files below a folder.
fn texts(folder: &Path, extension: &str, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            texts(&path, extension, found);
        } else if path.extension().is_some_and(|e| e == extension) {
            found.push(fs::read_to_string(&path).expect("a text"));
        }
    }
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

#[test]
fn the_second_language_says_every_sentence_and_no_other() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (mut templates, mut sources) = (Vec::new(), Vec::new());
    texts(&root.join("templates"), "html", &mut templates);
    texts(&root.join("src"), "rs", &mut sources);
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
