//! `cursor`, `page` and `offset`: where the page begins.

use crate::error::Fault;
use crate::query::Position;
use crate::query::path::Scope;

use super::Asked;

pub(super) fn position(
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
