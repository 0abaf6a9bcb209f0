//! `_import`: a file in the place of a body.

use serde_json::{Value, json};

use crate::catalog::Seen;
use crate::crud::Import;
use crate::model::Verb;
use crate::query::parse::Format;

use super::operations::later;
use super::paths::{WRITING, conditions, operation as described, responses, success};
use super::reference;

/// The operation.
pub(super) fn operation(seen: &Seen<'_>) -> Value {
    let description = format!(
        "Each row is a create, or an upsert, with all its checks. csv has the names of the columns in \
         its first line, and null is an empty cell without quotes; ndjson has an object on each line; of \
         a workbook the first sheet is read. At most {} rows. All rows are written or none (`atomic`, \
         the default), or every good one, in lots of 500.",
        Import::MOST
    );
    let mut import = described(seen, "import", ("Import a file", &description));
    let mut parameters = vec![
        choice("atomic", &["true", "false"], "All rows or none."),
        choice(
            "keys",
            &["new", "keep"],
            "Whether generated keys, and what the application sets, come from the file.",
        ),
        json!({
            "name": "map", "in": "query", "schema": { "type": "string" },
            "description": "`column:field,…` for columns that are not called as their fields; `column:` leaves one out.",
        }),
    ];
    if seen.may(Verb::Patch) && !seen.meta.if_match {
        parameters.push(choice(
            "mode",
            &["create", "upsert"],
            "With `upsert`, `on` names the fields of a unique key.",
        ));
        parameters.push(json!({
            "name": "on", "in": "query", "schema": { "type": "string" },
            "description": "The fields that an upsert goes by.",
        }));
    } else {
        parameters.push(choice("mode", &["create"], "Every row is a new record."));
    }
    for name in ["Prefer-Later", "Change-Reason", "Idempotency-Key"] {
        parameters.push(reference("parameters", name));
    }
    import["parameters"] = parameters.into();
    for format in Format::ALL {
        let schema = match format {
            Format::Xlsx => json!({ "type": "string", "format": "binary" }),
            Format::Csv | Format::Ndjson => json!({ "type": "string" }),
        };
        import["requestBody"]["content"][format.media_type()] = json!({ "schema": schema });
    }
    import["requestBody"]["required"] = json!(true);
    let told = [
        reference("schemas", "ImportReport"),
        reference("schemas", "DryRun"),
    ];
    let answer = json!({ "anyOf": told });
    let done = success("What was done", &["Idempotency-Replayed"], &answer);
    import["responses"] = responses(&[("200", done), later()], &conditions(seen, &WRITING));
    import
}

fn choice(name: &str, texts: &[&str], description: &str) -> Value {
    json!({
        "name": name, "in": "query", "description": description,
        "schema": { "type": "string", "enum": texts, "default": texts[0] },
    })
}

/// How many values of each column were spelt otherwise than they are written.
pub(super) fn coerced() -> Value {
    json!({ "type": "object", "additionalProperties": { "type": "integer", "minimum": 1 } })
}

/// What is told of an import.
pub(super) fn report() -> Value {
    let count = json!({ "type": "integer", "minimum": 0 });
    let text = json!({ "type": "string" });
    let fault = json!({
        "type": "object",
        "properties": { "pointer": text, "code": text, "detail": text },
    });
    json!({
        "type": "object",
        "properties": {
            "rows": count, "created": count, "updated": count, "failed": count,
            "coerced": coerced(),
            "errors": { "type": "array", "maxItems": 1_000, "items": fault },
            "error_count": count, "atomic": { "type": "boolean" },
        },
        "required": ["rows", "created", "updated", "failed", "coerced", "errors", "error_count", "atomic"],
        "additionalProperties": false,
    })
}
