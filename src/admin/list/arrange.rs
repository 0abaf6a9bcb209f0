//! Which columns a list has and in which order, and what its rows are sorted by: a form that leads to
//! the address that says so. `GET /admin/{model}/_arrange`

use poem::Response;

use crate::error::Error;
use crate::http::{Call, answer};
use crate::model::{Kind, Verb};

use super::choice::{Choice, choices, chosen};
use super::columns::order;
use super::place::{OPEN, Place};
use crate::admin::address::{POSITION, Query};
use crate::admin::view::View;

/// Most fields that rows are sorted by here; an address may name more.
const KEYS: usize = 3;

/// The form.
#[derive(Debug)]
pub(super) struct Arrange {
    /// The fields, and what is made of them: name, label, whether it is a column. Columns are first, in
    /// their order.
    pub(super) fields: Vec<(String, String, bool)>,
    /// What rows are sorted by: a field, and whether from its highest value; the last is for another.
    pub(super) keys: Vec<(String, bool)>,
    /// The fields that rows can be sorted by: name, label.
    pub(super) sortable: Vec<(String, String)>,
    pub(super) rest: String,
    pub(super) open: bool,
}

impl Arrange {
    /// The form of a list with these columns.
    pub(super) fn of<'a>(view: &View<'a>, place: &Place) -> Self {
        let model = view.model;
        let one = |choice: &Choice<'a>, is: bool| {
            let (name, label) = choice.named(view);
            (name.to_owned(), label.to_owned(), is)
        };
        let shown = chosen(view, &place.here);
        let mut fields: Vec<_> = shown.iter().map(|choice| one(choice, true)).collect();
        for (name, label, is) in choices(view).iter().map(|choice| one(choice, false)) {
            if !fields.iter().any(|(shown, ..)| *shown == name) {
                fields.push((name, label, is));
            }
        }
        let mut keys = order(view, &place.here);
        keys.truncate(KEYS);
        if keys.len() < KEYS {
            keys.push((String::new(), false));
        }
        let sortable = (0..model.fields.len())
            .filter(|&f| view.sees(f) && model.fields[f].sortable())
            .filter(|&f| !matches!(model.fields[f].kind, Kind::Json));
        Self {
            fields,
            keys,
            sortable: sortable
                .map(|f| (model.fields[f].name.clone(), view.label(f).to_owned()))
                .collect(),
            rest: place.here.without(&POSITION).text(),
            open: place.open.as_deref() == Some("columns"),
        }
    }
}

/// `GET /admin/{model}/_arrange`: from the form to the list.
pub(crate) async fn arranged(call: Call) -> Result<Response, Error> {
    let (engine, ctx) = (&call.engine, &call.ctx);
    let model = engine.model(&call.param("model"))?;
    let view = View::of(engine, ctx, Verb::List, model.id)?;
    let sent = Query(call.query()?);
    let rest = Query::parse(sent.get("_rest").unwrap_or_default())?;
    let there = read(&sent, &Place::of(&rest).here.without(&POSITION));
    // The model's own columns need no word.
    let own: Vec<&str> = chosen(&view, &Query::default())
        .into_iter()
        .map(|choice| choice.named(&view).0)
        .collect();
    let mut there = match there.get("fields") {
        Some(names) if names == own.join(",") => there.without(&["fields"]),
        _ => there,
    };
    if sent.get("_up").is_some() {
        there.0.push((OPEN.into(), "columns".into()));
    }
    Ok(answer::see_other(&there.list(&model.slug)))
}

/// The address that a form says.
fn read(sent: &Query, rest: &Query) -> Query {
    let all = |wanted: &'static str| {
        let named = sent.0.iter().filter(move |(name, _)| name == wanted);
        named.map(|(_, value)| value.as_str())
    };
    let mut columns: Vec<&str> = all("_show").collect();
    if let Some(up) = sent.get("_up")
        && let Some(at) = columns
            .iter()
            .position(|name| *name == up)
            .filter(|at| *at > 0)
    {
        columns.swap(at - 1, at);
    }
    let descending: Vec<&str> = all("_descending").collect();
    let mut keys: Vec<String> = Vec::new();
    for (i, field) in all("_sort").enumerate() {
        let known = |key: &String| key.trim_start_matches('-') == field;
        if field.is_empty() || keys.iter().any(known) {
            continue;
        }
        let sign = if descending.contains(&i.to_string().as_str()) {
            "-"
        } else {
            ""
        };
        keys.push(format!("{sign}{field}"));
    }
    let mut there = rest.without(&["fields", "sort"]);
    for (name, values) in [("fields", columns.join(",")), ("sort", keys.join(","))] {
        if !values.is_empty() {
            there.0.push((name.to_owned(), values));
        }
    }
    there
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_says_columns_and_order() {
        let read = |sent: &str| {
            let rest = Query::parse("a=1&sort=x&fields=y").unwrap();
            super::read(&Query::parse(sent).unwrap(), &rest).text()
        };
        assert_eq!(
            read("_show=b&_show=a&_sort=a&_sort="),
            "a=1&fields=b,a&sort=a"
        );
        assert_eq!(read("_show=b&_show=a&_up=a"), "a=1&fields=a,b");
        assert_eq!(read("_show=b&_show=a&_up=b"), "a=1&fields=b,a");
        assert_eq!(
            read("_sort=a&_sort=b&_sort=a&_descending=1&_descending=2"),
            "a=1&sort=a,-b"
        );
    }
}
