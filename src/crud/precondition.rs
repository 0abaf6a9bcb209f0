//! `If-Match` (RFC 9110, section 13.1.1): a write that is refused when somebody else has changed the
//! record since the writer read it, and what such a writer is told.
//!
//! The entity tag of a record is that of its whole representation for this caller, as a read without
//! parameters answers it: what a caller may not see cannot be in its way, and cannot be told by it.
//! Anyone can compute the tag of a state that was never shown to it, so the states of the past are
//! compared only for one who could have read each of them.

use quarterdeck_entity::system::audit;
use sea_orm::{
    ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
};
use serde_json::{Map, Value as Json, json};

use crate::acl::Scope;
use crate::error::{Error, Kind};
use crate::model::{ModelId, ModelMeta, Verb, value};
use crate::query::Sight;
use crate::store::{Tx, failure};

use super::read::etag;
use super::{Context, Engine, Written};

/// How many changes of a record are looked through for the state that an old entity tag names.
const STEPS: u64 = 100;

/// The record that a write is about, as the writer knows it.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    /// Its key, as it is written in an address.
    pub key: &'a str,
    /// What the writer demands of it.
    pub condition: &'a IfMatch,
}

/// What a write demands of the record as it stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum IfMatch {
    /// Nothing.
    #[default]
    Unconditional,
    /// `*`: that it is there, which every write demands.
    Exists,
    /// That its entity tag is one of these.
    OneOf(Vec<String>),
}

impl IfMatch {
    /// Reads the values of the header.
    ///
    /// # Errors
    /// 400 for what is neither `*` nor a list of entity tags: an empty header as well, for its sender
    /// meant to demand something.
    pub fn parse<'v>(values: impl IntoIterator<Item = &'v str>) -> Result<Self, Error> {
        let mut values = values.into_iter().peekable();
        if values.peek().is_none() {
            return Ok(Self::Unconditional);
        }
        let elements: Vec<&str> = values.flat_map(elements).map(str::trim).collect();
        if elements == ["*"] {
            return Ok(Self::Exists);
        }
        // A list may have empty elements (RFC 9110, section 5.6.1.2).
        let tags = elements.into_iter().filter(|tag| !tag.is_empty());
        let tags: Vec<String> = tags.map(ToOwned::to_owned).collect();
        match tags[..] {
            [_, ..] if tags.iter().all(|tag| is_entity_tag(tag)) => Ok(Self::OneOf(tags)),
            _ => Err(Error::parameter(
                "If-Match",
                "entity_tag",
                "If-Match is * or a list of entity tags, each in quotes.",
            )),
        }
    }

    /// Whether a record with this strong entity tag meets the demand. Weak tags never do.
    #[must_use]
    pub fn allows(&self, tag: &str) -> bool {
        match self {
            Self::Unconditional | Self::Exists => true,
            Self::OneOf(tags) => tags.iter().any(|t| t == tag),
        }
    }
}

/// The elements of a list; a comma within quotes is part of a tag.
fn elements(list: &str) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    list.split(move |c| {
        quoted ^= c == '"';
        c == ',' && !quoted
    })
}

fn is_entity_tag(text: &str) -> bool {
    let quoted = text.strip_prefix("W/").unwrap_or(text);
    let inside = quoted.strip_prefix('"').and_then(|t| t.strip_suffix('"'));
    inside.is_some_and(|t| t.bytes().all(|b| b == 0x21 || b >= 0x23 && b != 0x7f))
}

/// 428: the model demands `If-Match` (RFC 6585, section 3).
pub(super) fn required() -> Error {
    Error::new(
        Kind::PreconditionRequired,
        "precondition_required",
        "Send If-Match with the ETag of the record as you read it.",
    )
}

impl Engine {
    /// 412, with what a three-way comparison needs: `current`, the record as it stands, and `changed`,
    /// field by field what has happened since the state that the writer knew, where that is found and
    /// the writer may see every state.
    pub(super) async fn stale(
        &self,
        tx: &Tx,
        (ctx, model): (&Context, ModelId),
        (current, wanted): (&Written, &IfMatch),
    ) -> Error {
        let error = Error::new(
            Kind::PreconditionFailed,
            "precondition_failed",
            "The record has been changed since you read it.",
        );
        let Ok(Json::Object(record)) = serde_json::from_slice(&current.body) else {
            return error;
        };
        let mut members = Map::new();
        let scope = self.scope(ctx, Verb::Read, model);
        if scope.is_ok_and(|scope| sees_every_state(&scope)) {
            let model = self.registry.model(model);
            match since(tx, model, (&current.key, &record), wanted).await {
                Ok(Some(changed)) => {
                    members.insert("changed".into(), changed);
                }
                Ok(None) => {}
                Err(fault) => tracing::warn!(%fault, "no history for a failed precondition"),
            }
        }
        members.insert("current".into(), record.into());
        members.insert("etag".into(), json!(current.etag));
        error.with(members)
    }
}

/// Whether no value of a record decides what of it is shown. To anyone else an old tag that is found
/// would confirm what was hidden when the record was another.
fn sees_every_state(scope: &Scope) -> bool {
    let conditional = |sight: &Sight| matches!(sight, Sight::When(_));
    scope.is_unruled() && !scope.readable.iter().any(conditional)
}

/// Walks back through the audit to the state whose entity tag the writer sent.
async fn since(
    tx: &Tx,
    model: &ModelMeta,
    (key, now): (&str, &Map<String, Json>),
    wanted: &IfMatch,
) -> Result<Option<Json>, Error> {
    let steps = audit::Entity::find()
        .filter(audit::Column::Model.eq(&model.slug))
        .filter(audit::Column::RecordId.eq(key))
        .order_by_desc(audit::Column::Id)
        .limit(STEPS)
        .all(tx)
        .await
        .map_err(failure::plain)?;
    let mut then = now.clone();
    for step in steps {
        let Json::Object(changes) = step.changes else {
            break;
        };
        for (name, change) in changes {
            let Some(old) = change.get("old") else {
                // The record did not exist before; a former one with its key is another record.
                return Ok(None);
            };
            if let Some(value) = then.get_mut(&name) {
                old.clone_into(value);
            }
        }
        if wanted.allows(&etag(&representation(model, &then))) {
            return Ok(Some(difference(&then, now)));
        }
    }
    Ok(None)
}

/// The bytes that a read would have answered.
fn representation(model: &ModelMeta, record: &Map<String, Json>) -> Vec<u8> {
    let mut out = vec![b'{'];
    for field in &model.fields {
        let Some(value) = record.get(&field.name) else {
            continue;
        };
        if out.len() > 1 {
            out.push(b',');
        }
        value::write_string(&mut out, &field.name);
        out.push(b':');
        out.extend_from_slice(value.to_string().as_bytes());
    }
    out.push(b'}');
    out
}

fn difference(then: &Map<String, Json>, now: &Map<String, Json>) -> Json {
    let differing = now
        .iter()
        .filter(|(name, new)| then.get(*name) != Some(new));
    differing
        .map(|(name, new)| (name.clone(), json!({ "old": then.get(name), "new": new })))
        .collect::<Map<_, _>>()
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_is_a_star_or_a_list_of_tags() {
        let parse = |text: &'static str| IfMatch::parse([text]);
        assert_eq!(IfMatch::parse([]).unwrap(), IfMatch::Unconditional);
        assert_eq!(parse(" * ").unwrap(), IfMatch::Exists);
        let two = parse("\"a\", W/\"b\"").unwrap();
        assert!(two.allows("\"a\"") && !two.allows("\"b\"") && !two.allows("\"c\""));
        let listed = parse(",\"a\", ,\t\"b,c\",").unwrap();
        assert!(listed.allows("\"a\"") && listed.allows("\"b,c\""));
        for bad in [
            "",
            " , ",
            "a",
            "\"a",
            "*, \"a\"",
            "*,",
            "\"a,b",
            "\"a\"b\"",
            "w/\"a\"",
            "\"\u{7f}\"",
        ] {
            assert!(parse(bad).is_err(), "{bad:?}");
        }
    }
}
