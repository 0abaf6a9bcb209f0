//! The fields that a condition can be about: those of the records, and those at the end of a path that
//! the caller may walk.

use crate::admin::address::Query;
use crate::error::Error;
use crate::http::Call;
use crate::model::{Field, ModelMeta, Verb};
use crate::query::path::Scope as Paths;

/// A field at the end of a path.
pub(super) struct Found<'a> {
    pub(super) field: &'a Field,
    pub(super) label: String,
}

/// Calls `look` where these relations lead, with their labels.
pub(super) fn ways<T>(
    call: &Call,
    model: &ModelMeta,
    steps: &[&str],
    look: impl FnOnce(&Paths<'_>, &ModelMeta, Vec<String>) -> T,
) -> Result<T, Error> {
    let engine = &call.engine;
    engine.with_access(&call.ctx, |access| {
        let scope = access.scope(Verb::List, model.id)?;
        let lens = access.lens(model.id, &scope);
        let paths = Paths {
            registry: engine.registry(),
            lens: &lens,
            limits: engine.limits(),
            conditions: 0,
        };
        let wrong =
            |(code, detail): (&'static str, String)| Error::parameter("_field", code, detail);
        let end = paths.walk(model.id, steps).map_err(wrong)?.end;
        let (mut here, mut labels) = (model, Vec::new());
        for step in steps {
            let Some(relation) = here.relation(step) else {
                break;
            };
            labels.push(relation.label.clone());
            here = engine.registry().model(relation.target);
        }
        Ok(look(&paths, engine.registry().model(end), labels))
    })
}

/// Whether the name of a condition is of a field that the caller sees: only then it has words.
pub(super) fn seen(call: &Call, model: &ModelMeta, name: &str) -> bool {
    let path = name.rsplit_once("__").map_or(name, |(path, _)| path);
    let asked = Query(vec![("_field".to_owned(), path.to_owned())]);
    chosen(call, model, &asked).is_ok_and(|found| found.is_some())
}

/// The field that was chosen, at the end of its path.
pub(super) fn chosen<'a>(
    call: &'a Call,
    model: &'a ModelMeta,
    sent: &Query,
) -> Result<Option<(String, Found<'a>)>, Error> {
    let Some(path) = sent
        .get("_field")
        .filter(|p| !p.is_empty() && !p.ends_with('.'))
    else {
        return Ok(None);
    };
    let mut steps: Vec<&str> = path.split('.').collect();
    let last = steps.pop().unwrap_or_default();
    let registry = call.engine.registry();
    let found = ways(call, model, &steps, |paths, here, mut through| {
        let usable = |f: &Field| !f.operators().is_empty();
        let (field, _) = paths
            .field(here.id, last, usable)
            .map_err(|(code, detail)| Error::parameter("_field", code, detail))?;
        through.push(here.fields[field].label.clone());
        Ok((here.id, field, through.join(" › ")))
    })?;
    let (here, field, label) = found?;
    let field = &registry.model(here).fields[field];
    Ok(Some((path.to_owned(), Found { field, label })))
}
