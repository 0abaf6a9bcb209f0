//! The plan: every room, its floor, and what it may know.

/// The floors, lowest first. A room may use any room on a lower floor, and on its own floor only
/// along its arrows.
pub(super) const FLOORS: [&str; 9] = [
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
pub(super) struct Room(
    pub(super) &'static str,
    pub(super) &'static str,
    pub(super) &'static [&'static str],
    pub(super) Sql,
);

/// What a room may know of the database.
#[derive(PartialEq)]
pub(super) enum Sql {
    /// Nothing: it asks the operations.
    Blind,
    /// `sea_orm` and `sqlx`.
    Knows,
    /// Those, and Quarterdeck's own entities.
    Entities,
}
use self::Sql::{Blind, Entities, Knows};

pub(super) const ROOMS: [Room; 29] = [
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
    // Seals the rows that the engine wrote; its key comes from the state.
    Room("audit", "identity", &["auth"], Entities),
    // Bodies, answers and the call; knows the operations for their context.
    Room("http", "hall", &[], Blind),
    // The words, times and forms of every page.
    Room("page", "hall", &["http"], Blind),
    Room("api", "doors", &["openapi"], Blind),
    Room("account", "doors", &[], Blind),
    Room("openapi", "doors", &[], Blind),
    // Its pages of one's own account are the account door's.
    Room("admin", "doors", &["account"], Blind),
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
pub(super) const OPTIONAL: [&str; 2] = ["admin", "plugins"];

/// The room that a file of `src` belongs to: its first folder, or its own name.
pub(super) fn room_of(file: &str) -> &str {
    let inside = file.strip_prefix("src/").expect("a file of src");
    let first = inside.split('/').next().unwrap_or(inside);
    first.strip_suffix(".rs").unwrap_or(first)
}
