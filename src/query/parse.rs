//! A query string, or the body of `_search`, as a [`Query`]. Both come down to the same few texts
//! (`Asked`) and one function; every fault is reported, nothing is ever ignored.

use crate::error::{Error, Fault};
use crate::model::{Input, ModelId};

use super::cursor::{Cursors, digest};
use super::path::{MAX_PATTERN, Operand, Refusal, Scope, Step, at_parameter, at_pointer};
use super::{CountMode, Expand, Filter, Place, Position, Projected, Query, SortKey, tree};

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
        let (path, op) = name.rsplit_once("__").unwrap_or((name, "eq"));
        match scope.condition(model, path, op, Operand::Text(text)) {
            Ok(condition) => filter = filter.and(condition),
            Err(refusal) => faults.push(at_parameter(name, refusal)),
        }
    }
    finish(scope, model, filter, (asked, faults), cursors)
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

/// `q=`: some declared search field contains each of the words, ignoring case.
fn quick_search(scope: &mut Scope<'_>, model: ModelId, asked: &Asked) -> Result<Filter, Refusal> {
    let Some(text) = asked.get("q") else {
        return Ok(Filter::All);
    };
    let meta = scope.registry.model(model);
    let fields: Vec<(usize, Option<Filter>)> = meta
        .search
        .iter()
        .filter_map(|&f| match scope.lens.sight(model, f) {
            super::Sight::Always => Some((f, None)),
            super::Sight::When(guard) => Some((f, Some(guard))),
            super::Sight::Never => None,
        })
        .collect();
    if fields.is_empty() {
        return Err((
            "not_searchable",
            "There is nothing to search here with q.".into(),
        ));
    }
    if text.contains('\0') {
        return Err(("nul", "q must not contain NUL.".into()));
    }
    if text.len() > MAX_PATTERN {
        let detail = format!("q can have at most {MAX_PATTERN} bytes.");
        return Err(("too_long", detail));
    }
    if text.trim().chars().count() < 2 {
        return Err(("too_short", "q needs at least 2 characters.".into()));
    }
    let mut all = Filter::All;
    for word in text.split_whitespace() {
        scope.count(1)?;
        let any = fields.iter().fold(Filter::Never, |any, (field, guard)| {
            let like = Filter::Like {
                field: *field,
                place: Place::Anywhere,
                text: word.to_owned(),
                fold: true,
            };
            any.or(guard.clone().unwrap_or(Filter::All).and(like))
        });
        all = all.and(any);
    }
    Ok(all)
}

/// The caller's keys (or the model's own order), then the primary key, so that the order is total.
fn sort(scope: &Scope<'_>, model: ModelId, asked: &Asked, faults: &mut Vec<Fault>) -> Vec<SortKey> {
    let meta = scope.registry.model(model);
    let mut keys: Vec<SortKey> = Vec::new();
    match asked.get("sort") {
        Some(text) => {
            for part in text.split(',').filter(|p| !p.is_empty()) {
                let (name, descending) = part
                    .strip_prefix('-')
                    .map_or((part, false), |name| (name, true));
                match scope.field(model, name, crate::model::Field::sortable) {
                    Ok((field, _)) if keys.iter().any(|k| k.field == field) => {
                        let detail = format!("{name} is there twice.");
                        faults.push(asked.fault("sort", ("duplicate", detail)));
                    }
                    Ok((field, guard)) => keys.push(SortKey {
                        field,
                        descending,
                        guard,
                    }),
                    Err(refusal) => faults.push(asked.fault("sort", refusal)),
                }
            }
            if keys.len() > scope.limits.max_conditions {
                let detail = "sort has more keys than max_conditions.".to_owned();
                faults.push(asked.fault("sort", ("too_many_keys", detail)));
            }
        }
        None => {
            for &(field, descending) in &meta.ordering {
                let name = &meta.fields[field].name;
                if let Ok((field, guard)) = scope.field(model, name, |_| true) {
                    keys.push(SortKey {
                        field,
                        descending,
                        guard,
                    });
                }
            }
        }
    }
    for &field in &meta.key {
        if !keys.iter().any(|k| k.field == field) {
            // The direction of the last key, so that an index on (key, id) can be read one way.
            let descending = keys.last().is_some_and(|k| k.descending);
            keys.push(SortKey {
                field,
                descending,
                guard: None,
            });
        }
    }
    keys
}

/// `fields=` and `expand=`; a dotted name in `fields` narrows an expanded record.
fn projection(
    scope: &Scope<'_>,
    model: ModelId,
    asked: &Asked,
    faults: &mut Vec<Fault>,
) -> (Vec<Projected>, Vec<Expand>) {
    let list = |name| -> Vec<Vec<&str>> {
        let parts = asked
            .get(name)
            .unwrap_or_default()
            .split(',')
            .filter(|p| !p.is_empty());
        parts.map(|p| p.split('.').collect()).collect()
    };
    let (fields, mut expand) = (list("fields"), list("expand"));
    let max = scope.limits.max_conditions;
    if expand.len() > max {
        let detail = format!("expand has at most {max} paths (max_conditions).");
        faults.push(asked.fault("expand", ("too_many_paths", detail)));
        expand.clear();
    }
    for path in fields.iter().filter(|p| p.len() > 1) {
        let relation = &path[..path.len() - 1];
        if !expand.iter().any(|e| e.starts_with(relation)) {
            let name = path.join(".");
            let detail = format!("{name} narrows a relation that is not in expand.");
            faults.push(asked.fault("fields", ("not_expanded", detail)));
        }
    }
    let mut refusals = Vec::new();
    let shape = shape(scope, model, (&fields, &expand), &mut refusals);
    faults.extend(
        refusals
            .into_iter()
            .map(|(name, refusal)| asked.fault(name, refusal)),
    );
    shape
}

type Refusals = Vec<(&'static str, Refusal)>;

fn shape(
    scope: &Scope<'_>,
    model: ModelId,
    (fields, expand): (&[Vec<&str>], &[Vec<&str>]),
    refusals: &mut Refusals,
) -> (Vec<Projected>, Vec<Expand>) {
    let meta = scope.registry.model(model);
    let mut wanted = vec![fields.iter().all(|p| p.len() != 1); meta.fields.len()];
    for path in fields.iter().filter(|p| p.len() == 1) {
        match scope.field(model, path[0], |f| !f.secret) {
            Ok((field, _)) => wanted[field] = true,
            Err(refusal) => refusals.push(("fields", refusal)),
        }
    }
    let projected = (0..meta.fields.len())
        .filter(|&f| wanted[f])
        .filter_map(|field| match scope.lens.sight(model, field) {
            super::Sight::Always => Some(Projected { field, guard: None }),
            super::Sight::When(guard) => Some(Projected {
                field,
                guard: Some(guard),
            }),
            super::Sight::Never => None,
        })
        .collect();
    let mut embedded: Vec<Expand> = Vec::new();
    let mut seen: Vec<&str> = Vec::new();
    for path in expand {
        let first = path[0];
        if seen.contains(&first) {
            continue;
        }
        seen.push(first);
        if path.len() > scope.limits.max_steps {
            let detail = format!("A path walks at most {} relations.", scope.limits.max_steps);
            refusals.push(("expand", ("too_many_steps", detail)));
            continue;
        }
        match scope.walk(model, &[first]) {
            Err(refusal) => refusals.push(("expand", refusal)),
            Ok(walk) => {
                let (inner_fields, inner_expand) = (below(fields, first), below(expand, first));
                let (fields, expand) =
                    shape(scope, walk.end, (&inner_fields, &inner_expand), refusals);
                let target = walk.end;
                let step = walk.steps.into_iter().next();
                embedded.extend(step.map(|Step { relation, guards }| Expand {
                    relation,
                    target,
                    rows: guards.target,
                    junction: guards.junction,
                    own: guards.own,
                    fields,
                    expand,
                }));
            }
        }
    }
    (projected, embedded)
}

/// The rests of the paths that begin with `first`.
fn below<'a>(paths: &[Vec<&'a str>], first: &str) -> Vec<Vec<&'a str>> {
    let inside = paths.iter().filter(|p| p.len() > 1 && p[0] == first);
    inside.map(|p| p[1..].to_vec()).collect()
}

fn position(
    scope: &Scope<'_>,
    asked: &Asked,
    limit: u64,
    faults: &mut Vec<Fault>,
    open: impl FnOnce(&str) -> Option<Position>,
) -> Position {
    let given: Vec<&str> = ["cursor", "page", "offset"]
        .into_iter()
        .filter(|n| asked.get(n).is_some())
        .collect();
    if given.len() > 1 {
        let detail = format!("Only one of {} can be given.", given.join(", "));
        faults.push(asked.fault(given[1], ("exclusive", detail)));
        return Position::Offset(0);
    }
    if let Some(text) = asked.get("cursor") {
        return open(text).unwrap_or_else(|| {
            let detail = "This cursor does not belong to this query; begin again without it.";
            faults.push(asked.fault("cursor", ("invalid_cursor", detail.into())));
            Position::Offset(0)
        });
    }
    let number = |name| asked.get(name).map(str::parse::<u64>);
    let offset = match (number("page"), number("offset")) {
        (None, None) => 0,
        (Some(Ok(page)), _) if page >= 1 => (page - 1).saturating_mul(limit),
        (_, Some(Ok(offset))) => offset,
        _ => {
            let detail = "page is a number from 1, offset a number from 0.".to_owned();
            faults.push(asked.fault(given[0], ("type", detail)));
            0
        }
    };
    let max = scope.limits.max_offset;
    if offset.saturating_add(limit) > max {
        let detail = format!(
            "Pages by number end at row {max} (max_offset); follow page.next, a cursor, instead."
        );
        faults.push(asked.fault(
            given.first().copied().unwrap_or("limit"),
            ("too_far", detail),
        ));
        return Position::Offset(0);
    }
    Position::Offset(offset)
}
