//! Filter trees in JSON: the `where` of `_search`, and the row rules of grants.
//!
//! `{"and": […], "or": […], "not": {…}, "total__gte": 100, "customer.country__in": ["FR"]}`;
//! the members of one object must all hold.

use crate::error::{Fault, escape_pointer};
use crate::model::{Input, ModelId};

use super::Filter;
use super::path::{Operand, Scope, at_pointer};

/// Deepest nesting of `and`, `or` and `not`.
const MAX_DEPTH: usize = 8;

/// Parses a filter tree on the rows of `model`; `at` is the JSON pointer of `input`.
///
/// # Errors
/// Every fault in it, each with its pointer.
pub fn parse(
    scope: &mut Scope<'_>,
    model: ModelId,
    input: &Input,
    at: &str,
) -> Result<Filter, Vec<Fault>> {
    node(scope, model, input, (at, 0))
}

fn node(
    scope: &mut Scope<'_>,
    model: ModelId,
    input: &Input,
    (at, depth): (&str, usize),
) -> Result<Filter, Vec<Fault>> {
    let fault = |code, detail: String| vec![Fault::pointer(at.to_owned(), code, detail)];
    let Input::Object(members) = input else {
        return Err(fault("type", "A filter is an object.".into()));
    };
    if depth > MAX_DEPTH {
        return Err(fault(
            "too_deep",
            format!("A filter nests at most {MAX_DEPTH} levels."),
        ));
    }
    let mut faults = Vec::new();
    let mut all = Filter::All;
    for (key, value) in members {
        let pointer = format!("{at}/{}", escape_pointer(key));
        let below = (pointer.as_str(), depth + 1);
        let part = match key.as_str() {
            "and" => list(scope, model, value, below)
                .map(|parts| parts.into_iter().fold(Filter::All, Filter::and)),
            "or" => list(scope, model, value, below)
                .map(|parts| parts.into_iter().fold(Filter::Never, Filter::or)),
            "not" => node(scope, model, value, below).map(|f| Filter::Not(Box::new(f))),
            _ => {
                let (path, op) = key.rsplit_once("__").unwrap_or((key, "eq"));
                let condition = scope.condition(model, path, op, Operand::Json(value));
                condition.map_err(|refusal| vec![at_pointer(&pointer, refusal)])
            }
        };
        match part {
            Ok(part) => all = all.and(part),
            Err(more) => faults.extend(more),
        }
    }
    if faults.is_empty() {
        Ok(all)
    } else {
        Err(faults)
    }
}

fn list(
    scope: &mut Scope<'_>,
    model: ModelId,
    input: &Input,
    (at, depth): (&str, usize),
) -> Result<Vec<Filter>, Vec<Fault>> {
    let Input::Array(items) = input else {
        let detail = "`and` and `or` take an array of filters.";
        return Err(vec![Fault::pointer(at.to_owned(), "type", detail)]);
    };
    let mut faults = Vec::new();
    let mut parts = Vec::new();
    for (i, item) in items.iter().enumerate() {
        match node(scope, model, item, (&format!("{at}/{i}"), depth)) {
            Ok(part) => parts.push(part),
            Err(more) => faults.extend(more),
        }
    }
    if faults.is_empty() {
        Ok(parts)
    } else {
        Err(faults)
    }
}
