//! The catalog as JSON: the answers of `/api/v1/_models` and `/api/v1/_models/{model}`.

use serde_json::{Map, Value, json};

use crate::model::{DisplayPart, Field, FieldId, Kind, Limit, ModelId, Op, Relation, Rule, Verb};

use super::{Catalog, Seen, Shown};

/// Every model that the caller has some verb on.
#[must_use]
pub fn models(catalog: Catalog<'_>) -> Value {
    let all: Vec<Value> = catalog
        .models()
        .map(|seen| Value::Object(heading(&seen)))
        .collect();
    json!({ "data": all })
}

/// One model in full; `None` where the caller has no verb on it.
#[must_use]
pub fn model(catalog: Catalog<'_>, id: ModelId) -> Option<Value> {
    let seen = catalog.model(id)?;
    let meta = seen.meta;
    let mut doc = heading(&seen);
    let names = |fields: &[FieldId]| -> Value {
        let shown = fields.iter().filter(|&&f| seen.shows(f) != Shown::Never);
        shown.map(|&f| json!(meta.fields[f].name)).collect()
    };
    let ordering = meta.ordering.iter();
    let ordering: Value = ordering
        .filter(|(f, _)| seen.shows(*f) != Shown::Never)
        .map(|&(f, descending)| {
            let minus = if descending { "-" } else { "" };
            json!(format!("{minus}{}", meta.fields[f].name))
        })
        .collect();
    let relations = seen.embeddable();
    doc.insert("key".into(), names(&meta.key));
    doc.insert("display".into(), json!(display(&seen)));
    doc.insert("fields".into(), fields(&seen));
    doc.insert(
        "relations".into(),
        relations.iter().map(|r| relation(&seen, r)).collect(),
    );
    doc.insert("search".into(), names(&seen.searchable()));
    doc.insert("ordering".into(), ordering);
    doc.insert("list".into(), names(&meta.list));
    doc.insert("filters".into(), names(&meta.filters));
    Some(Value::Object(doc))
}

fn heading(seen: &Seen<'_>) -> Map<String, Value> {
    let verbs: Vec<&str> = seen.verbs().map(Verb::name).collect();
    let mut doc = Map::new();
    doc.insert("slug".into(), json!(seen.meta.slug));
    doc.insert("label".into(), json!(seen.meta.label));
    doc.insert("plural".into(), json!(seen.meta.label_plural));
    doc.insert("group".into(), json!(seen.meta.group));
    doc.insert("verbs".into(), json!(verbs));
    doc
}

/// The pattern of a record's title; its key where the pattern names a field the caller cannot see.
fn display(seen: &Seen<'_>) -> String {
    let placeholder = |f: FieldId| format!("{{{}}}", seen.meta.fields[f].name);
    let parts = &seen.meta.display.0;
    let shown = parts.iter().all(|part| match part {
        DisplayPart::Field(f) => seen.shows(*f) == Shown::Always,
        DisplayPart::Literal(_) => true,
    });
    if !shown {
        let key: Vec<String> = seen.meta.key.iter().map(|&f| placeholder(f)).collect();
        return key.join(" ");
    }
    let parts = parts.iter().map(|part| match part {
        DisplayPart::Field(f) => placeholder(*f),
        DisplayPart::Literal(text) => text.clone(),
    });
    parts.collect()
}

fn fields(seen: &Seen<'_>) -> Value {
    let filterable = seen.filterable();
    let sortable = seen.sortable();
    let known = |id: &FieldId| {
        seen.shows(*id) != Shown::Never || Verb::ALL.iter().any(|&verb| seen.writes(verb, *id))
    };
    let ids = (0..seen.meta.fields.len()).filter(known);
    ids.map(|id| {
        let operators = if filterable.contains(&id) {
            seen.meta.fields[id].operators()
        } else {
            &[]
        };
        field(seen, id, (operators, sortable.contains(&id)))
    })
    .collect()
}

fn field(seen: &Seen<'_>, id: FieldId, (operators, sortable): (&[Op], bool)) -> Value {
    let field = &seen.meta.fields[id];
    let writable: Vec<&str> = Verb::ALL
        .into_iter()
        .filter(|&verb| seen.writes(verb, id))
        .map(Verb::name)
        .collect();
    let operators: Vec<&str> = operators.iter().map(|op| op.name()).collect();
    let choices: Vec<Value> = choices(field)
        .into_iter()
        .map(|(value, label)| json!({ "value": value, "label": label }))
        .collect();
    json!({
        "name": field.name,
        "label": field.label,
        "help": field.help,
        "type": field.kind.to_string(),
        "limits": Value::Object(limits(field)),
        "choices": choices,
        "nullable": field.nullable || seen.shows(id) == Shown::Sometimes,
        "required": seen.requires(Verb::Create, id),
        "readable": seen.shows(id) != Shown::Never,
        "read_only": writable.is_empty(),
        "writable": writable,
        "unique": field.unique,
        "operators": operators,
        "sortable": sortable,
    })
}

/// The values that a field is limited to, with their labels.
fn choices(field: &Field) -> Vec<(&str, String)> {
    match &field.kind {
        Kind::Enum { variants, .. } if field.choices.is_empty() => variants
            .iter()
            .map(|v| (v.as_str(), crate::model::describe::sentence_case(v)))
            .collect(),
        _ => {
            let declared = field.choices.iter();
            declared
                .map(|c| (c.value.as_str(), c.label.clone()))
                .collect()
        }
    }
}

/// What bounds the values, by the kind and by the rules.
fn limits(field: &Field) -> Map<String, Value> {
    let mut limits = Map::new();
    let mut set = |name: &str, value: Value| drop(limits.insert(name.to_owned(), value));
    match &field.kind {
        Kind::Int(size) => {
            // Past 64 bits a JSON number would lose digits; the text never does.
            let (min, max) = size.range();
            set("min", json!(min.to_string()));
            set("max", json!(max.to_string()));
        }
        Kind::Decimal(size) => {
            if let Some((precision, scale)) = size {
                set("precision", json!(precision));
                set("scale", json!(scale));
            }
            if let Some(Limit::Digits(digits)) = field.limit {
                set("significant_digits", json!(digits));
            }
        }
        Kind::Text(Some(max)) => set("max_length", json!(max)),
        Kind::Bytes(Some(max)) => set("max_bytes", json!(max)),
        Kind::Array(item) => set("items", json!(item.to_string())),
        Kind::Bool
        | Kind::Float
        | Kind::Double
        | Kind::Text(None)
        | Kind::Enum { .. }
        | Kind::Uuid
        | Kind::Date
        | Kind::Time
        | Kind::DateTime
        | Kind::Timestamp
        | Kind::Bytes(None)
        | Kind::Json => {}
    }
    for rule in &field.rules {
        match rule {
            Rule::MinLength(n) => set("min_length", json!(n)),
            Rule::MaxLength(n) => set("max_length", json!(n)),
            Rule::Min(n) => set("min", json!(n.to_string())),
            Rule::Max(n) => set("max", json!(n.to_string())),
            Rule::Email => set("format", json!("email")),
            Rule::Url => set("format", json!("url")),
            Rule::Custom(_) => {}
        }
    }
    limits
}

fn relation(seen: &Seen<'_>, relation: &Relation) -> Value {
    let target = seen.catalog.registry.model(relation.target);
    let from: Vec<&str> = relation
        .from
        .iter()
        .map(|&f| seen.meta.fields[f].name.as_str())
        .collect();
    json!({
        "name": relation.name,
        "label": relation.label,
        "many": relation.many,
        "model": target.slug,
        "owns_key": relation.owns_key,
        "fields": from,
    })
}
