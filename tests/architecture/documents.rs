//! Documents name what is there.

use std::fs;

use super::{assert_none, root};

/// `src/{a,b}.rs` is `src/a.rs` and `src/b.rs`.
fn spread(name: &str) -> Vec<String> {
    let Some((before, rest)) = name.split_once('{') else {
        return vec![name.to_owned()];
    };
    let Some((list, after)) = rest.split_once('}') else {
        return vec![name.to_owned()];
    };
    let each = list
        .split(',')
        .map(|part| format!("{before}{}{after}", part.trim()));
    each.flat_map(|name| spread(&name)).collect()
}

#[test]
fn every_path_that_the_architecture_document_names_exists() {
    let Ok(text) = fs::read_to_string(root().join("ARCHITECTURE.md")) else {
        println!(
            "SKIPPED every_path_that_the_architecture_document_names_exists: no ARCHITECTURE.md"
        );
        return;
    };
    const TOPS: [&str; 10] = [
        "src/",
        "tests/",
        "entity/",
        "migration/",
        "templates/",
        "static/",
        "examples/",
        "benches/",
        "fuzz/",
        "docs/",
    ];
    let mut faults = Vec::new();
    // Every other piece between backticks is quoted; so is every line of a fenced block.
    for quoted in text
        .split('`')
        .skip(1)
        .step_by(2)
        .chain(text.split_whitespace())
    {
        for word in quoted.split_whitespace() {
            let word = word.trim_matches(|c: char| "`,.;:()|".contains(c));
            if word.contains(['<', '*', '…']) || !TOPS.iter().any(|top| word.starts_with(top)) {
                continue;
            }
            for name in spread(word) {
                let path = name.split("::").next().unwrap_or(&name);
                let path = path.split(':').next().unwrap_or(path);
                if !root().join(path).exists() {
                    faults.push(name);
                }
            }
        }
    }
    faults.sort();
    faults.dedup();
    assert_none(&faults, "ARCHITECTURE.md names what is not there");
}
