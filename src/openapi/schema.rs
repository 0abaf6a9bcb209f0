//! The schema of one field's values: the place that a new [`Kind`] is added to.

use serde_json::{Value, json};

use crate::model::{Field, IntSize, Kind, Op, Rule};

use super::reference;

/// Where a value stands: what is accepted differs from what is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// In an answer.
    Answer,
    /// In the body of a write.
    Body,
    /// In a query parameter.
    Parameter,
    /// In the filter tree of `_search`.
    Tree,
}

/// The digits of a decimal.
pub(super) const DECIMAL: &str = r"^-?[0-9]+(\.[0-9]+)?$";
/// A time of day.
pub(super) const TIME: &str = r"^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,6})?)?$";

/// Values of `kind`, without nulls.
pub(super) fn value(kind: &Kind, side: Side) -> Value {
    let shared = matches!(side, Side::Parameter | Side::Tree);
    match kind {
        Kind::Bool => json!({ "type": "boolean" }),
        Kind::Int(size) if shared => reference("schemas", integer_name(*size)),
        Kind::Int(size) => integer(*size, side),
        Kind::Float => json!({ "type": "number", "format": "float" }),
        Kind::Double => json!({ "type": "number", "format": "double" }),
        Kind::Decimal(_) if side == Side::Parameter => reference("schemas", "Decimal"),
        Kind::Decimal(_) if side == Side::Tree => reference("schemas", "DecimalOrNumber"),
        Kind::Decimal(_) if side == Side::Answer => json!({ "type": "string", "pattern": DECIMAL }),
        Kind::Decimal(size) => decimal(*size),
        Kind::Text(Some(max)) if side == Side::Body => {
            json!({ "type": "string", "maxLength": max })
        }
        Kind::Text(_) => json!({ "type": "string" }),
        Kind::Enum { variants, .. } => json!({ "type": "string", "enum": variants }),
        Kind::Uuid => json!({ "type": "string", "format": "uuid" }),
        Kind::Date => json!({ "type": "string", "format": "date" }),
        Kind::Time if shared => reference("schemas", "Time"),
        Kind::Time => json!({ "type": "string", "pattern": TIME }),
        Kind::DateTime | Kind::Timestamp => json!({ "type": "string", "format": "date-time" }),
        Kind::Bytes(Some(max)) if side == Side::Body => {
            let text = u64::from(*max).div_ceil(3) * 4;
            json!({ "type": "string", "format": "byte", "maxLength": text })
        }
        Kind::Bytes(_) => json!({ "type": "string", "format": "byte" }),
        Kind::Json => json!({}),
        Kind::Array(item) => json!({ "type": "array", "items": or_null(value(item, side)) }),
    }
}

/// The integers, by size: a condition refers to them, for they are many.
pub(super) fn integers() -> impl Iterator<Item = (&'static str, Value)> {
    use IntSize::{I8, I16, I32, I64, U8, U16, U32, U64};
    let sizes = [I8, I16, I32, I64, U8, U16, U32, U64];
    sizes
        .map(|s| (integer_name(s), integer(s, Side::Body)))
        .into_iter()
}

fn integer_name(size: IntSize) -> &'static str {
    match size {
        IntSize::I8 => "Int8",
        IntSize::I16 => "Int16",
        IntSize::I32 => "Int32",
        IntSize::I64 => "Int64",
        IntSize::U8 => "UInt8",
        IntSize::U16 => "UInt16",
        IntSize::U32 => "UInt32",
        IntSize::U64 => "UInt64",
    }
}

fn integer(size: IntSize, side: Side) -> Value {
    let format = match size {
        IntSize::I64 => "int64",
        IntSize::U64 => "uint64",
        IntSize::U32 => "uint32",
        IntSize::I8 | IntSize::I16 | IntSize::I32 | IntSize::U8 | IntSize::U16 => "int32",
    };
    let mut schema = json!({ "type": "integer", "format": format });
    let (min, max) = size.range();
    if side != Side::Answer {
        // Both conversions hold for every size; the numbers stay exact.
        if let (Ok(min), Ok(max)) = (i64::try_from(min), u64::try_from(max)) {
            schema["minimum"] = json!(min);
            schema["maximum"] = json!(max);
        }
    }
    schema
}

/// A decimal is accepted as a string or as a number.
fn decimal(size: Option<(u32, u32)>) -> Value {
    let Some((precision, scale)) = size else {
        return json!({ "oneOf": [{ "type": "string", "pattern": DECIMAL }, { "type": "number" }] });
    };
    let whole = precision.saturating_sub(scale).max(1);
    let places = match scale {
        0 => String::new(),
        n => format!(r"(\.[0-9]{{1,{n}}})?"),
    };
    let pattern = format!("^-?[0-9]{{1,{whole}}}{places}$");
    json!({ "oneOf": [{ "type": "string", "pattern": pattern }, { "type": "number" }] })
}

/// The same schema, or null.
pub(super) fn or_null(mut schema: Value) -> Value {
    if schema.get("$ref").is_some() {
        return json!({ "oneOf": [schema, reference("schemas", "Null")] });
    }
    if let Some(first) = schema.pointer_mut("/oneOf/0") {
        *first = or_null(first.take());
    } else if schema.get("type").is_some() {
        schema["nullable"] = json!(true);
        if let Some(Value::Array(values)) = schema.get_mut("enum") {
            values.push(Value::Null);
        }
    }
    schema
}

/// A field of a record or a body, with its rules and its texts for people.
pub(super) fn field(field: &Field, side: Side, nullable: bool) -> Value {
    let mut schema = value(&field.kind, side);
    if side == Side::Body {
        restrict(&mut schema, field);
    }
    if nullable {
        schema = or_null(schema);
    }
    schema["title"] = json!(field.label);
    if !field.help.is_empty() {
        schema["description"] = json!(field.help);
    }
    if side == Side::Answer && !field.accepted() {
        schema["readOnly"] = json!(true);
    }
    schema
}

fn restrict(schema: &mut Value, field: &Field) {
    let text = matches!(field.kind, Kind::Text(_));
    for rule in &field.rules {
        match rule {
            Rule::MinLength(n) if text => schema["minLength"] = json!(n),
            Rule::MaxLength(n) if text => {
                let column = schema["maxLength"].as_u64();
                let rule = u64::try_from(*n).unwrap_or(u64::MAX);
                schema["maxLength"] = json!(column.map_or(rule, |c| c.min(rule)));
            }
            Rule::Email if text => schema["format"] = json!("email"),
            Rule::Url if text => schema["format"] = json!("uri"),
            Rule::Min(n) => bound(schema, "minimum", *n),
            Rule::Max(n) => bound(schema, "maximum", *n),
            Rule::MinLength(_) | Rule::MaxLength(_) | Rule::Email | Rule::Url | Rule::Custom(_) => {
            }
        }
    }
    if !field.choices.is_empty() && matches!(field.kind, Kind::Int(_)) {
        let numbers = field.choices.iter();
        schema["enum"] = numbers
            .filter_map(|c| c.value.parse::<i64>().ok())
            .map(Value::from)
            .collect();
    }
}

/// Narrows a number, or the number that a decimal may be given as.
fn bound(schema: &mut Value, name: &str, limit: f64) {
    let number = match schema.pointer_mut("/oneOf/1") {
        Some(number) => number,
        None => schema,
    };
    let numeric = matches!(number["type"].as_str(), Some("integer" | "number"));
    let known = number[name].as_f64();
    let tighter = known.is_none_or(|k| {
        if name == "minimum" {
            limit > k
        } else {
            limit < k
        }
    });
    if numeric && tighter {
        number[name] = exact(limit);
    }
}

/// `5`, not `5.0`.
fn exact(number: f64) -> Value {
    let text = number.to_string();
    text.parse::<i64>()
        .map_or_else(|_| json!(number), Value::from)
}

/// What stands at the right of a filter operator.
pub(super) fn operand(kind: &Kind, op: Op, (side, max_in): (Side, usize)) -> Value {
    match op {
        Op::Eq | Op::Ne | Op::Lt | Op::Lte | Op::Gt | Op::Gte => value(kind, side),
        Op::In | Op::Nin => {
            json!({ "type": "array", "items": value(kind, side), "maxItems": max_in })
        }
        Op::Between => {
            json!({ "type": "array", "items": value(kind, side), "minItems": 2, "maxItems": 2 })
        }
        Op::IsNull => json!({ "type": "boolean" }),
        Op::Contains
        | Op::IContains
        | Op::StartsWith
        | Op::IStartsWith
        | Op::EndsWith
        | Op::IEndsWith => json!({ "type": "string" }),
    }
}
