//! A token as somebody wants it: what is wrong with its name, its scopes and its end. Models that the
//! caller has no verb on are as unknown as those that are not there.

use chrono::{DateTime, TimeDelta, Utc};

use crate::crud::{Context, Engine};
use crate::error::{Error, Fault};
use crate::model::{Input, Verb};
use crate::store::now;

use super::tokens::NewToken;

/// Longest life of a token that has an end.
const MOST_DAYS: i64 = 3650;

/// Models and verbs; `None` is everything the owner may.
pub type Scopes = Option<Vec<(String, Vec<Verb>)>>;

/// A token's members, as `POST /auth/tokens` takes them.
///
/// # Errors
/// 422 with every fault.
pub fn of_json(engine: &Engine, ctx: &Context, body: Input) -> Result<NewToken, Error> {
    let mut faults = Vec::new();
    let (mut name, mut scopes, mut expires_at) = (String::new(), None, None);
    for (member, value) in body.into_object(Error::invalid)? {
        match (member.as_str(), value) {
            ("name", Input::String(text)) => name = text,
            ("scopes", Input::String(word)) if word == "all" => scopes = None,
            ("scopes", Input::Array(items)) => {
                let read = items.into_iter().enumerate();
                scopes = Some(read.filter_map(|(i, s)| scope(i, s, &mut faults)).collect());
            }
            ("expires_at", Input::Null) => {}
            ("expires_at", Input::String(text)) => match DateTime::parse_from_rfc3339(&text) {
                Ok(at) => expires_at = Some(at.with_timezone(&Utc)),
                Err(_) => {
                    let detail = "expires_at is an instant such as 2030-01-31T12:00:00Z, or null.";
                    faults.push(Fault::field("expires_at", "format", detail));
                }
            },
            ("name", _) => faults.push(Fault::field("name", "type", "name is a string.")),
            ("scopes", _) => {
                let detail = "scopes is \"all\" or an array of {\"model\", \"verbs\"}.";
                faults.push(Fault::field("scopes", "type", detail));
            }
            ("expires_at", _) => {
                let detail = "expires_at is a string or null.";
                faults.push(Fault::field("expires_at", "type", detail));
            }
            _ => {
                let detail = format!("There is no {member}.");
                faults.push(Fault::field(&member, "unknown_field", detail));
            }
        }
    }
    checked((engine, ctx), (name, scopes, expires_at), faults)
}

fn scope(index: usize, item: Input, faults: &mut Vec<Fault>) -> Option<(String, Vec<Verb>)> {
    let Input::Object(members) = item else {
        let detail = "A scope is an object of a model and its verbs.";
        faults.push(Fault::pointer(format!("/scopes/{index}"), "type", detail));
        return None;
    };
    let (mut model, mut verbs) = (None, None);
    for (member, value) in members {
        match (member.as_str(), value) {
            ("model", Input::String(slug)) => model = Some(slug),
            ("verbs", Input::Array(names)) => {
                let named = names.iter().map(|name| match name {
                    Input::String(name) => Verb::named(name),
                    _ => None,
                });
                verbs = named.collect::<Option<Vec<Verb>>>();
            }
            _ => {}
        }
    }
    let found = model.zip(verbs.filter(|v| !v.is_empty()));
    if found.is_none() {
        let detail =
            "A scope names a model, and some of list, read, create, replace, patch, delete.";
        faults.push(Fault::pointer(format!("/scopes/{index}"), "scope", detail));
    }
    found
}

/// A token with this name, these scopes and this end.
///
/// # Errors
/// 422 with every fault, those in `faults` first.
pub fn checked(
    (engine, ctx): (&Engine, &Context),
    (name, scopes, expires_at): (String, Scopes, Option<DateTime<Utc>>),
    mut faults: Vec<Fault>,
) -> Result<NewToken, Error> {
    let name = name.trim().to_owned();
    let named = faults
        .iter()
        .any(|f| f.field_name().as_deref() == Some("name"));
    if !named && (name.is_empty() || name.chars().count() > 100 || name.contains('\0')) {
        let detail = "A token's name has 1 to 100 characters.";
        faults.push(Fault::field("name", "length", detail));
    }
    let knows = |slug: &str| {
        slug == "*"
            || engine
                .registry()
                .by_slug(slug)
                .is_some_and(|m| Verb::ALL.into_iter().any(|v| engine.may(ctx, v, m.id)))
    };
    for (i, (slug, _)) in scopes.iter().flatten().enumerate() {
        if !knows(slug) {
            let detail = format!("There is no model {slug:?}.");
            let at = format!("/scopes/{i}/model");
            faults.push(Fault::pointer(at, "unknown_model", detail));
        }
    }
    if scopes.as_ref().is_some_and(Vec::is_empty) && faults.is_empty() {
        let detail = "A token without a scope may do nothing; choose some, or \"all\".";
        faults.push(Fault::field("scopes", "empty", detail));
    }
    let now = now();
    let last = now + TimeDelta::days(MOST_DAYS);
    if expires_at.is_some_and(|end| end <= now || end > last) {
        let detail = format!("A token ends after now and within {MOST_DAYS} days, or never.");
        faults.push(Fault::field("expires_at", "range", detail));
    }
    if faults.is_empty() {
        Ok(NewToken {
            user_id: 0,
            name,
            scopes,
            expires_at,
        })
    } else {
        Err(Error::invalid(faults))
    }
}
