//! `_aggregate` of a model: which fields can be grouped by and measured, each parameter typed.

use serde_json::{Map, Value, json};

use crate::catalog::Seen;
use crate::model::{Field, Kind, Op};
use crate::query::aggregate::{DEFAULT_LIMIT, Function, MAX_KEYS, MAX_LIMIT, Unit};
use crate::query::parse::{AGGREGATE, HAVING};

use super::filters::{condition_groups, condition_parameters, literal, member};
use super::schema::{self, Side};
use super::{insert, part, reference};

/// Adds the names and the answer of a model's `_aggregate`.
pub(super) fn add(seen: &Seen<'_>, components: &mut Value) {
    for function in Function::ALL {
        let mut names: Vec<&str> = fields(seen, |f| function.takes(f)).collect();
        if function == Function::Count {
            names.insert(0, "*");
        }
        let schema = json!({ "type": "string", "enum": names });
        insert(components, "schemas", &part(seen, function.name()), schema);
    }
    let buckets: Vec<String> = Unit::ALL
        .into_iter()
        .flat_map(|unit| {
            let names = fields(seen, move |f| unit.takes(f));
            names.map(move |name| format!(r"{}\({}\)", unit.name(), literal(name)))
        })
        .collect();
    if !buckets.is_empty() {
        let pattern = format!("^({})$", buckets.join("|"));
        let schema = json!({ "type": "string", "pattern": pattern });
        insert(components, "schemas", &part(seen, "bucket"), schema);
    }
    insert(components, "schemas", &part(seen, "groups"), groups(seen));
}

fn fields<'a>(
    seen: &'a Seen<'_>,
    usable: impl Fn(&Field) -> bool,
) -> impl Iterator<Item = &'a str> {
    let listed = seen.filterable().into_iter();
    let listed = listed.map(|id| &seen.meta.fields[id]);
    listed.filter(move |f| usable(f)).map(|f| f.name.as_str())
}

/// The parameters, in the order of the documentation.
pub(super) fn parameters(seen: &Seen<'_>) -> Vec<Value> {
    let mut all = Vec::new();
    let mut list = |name: &str, schema: &str, most: Option<usize>, description: &str| {
        let mut array =
            json!({ "type": "array", "items": reference("schemas", &part(seen, schema)) });
        if let Some(most) = most {
            array["maxItems"] = json!(most);
        }
        all.push(json!({
            "name": name, "in": "query", "description": description, "style": "form",
            "explode": false, "schema": array,
        }));
    };
    let comparable = Function::Distinct.name();
    if fields(seen, |f| Function::Distinct.takes(f))
        .next()
        .is_some()
    {
        list("group_by", comparable, Some(MAX_KEYS), GROUP_BY);
    }
    let buckets = fields(seen, |f| Unit::Day.takes(f)).next().is_some();
    if buckets {
        list("bucket", "bucket", Some(MAX_KEYS), BUCKET);
    }
    for function in Function::ALL {
        let some = fields(seen, |f| function.takes(f)).next().is_some();
        if some || function == Function::Count {
            list(function.name(), function.name(), None, described(function));
        }
    }
    if buckets {
        all.push(reference("parameters", "zone"));
    }
    all.push(json!({
        "name": "sort", "in": "query", "style": "form", "explode": false,
        "description": "Members of the answer; `-` in front means descending.",
        "schema": { "type": "array", "items": { "type": "string" } },
    }));
    all.push(json!({
        "name": "limit", "in": "query", "description": "Groups in the answer.",
        "schema": {
            "type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT,
        },
    }));
    all.extend(having(seen));
    if !seen.searchable().is_empty() {
        all.push(reference("parameters", "q"));
    }
    all.extend(condition_groups());
    for (name, field) in condition_parameters(seen) {
        all.push(match field.filter(|f| AGGREGATE.contains(&f.as_str())) {
            // Here the plain name is something else.
            Some(field) => renamed(seen, &field),
            None => json!({ "$ref": format!("#/components/parameters/{name}") }),
        });
    }
    all
}

const GROUP_BY: &str = "Own fields to group by; with `bucket` at most two.";
const BUCKET: &str = "Buckets of time to group by, as `month(created_at)`; of instants in UTC or `zone`, hours always in UTC. Weeks begin on Monday.";

fn described(function: Function) -> &'static str {
    match function {
        Function::Count => "`*` counts records, a field its values that are not null.",
        Function::Distinct => "Counts the different values of a field.",
        Function::Sum => "Sums, exact but for floating point numbers.",
        Function::Avg => "Averages; of decimals with four more places than the field.",
        Function::Min => "The lowest values.",
        Function::Max => "The highest values.",
    }
}

fn renamed(seen: &Seen<'_>, name: &str) -> Value {
    let field = seen.meta.field(name).map(|f| &seen.meta.fields[f]);
    let kind = field.map_or(&Kind::Json, |f| &f.kind);
    json!({
        "name": member(name, Op::Eq, true), "in": "query",
        "schema": schema::value(kind, Side::Parameter),
    })
}

/// Conditions on the number of records, and on sums and averages of each field.
fn having(seen: &Seen<'_>) -> Vec<Value> {
    let mut all = Vec::new();
    let mut add = |output: &str, kind: &Kind| {
        for (op, _) in HAVING {
            all.push(json!({
                "name": format!("having.{output}__{op}"), "in": "query",
                "schema": schema::value(kind, Side::Parameter),
            }));
        }
    };
    add("count", &Kind::Int(crate::model::IntSize::I64));
    for id in seen.filterable() {
        let field = &seen.meta.fields[id];
        for function in [Function::Sum, Function::Avg] {
            if let (true, Some(kind)) =
                (function.takes(field), function.compared(Some(&field.kind)))
            {
                add(&format!("{}_{}", function.name(), field.name), &kind);
            }
        }
    }
    all
}

fn groups(seen: &Seen<'_>) -> Value {
    json!({
        "type": "object",
        "properties": {
            "data": {
                "type": "array",
                "maxItems": MAX_LIMIT,
                "items": {
                    "type": "object",
                    "description": "What the group has in common, by the field's name or as \
                                    `month_created_at`, and what was measured, as `count`, \
                                    `sum_total`.",
                    "properties": measured(seen),
                    "additionalProperties": {},
                },
            },
            "truncated": {
                "type": "boolean", "description": "Whether there are more groups than `limit`.",
            },
        },
        "required": ["data", "truncated"],
        "additionalProperties": false,
    })
}

/// What numbers are made of fields.
fn measured(seen: &Seen<'_>) -> Map<String, Value> {
    let mut all = Map::new();
    let count = json!({ "type": "integer", "format": "int64", "minimum": 0 });
    all.insert("count".into(), count);
    for id in seen.filterable() {
        let field = &seen.meta.fields[id];
        let (sum, avg) = match field.kind {
            Kind::Decimal(_) => (decimal(), decimal()),
            Kind::Int(_) => (whole(), double()),
            Kind::Float | Kind::Double => (double(), double()),
            _ => continue,
        };
        all.insert(format!("sum_{}", field.name), sum);
        all.insert(format!("avg_{}", field.name), avg);
    }
    // A field of such a name is itself in the answer when it is grouped by.
    all.retain(|name, _| seen.meta.field(name).is_none());
    all
}

fn decimal() -> Value {
    json!({ "type": "string", "pattern": schema::DECIMAL, "nullable": true })
}

fn double() -> Value {
    json!({ "type": "number", "format": "double", "nullable": true })
}

/// Beyond 64 bits the digits are a string.
fn whole() -> Value {
    json!({
        "oneOf": [
            { "type": "integer", "format": "int64", "nullable": true },
            { "type": "string", "pattern": "^-?[0-9]+$" },
        ],
    })
}
