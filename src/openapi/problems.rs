//! How failures are documented: the problem document (RFC 9457), one answer for each kind of failure,
//! and what every operation may end in.

use serde_json::{Map, Value, json};

use crate::error::Kind;

use super::reference;
use super::shared::headers;

/// The kinds of failure that an operation can document; 405 belongs to no operation.
const PROBLEMS: [Kind; 13] = [
    Kind::Malformed,
    Kind::Unauthenticated,
    Kind::Forbidden,
    Kind::NotFound,
    Kind::Conflict,
    Kind::PreconditionFailed,
    Kind::PreconditionRequired,
    Kind::TooLarge,
    Kind::UnsupportedMedia,
    Kind::Invalid,
    Kind::TooManyRequests,
    Kind::Internal,
    Kind::Unavailable,
];

/// Adds an answer for each kind of failure.
pub(super) fn add(all: &mut Map<String, Value>) {
    for kind in PROBLEMS {
        let retry: &[&str] = match kind {
            Kind::TooManyRequests | Kind::Unavailable => &["Retry-After"],
            _ => &[],
        };
        let schema = match kind {
            Kind::PreconditionFailed => "Stale",
            _ => "Problem",
        };
        all.insert(format!("{kind:?}"), json!({
            "description": kind.title(),
            "headers": headers(retry),
            "content": { "application/problem+json": { "schema": reference("schemas", schema) } },
        }));
    }
}

pub(super) fn problem() -> Value {
    json!({
        "type": "object",
        "description": "RFC 9457.",
        "properties": {
            "type": { "type": "string", "format": "uri-reference" },
            "title": { "type": "string" },
            "status": { "type": "integer", "minimum": 400, "maximum": 599 },
            "code": { "type": "string", "description": "Stable; made for programs." },
            "detail": { "type": "string" },
            "request_id": { "type": "string" },
            "errors": { "type": "array", "items": reference("schemas", "Fault") },
        },
        "required": ["type", "title", "status", "code", "detail", "request_id"],
    })
}

/// What a writer with a stale entity tag is told.
pub(super) fn stale() -> Value {
    json!({
        "description": "The record has been changed since the caller read it.",
        "allOf": [reference("schemas", "Problem")],
        "properties": {
            "current": { "type": "object", "description": "The record as it stands." },
            "etag": { "type": "string", "description": "Its entity tag." },
            "changed": {
                "type": "object",
                "description": "What has changed since the state that the entity tag names; absent where that is not known, and for a caller to whom a record shows itself or some field only in some of its states.",
                "additionalProperties": {
                    "type": "object",
                    "properties": { "old": {}, "new": {} },
                    "required": ["old", "new"],
                },
            },
        },
    })
}

/// References to these problems and to those that every operation may end in.
pub(super) fn problems(kinds: &[Kind]) -> Map<String, Value> {
    let always = [
        Kind::Malformed,
        Kind::TooManyRequests,
        Kind::Internal,
        Kind::Unavailable,
    ];
    let mut all: Vec<Kind> = kinds.iter().copied().chain(always).collect();
    all.sort_by_key(|k| k.status());
    all.dedup();
    let own = all.into_iter().map(|kind| {
        let name = format!("{kind:?}");
        (kind.status().to_string(), reference("responses", &name))
    });
    let listener = ("431".to_owned(), reference("responses", "HeadersTooLarge"));
    own.chain([listener]).collect()
}
