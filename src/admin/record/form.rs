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

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use sha2::{Digest as _, Sha256};

use crate::crud::IfMatch;
use crate::error::Error;
use crate::model::value::Misfit;
use crate::model::{Field, Input, Kind, Widget};

use crate::admin::address::Query;
use crate::admin::value::json;

/// The state of one field in a form: its text, or `None` for null.
pub(crate) type State = Option<String>;

/// What a form holds beside the fields of its model: the button that was pressed, and the entity tag
/// of the record as it was shown.
const OWN: [&str; 2] = ["_then", "_if_match"];

/// A form as it came back.
#[derive(Debug)]
pub(crate) struct Sent(Query);

impl Sent {
    /// A form's fields; every one must be `known`, and there once.
    pub(crate) fn of(
        fields: Vec<(String, String)>,
        known: impl Fn(&str) -> bool,
    ) -> Result<Self, Error> {
        for (i, (name, _)) in fields.iter().enumerate() {
            let own = name
                .strip_prefix("was.")
                .or_else(|| name.strip_prefix("empty."));
            if !OWN.contains(&name.as_str()) && !known(own.unwrap_or(name)) {
                let detail = format!("There is no field {name} in this form.");
                return Err(Error::parameter(name, "unknown_field", detail));
            }
            if fields[..i].iter().any(|(n, _)| n == name) {
                let detail = format!("{name} is there twice.");
                return Err(Error::parameter(name, "duplicate", detail));
            }
        }
        Ok(Self(Query(fields)))
    }

    /// The button that was pressed, where there is a choice.
    pub(crate) fn then(&self) -> &str {
        self.0.get("_then").unwrap_or_default()
    }

    /// What the user knows of the record. A script that sends no tag demands nothing.
    pub(crate) fn condition(&self) -> Result<IfMatch, Error> {
        IfMatch::parse(self.0.get("_if_match"))
    }

    /// The digest of what was shown of a field.
    pub(crate) fn was(&self, field: &Field) -> Option<&str> {
        self.0.get(&format!("was.{}", field.name))
    }

    /// Whether the form held this field at all. A checkbox that is off sends nothing but its digest.
    pub(crate) fn holds(&self, field: &Field) -> bool {
        self.0.get(&field.name).is_some() || self.was(field).is_some()
    }

    /// The state that the user gave the field.
    pub(crate) fn state(&self, field: &Field) -> State {
        let text = self.0.get(&field.name);
        if field.kind == Kind::Bool && !field.nullable && text.is_none() {
            return Some("false".into());
        }
        let text = canonical(&field.kind, text.unwrap_or_default());
        match &field.kind {
            Kind::Text(_) if text.is_empty() && !field.nullable => Some(text),
            Kind::Text(_) if text.is_empty() => {
                self.0.get(&format!("empty.{}", field.name)).map(|_| text)
            }
            _ if text.is_empty() => None,
            _ => Some(text),
        }
    }

    /// Whether the user changed the field; a form without its digest always does.
    pub(crate) fn changed(&self, field: &Field) -> bool {
        self.was(field)
            .is_none_or(|was| was != digest(&self.state(field)))
    }
}

/// The state that shows a stored value, given by its text in JSON. A password is never shown; its
/// input is empty, and stays so unless there is a new one.
pub(crate) fn shown(field: &Field, stored: Option<&str>) -> State {
    if field.widget == Some(Widget::Password) {
        return (!field.nullable).then(String::new);
    }
    let text = match &field.kind {
        Kind::Json | Kind::Array(_) => json::pretty(stored?),
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
        Kind::DateTime | Kind::Timestamp => {
            let text = text.trim();
            let text = text.strip_suffix('Z').unwrap_or(text);
            seconds(text, 11)
        }
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
pub(crate) fn input(kind: &Kind, state: State) -> Result<Input, Misfit> {
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
        Kind::DateTime | Kind::Timestamp => Input::String(zoned(text)),
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

/// `2026-11-22T07:08:09` with the zone that the form is in; a text that names one keeps it.
fn zoned(text: String) -> String {
    let naive = text
        .get(11..)
        .is_some_and(|t| t.bytes().all(|b| b.is_ascii_digit() || b":.".contains(&b)));
    if naive { text + "Z" } else { text }
}

#[cfg(test)]
mod tests;
