//! A query string, or the body of `_search`, as a [`Query`]. Both come down to the same few texts
//! (`Asked`) and one function; every fault is reported, nothing is ever ignored.
//!
//! Here: which texts there are. What each of them means is in the room of its name; conditions are
//! resolved in [`super::path`], trees of them in [`super::tree`].

mod aggregate;
mod export;
mod group;
mod position;
mod projection;
mod quick_search;
mod sort;

use crate::error::{Error, Fault};
use crate::model::{Input, ModelId};

pub use self::aggregate::{AGGREGATE, HAVING, aggregate};
pub use self::export::{Format, NOT_EXPORTED, export};
pub use self::group::GROUPS;
use self::position::position;
use self::projection::projection;
use self::quick_search::quick_search;
use self::sort::sort;
use super::cursor::{Cursors, digest};
use super::path::{Refusal, Scope, at_parameter, at_pointer};
use super::{CountMode, Expand, Filter, Projected, Query, tree};

/// The parameters that are not conditions. A field of such a name is filtered as `name__eq`.
pub const RESERVED: [&str; 9] = [
    "sort", "q", "fields", "expand", "limit", "cursor", "page", "offset", "count",
];

/// What was asked for besides conditions, as texts; lists are joined with commas.
#[derive(Debug, Default)]
struct Asked {
    texts: Vec<(&'static str, String)>,
    in_body: bool,
}

impl Asked {
    fn get(&self, name: &str) -> Option<&str> {
        self.texts
            .iter()
            .find(|(n, _)| *n == name)
            .map(|(_, t)| t.as_str())
    }

    /// The names of a list. An empty text is an empty list; beside others an empty name is as
    /// unknown as any.
    fn names(&self, name: &str) -> Vec<&str> {
        match self.get(name) {
            None | Some("") => Vec::new(),
            Some(text) => text.split(',').collect(),
        }
    }

    fn fault(&self, name: &str, refusal: Refusal) -> Fault {
        if self.in_body {
            at_pointer(&format!("/{name}"), refusal)
        } else {
            at_parameter(name, refusal)
        }
    }
}

/// Parses the parameters of a list, already percent-decoded.
///
/// # Errors
/// One 400 with every fault.
pub fn list(
    scope: &mut Scope<'_>,
    model: ModelId,
    parameters: &[(String, String)],
    cursors: &Cursors,
) -> Result<Query, Error> {
    let mut asked = Asked::default();
    let mut faults = Vec::new();
    let mut filter = Filter::All;
    for (name, text) in parameters {
        if let Some(reserved) = RESERVED.into_iter().find(|r| r == name) {
            if asked.get(reserved).is_some() {
                let detail = format!("{name} can be given once.");
                faults.push(Fault::parameter(name, "duplicate", detail));
            }
            asked.texts.push((reserved, text.clone()));
            continue;
        }
        match group::condition(scope, model, name, text) {
            Ok(condition) => filter = filter.and(condition),
            Err(refusal) => faults.push(at_parameter(name, refusal)),
        }
    }
    finish(scope, model, filter, (asked, faults), cursors)
}

/// Parses the member `where` of a body: a filter tree, or a text with the conditions of a list.
///
/// # Errors
/// Every fault of the tree; the first of the text.
pub fn matching(
    scope: &mut Scope<'_>,
    model: ModelId,
    input: &Input,
) -> Result<Filter, Vec<Fault>> {
    let at = "/where";
    match input {
        Input::String(text) => conditions(scope, model, text, at).map_err(|fault| vec![fault]),
        tree => tree::parse(scope, model, tree, at),
    }
}

/// Parses the conditions of a list's query string, `q` among them; `at` is the JSON pointer of the
/// text.
///
/// # Errors
/// The first fault.
fn conditions(
    scope: &mut Scope<'_>,
    model: ModelId,
    text: &str,
    at: &str,
) -> Result<Filter, Fault> {
    let mut parsed = || {
        let mut filter = Filter::All;
        for (name, text) in group::pairs(text)? {
            let next = match RESERVED.into_iter().find(|r| *r == name) {
                Some("q") => {
                    let asked = Asked {
                        texts: vec![("q", text)],
                        in_body: true,
                    };
                    quick_search(scope, model, &asked)?
                }
                Some(_) => {
                    let detail = format!("There is no parameter {name:?} here; only conditions.");
                    return Err(("unknown_parameter", detail));
                }
                None => group::condition(scope, model, &name, &text)?,
            };
            filter = filter.and(next);
        }
        Ok(filter)
    };
    parsed().map_err(|refusal| at_pointer(at, refusal))
}

/// Parses the parameters of a single record: `fields` and `expand`.
///
/// # Errors
/// One 400 with every fault.
pub fn record(
    scope: &mut Scope<'_>,
    model: ModelId,
    parameters: &[(String, String)],
) -> Result<(Vec<Projected>, Vec<Expand>), Error> {
    let mut asked = Asked::default();
    let mut faults = Vec::new();
    for (name, text) in parameters {
        match ["fields", "expand"].into_iter().find(|r| r == name) {
            Some(known) if asked.get(known).is_none() => asked.texts.push((known, text.clone())),
            Some(_) => {
                let detail = format!("{name} can be given once.");
                faults.push(Fault::parameter(name, "duplicate", detail));
            }
            None => {
                let detail =
                    format!("There is no parameter {name:?} here; allowed: fields, expand.");
                faults.push(Fault::parameter(name, "unknown_parameter", detail));
            }
        }
    }
    let shape = projection(scope, model, &asked, &mut faults);
    if faults.is_empty() {
        Ok(shape)
    } else {
        Err(Error::malformed(faults))
    }
}

/// Parses the body of `_search`.
///
/// # Errors
/// One 400 with every fault.
pub fn search(
    scope: &mut Scope<'_>,
    model: ModelId,
    body: Input,
    cursors: &Cursors,
) -> Result<Query, Error> {
    let mut asked = Asked {
        in_body: true,
        ..Asked::default()
    };
    let mut faults = Vec::new();
    let mut filter = Filter::All;
    for (name, value) in body.into_object(Error::malformed)? {
        let pointer = format!("/{}", crate::error::escape_pointer(&name));
        if name == "where" {
            match tree::parse(scope, model, &value, &pointer) {
                Ok(parsed) => filter = parsed,
                Err(more) => faults.extend(more),
            }
            continue;
        }
        let Some(reserved) = RESERVED.into_iter().find(|r| *r == name) else {
            let detail = format!(
                "There is no member {name:?} here; allowed: where, {}.",
                RESERVED.join(", ")
            );
            faults.push(Fault::pointer(pointer, "unknown_member", detail));
            continue;
        };
        match text_of(reserved, &value, &pointer) {
            Ok(text) => asked.texts.extend(text.map(|text| (reserved, text))),
            Err(fault) => faults.push(fault),
        }
    }
    finish(scope, model, filter, (asked, faults), cursors)
}

/// A member of `_search` as the text that a query string would have; null is as if it were absent.
/// Only the types of the OpenAPI document: what else could be read somehow would be guessed at.
fn text_of(name: &str, value: &Input, pointer: &str) -> Result<Option<String>, Fault> {
    match (name, value) {
        (_, Input::Null) => Ok(None),
        ("limit" | "page" | "offset", Input::Number(text)) => Ok(Some(text.clone())),
        ("q" | "cursor" | "count" | "sort" | "fields" | "expand", Input::String(text)) => {
            Ok(Some(text.clone()))
        }
        ("sort" | "fields" | "expand", Input::Array(items)) => {
            let one = |(index, item): (usize, &Input)| match item {
                Input::String(name) if !name.is_empty() && !name.contains(',') => Ok(name.clone()),
                _ => {
                    let detail = "Each item must be one name.".to_owned();
                    Err(Fault::pointer(format!("{pointer}/{index}"), "type", detail))
                }
            };
            let names: Result<Vec<String>, Fault> = items.iter().enumerate().map(one).collect();
            Ok(Some(names?.join(",")))
        }
        _ => {
            let detail = format!("{name} cannot be {}.", value.type_name());
            Err(Fault::pointer(pointer.to_owned(), "type", detail))
        }
    }
}

fn finish(
    scope: &mut Scope<'_>,
    model: ModelId,
    filter: Filter,
    (asked, mut faults): (Asked, Vec<Fault>),
    cursors: &Cursors,
) -> Result<Query, Error> {
    let filter = match quick_search(scope, model, &asked) {
        Ok(q) => filter.and(q),
        Err(refusal) => {
            faults.push(asked.fault("q", refusal));
            filter
        }
    };
    let sort = sort(scope, model, &asked, &mut faults);
    let (fields, expand) = projection(scope, model, &asked, &mut faults);
    let limits = scope.limits;
    let limit = match asked.get("limit").map(str::parse::<u64>) {
        None => limits.default_limit,
        Some(Ok(n)) if (1..=limits.max_limit).contains(&n) => n,
        Some(_) => {
            let detail = format!(
                "limit is a number from 1 to {} (max_limit).",
                limits.max_limit
            );
            faults.push(asked.fault("limit", ("out_of_range", detail)));
            limits.default_limit
        }
    };
    let count = match asked.get("count") {
        None | Some("auto") => CountMode::Auto,
        Some("exact") => CountMode::Exact,
        Some("estimated") => CountMode::Estimated,
        Some("none") => CountMode::None,
        Some(_) => {
            let detail = "count is one of auto, exact, estimated, none.".to_owned();
            faults.push(asked.fault("count", ("choice", detail)));
            CountMode::None
        }
    };
    let position = position(scope, &asked, limit, &mut faults, |text| {
        let meta = scope.registry.model(model);
        cursors.open(text, &digest(meta, &filter, &sort), meta, &sort)
    });
    if faults.is_empty() {
        Ok(Query {
            filter,
            sort,
            fields,
            expand,
            limit,
            position,
            count,
        })
    } else {
        Err(Error::malformed(faults))
    }
}
