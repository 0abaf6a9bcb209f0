//! `sort`: the order, total for every request.

use crate::error::Fault;
use crate::model::{Field, ModelId};
use crate::query::SortKey;
use crate::query::path::Scope;

use super::Asked;

/// The caller's keys (or the model's own order), then the primary key, so that the order is total.
pub(super) fn sort(
    scope: &Scope<'_>,
    model: ModelId,
    asked: &Asked,
    faults: &mut Vec<Fault>,
) -> Vec<SortKey> {
    let meta = scope.registry.model(model);
    let mut keys: Vec<SortKey> = Vec::new();
    match asked.get("sort") {
        Some(_) => {
            for part in asked.names("sort") {
                let (name, descending) = part
                    .strip_prefix('-')
                    .map_or((part, false), |name| (name, true));
                match scope.field(model, name, Field::sortable) {
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
