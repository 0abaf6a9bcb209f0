//! `fields` and `expand`: the shape of the records.

use crate::error::Fault;
use crate::model::ModelId;
use crate::query::path::{Refusal, Scope, Step};
use crate::query::{Expand, Projected, Sight};

use super::Asked;

/// `fields=` and `expand=`; a dotted name in `fields` narrows an expanded record.
pub(super) fn projection(
    scope: &Scope<'_>,
    model: ModelId,
    asked: &Asked,
    faults: &mut Vec<Fault>,
) -> (Vec<Projected>, Vec<Expand>) {
    let list = |name| -> Vec<Vec<&str>> {
        let parts = asked.names(name).into_iter();
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
            Sight::Always => Some(Projected { field, guard: None }),
            Sight::When(guard) => Some(Projected {
                field,
                guard: Some(guard),
            }),
            Sight::Never => None,
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
