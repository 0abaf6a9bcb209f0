//! The operations of a model, and those of the catalog. Only the verbs that the caller has.

use serde_json::{Map, Value, json};

use crate::catalog::Seen;
use crate::error::Kind as Problem;
use crate::model::{Kind, Verb};

use super::problems::problems;
use super::schema::{self, Side};
use super::shared::headers;
use super::{aggregate, component, export, filters, insert, operations, part, reference};

pub(super) const READING: [Problem; 3] = [
    Problem::Malformed,
    Problem::Unauthenticated,
    Problem::NotFound,
];
const DELETING: [Problem; 5] = [
    Problem::Malformed,
    Problem::Unauthenticated,
    Problem::Forbidden,
    Problem::NotFound,
    Problem::Conflict,
];
const SEARCHING: [Problem; 6] = [
    Problem::Malformed,
    Problem::Unauthenticated,
    Problem::Forbidden,
    Problem::NotFound,
    Problem::TooLarge,
    Problem::UnsupportedMedia,
];
pub(super) const WRITING: [Problem; 8] = [
    Problem::Malformed,
    Problem::Unauthenticated,
    Problem::Forbidden,
    Problem::NotFound,
    Problem::Conflict,
    Problem::TooLarge,
    Problem::UnsupportedMedia,
    Problem::Invalid,
];

/// Adds the model's paths, and the answers they share.
pub(super) fn add(seen: &Seen<'_>, components: &mut Value, paths: &mut Map<String, Value>) {
    let slug = &seen.meta.slug;
    let record = reference("schemas", slug);
    let list = reference("schemas", &part(seen, "list"));
    insert(
        components,
        "responses",
        slug,
        success("The record", &["ETag"], &record),
    );
    let created = success(
        "The new record",
        &["Location", "ETag", "Idempotency-Replayed"],
        &record,
    );
    insert(components, "responses", &part(seen, "created"), created);
    let either = json!({ "anyOf": [&record, reference("schemas", "DryRun")] });
    let written = success("The record, or what a dry run says", &["ETag"], &either);
    insert(components, "responses", &part(seen, "written"), written);
    let listed = success("A page", &["ETag", "Link"], &list);
    insert(components, "responses", &part(seen, "list"), listed);

    let mut all = Map::new();
    let mut one = Map::new();
    if seen.may(Verb::List) {
        all.insert("get".into(), list_operation(seen));
        all.insert("head".into(), head(seen, Verb::List));
        paths.insert(
            format!("/api/v1/{slug}/_search"),
            json!({ "post": search_operation(seen) }),
        );
        paths.insert(
            format!("/api/v1/{slug}/_aggregate"),
            json!({ "get": aggregate_operation(seen) }),
        );
        paths.insert(
            format!("/api/v1/{slug}/_export"),
            json!({ "get": export_operation(seen) }),
        );
    }
    if seen.may(Verb::Create) {
        all.insert("post".into(), write_operation(seen, Verb::Create));
    }
    if seen.may(Verb::Read) {
        one.insert("get".into(), read_operation(seen));
        one.insert("head".into(), head(seen, Verb::Read));
    }
    for (method, verb) in [("put", Verb::Replace), ("patch", Verb::Patch)] {
        if seen.may(verb) {
            one.insert(method.into(), write_operation(seen, verb));
        }
    }
    if seen.may(Verb::Delete) {
        one.insert("delete".into(), delete_operation(seen));
    }
    if !all.is_empty() {
        paths.insert(format!("/api/v1/{slug}"), Value::Object(all));
    }
    if !one.is_empty() {
        one.insert("parameters".into(), json!([key(seen)]));
        paths.insert(format!("/api/v1/{slug}/{{id}}"), Value::Object(one));
    }
    operations::add(seen, paths);
}

pub(super) fn operation(
    seen: &Seen<'_>,
    name: &str,
    (summary, description): (&str, &str),
) -> Value {
    json!({
        "operationId": component(&part(seen, name)),
        "tags": [seen.meta.slug],
        "summary": summary,
        "description": description,
    })
}

pub(super) fn success(description: &str, more: &[&str], schema: &Value) -> Value {
    json!({
        "description": description,
        "headers": headers(more),
        "content": { "application/json": { "schema": schema } },
    })
}

/// The answers to a change of a record: it, nothing where that is preferred, or a dry run's.
pub(super) fn written(seen: &Seen<'_>) -> [(&'static str, Value); 2] {
    [
        ("200", reference("responses", &part(seen, "written"))),
        ("204", reference("responses", "NoContent")),
    ]
}

fn list_operation(seen: &Seen<'_>) -> Value {
    let summary = format!("List {}", in_sentence(&seen.meta.label_plural));
    let walks = filters::walks(seen);
    let description = if walks.is_empty() {
        "A page of them."
    } else {
        &walks
    };
    let mut operation = operation(seen, "list", (&summary, description));
    let mut parameters = filters::list_parameters(seen);
    parameters.extend(operations::trash(seen, &["exclude", "only", "include"]));
    parameters.push(reference("parameters", "If-None-Match"));
    operation["parameters"] = json!(parameters);
    let ok = reference("responses", &part(seen, "list"));
    operation["responses"] = responses(&[("200", ok), not_modified()], &READING);
    operation
}

fn search_operation(seen: &Seen<'_>) -> Value {
    let summary = format!(
        "Search {} by a filter tree",
        in_sentence(&seen.meta.label_plural)
    );
    let mut operation = operation(
        seen,
        "search",
        (&summary, "As the list, asked with a body."),
    );
    let body = reference("schemas", &part(seen, "search"));
    operation["requestBody"] = json!({
        "required": true,
        "content": { "application/json": { "schema": body } },
    });
    let ok = reference("responses", &part(seen, "list"));
    operation["responses"] = responses(&[("200", ok)], &SEARCHING);
    operation
}

fn aggregate_operation(seen: &Seen<'_>) -> Value {
    let summary = format!("Measure groups of {}", in_sentence(&seen.meta.label_plural));
    let description = format!(
        "The records are those of the list under the same conditions. Every measure that is asked \
         for can also be a condition, as `having.max_id__gt`, and every member of the answer can \
         be sorted by. {}",
        filters::walks(seen)
    );
    let mut operation = operation(seen, "aggregate", (&summary, description.trim_end()));
    let mut parameters = aggregate::parameters(seen);
    parameters.extend(operations::trash(seen, &["exclude", "only", "include"]));
    parameters.push(reference("parameters", "If-None-Match"));
    operation["parameters"] = json!(parameters);
    let schema = reference("schemas", &part(seen, "groups"));
    let ok = success("The groups", &["ETag"], &schema);
    let forbidden = [READING.as_slice(), &[Problem::Forbidden]].concat();
    operation["responses"] = responses(&[("200", ok), not_modified()], &forbidden);
    operation
}

fn export_operation(seen: &Seen<'_>) -> Value {
    let summary = format!("Export {}", in_sentence(&seen.meta.label_plural));
    let walks = filters::walks(seen);
    let mut operation = operation(seen, "export", (&summary, &walks));
    if walks.is_empty() {
        operation["description"] = json!("All that the list would show, as a file.");
    }
    let mut parameters = export::parameters(seen);
    parameters.extend(operations::trash(seen, &["exclude", "only", "include"]));
    parameters.push(reference("parameters", "Prefer-Async"));
    operation["parameters"] = json!(parameters);
    let forbidden = [READING.as_slice(), &[Problem::Forbidden]].concat();
    let answers = [("200", export::file()), operations::later()];
    operation["responses"] = responses(&answers, &forbidden);
    operation
}

fn read_operation(seen: &Seen<'_>) -> Value {
    let summary = format!("Read one {}", in_sentence(&seen.meta.label));
    let mut operation = operation(seen, "read", (&summary, "The bare record."));
    let mut parameters = filters::record_parameters(seen, Verb::Read);
    parameters.extend(operations::trash(seen, &["exclude", "only", "include"]));
    parameters.push(reference("parameters", "If-None-Match"));
    operation["parameters"] = json!(parameters);
    let ok = reference("responses", &seen.meta.slug);
    operation["responses"] = responses(&[("200", ok), not_modified()], &READING);
    operation
}

fn head(seen: &Seen<'_>, verb: Verb) -> Value {
    let (name, summary, answer) = match verb {
        Verb::List => ("list.head", "The headers of a list", "ListHead"),
        Verb::Read | Verb::Create | Verb::Replace | Verb::Patch | Verb::Delete => {
            ("read.head", "The headers of a record", "RecordHead")
        }
    };
    let mut operation = operation(seen, name, (summary, "Takes the parameters of `GET`."));
    operation["responses"] = json!({
        "200": reference("responses", answer),
        "304": reference("responses", "NotModified"),
        "default": reference("responses", "HeadProblem"),
    });
    operation
}

fn write_operation(seen: &Seen<'_>, verb: Verb) -> Value {
    let label = in_sentence(&seen.meta.label);
    let (summary, description) = match verb {
        Verb::Create => (
            format!("Create one {label}"),
            "The answer is the new record.",
        ),
        Verb::Replace => (
            format!("Replace one {label}"),
            "A field that is absent takes its default, or null.",
        ),
        Verb::Patch | Verb::List | Verb::Read | Verb::Delete => (
            format!("Change one {label}"),
            "A merge patch (RFC 7396): absent keeps, `null` clears.",
        ),
    };
    let mut operation = operation(seen, verb.name(), (&summary, description));
    let mut parameters = vec![
        reference("parameters", "Prefer"),
        reference("parameters", "Change-Reason"),
    ];
    if verb == Verb::Create {
        parameters.push(reference("parameters", "Idempotency-Key"));
    }
    operation["parameters"] = json!(parameters);
    if verb != Verb::Create {
        conditional(seen, &mut operation);
    }
    let schema = reference("schemas", &part(seen, verb.name()));
    let mut content = json!({ "application/json": { "schema": schema } });
    if verb == Verb::Patch {
        content["application/merge-patch+json"] = json!({ "schema": schema });
    }
    operation["requestBody"] = json!({ "required": true, "content": content });
    operation["responses"] = if verb == Verb::Create {
        let created = reference("responses", &part(seen, "created"));
        let tried = reference("responses", "DryRun");
        responses(&[("200", tried), ("201", created)], &WRITING)
    } else {
        responses(&written(seen), &conditions(seen, &WRITING))
    };
    operation
}

/// The parameter with which a write says which state of the record it knows.
pub(super) fn conditional(seen: &Seen<'_>, operation: &mut Value) {
    let mut parameter = reference("parameters", "If-Match");
    if seen.meta.if_match {
        parameter = reference("parameters", "If-Match-Required");
    }
    if let Some(parameters) = operation["parameters"].as_array_mut() {
        parameters.push(parameter);
    }
}

/// The problems of a write of a record that is there.
pub(super) fn conditions(seen: &Seen<'_>, kinds: &[Problem]) -> Vec<Problem> {
    let mut all = kinds.to_vec();
    all.push(Problem::PreconditionFailed);
    if seen.meta.if_match {
        all.push(Problem::PreconditionRequired);
    }
    all
}

fn delete_operation(seen: &Seen<'_>) -> Value {
    let summary = format!("Delete one {}", in_sentence(&seen.meta.label));
    let description = "Refused where other records point at it and cannot go along.";
    let mut operation = operation(seen, "delete", (&summary, description));
    let done = [
        ("200", reference("responses", "DryRun")),
        ("204", reference("responses", "NoContent")),
    ];
    operation["parameters"] = json!([
        reference("parameters", "Prefer"),
        reference("parameters", "Change-Reason"),
    ]);
    if let (Some(trash), Some(parameters)) = (
        operations::trash(seen, &["only"]),
        operation["parameters"].as_array_mut(),
    ) {
        parameters.push(trash);
    }
    conditional(seen, &mut operation);
    operation["responses"] = responses(&done, &conditions(seen, &DELETING));
    operation
}

fn not_modified() -> (&'static str, Value) {
    ("304", reference("responses", "NotModified"))
}

pub(super) fn responses(successes: &[(&str, Value)], kinds: &[Problem]) -> Value {
    let successes = successes.iter().cloned();
    let mut all: Map<String, Value> = successes.map(|(s, v)| (s.to_owned(), v)).collect();
    all.extend(problems(kinds));
    Value::Object(all)
}

/// The `{id}` of a path: the key's own type, or its parts with plain commas between them, which is
/// how OpenAPI's style `simple` writes an array. A string would have its commas encoded.
pub(super) fn key(seen: &Seen<'_>) -> Value {
    let fields = || seen.meta.key.iter().map(|&f| &seen.meta.fields[f]);
    let mut parts: Vec<Value> = Vec::new();
    for field in fields() {
        let mut schema = schema::value(&field.kind, Side::Body);
        if matches!(field.kind, Kind::Text(_)) {
            schema["minLength"] = json!(1);
        }
        parts.push(schema);
    }
    let names: Vec<&str> = fields().map(|f| f.name.as_str()).collect();
    let mut parameter = json!({ "name": "id", "in": "path", "required": true });
    if parts.len() == 1 {
        parameter["description"] = json!(format!("Its `{}`.", names[0]));
        parameter["schema"] = parts.remove(0);
        return parameter;
    }
    let many = parts.len();
    parts.dedup();
    let part = if parts.len() == 1 {
        parts.remove(0)
    } else {
        json!({ "anyOf": parts })
    };
    let description = format!("`{}`, each part percent-encoded.", names.join(","));
    parameter["description"] = json!(description);
    parameter["style"] = json!("simple");
    parameter["schema"] = json!({
        "type": "array", "items": part, "minItems": many, "maxItems": many,
    });
    parameter
}

/// A label within a sentence: `Stock event` becomes `stock event`, `VAT rate` stays.
fn in_sentence(label: &str) -> String {
    let mut chars = label.chars();
    match (chars.next(), label.chars().nth(1)) {
        (Some(first), Some(second)) if second.is_lowercase() => {
            first.to_lowercase().chain(chars).collect()
        }
        _ => label.to_owned(),
    }
}
