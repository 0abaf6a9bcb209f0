//! Records as the operations give them: JSON bytes, taken apart member by member without reading any
//! number, so that every digit is shown as it is stored. And a record's key and title.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::error::Error;
use crate::model::{DisplayPart, ModelMeta, encode_key_part};

use crate::admin::value::cell;

/// A record: where the members of its JSON object are, in the answer that it came with.
#[derive(Debug, Clone, Default)]
pub(crate) struct Row {
    answer: Arc<str>,
    members: Vec<Member>,
}

#[derive(Debug, Clone)]
struct Member {
    name: Name,
    value: Range<usize>,
}

/// The name of a member: where it is, or what it is where JSON has escapes in it.
#[derive(Debug, Clone)]
enum Name {
    At(Range<usize>),
    Is(Box<str>),
}

/// The members of an object, in the text that it was read from.
struct Object<'a>(Vec<(Cow<'a, str>, &'a str)>);

/// A to-many relation as `expand` embeds it.
#[derive(Deserialize)]
struct Embedded<'a> {
    #[serde(borrow)]
    data: Vec<Object<'a>>,
    page: EmbeddedPage,
}

#[derive(Deserialize)]
struct EmbeddedPage {
    more: bool,
}

/// The answer of `_aggregate`.
#[derive(Deserialize)]
struct Groups<'a> {
    #[serde(borrow)]
    data: Vec<Object<'a>>,
    truncated: bool,
}

impl Row {
    /// One record.
    pub(crate) fn parse(json: &[u8]) -> Result<Self, Error> {
        let answer = text(json)?;
        let object = serde_json::from_str(&answer).map_err(Error::internal)?;
        Ok(Self::of(&answer, object))
    }

    /// The records of a page.
    pub(crate) fn page(json: &[u8]) -> Result<Vec<Self>, Error> {
        let answer = text(json)?;
        let objects = serde_json::from_str(&answer).map_err(Error::internal)?;
        Ok(Self::all(&answer, objects))
    }

    /// The groups of an aggregate, and whether there are more.
    pub(crate) fn groups(json: &[u8]) -> Result<(Vec<Self>, bool), Error> {
        let answer = text(json)?;
        let groups: Groups<'_> = serde_json::from_str(&answer).map_err(Error::internal)?;
        Ok((Self::all(&answer, groups.data), groups.truncated))
    }

    fn all(answer: &Arc<str>, objects: Vec<Object<'_>>) -> Vec<Self> {
        let objects = objects.into_iter();
        objects.map(|object| Self::of(answer, object)).collect()
    }

    fn of(answer: &Arc<str>, object: Object<'_>) -> Self {
        let start = answer.as_ptr().addr();
        let at = |part: &str| {
            let from = part.as_ptr().addr() - start;
            from..from + part.len()
        };
        let member = |(name, value): (Cow<'_, str>, &str)| Member {
            name: match name {
                Cow::Borrowed(name) => Name::At(at(name)),
                Cow::Owned(name) => Name::Is(name.into()),
            },
            value: at(value),
        };
        Self {
            members: object.0.into_iter().map(member).collect(),
            answer: Arc::clone(answer),
        }
    }

    /// Whether the caller may read the field at all.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.member(name).is_some()
    }

    fn member(&self, name: &str) -> Option<&str> {
        let called = |member: &&Member| match &member.name {
            Name::At(at) => self.answer[at.clone()] == *name,
            Name::Is(other) => **other == *name,
        };
        let member = self.members.iter().find(called)?;
        Some(&self.answer[member.value.clone()])
    }

    /// The JSON text of a member; `None` when it is null or not there.
    pub(crate) fn json(&self, name: &str) -> Option<&str> {
        self.member(name).filter(|json| *json != "null")
    }

    /// The text of a member: a string without its quotes, anything else as its JSON.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.str(name).map(Cow::into_owned)
    }

    /// The same, where it stands if it has no escapes.
    pub(crate) fn str(&self, name: &str) -> Option<Cow<'_, str>> {
        let json = self.json(name)?;
        let Some(string) = json.strip_prefix('"').and_then(|s| s.strip_suffix('"')) else {
            return Some(Cow::Borrowed(json));
        };
        if string.contains('\\') {
            serde_json::from_str(json).ok().map(Cow::Owned)
        } else {
            Some(Cow::Borrowed(string))
        }
    }

    /// The record that a to-one relation embeds.
    pub(crate) fn one(&self, relation: &str) -> Option<Self> {
        let object = serde_json::from_str(self.json(relation)?).ok()?;
        Some(Self::of(&self.answer, object))
    }

    /// The records that a to-many relation embeds, and whether there are more.
    pub(crate) fn many(&self, relation: &str) -> Option<(Vec<Self>, bool)> {
        let embedded: Embedded<'_> = serde_json::from_str(self.json(relation)?).ok()?;
        Some((Self::all(&self.answer, embedded.data), embedded.page.more))
    }
}

fn text(json: &[u8]) -> Result<Arc<str>, Error> {
    str::from_utf8(json).map(Arc::from).map_err(Error::internal)
}

/// Within another document.
impl<'de> Deserialize<'de> for Row {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let json = Box::<RawValue>::deserialize(from)?;
        let answer = Arc::from(json.get());
        let object = serde_json::from_str(&answer).map_err(D::Error::custom)?;
        Ok(Self::of(&answer, object))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Object<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(Members).map(Object)
    }
}

/// Members of most records in a list: room for so many is made at once.
const USUAL: usize = 8;

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Vec<(Cow<'de, str>, &'de str)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Self::Value, A::Error> {
        #[derive(Deserialize)]
        struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

        let mut members = Vec::with_capacity(USUAL);
        while let Some((Key(name), value)) = object.next_entry::<Key<'de>, &RawValue>()? {
            members.push((name, value.get()));
        }
        Ok(members)
    }
}

/// The text of a record's key as addresses have it.
pub(crate) fn key(model: &ModelMeta, row: &Row) -> Option<String> {
    let part = |&f: &usize| {
        row.str(&model.fields[f].name)
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
