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
    for inline in &seen.meta.inlines {
        let relation = &seen.meta.relations[inline.relation];
        if let Some(children) = children(seen, relation) {
            properties.insert(relation.name.clone(), children);
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

/// The child rows of a body: new ones, and changes and ends of those with a `_key`.
fn children(seen: &Seen<'_>, relation: &Relation) -> Option<Value> {
    let child = seen.catalog.model(relation.target)?;
    let mut rows = Vec::new();
    for verb in [Verb::Create, Verb::Patch] {
        if child.may(verb) {
            rows.push(child_row(&child, relation, verb));
        }
    }
    if child.may(Verb::Delete) {
        let properties = json!({ "_key": key(), "_if_match": condition(), "_delete": { "type": "boolean", "enum": [true] } });
        rows.push(json!({
            "type": "object", "properties": properties, "required": ["_key", "_delete"],
            "additionalProperties": false,
        }));
    }
    if rows.is_empty() {
        return None;
    }
    Some(json!({
        "type": "array",
        "title": relation.label,
        "description": "Rows that are written with the record, in this order: without `_key` a new one, \
            with `_key` a change of one, with `_delete` its end. Rows that are not named stay.",
        "items": { "anyOf": rows },
        "maxItems": 500,
    }))
}

fn child_row(child: &Seen<'_>, relation: &Relation, verb: Verb) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for (id, meta) in child.meta.fields.iter().enumerate() {
        if relation.to.contains(&id) || !child.writes(verb, id) {
            continue;
        }
        properties.insert(meta.name.clone(), field(meta, Side::Body, meta.nullable));
        if child.requires(verb, id) {
            required.push(meta.name.clone());
        }
    }
    if verb == Verb::Patch {
        properties.insert("_key".into(), key());
        properties.insert("_if_match".into(), condition());
        required.push("_key".into());
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

fn key() -> Value {
    json!({
        "anyOf": [{ "type": "string", "minLength": 1 }, { "type": "integer" }],
        "description": "The row's key, as it is written in an address.",
    })
}

fn condition() -> Value {
    json!({ "type": "string", "description": "The entity tag of the row as it was read." })
}
