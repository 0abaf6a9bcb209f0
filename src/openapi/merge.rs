//! Joins the fixed endpoints' document and the plugins' operations to the models', and leaves out
//! every component that nothing refers to.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::error::Kind as Problem;

use super::problems::problems;
use super::{Operation, View, component};

const METHODS: [&str; 8] = [
    "get", "put", "post", "delete", "options", "head", "patch", "trace",
];

/// Adds the paths, tags and components of the fixed endpoints: all, or the open ones.
pub(super) fn fixed(doc: &mut Value, view: &View<'_>) {
    let paths = view.fixed["paths"].as_object().into_iter().flatten();
    for (path, item) in paths {
        let mut item = item.clone();
        let Some(members) = item.as_object_mut() else {
            continue;
        };
        members.retain(|name, member| {
            !METHODS.contains(&name.as_str()) || !view.anonymous || is_open(member)
        });
        for (name, operation) in &mut *members {
            if METHODS.contains(&name.as_str()) {
                complete(operation);
            }
        }
        if members.keys().any(|name| METHODS.contains(&name.as_str())) {
            join(&mut doc["paths"][path], item);
        }
    }
    for section in [
        "schemas",
        "responses",
        "parameters",
        "headers",
        "securitySchemes",
    ] {
        let of_section = view.fixed["components"][section].as_object();
        for (name, component) in of_section.into_iter().flatten() {
            let known = &mut doc["components"][section][name];
            if known.is_null() {
                *known = component.clone();
            }
        }
    }
    for tag in view.fixed["tags"].as_array().into_iter().flatten() {
        add_tag(doc, tag.clone());
    }
}

/// An operation that says nothing of security needs none.
fn is_open(operation: &Value) -> bool {
    operation["security"].as_array().is_none_or(Vec::is_empty)
}

/// Says in words what the rest of the document takes for granted, and adds the problems that any
/// request may end in.
fn complete(operation: &mut Value) {
    if is_open(operation) {
        operation["security"] = json!([]);
    }
    let mut known = match operation["responses"].take() {
        Value::Object(known) => known,
        _ => Map::new(),
    };
    for (status, problem) in problems(&[]) {
        known.entry(status).or_insert(problem);
    }
    operation["responses"] = Value::Object(known);
}

/// Adds the plugins' operations: all, or the open ones.
pub(super) fn plugins(doc: &mut Value, view: &View<'_>) {
    let shown = view.plugins.iter().filter(|o| o.open || !view.anonymous);
    for operation in shown {
        let (path, names) = template(&operation.path);
        let method = operation.method.to_lowercase();
        let item = json!({ method: plugin_operation(operation, &path, &names) });
        join(&mut doc["paths"][path], item);
        let name = &operation.plugin;
        add_tag(
            doc,
            json!({ "name": name, "description": format!("The plugin {name}.") }),
        );
    }
}

fn plugin_operation(operation: &Operation, path: &str, names: &[String]) -> Value {
    let words: Vec<&str> = path
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .filter(|w| !w.is_empty())
        .collect();
    let method = operation.method.to_lowercase();
    let id = format!("{}.{method}.{}", operation.plugin, words.join("."));
    let parameters: Vec<Value> = names
        .iter()
        .map(|name| {
            let schema = json!({ "type": "string" });
            json!({ "name": name, "in": "path", "required": true, "schema": schema })
        })
        .collect();
    let mut described = json!({
        "operationId": component(&id),
        "tags": [operation.plugin],
        "summary": operation.summary,
        "parameters": parameters,
    });
    if !operation.description.is_empty() {
        described["description"] = json!(operation.description);
    }
    if let Some(body) = &operation.body {
        described["requestBody"] = body.clone();
    }
    let mut responses = operation.responses.clone();
    let mut kinds = vec![Problem::Malformed];
    if operation.open {
        described["security"] = json!([]);
    } else {
        kinds.push(Problem::Unauthenticated);
    }
    for (status, problem) in problems(&kinds) {
        responses.entry(status).or_insert(problem);
    }
    described["responses"] = Value::Object(responses);
    described
}

/// `/hooks/:source` as `/hooks/{source}`, and the names of the variable parts.
fn template(path: &str) -> (String, Vec<String>) {
    let mut names = Vec::new();
    let parts: Vec<String> = path
        .split('/')
        .map(|part| {
            let braced = part.strip_prefix('{').and_then(|p| p.strip_suffix('}'));
            match braced.or_else(|| part.strip_prefix([':', '*'])) {
                Some(name) => {
                    names.push(name.to_owned());
                    format!("{{{name}}}")
                }
                None => part.to_owned(),
            }
        })
        .collect();
    (parts.join("/"), names)
}

/// Two path items as one; what is there already stays.
fn join(known: &mut Value, item: Value) {
    match (known.as_object_mut(), item) {
        (Some(known), Value::Object(more)) => {
            for (name, member) in more {
                known.entry(name).or_insert(member);
            }
        }
        (_, item) => *known = item,
    }
}

fn add_tag(doc: &mut Value, tag: Value) {
    if let Some(tags) = doc["tags"].as_array_mut()
        && !tags.iter().any(|t| t["name"] == tag["name"])
    {
        tags.push(tag);
    }
}

/// Leaves out the components, ways to log in and tags that no operation leads to.
pub(super) fn prune(doc: &mut Value) {
    let mut wanted: BTreeSet<String> = BTreeSet::new();
    let mut new = references(&doc["paths"]);
    while let Some(pointer) = new.pop() {
        if let Some(target) = doc.pointer(pointer.trim_start_matches('#'))
            && wanted.insert(pointer)
        {
            new.extend(references(target));
        }
    }
    let mut tags: Vec<Value> = Vec::new();
    let mut security = vec![doc["security"].clone()];
    let items = doc["paths"].as_object().into_iter().flatten();
    for operation in items.flat_map(|(_, item)| item.as_object().into_iter().flatten()) {
        tags.extend(
            operation.1["tags"]
                .as_array()
                .into_iter()
                .flatten()
                .cloned(),
        );
        security.push(operation.1["security"].clone());
    }
    let alternatives = security.iter().filter_map(Value::as_array).flatten();
    let schemes = alternatives.filter_map(Value::as_object).flatten();
    wanted.extend(schemes.map(|(name, _)| format!("#/components/securitySchemes/{name}")));
    if let Some(sections) = doc["components"].as_object_mut() {
        for (section, members) in &mut *sections {
            if let Some(members) = members.as_object_mut() {
                members
                    .retain(|name, _| wanted.contains(&format!("#/components/{section}/{name}")));
            }
        }
        sections.retain(|_, members| members.as_object().is_some_and(|m| !m.is_empty()));
    }
    if let Some(known) = doc["tags"].as_array_mut() {
        known.retain(|tag| tags.contains(&tag["name"]));
    }
}

/// Every `$ref` below a value.
pub(super) fn references(value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![value];
    while let Some(value) = open.pop() {
        match value {
            Value::Object(members) => {
                if let Some(Value::String(pointer)) = members.get("$ref") {
                    found.push(pointer.clone());
                }
                open.extend(members.values());
            }
            Value::Array(items) => open.extend(items),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    found
}
