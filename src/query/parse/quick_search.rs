//! `q`: words to find in the fields that the model declares for it.

use crate::model::ModelId;
use crate::query::path::{MAX_PATTERN, Refusal, Scope};
use crate::query::{Filter, Place, Sight};

use super::Asked;

/// `q=`: some declared search field contains each of the words, ignoring case.
pub(super) fn quick_search(
    scope: &mut Scope<'_>,
    model: ModelId,
    asked: &Asked,
) -> Result<Filter, Refusal> {
    let Some(text) = asked.get("q") else {
        return Ok(Filter::All);
    };
    let meta = scope.registry.model(model);
    let fields: Vec<(usize, Option<Filter>)> = meta
        .search
        .iter()
        .filter_map(|&f| match scope.lens.sight(model, f) {
            Sight::Always => Some((f, None)),
            Sight::When(guard) => Some((f, Some(guard))),
            Sight::Never => None,
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
