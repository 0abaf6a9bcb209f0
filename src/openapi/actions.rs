//! The actions of a model: a selection, and the form that each has.

use serde_json::{Map, Value, json};

use crate::catalog::Seen;
use crate::crud::Engine;
use crate::model::ActionMeta;

use super::operations::{filter, max_affected};
use super::paths::{WRITING, conditions, operation, responses, success};
use super::reference;
use super::schema::{Side, field};

/// `POST /api/v1/{model}/_actions/{name}`
pub(super) fn operation_of(seen: &Seen<'_>, action: &ActionMeta) -> Value {
    let name = format!("actions.{}", action.name);
    let about =
        "Done to the records that are named or that match, as far as the caller may change them.";
    let about = format!("{about} {}", action.confirm);
    let mut act = operation(seen, &name, (&action.label, about.trim_end()));
    let key = json!({ "anyOf": [{ "type": "string", "minLength": 1 }, { "type": "integer" }] });
    let mut form = Map::new();
    let mut required = Vec::new();
    for of in &action.form {
        form.insert(of.name.clone(), field(of, Side::Body, of.nullable));
        if of.required() {
            required.push(of.name.clone());
        }
    }
    let mut input = json!({ "type": "object", "properties": form, "additionalProperties": false });
    let mut members = vec!["ids"];
    if !required.is_empty() {
        input["required"] = json!(required);
        members.push("input");
    }
    let ids = json!({ "type": "array", "items": key, "minItems": 1, "maxItems": Engine::MOST });
    let these = json!({
        "type": "object", "properties": { "ids": ids, "input": input },
        "required": members, "additionalProperties": false,
    });
    members[0] = "where";
    members.push("max_affected");
    let matching = json!({
        "type": "object",
        "properties": { "where": filter(seen), "max_affected": max_affected(), "input": input },
        "required": members, "additionalProperties": false,
    });
    act["parameters"] = json!([
        reference("parameters", "Change-Reason"),
        reference("parameters", "Idempotency-Key"),
    ]);
    act["requestBody"] = json!({
        "required": true,
        "content": { "application/json": { "schema": { "anyOf": [these, matching] } } },
    });
    let answer = json!({
        "type": "object",
        "properties": {
            "affected": { "type": "integer", "minimum": 0 },
            "message": { "type": "string" },
        },
        "required": ["affected", "message"],
        "additionalProperties": false,
    });
    let done = success("What was done", &["Idempotency-Replayed"], &answer);
    act["responses"] = responses(&[("200", done)], &conditions(seen, &WRITING));
    act
}
