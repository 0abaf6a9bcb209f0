//! The plan of the house, held to: which room may know which, and what every file must have.
//!
//! A binary of its own that links nothing of Quarterdeck: it reads the source files as text, so it
//! runs even when a room does not compile. The table is [`ROOMS`]; a new room is one new line there.

#![expect(
    clippy::expect_used,
    reason = "a test ends where an expectation is not met"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The floors, lowest first. A room may use any room on a lower floor, and on its own floor only
/// along its arrows.
const FLOORS: [&str; 9] = [
    "ground",   // what everything stands on: errors, settings, limits, logs
    "words",    // what a model is; plain data
    "rules",    // pure decisions: no I/O, no async
    "catalog",  // what one caller may see; asked by the doors
    "engine",   // the operations; the only transactions on the request path
    "identity", // credentials become a principal
    "hall",     // what the HTTP doors share
    "doors",    // HTTP and the operations, translated into each other
    "roof",     // composes everything
];

/// A room: its name, its floor, its arrows to rooms of the same floor, and whether it may name the
/// database libraries and the entities.
struct Room(&'static str, &'static str, &'static [&'static str], Sql);

/// What a room may know of the database.
#[derive(PartialEq)]
enum Sql {
    /// Nothing: it asks the operations.
    Blind,
    /// `sea_orm` and `sqlx`.
    Knows,
    /// Those, and Quarterdeck's own entities.
    Entities,
}
use Sql::{Blind, Entities, Knows};

const ROOMS: [Room; 27] = [
    Room("error", "ground", &[], Blind),
    Room("check", "ground", &[], Blind),
    Room("config", "ground", &[], Blind),
    Room("limit", "ground", &[], Blind),
    // Reads the log settings.
    Room("telemetry", "ground", &["config"], Blind),
    Room("metrics", "ground", &[], Blind),
    // SeaORM's column types become kinds, its values are the values.
    Room("model", "words", &[], Knows),
    // Compiles to sea-query; its values are SeaORM's.
    Room("query", "rules", &[], Knows),
    Room("acl", "rules", &["query"], Blind),
    Room("catalog", "catalog", &[], Blind),
    Room("store", "engine", &[], Knows),
    Room("hook", "engine", &["store"], Knows),
    // The audit row is written in the write's own transaction, hence the entity.
    Room("crud", "engine", &["hook", "store"], Entities),
    // Users, roles, tokens and the state live in tables of its own.
    Room("auth", "identity", &[], Entities),
    Room("session", "identity", &["auth"], Entities),
    // Bodies, answers and the call; knows the operations for their context.
    Room("http", "hall", &[], Blind),
    Room("api", "doors", &["openapi"], Blind),
    Room("account", "doors", &[], Blind),
    Room("openapi", "doors", &[], Blind),
    Room("admin", "doors", &[], Blind),
    // The builder's bounds are SeaORM's traits; registers the system models and guards them.
    Room("app", "roof", &["plugin"], Entities),
    // The contract of plugins names the builder that they extend.
    Room("plugin", "roof", &["app"], Blind),
    // Stand on the roof.
    Room("cli", "roof", &["app", "demo"], Knows),
    Room("demo", "roof", &["app", "cli"], Entities),
    Room("plugins", "roof", &["app", "plugin"], Entities),
    Room("main", "roof", &["app", "cli", "demo"], Blind),
    // The table of contents.
    Room("lib", "roof", &["app"], Entities),
];

/// Rooms that a build of Quarterdeck may do without.
const OPTIONAL: [&str; 2] = ["admin", "plugins"];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every file below `folder` with that ending, sorted.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let Ok(entries) = fs::read_dir(folder) else {
        return found;
    };
    for entry in entries {
        let path = entry.expect("a folder entry").path();
        if path.is_dir() {
            found.extend(files(&path, ending));
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
    files(&from.join(folder), "rs")
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

/// The room that a file of `src` belongs to: its first folder, or its own name.
fn room_of(file: &str) -> &str {
    let inside = file.strip_prefix("src/").expect("a file of src");
    let first = inside.split('/').next().unwrap_or(inside);
    first.strip_suffix(".rs").unwrap_or(first)
}

/// The names that follow `crate::` in the code: `use crate::acl::…`, `crate::{acl, query}` and paths
/// in the middle of an expression alike.
fn rooms_used(code: &str) -> BTreeSet<String> {
    let word = |text: &str| -> String {
        let end = |c: char| !(c.is_ascii_alphanumeric() || c == '_');
        text.split(end).next().unwrap_or_default().to_owned()
    };
    let mut used = BTreeSet::new();
    for rest in code.split("crate::").skip(1) {
        if let Some(list) = rest.strip_prefix('{') {
            let mut depth = 1;
            let mut item = String::new();
            for c in list.chars() {
                match c {
                    '{' => depth += 1,
                    '}' => depth -= 1,
                    _ => {}
                }
                if depth == 0 || (depth == 1 && c == ',') {
                    used.insert(word(item.trim()));
                    item.clear();
                } else {
                    item.push(c);
                }
                if depth == 0 {
                    break;
                }
            }
        } else {
            used.insert(word(rest));
        }
    }
    used.retain(|w| w.starts_with(|c: char| c.is_ascii_lowercase()));
    used
}

fn floor(name: &str) -> Option<usize> {
    let room = ROOMS.iter().find(|r| r.0 == name)?;
    FLOORS.iter().position(|f| *f == room.1)
}

fn assert_none(faults: &[String], rule: &str) {
    assert!(faults.is_empty(), "{rule}:\n  {}", faults.join("\n  "));
}

#[test]
fn every_room_stands_on_a_floor_of_the_table() {
    let mut faults = Vec::new();
    let present: BTreeSet<String> = sources("src")
        .iter()
        .map(|(file, _)| room_of(file).to_owned())
        .collect();
    for room in &present {
        if floor(room).is_none() {
            faults.push(format!("src/{room} is in no floor of ROOMS"));
        }
    }
    for Room(name, ..) in &ROOMS {
        if !present.contains(*name) && !OPTIONAL.contains(name) {
            faults.push(format!("ROOMS names `{name}`, which is not in src"));
        }
    }
    assert_none(&faults, "the table and the folder differ");
}

#[test]
fn a_room_uses_only_lower_floors_and_its_own_arrows() {
    let mut faults = Vec::new();
    for (file, text) in sources("src") {
        let own = room_of(&file);
        let Some(Room(_, _, arrows, _)) = ROOMS.iter().find(|r| r.0 == own) else {
            continue;
        };
        // A test may look at the rooms above: it builds a whole to look at a part.
        if file.ends_with("/tests.rs") || file.contains("/tests/") {
            continue;
        }
        for used in rooms_used(&code(&text)) {
            let below = floor(&used) < floor(own);
            let known = floor(&used).is_some();
            if known && used != own && !below && !arrows.contains(&used.as_str()) {
                faults.push(format!("{file}: `{own}` uses `{used}`"));
            }
        }
    }
    assert_none(
        &faults,
        "an arrow that points up, or across the table's arrows",
    );
}

#[test]
fn every_arrow_of_the_table_is_walked() {
    let mut walked: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (file, text) in sources("src") {
        let room = walked.entry(room_of(&file).to_owned()).or_default();
        room.extend(rooms_used(&code(&text)));
        // The binary uses the library by its name.
        room.extend(rooms_used(&code(&text).replace("quarterdeck::", "crate::")));
    }
    let mut faults = Vec::new();
    for Room(name, _, arrows, _) in ROOMS.iter().filter(|r| !OPTIONAL.contains(&r.0)) {
        // Who stands on the roof may use all of it; only the arrows below the roof are exact.
        if floor(name) == floor("app") {
            continue;
        }
        for arrow in *arrows {
            if !walked[*name].contains(*arrow) {
                faults.push(format!("{name} -> {arrow}"));
            }
        }
    }
    assert_none(&faults, "ROOMS allows what nobody uses any more");
}

#[test]
fn no_path_climbs_out_of_its_room() {
    // `super::super::` would reach another room without the word `crate` that the table looks for.
    let climbs =
        |(file, text): (String, String)| code(&text).contains("super::super::").then_some(file);
    let faults: Vec<String> = sources("src").into_iter().filter_map(climbs).collect();
    assert_none(&faults, "say `crate::room::…` instead of `super::super::…`");
}

#[test]
fn only_the_rooms_that_may_know_the_database_name_it() {
    let mut faults = Vec::new();
    for (file, text) in sources("src") {
        let own = room_of(&file);
        let Some(Room(.., sql)) = ROOMS.iter().find(|r| r.0 == own) else {
            continue;
        };
        if file.ends_with("/tests.rs") || file.contains("/tests/") {
            continue;
        }
        let code = code(&text);
        let library = ["sea_orm::", "sea_orm_migration::", "sqlx::"]
            .into_iter()
            .find(|name| code.contains(name));
        if let (Some(name), Blind) = (library, sql) {
            faults.push(format!("{file} names {name}"));
        }
        let entity = code.contains("quarterdeck_entity") || code.contains("crate::entity::");
        if entity && *sql != Entities {
            faults.push(format!("{file} names an entity"));
        }
    }
    assert_none(&faults, "a room that may not know the database knows it");
}

#[test]
fn only_the_demo_knows_the_demo_entities() {
    let knows = |(file, text): (String, String)| {
        let code = code(&text);
        let named = code.contains("entity::demo") || code.contains("quarterdeck_entity::demo");
        (named && room_of(&file) != "demo").then_some(file)
    };
    // Tests need some models to look at.
    let faults: Vec<String> = sources("src")
        .into_iter()
        .filter(|(file, _)| !file.ends_with("/tests.rs") && !file.contains("/tests/"))
        .filter_map(knows)
        .collect();
    assert_none(&faults, "entity::demo is used outside src/demo");
}

#[test]
fn the_environment_is_read_in_config_alone() {
    let reads = |(file, text): (String, String)| {
        let code = code(&text);
        let read = ["env::var(", "env::var_os(", "env::vars("]
            .iter()
            .any(|name| code.contains(name));
        (read && room_of(&file) != "config").then_some(file)
    };
    let faults: Vec<String> = sources("src").into_iter().filter_map(reads).collect();
    assert_none(
        &faults,
        "settings come from config, not from the environment",
    );
}

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

/// The files that the `mod name;` lines of `file` lead to, itself included.
fn reach(file: &Path, seen: &mut BTreeSet<PathBuf>) {
    if !seen.insert(file.to_owned()) {
        return;
    }
    let text = fs::read_to_string(file).unwrap_or_default();
    let parent = file.parent().expect("a folder");
    let stem = file.file_stem().expect("a name").to_string_lossy();
    let is_root = ["mod", "lib", "main", "architecture"].contains(&&*stem);
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
        ("tests", &["tests/main.rs", "tests/architecture.rs"][..]),
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
