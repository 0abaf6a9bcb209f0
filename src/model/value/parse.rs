//! JSON and texts as values.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use sea_orm::Value;

use crate::model::{Input, Kind};

use super::calendar::{date, instant, time};
use super::number::{decimal, float, integer, whole};
use super::{Misfit, array_type, misfit, null, wrong_type};

/// A JSON value of a request body as a value of `kind`. `null` is the kind's null.
///
/// # Errors
/// What is wrong with it.
pub fn from_input(kind: &Kind, input: &Input) -> Result<Value, Misfit> {
    match (kind, input) {
        (_, Input::Null) => Ok(null(kind)),
        (Kind::Json, _) if input.contains_nul() => misfit("nul", "must not contain NUL"),
        (Kind::Json, _) => match input.to_json() {
            Ok(json) => Ok(Value::Json(Some(Box::new(json)))),
            Err(number) => misfit(
                "inexact",
                format!("cannot keep the number {number} exactly"),
            ),
        },
        (Kind::Bool, Input::Bool(b)) => Ok((*b).into()),
        (Kind::Bool, _) => wrong_type("a boolean", input),
        (Kind::Int(size), Input::Number(text)) => integer(*size, &whole(text)?),
        (Kind::Int(_), _) => wrong_type("a whole number", input),
        (Kind::Float | Kind::Double, Input::Number(text)) => float(kind, text),
        (Kind::Float | Kind::Double, _) => wrong_type("a number", input),
        (Kind::Decimal(size), Input::Number(text) | Input::String(text)) => decimal(*size, text),
        (Kind::Decimal(_), _) => wrong_type("a decimal in a string", input),
        (Kind::Array(item), Input::Array(items)) => {
            let values = items
                .iter()
                .map(|i| from_input(item, i))
                .collect::<Result<_, _>>()?;
            Ok(Value::Array(array_type(item), Some(Box::new(values))))
        }
        (Kind::Array(_), _) => wrong_type("an array", input),
        (
            Kind::Text(_)
            | Kind::Enum { .. }
            | Kind::Uuid
            | Kind::Date
            | Kind::Time
            | Kind::DateTime
            | Kind::Timestamp
            | Kind::Bytes(_),
            Input::String(text),
        ) => from_text(kind, text),
        _ => wrong_type("a string", input),
    }
}

/// A text from an address, a form or a cursor as a value of `kind`.
///
/// # Errors
/// What is wrong with it.
pub fn from_text(kind: &Kind, text: &str) -> Result<Value, Misfit> {
    match kind {
        Kind::Bool => match text {
            "true" => Ok(true.into()),
            "false" => Ok(false.into()),
            _ => misfit("type", "must be true or false"),
        },
        Kind::Int(size) => integer(*size, text),
        Kind::Float | Kind::Double => float(kind, text),
        Kind::Decimal(size) => decimal(*size, text),
        Kind::Text(max) => bounded_text(*max, text),
        Kind::Enum { variants, .. } => {
            if variants.iter().any(|v| v == text) {
                Ok(text.into())
            } else {
                misfit("choice", format!("must be one of {}", variants.join(", ")))
            }
        }
        Kind::Uuid => match uuid::Uuid::try_parse(text) {
            Ok(id) if text.len() == 36 => Ok(id.into()),
            _ => misfit(
                "type",
                "must be a UUID such as 0190b5a0-1111-7aaa-8bbb-123456789abc",
            ),
        },
        Kind::Date => date(text).map(Into::into),
        Kind::Time => time(text).map(Into::into),
        Kind::DateTime => instant(text).map(|t| t.naive_utc().into()),
        Kind::Timestamp => instant(text).map(Into::into),
        Kind::Bytes(max) => bytes(*max, text),
        Kind::Json | Kind::Array(_) => match Input::parse(text.as_bytes()) {
            Ok(input) => from_input(kind, &input),
            Err(_) => misfit("type", "must be valid JSON"),
        },
    }
}

fn bounded_text(max: Option<u32>, text: &str) -> Result<Value, Misfit> {
    if text.contains('\0') {
        return misfit("nul", "must not contain NUL");
    }
    // Counting characters is only needed where the bytes alone could be too many.
    if let Some(max) = max.map(|m| m as usize)
        && text.len() > max
        && text.chars().count() > max
    {
        return misfit("too_long", format!("can have at most {max} characters"));
    }
    Ok(text.into())
}

fn bytes(max: Option<u32>, text: &str) -> Result<Value, Misfit> {
    let Ok(bytes) = BASE64.decode(text) else {
        return misfit("type", "must be base64 with padding");
    };
    match max {
        Some(max) if bytes.len() > max as usize => {
            misfit("too_long", format!("can have at most {max} bytes"))
        }
        _ => Ok(bytes.into()),
    }
}
