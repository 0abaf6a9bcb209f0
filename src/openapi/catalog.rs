//! The operations that tell what models there are.

use serde_json::{Map, Value, json};

use crate::error::Kind as Problem;

use super::paths::{READING, success};
use super::problems::problems;
use super::reference;

/// `/api/v1/_models` and `/api/v1/_models/{model}`.
pub(super) fn add(paths: &mut Map<String, Value>) {
    let operation = |id: &str, summary: &str, schema: Value, kinds: &[Problem]| {
        let mut responses = Map::new();
        responses.insert("200".into(), success("What you may see", &[], &schema));
        responses.extend(problems(kinds));
        json!({
            "operationId": id,
            "tags": ["models"],
            "summary": summary,
            "description": "Only what you may see is in the answer.",
            "responses": responses,
        })
    };
    let many = json!({
        "type": "object",
        "properties": { "data": { "type": "array", "items": reference("schemas", "Model") } },
        "required": ["data"],
    });
    let kinds = [Problem::Malformed, Problem::Unauthenticated];
    paths.insert(
        "/api/v1/_models".into(),
        json!({
            "get": operation("_models.list", "List the models", many, &kinds),
        }),
    );
    let detail = reference("schemas", "ModelDetail");
    paths.insert("/api/v1/_models/{model}".into(), json!({
        "parameters": [{
            "name": "model", "in": "path", "required": true, "schema": { "type": "string" },
        }],
        "get": operation("_models.read", "Read one model's fields and relations", detail, &READING),
    }));
}
