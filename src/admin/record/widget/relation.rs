//! A foreign key: the record it points at by its title, a search for another one that asks the server,
//! and the way to a new one. Without a script the key itself is in an input beside them.

use crate::admin::value::cell::Cell;

/// The control.
#[derive(Debug, Default)]
pub(crate) struct Relation {
    /// The records it points at, for people: `authors`.
    pub(crate) plural: String,
    /// One of them.
    pub(crate) singular: String,
    /// Where a script asks for some of them.
    pub(crate) options: String,
    /// The record that is pointed at.
    pub(crate) target: Option<Cell>,
    /// Whether the caller may make a new one.
    pub(crate) create: bool,
    /// Where a new one is made.
    pub(crate) new: String,
    /// The field of the new one that is given back.
    pub(crate) gives: String,
    /// What a search found.
    pub(crate) found: Option<Found>,
}

/// What a search found.
#[derive(Debug, Clone, Default)]
pub(crate) struct Found {
    /// What was searched.
    pub(crate) words: String,
    /// The records.
    pub(crate) options: Vec<Candidate>,
    /// Whether there are more.
    pub(crate) more: bool,
}

/// A record to choose.
#[derive(Debug, Clone)]
pub(crate) struct Candidate {
    /// The value that points at it.
    pub(crate) value: String,
    /// Its title.
    pub(crate) title: String,
    /// What tells it from one of the same title.
    pub(crate) hint: String,
}

impl Relation {
    /// The title of the record that is pointed at.
    pub(crate) fn title(&self) -> &str {
        self.target.as_ref().map_or("", |cell| &cell.text)
    }
}
