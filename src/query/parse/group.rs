//! Groups of conditions in a query string: `or`, `and` and `not`, whose value is a query string of
//! conditions and groups itself. So an address can say what the body of `_search` can.

use percent_encoding::percent_decode_str;

use crate::model::ModelId;
use crate::query::Filter;
use crate::query::path::{Operand, Refusal, Scope};

/// The names of the groups. A field of such a name is filtered as `or__eq`.
pub const GROUPS: [&str; 3] = ["and", "or", "not"];

/// Deepest nesting of groups, as in a tree of JSON.
const MAX_DEPTH: usize = 8;

/// One condition of a query string, or a group of them.
pub(super) fn condition(
    scope: &mut Scope<'_>,
    model: ModelId,
    name: &str,
    text: &str,
) -> Result<Filter, Refusal> {
    node(scope, model, (name, text), 1)
}

fn node(
    scope: &mut Scope<'_>,
    model: ModelId,
    (name, text): (&str, &str),
    depth: usize,
) -> Result<Filter, Refusal> {
    if !GROUPS.contains(&name) {
        let (path, op) = name.rsplit_once("__").unwrap_or((name, "eq"));
        return scope.condition(model, path, op, Operand::Text(text));
    }
    if depth > MAX_DEPTH {
        let detail = format!("Groups nest at most {MAX_DEPTH} levels.");
        return Err(("too_deep", detail));
    }
    let mut parts = Vec::new();
    for (name, text) in pairs(text)? {
        parts.push(node(scope, model, (&name, &text), depth + 1)?);
    }
    let all = |parts: Vec<Filter>| parts.into_iter().fold(Filter::All, Filter::and);
    Ok(match name {
        "or" => parts.into_iter().fold(Filter::Never, Filter::or),
        "not" => Filter::Not(Box::new(all(parts))),
        _ => all(parts),
    })
}

/// The parameters of a query string (WHATWG URL, section 5.1).
pub(super) fn pairs(text: &str) -> Result<Vec<(String, String)>, Refusal> {
    let decode = |part: &str| {
        let spaced = part.replace('+', " ");
        match percent_decode_str(&spaced).decode_utf8() {
            Ok(text) if !text.contains('\0') => Ok(text.into_owned()),
            _ => Err((
                "encoding",
                "Conditions are UTF-8 text without NUL.".to_owned(),
            )),
        }
    };
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Ok((decode(name)?, decode(value)?))
        })
        .collect()
}
