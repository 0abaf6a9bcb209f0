//! The body of `_bulk`: `{"atomic", "operations": […]}`, or `{"verb", "where", "data",
//! "max_affected"}`. Every fault of its shape at once; what its data say is validated later.

use crate::crud::IfMatch;
use crate::error::{Error, Fault};
use crate::model::{Input, Verb};

use super::MOST;

/// What is asked for.
pub(super) enum Body {
    /// One operation after the other.
    List {
        atomic: bool,
        operations: Vec<Operation>,
    },
    /// One change of every record that matches.
    Matching(OfMatching),
}

/// One change of every record that matches a filter.
pub(super) struct OfMatching {
    pub(super) kind: Kind,
    pub(super) filter: Input,
    pub(super) data: Input,
    pub(super) max_affected: usize,
}

/// What an operation does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// One of the verbs that write.
    Verb(Verb),
    /// A patch of the record that has these values of unique fields, or a create.
    Upsert(Vec<String>),
    /// Out of the trash.
    Restore,
}

/// One of many operations.
pub(super) struct Operation {
    pub(super) kind: Kind,
    pub(super) id: String,
    pub(super) condition: IfMatch,
    pub(super) data: Input,
}

type Faults = Vec<Fault>;

/// Reads a body.
pub(super) fn body(input: Input) -> Result<Body, Error> {
    let members = input.into_object(Error::malformed)?;
    let is_list = members.iter().any(|(name, _)| name == "operations");
    let mut faults = Vec::new();
    let known: &[&str] = if is_list {
        &["atomic", "operations"]
    } else {
        &["verb", "where", "data", "max_affected"]
    };
    refuse_unknown("", &members, known, &mut faults);
    let read = if is_list {
        list(members, &mut faults)
    } else {
        matching(members, &mut faults).map(Body::Matching)
    };
    match read {
        Some(body) if faults.is_empty() => Ok(body),
        _ => Err(Error::malformed(faults)),
    }
}

fn list(members: Vec<(String, Input)>, faults: &mut Faults) -> Option<Body> {
    let mut atomic = true;
    let mut operations = Vec::new();
    for (name, value) in members {
        match (name.as_str(), value) {
            ("atomic", Input::Bool(b)) => atomic = b,
            ("operations", Input::Array(items)) if (1..=MOST).contains(&items.len()) => {
                let read = items.into_iter().enumerate();
                operations.extend(read.filter_map(|(i, item)| operation(i, item, faults)));
            }
            ("operations", _) => {
                let detail = format!("operations is an array of 1 to {MOST} operations.");
                faults.push(Fault::field("operations", "type", detail));
            }
            ("atomic", _) => faults.push(Fault::field("atomic", "type", "atomic is a boolean.")),
            _ => {}
        }
    }
    Some(Body::List { atomic, operations })
}

fn operation(index: usize, item: Input, faults: &mut Faults) -> Option<Operation> {
    let at = format!("/operations/{index}");
    let Input::Object(members) = item else {
        let detail = "An operation is an object with a verb.";
        faults.push(Fault::pointer(at, "type", detail));
        return None;
    };
    let mut on = Vec::new();
    let (mut verb, mut id, mut data) = (None, None, None);
    let mut condition = IfMatch::Unconditional;
    refuse_unknown(
        &at,
        &members,
        &["verb", "id", "if_match", "data", "on"],
        faults,
    );
    for (name, value) in members {
        let fault = |detail: &str| Fault::pointer(format!("{at}/{name}"), "type", detail);
        match (name.as_str(), value) {
            ("verb", Input::String(text)) => verb = Some(text),
            ("id", Input::String(text) | Input::Number(text)) => id = Some(text),
            ("data", value @ Input::Object(_)) => data = Some(value),
            ("if_match", Input::String(text)) => match IfMatch::parse([text.as_str()]) {
                Ok(parsed) => condition = parsed,
                Err(_) => faults.push(fault("if_match is * or an entity tag in quotes.")),
            },
            ("on", Input::Array(names)) => {
                for name in names {
                    match name {
                        Input::String(name) => on.push(name),
                        _ => faults.push(fault("on is an array of field names.")),
                    }
                }
            }
            ("verb" | "if_match", _) => faults.push(fault("This is a string.")),
            ("id", _) => faults.push(fault("id is a key, as it is written in an address.")),
            ("data", _) => faults.push(fault("data is an object.")),
            ("on", _) => faults.push(fault("on is an array of field names.")),
            _ => {}
        }
    }
    let kind = kind(&at, verb.as_deref(), on, faults)?;
    let named = match kind {
        Kind::Verb(verb) => verb != Verb::Create,
        Kind::Upsert(_) => false,
        Kind::Restore => true,
    };
    let wants_data = !matches!(kind, Kind::Verb(Verb::Delete) | Kind::Restore);
    for (name, wanted, given) in [
        ("id", named, id.is_some()),
        ("data", wants_data, data.is_some()),
    ] {
        if wanted != given {
            let (code, is) = if wanted {
                ("required", "needs")
            } else {
                ("unknown_member", "has no")
            };
            let detail = format!("This operation {is} {name}.");
            faults.push(Fault::pointer(format!("{at}/{name}"), code, detail));
        }
    }
    Some(Operation {
        kind,
        id: id.unwrap_or_default(),
        condition,
        data: data.unwrap_or(Input::Null),
    })
}

fn kind(at: &str, verb: Option<&str>, on: Vec<String>, faults: &mut Faults) -> Option<Kind> {
    let written = verb.and_then(Verb::named);
    if verb != Some("upsert") && !on.is_empty() {
        let detail = "Only an upsert names the fields it goes by.";
        faults.push(Fault::pointer(format!("{at}/on"), "unknown_member", detail));
    }
    match (written, verb) {
        (Some(verb), _) if !matches!(verb, Verb::List | Verb::Read) => Some(Kind::Verb(verb)),
        (None, Some("restore")) => Some(Kind::Restore),
        (None, Some("upsert")) => {
            if on.is_empty() {
                let detail = "An upsert names the fields of a unique key.";
                faults.push(Fault::pointer(format!("{at}/on"), "required", detail));
            }
            Some(Kind::Upsert(on))
        }
        _ => {
            let detail = "The verb is one of create, replace, patch, delete, upsert, restore.";
            faults.push(Fault::pointer(format!("{at}/verb"), "choice", detail));
            None
        }
    }
}

fn matching(members: Vec<(String, Input)>, faults: &mut Faults) -> Option<OfMatching> {
    let (mut verb, mut filter, mut data, mut max) = (None, None, None, None);
    for (name, value) in members {
        match (name.as_str(), value) {
            ("verb", Input::String(text)) => verb = Some(text),
            ("where", value) => filter = Some(value),
            ("data", value) => data = Some(value),
            ("max_affected", Input::Number(text)) => max = text.parse().ok(),
            _ => {}
        }
    }
    let kind = match verb.as_deref() {
        Some("patch") => Some(Kind::Verb(Verb::Patch)),
        Some("delete") => Some(Kind::Verb(Verb::Delete)),
        Some("restore") => Some(Kind::Restore),
        _ => None,
    };
    if kind.is_none() {
        let detail = "The verb is patch, delete or restore; or give a list of operations.";
        faults.push(Fault::field("verb", "choice", detail));
    }
    if filter.is_none() {
        let detail = "Say which records: a filter as _search or a list takes it.";
        faults.push(Fault::field("where", "required", detail));
    }
    let max = max.filter(|max| (1..=MOST).contains(max));
    if max.is_none() {
        let detail = format!("Say how many records it may be at most, from 1 to {MOST}.");
        faults.push(Fault::field("max_affected", "required", detail));
    }
    let patches = kind == Some(Kind::Verb(Verb::Patch));
    if kind.is_some() && patches != data.is_some() {
        let detail = "A patch has data, a delete or restore has none.";
        faults.push(Fault::field("data", "required", detail));
    }
    Some(OfMatching {
        kind: kind?,
        filter: filter?,
        data: data.unwrap_or(Input::Null),
        max_affected: max?,
    })
}

fn refuse_unknown(at: &str, members: &[(String, Input)], known: &[&str], faults: &mut Faults) {
    for (name, _) in members
        .iter()
        .filter(|(name, _)| !known.contains(&name.as_str()))
    {
        let pointer = format!("{at}/{}", crate::error::escape_pointer(name));
        let detail = format!(
            "There is no member {name:?} here; allowed: {}.",
            known.join(", ")
        );
        faults.push(Fault::pointer(pointer, "unknown_member", detail));
    }
}
