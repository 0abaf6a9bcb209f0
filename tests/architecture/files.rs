//! What every file must have: a name that says something, its subject at its top, a way to it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::{assert_none, code, root, sources};

#[test]
fn no_file_is_a_junk_drawer() {
    const DRAWERS: [&str; 10] = [
        "util",
        "utils",
        "utility",
        "utilities",
        "helper",
        "helpers",
        "common",
        "misc",
        "shared_code",
        "stuff",
    ];
    let mut faults = Vec::new();
    for folder in ["src", "entity/src", "migration/src", "tests"] {
        for (file, _) in sources(folder) {
            let parts = file.split('/').map(|p| p.trim_end_matches(".rs"));
            if parts.into_iter().any(|p| DRAWERS.contains(&p)) {
                faults.push(file);
            }
        }
    }
    assert_none(&faults, "a name that says nothing; name the subject");
}

#[test]
fn every_file_says_at_its_top_what_lives_in_it() {
    let mut faults = Vec::new();
    for folder in ["src", "entity/src", "migration/src", "tests"] {
        for (file, text) in sources(folder) {
            if !text.starts_with("//!") {
                faults.push(file);
            }
        }
    }
    assert_none(&faults, "no `//!` on the first line");
}

/// Lines that one file may have: more are more than one subject.
const MOST_LINES: usize = 400;

#[test]
fn no_file_is_overfull() {
    let mut faults = Vec::new();
    for folder in ["src", "entity/src", "migration/src", "tests", "examples"] {
        for (file, text) in sources(folder) {
            let lines = text.lines().count();
            if lines > MOST_LINES {
                faults.push(format!("{file} has {lines} lines"));
            }
        }
    }
    assert_none(
        &faults,
        "a file of more than 400 lines; split it by subject",
    );
}

/// The files that the `mod name;` lines of `file` lead to, itself included.
fn reach(file: &Path, seen: &mut BTreeSet<PathBuf>) {
    if !seen.insert(file.to_owned()) {
        return;
    }
    let text = fs::read_to_string(file).unwrap_or_default();
    let parent = file.parent().expect("a folder");
    let stem = file.file_stem().expect("a name").to_string_lossy();
    let is_root = ["mod", "lib", "main"].contains(&&*stem);
    let home = if is_root {
        parent.to_owned()
    } else {
        parent.join(&*stem)
    };
    for line in code(&text).lines() {
        let line = line.trim();
        let Some(rest) = line.strip_suffix(';') else {
            continue;
        };
        let Some(name) = rest.rsplit_once("mod ").filter(|(before, _)| {
            before.is_empty() || before.starts_with("pub") || before.starts_with("#[")
        }) else {
            continue;
        };
        let name = name.1.trim();
        for next in [
            home.join(format!("{name}.rs")),
            home.join(name).join("mod.rs"),
        ] {
            if next.is_file() {
                reach(&next, seen);
            }
        }
    }
}

#[test]
fn every_file_is_reached_by_a_mod_line() {
    let mut faults = Vec::new();
    for (folder, roots) in [
        (
            "tests",
            &["tests/main.rs", "tests/architecture/main.rs"][..],
        ),
        ("src", &["src/lib.rs", "src/main.rs"][..]),
        ("entity/src", &["entity/src/lib.rs"][..]),
        ("migration/src", &["migration/src/lib.rs"][..]),
    ] {
        let mut seen = BTreeSet::new();
        for start in roots {
            reach(&root().join(start), &mut seen);
        }
        for (file, _) in sources(folder) {
            if !seen.contains(&root().join(&file)) {
                faults.push(file);
            }
        }
    }
    assert_none(
        &faults,
        "a file that no `mod` line reaches is never compiled",
    );
}
