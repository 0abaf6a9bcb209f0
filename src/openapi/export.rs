//! `_export` of a model: the list as a file.

use serde_json::{Value, json};

use crate::catalog::Seen;
use crate::query::parse::{Format, NOT_EXPORTED};

use super::filters::list_parameters;
use super::shared::headers;

/// The list's parameters without those of its pages, and the format.
pub(super) fn parameters(seen: &Seen<'_>) -> Vec<Value> {
    let mut all = vec![json!({
        "name": "format", "in": "query", "description": "What the file is written as.",
        "schema": {
            "type": "string", "enum": Format::ALL.map(Format::name),
            "default": Format::ALL[0].name(),
        },
    })];
    let of_pages = |parameter: &Value| {
        NOT_EXPORTED.iter().any(|name| {
            parameter["name"] == *name
                || parameter["$ref"] == format!("#/components/parameters/{name}")
        })
    };
    let taken = |parameter: &Value| {
        parameter["$ref"]
            .as_str()
            .is_some_and(|to| to.ends_with(&format!("/{}.format", seen.meta.slug)))
    };
    let listed = list_parameters(seen).into_iter();
    all.extend(listed.filter(|p| !of_pages(p) && !taken(p)));
    all
}

/// The file.
pub(super) fn file() -> Value {
    let text = json!({ "schema": { "type": "string" } });
    let binary = json!({ "schema": { "type": "string", "format": "binary" } });
    json!({
        "description": "The file, as it is made; if it cannot be finished the connection breaks.",
        "headers": headers(&["Content-Disposition"]),
        "content": {
            "text/csv": text,
            "application/x-ndjson": text,
            Format::Xlsx.media_type(): binary,
        },
    })
}
