//! The reading grammar of a model: one typed parameter for each field and operator, the tree of
//! `_search`, and the names that `sort`, `fields` and `expand` take.

use serde_json::{Map, Value, json};

use crate::catalog::Seen;
use crate::model::{Field, Op, Relation, Verb};
use crate::query::parse::{GROUPS, RESERVED};

use super::schema::{self, Side};
use super::{component, insert, part, reference};

/// Adds the schemas of the names, of the filter tree and of the body of `_search`, and the
/// parameters of the list.
pub(super) fn add(seen: &Seen<'_>, components: &mut Value) {
    insert(components, "schemas", &part(seen, "field"), fields(seen));
    let relations: Vec<&str> = seen.embeddable().iter().map(|r| r.name.as_str()).collect();
    if !relations.is_empty() {
        let names = json!({ "type": "string", "enum": relations });
        insert(components, "schemas", &part(seen, "relation"), names);
    }
    if !seen.may(Verb::List) {
        return;
    }
    insert(components, "schemas", &part(seen, "sort"), sort(seen));
    insert(components, "schemas", &part(seen, "where"), tree(seen));
    insert(components, "schemas", &part(seen, "search"), search(seen));
    for (name, parameter) in conditions(seen) {
        components["parameters"][name] = parameter;
    }
}

/// References to the parameters of a list, in the order of the documentation.
pub(super) fn list_parameters(seen: &Seen<'_>) -> Vec<Value> {
    let mut all = vec![names("sort", &part(seen, "sort"), SORT)];
    if !seen.searchable().is_empty() {
        all.push(reference("parameters", "q"));
    }
    all.extend(record_parameters(seen, Verb::List));
    let paging = ["limit", "cursor", "page", "offset", "count"];
    all.extend(paging.map(|name| reference("parameters", name)));
    all.extend(condition_groups());
    let conditions = conditions(seen).into_iter();
    all.extend(
        conditions.map(|(name, _)| json!({ "$ref": format!("#/components/parameters/{name}") })),
    );
    all
}

/// The parameters of a single record: `fields`, and `expand` where there are relations.
pub(super) fn record_parameters(seen: &Seen<'_>, verb: Verb) -> Vec<Value> {
    let mut all = vec![names("fields", &part(seen, "field"), FIELDS)];
    if !seen.relations(verb).is_empty() {
        all.push(names("expand", &part(seen, "relation"), EXPAND));
    }
    all
}

/// The groups of conditions.
pub(super) fn condition_groups() -> impl Iterator<Item = Value> {
    GROUPS.into_iter().map(|name| reference("parameters", name))
}

const SORT: &str = "Keys of the order; `-` in front means descending.";
const FIELDS: &str = "The fields of the answer; `relation.field` narrows an expanded record.";
const EXPAND: &str = "Relations to embed; a dotted name embeds on.";

fn names(name: &str, schema: &str, description: &str) -> Value {
    json!({
        "name": name,
        "in": "query",
        "description": description,
        "style": "form",
        "explode": false,
        "schema": { "type": "array", "items": reference("schemas", schema) },
    })
}

/// Every condition on an own field, and on a field of a record that this one belongs to: the name
/// of its component, and the parameter.
fn conditions(seen: &Seen<'_>) -> Vec<(String, Value)> {
    let mut all = Vec::new();
    for id in seen.filterable() {
        let field = &seen.meta.fields[id];
        condition(seen, "", field, &mut all);
    }
    for relation in belongs_to(seen) {
        let target = seen.catalog.registry.model(relation.target);
        for id in seen.filterable_in(relation) {
            let prefix = format!("{}.", relation.name);
            condition(seen, &prefix, &target.fields[id], &mut all);
        }
    }
    all
}

fn belongs_to<'a>(seen: &Seen<'a>) -> impl Iterator<Item = &'a Relation> {
    let relations = seen.relations(Verb::List).into_iter();
    relations.filter(|r| !r.many && r.owns_key)
}

fn condition(seen: &Seen<'_>, prefix: &str, field: &Field, all: &mut Vec<(String, Value)>) {
    for &op in field.operators() {
        let name = field.name.as_str();
        let taken = prefix.is_empty() && (RESERVED.contains(&name) || GROUPS.contains(&name));
        let name = format!("{prefix}{}", member(&field.name, op, taken));
        let side = (Side::Parameter, seen.catalog.limits.max_in);
        let schema = schema::operand(&field.kind, op, side);
        let mut parameter = json!({ "name": name, "in": "query" });
        if schema["type"] == "array" {
            parameter["style"] = json!("form");
            parameter["explode"] = json!(false);
        }
        parameter["schema"] = schema;
        all.push((component(&part(seen, &name)), parameter));
    }
}

/// The components of the conditions; with the name of the field where the plain name is the condition.
pub(super) fn condition_parameters(seen: &Seen<'_>) -> Vec<(String, Option<String>)> {
    let all = conditions(seen).into_iter();
    all.map(|(component, parameter)| {
        let name = parameter["name"].as_str().unwrap_or_default();
        let plain = seen.meta.field(name).map(|_| name.to_owned());
        (component, plain)
    })
    .collect()
}

/// The name of a condition. The plain name means "equal", unless something else has it.
pub(super) fn member(field: &str, op: Op, taken: bool) -> String {
    if op == Op::Eq && !taken && !field.contains("__") {
        field.to_owned()
    } else {
        format!("{field}__{}", op.name())
    }
}

fn tree(seen: &Seen<'_>) -> Value {
    let itself = reference("schemas", &part(seen, "where"));
    let mut members = Map::new();
    members.insert("and".into(), json!({ "type": "array", "items": itself }));
    members.insert("or".into(), json!({ "type": "array", "items": itself }));
    members.insert("not".into(), itself);
    for id in seen.filterable() {
        let field = &seen.meta.fields[id];
        for &op in field.operators() {
            let taken = matches!(field.name.as_str(), "and" | "or" | "not");
            let side = (Side::Tree, seen.catalog.limits.max_in);
            let name = member(&field.name, op, taken);
            members.insert(name, schema::operand(&field.kind, op, side));
        }
    }
    let relations = seen.relations(Verb::List);
    let further = if relations.is_empty() {
        json!(false)
    } else {
        json!({ "description": walks(seen) })
    };
    json!({
        "type": "object",
        "description": "All members must hold.",
        "properties": members,
        "additionalProperties": further,
    })
}

/// In words, the conditions beyond the listed ones.
pub(super) fn walks(seen: &Seen<'_>) -> String {
    let relations = seen.relations(Verb::List);
    if relations.is_empty() {
        return String::new();
    }
    let names: Vec<String> = relations.iter().map(|r| format!("`{}`", r.name)).collect();
    format!(
        "Conditions also walk relations, as `relation.field__op`, at most {} steps; from here: {}.",
        seen.catalog.limits.max_steps,
        names.join(", ")
    )
}

/// `id`, `-id` and so on; a pattern names each field once.
fn sort(seen: &Seen<'_>) -> Value {
    let sortable = seen.sortable();
    let names: Vec<String> = sortable
        .iter()
        .map(|&f| literal(&seen.meta.fields[f].name))
        .collect();
    json!({ "type": "string", "pattern": format!("^-?({})$", names.join("|")) })
}

fn fields(seen: &Seen<'_>) -> Value {
    let own = seen.shown().into_iter();
    let own = own.map(|f| literal(&seen.meta.fields[f].name));
    let below = seen.embeddable();
    let below = below.iter().map(|r| format!(r"{}\..+", literal(&r.name)));
    let names: Vec<String> = own.chain(below).collect();
    json!({ "type": "string", "pattern": format!("^({})$", names.join("|")) })
}

/// A name within a pattern.
pub(super) fn literal(name: &str) -> String {
    name.chars().fold(String::new(), |mut out, c| {
        if c.is_ascii_punctuation() && c != '_' {
            out.push('\\');
        }
        out.push(c);
        out
    })
}

fn search(seen: &Seen<'_>) -> Value {
    let limits = seen.catalog.limits;
    let several = |name: &str| {
        let one = reference("schemas", &part(seen, name));
        json!({
            "oneOf": [{ "type": "string", "nullable": true }, { "type": "array", "items": one }],
        })
    };
    let mut members = json!({
        "where": reference("schemas", &part(seen, "where")),
        "sort": several("sort"),
        "fields": several("field"),
        "limit": {
            "type": "integer", "minimum": 1, "maximum": limits.max_limit,
            "default": limits.default_limit, "nullable": true,
        },
        "cursor": { "type": "string", "nullable": true },
        "page": { "type": "integer", "minimum": 1, "nullable": true },
        "offset": { "type": "integer", "minimum": 0, "maximum": limits.max_offset, "nullable": true },
        "count": {
            "type": "string", "enum": ["auto", "exact", "estimated", "none", null],
            "default": "auto", "nullable": true,
        },
    });
    if !seen.searchable().is_empty() {
        members["q"] = json!({ "type": "string", "minLength": 2, "nullable": true });
    }
    if !seen.relations(Verb::List).is_empty() {
        members["expand"] = several("relation");
    }
    json!({ "type": "object", "properties": members, "additionalProperties": false })
}
