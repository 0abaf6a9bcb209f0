//! The operations of a model beside the six verbs: many changes at once, a record's history, and the
//! way back in it.

use serde_json::{Map, Value, json};

use crate::catalog::Seen;
use crate::crud::Engine;
use crate::error::Kind as Problem;
use crate::model::Verb;

use super::paths::{
    READING, WRITING, conditional, conditions, key, operation, responses, success, written,
};
use super::{actions, imports, part, reference};

/// The verbs that write, as `_bulk` names them.
const WRITES: [Verb; 4] = [Verb::Create, Verb::Replace, Verb::Patch, Verb::Delete];

/// Adds their paths.
pub(super) fn add(seen: &Seen<'_>, paths: &mut Map<String, Value>) {
    let slug = &seen.meta.slug;
    if WRITES.into_iter().any(|verb| seen.may(verb)) {
        let path = format!("/api/v1/{slug}/_bulk");
        paths.insert(path, json!({ "post": bulk(seen) }));
    }
    if seen.may(Verb::Create) {
        let path = format!("/api/v1/{slug}/_import");
        paths.insert(path, json!({ "post": imports::operation(seen) }));
    }
    for action in &seen.meta.actions {
        if seen.may(action.verb) && seen.may(Verb::List) {
            let path = format!("/api/v1/{slug}/_actions/{}", action.name);
            paths.insert(path, json!({ "post": actions::operation_of(seen, action) }));
        }
    }
    let record = format!("/api/v1/{slug}/{{id}}");
    if seen.meta.trash.is_some() && seen.may(Verb::Delete) {
        let path = format!("{record}/_restore");
        paths.insert(
            path,
            json!({ "parameters": [key(seen)], "post": restore(seen) }),
        );
    }
    if seen.may(Verb::Read) {
        let path = format!("{record}/_history");
        paths.insert(
            path,
            json!({ "parameters": [key(seen)], "get": history(seen) }),
        );
        if seen.may(Verb::Patch) {
            let path = format!("{record}/_revert");
            paths.insert(
                path,
                json!({ "parameters": [key(seen)], "post": revert(seen) }),
            );
        }
    }
}

/// Where records are deleted in two steps, which of them are meant.
pub(super) fn trash(seen: &Seen<'_>, allowed: &[&str]) -> Option<Value> {
    seen.meta.trash?;
    Some(json!({
        "name": "trash", "in": "query",
        "description": "Records in the trash, for who may delete: none of them, they alone, or both.",
        "schema": { "type": "string", "enum": allowed },
    }))
}

fn restore(seen: &Seen<'_>) -> Value {
    let description = "And what went there with it.";
    let mut restore = operation(seen, "restore", ("Take one out of the trash", description));
    restore["parameters"] = json!([
        reference("parameters", "Prefer"),
        reference("parameters", "Change-Reason"),
    ]);
    conditional(seen, &mut restore);
    restore["responses"] = responses(&written(seen), &conditions(seen, &WRITING));
    restore
}

fn bulk(seen: &Seen<'_>) -> Value {
    let description = "A list of operations, all or none of them (`atomic`, the default) or each \
        by itself; or one patch, delete or restore of every record that matches a filter, if they are no \
        more than `max_affected`. An `upsert` patches the record with these values of a unique \
        field, or creates it. One change set in the audit.";
    let mut bulk = operation(seen, "bulk", ("Change many", description));
    bulk["parameters"] = json!([
        reference("parameters", "Prefer-Later"),
        reference("parameters", "Change-Reason"),
        reference("parameters", "Idempotency-Key"),
    ]);
    let mut bodies = vec![list(seen)];
    if seen.may(Verb::List) && !seen.meta.if_match {
        for verb in [Verb::Patch, Verb::Delete] {
            if seen.may(verb) {
                bodies.push(matching(seen, (verb.name(), verb == Verb::Patch)));
            }
        }
        if seen.meta.trash.is_some() && seen.may(Verb::Delete) {
            bodies.push(matching(seen, ("restore", false)));
        }
    }
    bulk["requestBody"] = json!({
        "required": true,
        "content": { "application/json": { "schema": { "anyOf": bodies } } },
    });
    let ok = reference("schemas", "BulkReport");
    let matched = reference("schemas", "BulkCount");
    let tried = reference("schemas", "DryRun");
    let answer = json!({ "anyOf": [ok, matched, tried] });
    let done = success("What was done", &["Idempotency-Replayed"], &answer);
    let answers = [("200", done), later()];
    bulk["responses"] = responses(&answers, &conditions(seen, &WRITING));
    bulk
}

/// The answer before the work is done.
pub(super) fn later() -> (&'static str, Value) {
    let operation = reference("schemas", "Operation");
    (
        "202",
        success("The operation that was begun", &["Location"], &operation),
    )
}

fn list(seen: &Seen<'_>) -> Value {
    let mut operations = Vec::new();
    for verb in WRITES.into_iter().filter(|&verb| seen.may(verb)) {
        let mut properties = json!({ "verb": { "type": "string", "enum": [verb.name()] } });
        let mut required = vec!["verb"];
        if verb != Verb::Create {
            properties["id"] = json!({
                "anyOf": [{ "type": "string", "minLength": 1 }, { "type": "integer" }],
                "description": "Its key, as it is written in an address.",
            });
            properties["if_match"] = json!({ "type": "string" });
            required.push("id");
        }
        if verb != Verb::Delete {
            properties["data"] = reference("schemas", &part(seen, verb.name()));
            required.push("data");
        }
        operations.push(json!({
            "type": "object", "properties": properties, "required": required,
            "additionalProperties": false,
        }));
    }
    if seen.meta.trash.is_some() && seen.may(Verb::Delete) {
        operations.push(json!({
            "type": "object",
            "properties": {
                "verb": { "type": "string", "enum": ["restore"] },
                "id": { "anyOf": [{ "type": "string", "minLength": 1 }, { "type": "integer" }] },
                "if_match": { "type": "string" },
            },
            "required": ["verb", "id"],
            "additionalProperties": false,
        }));
    }
    if seen.may(Verb::Create) && seen.may(Verb::Patch) {
        operations.push(json!({
            "type": "object",
            "properties": {
                "verb": { "type": "string", "enum": ["upsert"] },
                "on": { "type": "array", "minItems": 1, "items": { "type": "string" } },
                "data": { "type": "object" },
            },
            "required": ["verb", "on", "data"],
            "additionalProperties": false,
        }));
    }
    json!({
        "type": "object",
        "properties": {
            "atomic": { "type": "boolean", "default": true },
            "operations": {
                "type": "array", "minItems": 1, "maxItems": Engine::MOST,
                "items": { "anyOf": operations },
            },
        },
        "required": ["operations"],
        "additionalProperties": false,
    })
}

/// Which records are changed by what matches them.
pub(super) fn filter(seen: &Seen<'_>) -> Value {
    json!({
        "anyOf": [reference("schemas", &part(seen, "where")), { "type": "string" }],
        "description": "As `_search` takes it, or the conditions of a list's query string.",
    })
}

/// How many they may be.
pub(super) fn max_affected() -> Value {
    json!({ "type": "integer", "minimum": 1, "maximum": Engine::MOST })
}

fn matching(seen: &Seen<'_>, (verb, patches): (&str, bool)) -> Value {
    let mut schema = json!({
        "type": "object",
        "properties": {
            "verb": { "type": "string", "enum": [verb] },
            "where": filter(seen),
            "max_affected": max_affected(),
        },
        "required": ["verb", "where", "max_affected"],
        "additionalProperties": false,
    });
    if patches {
        schema["properties"]["data"] = reference("schemas", &part(seen, verb));
        schema["required"] = json!(["verb", "where", "data", "max_affected"]);
    }
    schema
}

fn history(seen: &Seen<'_>) -> Value {
    let description = "Newest first. Values are shown of fields that you may read on every row.";
    let mut history = operation(seen, "history", ("What happened to one", description));
    history["parameters"] = json!([
        reference("parameters", "limit"),
        {
            "name": "cursor", "in": "query", "schema": { "type": "string", "pattern": "^[0-9]{1,18}$" },
            "description": "`page.next` of the answer before.",
        },
    ]);
    let page = reference("schemas", "History");
    history["responses"] = responses(&[("200", success("A page", &[], &page))], &READING);
    history
}

fn revert(seen: &Seen<'_>) -> Value {
    let description = "As it was right after a change set of its history, or right before it. One \
        that is deleted is made again.";
    let mut revert = operation(seen, "revert", ("Bring one back to a point", description));
    revert["parameters"] = json!([
        reference("parameters", "Prefer"),
        reference("parameters", "Change-Reason"),
        reference("parameters", "Idempotency-Key"),
    ]);
    conditional(seen, &mut revert);
    let body = reference("schemas", "Revert");
    revert["requestBody"] = json!({
        "required": true,
        "content": { "application/json": { "schema": body } },
    });
    let mut kinds = conditions(seen, &WRITING);
    kinds.retain(|kind| *kind != Problem::NotFound);
    kinds.push(Problem::NotFound);
    revert["responses"] = responses(&written(seen), &kinds);
    revert
}

/// What is told of an operation that was begun.
fn tracked() -> Value {
    let time = json!({ "type": "string", "format": "date-time" });
    let mut ended = time.clone();
    ended["nullable"] = true.into();
    json!({
        "type": "object",
        "properties": {
            "id": { "type": "integer", "format": "int64" },
            "kind": { "type": "string", "enum": ["import", "bulk", "undo", "export"] },
            "request_id": { "type": "string" },
            "model": { "type": "string", "nullable": true },
            "state": { "type": "string", "enum": ["running", "done", "failed", "cancelled"] },
            "atomic": { "type": "boolean" },
            "progress": {
                "type": "object",
                "properties": {
                    "done": { "type": "integer" },
                    "total": { "type": "integer", "nullable": true },
                },
                "required": ["done", "total"],
                "additionalProperties": false,
            },
            "started_at": time, "ended_at": ended,
            "result": {
                "type": "object", "nullable": true,
                "description": "What the request would have been answered with: a report, or a problem; of an export what `file` is.",
            },
        },
        "required": [
            "id", "kind", "request_id", "model", "state", "atomic", "progress", "started_at", "ended_at", "result",
        ],
        "additionalProperties": false,
    })
}

/// The schemas that all models share.
pub(super) fn schemas() -> Map<String, Value> {
    let change_set = json!({ "type": "integer", "format": "int64" });
    let text = json!({ "type": "string" });
    let maybe = json!({ "type": "string", "nullable": true });
    let count = json!({ "type": "integer", "minimum": 0 });
    let record = json!({ "type": "object", "nullable": true });
    let array = |properties: Value| {
        json!({
            "type": "array", "items": { "type": "object", "properties": properties },
        })
    };
    let all = json!({
        "DryRun": {
            "type": "object",
            "description": "What a write would do; nothing was done.",
            "properties": {
                "dry_run": { "type": "boolean", "enum": [true] },
                "changes": array(json!({
                    "model": text, "id": text, "verb": text, "before": record, "after": record,
                })),
                "total": count,
                "cascade": array(json!({
                    "model": text, "under": maybe, "count": count,
                    "effect": { "type": "string", "enum": ["delete", "set_null", "restrict"] },
                })),
                "violations": array(json!({
                    "pointer": text, "parameter": text, "code": text, "detail": text,
                })),
                "events": array(json!({ "hook": text, "model": text, "verb": text })),
                "rows": count, "error_count": count, "coerced": imports::coerced(),
            },
            "required": ["dry_run", "changes", "total", "cascade", "violations", "events"],
            "additionalProperties": false,
        },
        "BulkReport": {
            "type": "object",
            "properties": {
                "results": array(json!({
                    "verb": text, "status": { "type": "integer" }, "id": text,
                    "error": reference("schemas", "Problem"),
                })),
                "succeeded": count, "failed": count, "atomic": { "type": "boolean" },
            },
            "required": ["results", "succeeded", "failed", "atomic"],
            "additionalProperties": false,
        },
        "BulkCount": {
            "type": "object",
            "properties": { "matched": count, "changed": count },
            "required": ["matched", "changed"],
            "additionalProperties": false,
        },
        "ImportReport": imports::report(),
        "Operation": tracked(),
        "History": {
            "type": "object",
            "properties": {
                "data": array(json!({
                    "change_set": change_set,
                    "at": { "type": "string", "format": "date-time" },
                    "user": maybe, "door": text, "verb": text, "request_id": text, "reason": maybe,
                    "undoes": { "type": "integer", "format": "int64", "nullable": true },
                    "changes": { "type": "object" },
                })),
                "page": {
                    "type": "object",
                    "properties": { "limit": { "type": "integer" }, "next": maybe },
                    "required": ["limit", "next"],
                },
            },
            "required": ["data", "page"],
            "additionalProperties": false,
        },
        "Revert": {
            "type": "object",
            "properties": { "change_set": change_set, "before": change_set },
            "minProperties": 1, "maxProperties": 1,
            "additionalProperties": false,
        },
    });
    match all {
        Value::Object(all) => all,
        _ => Map::new(),
    }
}
