//! Rooms use lower floors, and their own floor along its arrows.

use std::collections::{BTreeMap, BTreeSet};

use super::plan::{FLOORS, OPTIONAL, ROOMS, Room, room_of};
use super::{assert_none, code, sources};

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
