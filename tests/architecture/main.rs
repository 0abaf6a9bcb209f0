//! The plan of the house, held to: which room may know which, and what every file must have.
//!
//! A binary of its own that links nothing of Quarterdeck: it reads the source files as text, so it
//! runs even when a room does not compile. The table is `plan::ROOMS`; a new room is one new line
//! there.

#![expect(
    clippy::expect_used,
    reason = "a test ends where an expectation is not met"
)]

mod documents;
mod files;
mod floors;
mod knowledge;
mod plan;

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every file below `folder` with that ending, sorted.
fn files_below(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let Ok(entries) = fs::read_dir(folder) else {
        return found;
    };
    for entry in entries {
        let path = entry.expect("a folder entry").path();
        if path.is_dir() {
            found.extend(files_below(&path, ending));
        } else if path.extension().is_some_and(|e| e == ending) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// A source file as `(name from the root of the repository, text)`.
fn sources(folder: &str) -> Vec<(String, String)> {
    let from = root();
    files_below(&from.join(folder), "rs")
        .into_iter()
        .map(|path| {
            let name = path.strip_prefix(&from).expect("below the root");
            let text = fs::read_to_string(&path).expect("a readable file");
            (name.display().to_string(), text)
        })
        .collect()
}

/// The code of a file without comments (documentation may name any room) and string literals that
/// stand on a line of their own.
fn code(text: &str) -> String {
    // Tests within a file may look at any model.
    let text = text
        .split("#[cfg(test)]\nmod tests {")
        .next()
        .unwrap_or_default();
    let lines = text.lines().map(|line| {
        let trimmed = line.trim_start();
        if trimmed.starts_with("//") {
            ""
        } else {
            line.split(" // ").next().unwrap_or(line)
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn assert_none(faults: &[String], rule: &str) {
    assert!(faults.is_empty(), "{rule}:\n  {}", faults.join("\n  "));
}
