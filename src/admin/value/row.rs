//! Records as the operations give them: JSON bytes, taken apart member by member without reading any
//! number, so that every digit is shown as it is stored. And a record's key and title.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::error::Error;
use crate::model::{DisplayPart, ModelMeta, encode_key_part};

use crate::admin::value::cell;

/// A record: the members of its JSON object.
#[derive(Debug, Default, Deserialize)]
#[serde(transparent)]
pub(crate) struct Row {
    members: HashMap<String, Box<RawValue>>,
}

/// A to-many relation as `expand` embeds it.
#[derive(Debug, Deserialize)]
struct Embedded {
    data: Vec<Row>,
    page: EmbeddedPage,
}

#[derive(Debug, Deserialize)]
struct EmbeddedPage {
    more: bool,
}

impl Row {
    /// One record.
    pub(crate) fn parse(json: &[u8]) -> Result<Self, Error> {
        serde_json::from_slice(json).map_err(Error::internal)
    }

    /// The records of a page.
    pub(crate) fn page(json: &[u8]) -> Result<Vec<Self>, Error> {
        serde_json::from_slice(json).map_err(Error::internal)
    }

    /// Whether the caller may read the field at all.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.members.contains_key(name)
    }

    /// The JSON text of a member; `None` when it is null or not there.
    pub(crate) fn json(&self, name: &str) -> Option<&str> {
        self.members
            .get(name)
            .map(|raw| raw.get())
            .filter(|json| *json != "null")
    }

    /// The text of a member: a string without its quotes, anything else as its JSON.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        let json = self.json(name)?;
        if json.starts_with('"') {
            serde_json::from_str(json).ok()
        } else {
            Some(json.to_owned())
        }
    }

    /// The record that a to-one relation embeds.
    pub(crate) fn one(&self, relation: &str) -> Option<Self> {
        serde_json::from_str(self.json(relation)?).ok()
    }

    /// The records that a to-many relation embeds, and whether there are more.
    pub(crate) fn many(&self, relation: &str) -> Option<(Vec<Self>, bool)> {
        let embedded: Embedded = serde_json::from_str(self.json(relation)?).ok()?;
        Some((embedded.data, embedded.page.more))
    }
}

/// The text of a record's key as addresses have it.
pub(crate) fn key(model: &ModelMeta, row: &Row) -> Option<String> {
    let part = |&f: &usize| {
        row.text(&model.fields[f].name)
            .map(|text| encode_key_part(&text).to_string())
    };
    let parts: Option<Vec<String>> = model.key.iter().map(part).collect();
    parts.map(|parts| parts.join(","))
}

/// `#` and the key, for people.
pub(crate) fn number(key: &str) -> String {
    format!(
        "#{}",
        percent_encoding::percent_decode_str(key).decode_utf8_lossy()
    )
}

/// A record's title: the model's pattern where the caller may read every field of it, and otherwise
/// the key (A5), which also stands in for a title without a letter.
pub(crate) fn title(model: &ModelMeta, row: &Row) -> String {
    let mut text = String::new();
    for part in &model.display.0 {
        match part {
            DisplayPart::Literal(literal) => text.push_str(literal),
            DisplayPart::Field(f) => {
                let field = &model.fields[*f];
                if !row.has(&field.name) {
                    return number(&key(model, row).unwrap_or_default());
                }
                text.push_str(&cell::plain(field, row).unwrap_or_default());
            }
        }
    }
    let only_key = model.display.0.iter().all(|part| match part {
        DisplayPart::Field(f) => model.key.contains(f),
        DisplayPart::Literal(_) => true,
    });
    if only_key || !text.contains(char::is_alphanumeric) {
        return number(&key(model, row).unwrap_or_default());
    }
    text.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_digit_of_a_record_is_kept() {
        let row = Row::parse(br#"{"n":18446744073709551615,"d":"1.50","j":{"x":1.10},"z":null}"#);
        let row = row.unwrap();
        assert_eq!(row.text("n").as_deref(), Some("18446744073709551615"));
        assert_eq!(row.text("d").as_deref(), Some("1.50"));
        assert_eq!(row.text("j").as_deref(), Some(r#"{"x":1.10}"#));
        assert_eq!(
            (row.text("z"), row.has("z"), row.has("y")),
            (None, true, false)
        );
    }

    #[test]
    fn embedded_records_are_one_or_many() {
        let json = br#"{"a":{"id":1},"b":{"data":[{"id":2}],"page":{"limit":25,"more":true}}}"#;
        let row = Row::parse(json).unwrap();
        assert_eq!(
            row.one("a").and_then(|r| r.text("id")).as_deref(),
            Some("1")
        );
        let (many, more) = row.many("b").unwrap();
        assert_eq!((many.len(), more), (1, true));
        assert!(row.many("a").is_none());
    }
}
