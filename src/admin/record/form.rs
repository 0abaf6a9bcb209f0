//! How the text of a form becomes JSON, kind by kind, and how a stored value becomes the text of a
//! form. The only place that knows:
//!
//! * An input that is left empty is null. A text that may be null has a box beside it, "empty text",
//!   for the value that is a text without a character; a text that may not be null is empty itself.
//! * A checkbox that is not sent is false.
//! * Numbers stay text on the way, so that every digit arrives.
//! * Line ends are LF, whatever the browser made of them.
//! * A field is *changed* when what comes back differs from what was shown, by the digest that the
//!   form carries in `was.{field}`. So a form writes only what its user changed, a value that no
//!   control can show exactly is never rounded, and two people who edit different fields of one
//!   record do not undo each other.
//! * Instants are in the zone of the form, which it carries in `_zone`.
//!
//! What a whole form holds is in [`sent`], files in [`files`].

pub(crate) mod files;
mod sent;

pub(crate) use sent::{Part, Sent};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use chrono_tz::Tz;
use sha2::{Digest as _, Sha256};

use crate::model::value::Misfit;
use crate::model::{Field, Input, Kind, Widget};

use crate::admin::value::{json, zone};

/// The state of one field in a form: its text, or `None` for null.
pub(crate) type State = Option<String>;

/// The state that shows a stored value, given by its text in JSON. A password is never shown; its
/// input is empty, and stays so unless there is a new one.
pub(crate) fn shown(field: &Field, stored: Option<&str>, zone: Option<Tz>) -> State {
    if field.widget == Some(Widget::Password) {
        return (!field.nullable).then(String::new);
    }
    let text = match &field.kind {
        Kind::Json => json::pretty(stored?),
        Kind::Array(_) => lines_of(stored?).unwrap_or_else(|| json::pretty(stored.unwrap_or("[]"))),
        Kind::DateTime | Kind::Timestamp => zone::local(stored?, zone),
        _ => stored?.to_owned(),
    };
    Some(canonical(&field.kind, &text))
}

/// A short digest of a state, the same for what was shown and for what comes back unchanged.
pub(crate) fn digest(state: &State) -> String {
    let mut hasher = Sha256::new();
    hasher.update([u8::from(state.is_some())]);
    hasher.update(state.as_deref().unwrap_or_default());
    BASE64.encode(&hasher.finalize()[..12])
}

/// One spelling for what browsers may write in several ways.
fn canonical(kind: &Kind, text: &str) -> String {
    let lines = || text.replace("\r\n", "\n").replace('\r', "\n");
    match kind {
        Kind::Text(_) => lines(),
        Kind::Json | Kind::Array(_) => lines().trim().to_owned(),
        Kind::Bytes(_) => text.split_whitespace().collect(),
        Kind::Time => seconds(text.trim(), 0),
        Kind::DateTime | Kind::Timestamp => seconds(text.trim(), 11),
        Kind::Bool
        | Kind::Int(_)
        | Kind::Float
        | Kind::Double
        | Kind::Decimal(_)
        | Kind::Enum { .. }
        | Kind::Uuid
        | Kind::Date => text.trim().to_owned(),
    }
}

/// A time with its seconds: browsers leave them out when they are zero, and cut zeros after them.
fn seconds(text: &str, at: usize) -> String {
    let shape = text.get(at..).unwrap_or_default();
    if shape.len() == 5 && shape.as_bytes()[2] == b':' {
        return format!("{text}:00");
    }
    match shape.split_once('.') {
        Some((_, digits)) if digits.bytes().all(|b| b.is_ascii_digit()) => {
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        }
        _ => text.to_owned(),
    }
}

/// The JSON of a state. What is wrong with a value is found by the operation; here only that the
/// text of a JSON field is no JSON at all.
pub(crate) fn input(kind: &Kind, state: State, zone: Option<Tz>) -> Result<Input, Misfit> {
    let Some(text) = state else {
        return Ok(Input::Null);
    };
    Ok(match kind {
        Kind::Bool => match text.as_str() {
            "true" => Input::Bool(true),
            "false" => Input::Bool(false),
            _ => Input::String(text),
        },
        Kind::Int(_) | Kind::Float | Kind::Double => Input::Number(text),
        Kind::DateTime | Kind::Timestamp => Input::String(zone::instant(text, zone)?),
        Kind::Array(item) if !text.starts_with('[') => Input::Array(
            text.lines()
                .map(|line| input(item, Some(canonical(item, line)), zone))
                .collect::<Result<_, _>>()?,
        ),
        Kind::Json | Kind::Array(_) => Input::parse(text.as_bytes()).map_err(|e| {
            let cause = e.detail.trim_start_matches("The body is not valid JSON: ");
            Misfit {
                code: "type",
                detail: format!("must be valid JSON: {cause}"),
            }
        })?,
        Kind::Decimal(_)
        | Kind::Text(_)
        | Kind::Enum { .. }
        | Kind::Uuid
        | Kind::Date
        | Kind::Time
        | Kind::Bytes(_) => Input::String(text),
    })
}

/// A list of plain values with one on each line, where that says exactly the same.
fn lines_of(stored: &str) -> Option<String> {
    let items: Vec<serde_json::Value> = serde_json::from_str(stored).ok()?;
    let line = |item: &serde_json::Value| match item {
        serde_json::Value::String(text) => Some(text.clone()),
        _ => None,
    };
    let lines: Vec<String> = items.iter().map(line).collect::<Option<_>>()?;
    let plain =
        |line: &String| !line.is_empty() && line.trim() == line && !line.contains(['\n', '\r']);
    let first = lines.first()?;
    (lines.iter().all(plain) && !first.starts_with('[')).then(|| lines.join("\n"))
}

#[cfg(test)]
mod tests;
