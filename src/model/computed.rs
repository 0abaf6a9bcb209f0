//! Columns that are made of others: a function over a record as its reader may see it.

use std::fmt;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::FieldId;

/// What makes a text of a record: it gets the members that it needs, null where the reader may not see
/// one on this record. `None` is nothing to show.
pub type Compute = Arc<dyn Fn(&Map<String, Value>) -> Option<String> + Send + Sync>;

/// A column of a list that is made of others.
#[derive(Clone)]
pub struct Computed {
    /// Its name.
    pub name: String,
    /// Its heading.
    pub label: String,
    /// The fields that it is made of. To who may not read one of them at all, it is not there.
    pub needs: Vec<FieldId>,
    /// The function.
    pub value: Compute,
}

impl fmt::Debug for Computed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Computed")
            .field("name", &self.name)
            .field("needs", &self.needs)
            .finish_non_exhaustive()
    }
}

/// A column that is made of others, as a registration names it.
#[derive(Clone)]
pub struct RawComputed {
    pub(crate) name: String,
    pub(crate) label: String,
    pub(crate) columns: Vec<String>,
    pub(crate) value: Compute,
}

impl fmt::Debug for RawComputed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawComputed")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
