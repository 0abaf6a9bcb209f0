//! The schemas of a model: its record, its lists, and the bodies of its writes.

use serde_json::{Map, Value, json};

use crate::catalog::{Seen, Shown};
use crate::model::{Relation, Verb};

use super::schema::{Side, field, or_null};
use super::{insert, part, reference};

/// Adds `{slug}`, `{slug}.list` and the body of each write that the caller may make.
pub(super) fn add(seen: &Seen<'_>, components: &mut Value) {
    insert(components, "schemas", &seen.meta.slug, record(seen));
    insert(components, "schemas", &part(seen, "list"), list(seen));
    insert(components, "schemas", &part(seen, "many"), many(seen));
    for verb in [Verb::Create, Verb::Replace, Verb::Patch] {
        if seen.may(verb) {
            let name = part(seen, verb.name());
            insert(components, "schemas", &name, body(seen, verb));
        }
    }
}

/// No property is required: `fields` leaves out what was not asked for.
fn record(seen: &Seen<'_>) -> Value {
    let mut properties = Map::new();
    for id in seen.shown() {
        let meta = &seen.meta.fields[id];
        let nullable = meta.nullable || seen.shows(id) == Shown::Sometimes;
        properties.insert(meta.name.clone(), field(meta, Side::Answer, nullable));
    }
    for relation in seen.embeddable() {
        properties.insert(relation.name.clone(), embedded(seen, relation));
    }
    json!({
        "type": "object",
        "title": seen.meta.label,
        "properties": properties,
        "additionalProperties": false,
    })
}

/// A related record, null where there is none that the caller may see; or the first of many.
fn embedded(seen: &Seen<'_>, relation: &Relation) -> Value {
    let target = &seen.catalog.registry.model(relation.target).slug;
    let mut schema = if relation.many {
        json!({ "allOf": [reference("schemas", &format!("{target}.many"))] })
    } else {
        or_null(reference("schemas", target))
    };
    schema["title"] = json!(relation.label);
    schema
}

fn list(seen: &Seen<'_>) -> Value {
    json!({
        "type": "object",
        "properties": {
            "data": {
                "type": "array",
                "items": reference("schemas", &seen.meta.slug),
                "maxItems": seen.catalog.limits.max_limit,
            },
            "page": reference("schemas", "Page"),
        },
        "required": ["data", "page"],
        "additionalProperties": false,
    })
}

/// Records of this model within a record of another.
fn many(seen: &Seen<'_>) -> Value {
    json!({
        "type": "object",
        "properties": {
            "data": {
                "type": "array",
                "items": reference("schemas", &seen.meta.slug),
                "maxItems": seen.catalog.limits.expand_limit,
            },
            "page": reference("schemas", "EmbeddedPage"),
        },
        "required": ["data", "page"],
        "additionalProperties": false,
    })
}

fn body(seen: &Seen<'_>, verb: Verb) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for (id, meta) in seen.meta.fields.iter().enumerate() {
        if !seen.writes(verb, id) {
            continue;
        }
        properties.insert(meta.name.clone(), field(meta, Side::Body, meta.nullable));
        if seen.requires(verb, id) {
            required.push(meta.name.as_str());
        }
    }
    let mut schema = json!({
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
    });
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema
}
