//! What only some rooms know: the database, the demo, the environment.

use super::plan::{ROOMS, Room, Sql, room_of};
use super::{assert_none, code, sources};

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
        if let (Some(name), Sql::Blind) = (library, sql) {
            faults.push(format!("{file} names {name}"));
        }
        let entity = code.contains("quarterdeck_entity") || code.contains("crate::entity::");
        if entity && *sql != Sql::Entities {
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
