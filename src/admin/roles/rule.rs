//! One rule of a role: what it allows on one model, as it is stored and as a form has it.

use serde_json::{Value as Json, json};

use crate::admin::value::json;
use crate::admin::value::row::Row;
use crate::model::Verb;

/// A list of fields; `None` is all.
pub(super) type Fields = Option<Vec<String>>;

/// A rule.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Rule {
    /// Its key; empty for one that is not stored yet.
    pub(super) id: String,
    /// The key of its role.
    pub(super) role: String,
    /// The model.
    pub(super) slug: String,
    /// The verbs.
    pub(super) verbs: Vec<Verb>,
    /// The filter that rows must match, as text; `None` is every row.
    pub(super) rows: Option<String>,
    /// What may be read.
    pub(super) readable: Fields,
    /// What may be written.
    pub(super) writable: Fields,
    /// The entity tag of the record.
    pub(super) tag: String,
}

impl Rule {
    /// A rule that allows nothing yet.
    pub(super) fn blank(role: &str, slug: &str) -> Self {
        Self {
            role: role.to_owned(),
            slug: slug.to_owned(),
            ..Self::default()
        }
    }

    /// The rule that a record is.
    pub(super) fn of(row: &Row, tag: String) -> Self {
        let text = |name| row.text(name).unwrap_or_default();
        let rows = row.json("rows").unwrap_or("null");
        Self {
            id: text("id"),
            role: text("role_id"),
            slug: text("model"),
            verbs: texts(row.json("verbs"))
                .unwrap_or_default()
                .iter()
                .filter_map(|v| Verb::named(v))
                .collect(),
            rows: (rows != "\"all\"").then(|| json::pretty(rows)),
            readable: texts(row.json("readable")),
            writable: texts(row.json("writable")),
            tag,
        }
    }

    /// Whether some rows or fields are left out.
    pub(super) fn is_limited(&self) -> bool {
        let writes = [Verb::Create, Verb::Replace, Verb::Patch];
        let writes = self.verbs.iter().any(|v| writes.contains(v));
        self.rows.is_some() || self.readable.is_some() || writes && self.writable.is_some()
    }

    /// What is to be stored.
    ///
    /// # Errors
    /// That the row rule is no JSON.
    pub(super) fn members(&self) -> Result<Json, serde_json::Error> {
        let rows: Json = match &self.rows {
            None => "all".into(),
            Some(text) => serde_json::from_str(text)?,
        };
        let verbs: Vec<&str> = self.verbs.iter().map(|v| v.name()).collect();
        let fields = |fields: &Fields| fields.as_ref().map_or_else(|| json!("all"), |f| json!(f));
        Ok(json!({
            "verbs": verbs,
            "rows": rows,
            "readable": fields(&self.readable),
            "writable": fields(&self.writable),
        }))
    }
}

/// `"all"` is `None`; what is neither that nor an array of texts allows nothing.
fn texts(json: Option<&str>) -> Fields {
    match json {
        Some("\"all\"") => None,
        other => Some(
            other
                .and_then(|json| serde_json::from_str(json).ok())
                .unwrap_or_default(),
        ),
    }
}
