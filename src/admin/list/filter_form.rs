//! The filter form of a list: a control for each filter the model declares; the others have the
//! [`super::builder`]. Without JavaScript a form sends its empty inputs too, which the grammar would refuse;
//! so the form goes to `_filter`, which keeps what was filled in and redirects to the list. A foreign key has
//! the search of the record's form; what was only typed there is a condition on the name of what it points at.

use poem::Response;

use crate::admin::address::{POSITION, Query};
use crate::admin::record::{controls, pick};
use crate::admin::value::titles::Titles;
use crate::admin::value::{cell, zone};
use crate::admin::view::View;
use crate::crud::{Context, Engine};
use crate::error::Error;
use crate::http::{Call, answer};
use crate::model::{Field, FieldId, Kind, Verb};
use crate::page::words::t;

/// The rest of the list's address, which the form does not change.
const REST: &str = "_rest";
/// What was typed into the search of the foreign key that is named after it.
const SEARCH: &str = "_search.";
/// A whole condition, as the option of a select has it.
const CONDITION: &str = "_condition";

/// The filter form.
#[derive(Debug)]
pub(crate) struct Form {
    /// The declared filters.
    pub(crate) controls: Vec<Control>,
    /// What the form does not change.
    pub(crate) rest: String,
    /// What the search box does not change.
    pub(crate) searched: String,
}

/// The control of one declared filter.
#[derive(Debug)]
pub(crate) struct Control {
    /// The field's label.
    pub(crate) label: String,
    /// The options of a select: condition, label, chosen. Empty when there are inputs.
    pub(crate) options: Vec<(String, String, bool)>,
    /// The inputs.
    pub(crate) inputs: Vec<Input>,
    /// The search for the record that a foreign key shall point at, in the place of inputs.
    pub(crate) picker: Option<Picker>,
}

/// The search for a record.
#[derive(Debug)]
pub(crate) struct Picker {
    /// The parameter: the foreign key.
    pub(crate) name: String,
    /// What is in force now, and the title of that record.
    pub(crate) value: String,
    /// See `value`.
    pub(crate) title: String,
    /// What is searched, for people: `authors`.
    pub(crate) plural: String,
    /// Where a script asks for some of them.
    pub(crate) options: String,
}

/// One input of a filter.
#[derive(Debug)]
pub(crate) struct Input {
    /// The parameter.
    pub(crate) name: String,
    /// What it asks, after the field's label.
    pub(crate) word: &'static str,
    /// The type of the control.
    pub(crate) kind: &'static str,
    /// What is in force now.
    pub(crate) value: String,
}

impl Form {
    /// The form for a list as it is shown now.
    pub(crate) fn of(
        (engine, ctx): (&Engine, &Context),
        view: &View<'_>,
        (query, titles): (&Query, &Titles),
    ) -> Self {
        let model = view.model;
        let usable = |&f: &FieldId| view.sees(f) && !model.fields[f].operators().is_empty();
        let mut taken = Vec::new();
        let declared = model.filters.iter().copied().filter(usable);
        let control = |f| {
            let picker = picker((engine, ctx), view, f, (query, titles), &mut taken);
            picker.unwrap_or_else(|| control(&model.fields[f], view, f, query, &mut taken))
        };
        let controls = declared.map(control).collect();
        let rest = query
            .0
            .iter()
            .enumerate()
            .filter(|(i, _)| !taken.contains(i));
        let rest = Query(rest.map(|(_, pair)| pair.clone()).collect()).without(&POSITION);
        Self {
            controls,
            rest: rest.text(),
            searched: query.without(&POSITION).without(&["q"]).text(),
        }
    }
}

/// The search of a foreign key whose records the caller may search.
fn picker(
    (engine, ctx): (&Engine, &Context),
    view: &View<'_>,
    id: FieldId,
    (query, titles): (&Query, &Titles),
    taken: &mut Vec<usize>,
) -> Option<Control> {
    let link = view.link(id)?;
    let name = view.model.fields[id].name.clone();
    let picker = controls::picker(engine, ctx, link, (view.model, id, name.clone()), None);
    if picker.options.is_empty() {
        return None;
    }
    let at = query.0.iter().position(|(n, _)| *n == name);
    taken.extend(at);
    let value = at.map(|at| query.0[at].1.clone()).unwrap_or_default();
    Some(Control {
        label: view.label(id).to_owned(),
        options: Vec::new(),
        inputs: Vec::new(),
        picker: Some(Picker {
            title: match titles.has(&link.target.slug, &value) {
                true => titles.get(&link.target.slug, &value),
                false => String::new(),
            },
            name,
            value,
            plural: picker.plural,
            options: picker.options,
        }),
    })
}

fn control(
    field: &Field,
    view: &View<'_>,
    id: FieldId,
    query: &Query,
    taken: &mut Vec<usize>,
) -> Control {
    let mut control = Control {
        label: view.label(id).to_owned(),
        options: Vec::new(),
        inputs: Vec::new(),
        picker: None,
    };
    let mut input = |op: &str, word, kind| {
        let name = if op.is_empty() {
            field.name.clone()
        } else {
            format!("{}__{op}", field.name)
        };
        let at = query.0.iter().position(|(n, _)| *n == name);
        taken.extend(at);
        let value = at.map(|at| zone::asked(field, &query.0[at].1));
        let value = value.unwrap_or_default();
        // A date input shows nothing of what is no date, and would then remove it.
        let kind = if kind == "date" && !value.is_empty() && value.len() != 10 {
            "text"
        } else {
            kind
        };
        control.inputs.push(Input {
            name,
            word,
            kind,
            value,
        });
    };
    match &field.kind {
        Kind::Bool => control.options = options(field, &["true", "false"], query, taken),
        Kind::Enum { variants, .. } => {
            let values: Vec<&str> = variants.iter().map(String::as_str).collect();
            control.options = options(field, &values, query, taken);
        }
        Kind::Bytes(_) | Kind::Json | Kind::Array(_) => {
            control.options = options(field, &[], query, taken);
        }
        Kind::Int(_) | Kind::Uuid if view.link(id).is_some() => input("", t("key"), "text"),
        Kind::Uuid => input("", t("is"), "text"),
        Kind::Text(_) => input("icontains", t("contains"), "text"),
        Kind::Int(_) | Kind::Float | Kind::Double | Kind::Decimal(_) => {
            input("gte", t("from"), "text");
            input("lte", t("to"), "text");
        }
        Kind::Date => {
            input("gte", t("from"), "date");
            input("lte", t("to"), "date");
        }
        Kind::DateTime | Kind::Timestamp => {
            input("gte", t("from"), "date");
            input("lt", t("before"), "date");
        }
        Kind::Time => {
            input("gte", t("from"), "text");
            input("lte", t("to"), "text");
        }
    }
    control
}

/// The conditions that a select offers for a field.
fn options(
    field: &Field,
    values: &[&str],
    query: &Query,
    taken: &mut Vec<usize>,
) -> Vec<(String, String, bool)> {
    let name = &field.name;
    let mut all: Vec<(Query, String)> = values
        .iter()
        .map(|value| {
            let label = match (&field.kind, *value) {
                (Kind::Bool, "true") => t("Yes").to_owned(),
                (Kind::Bool, _) => t("No").to_owned(),
                _ => cell::choice_label(field, value),
            };
            (Query(vec![(name.clone(), (*value).to_owned())]), label)
        })
        .collect();
    if field.nullable {
        for (value, label) in [("true", t("Empty")), ("false", t("Not empty"))] {
            all.push((
                Query(vec![(format!("{name}__isnull"), value.into())]),
                label.into(),
            ));
        }
    }
    let chosen = query
        .0
        .iter()
        .position(|pair| all.iter().any(|(q, _)| q.0[0] == *pair));
    taken.extend(chosen);
    let mut options = vec![(String::new(), t("Any").to_owned(), chosen.is_none())];
    options.extend(all.into_iter().map(|(condition, label)| {
        let here = chosen.is_some_and(|at| query.0[at] == condition.0[0]);
        (condition.text(), label, here)
    }));
    options
}

/// `GET /admin/{model}/_filter`: from the form to the list.
pub(crate) async fn sift(call: Call) -> Result<Response, Error> {
    let (engine, ctx) = (&call.engine, &call.ctx);
    let model = engine.model(&call.param("model"))?;
    let view = View::of(engine, ctx, Verb::List, model.id)?;
    let sent = searched(&view, timed(&view, Query(call.query()?)));
    Ok(answer::see_other(&filled(&sent)?.list(&model.slug)))
}

/// Makes conditions of the words in the searches of foreign keys: on the name of the records that they
/// point at. Where a key is given too, that one counts.
fn searched(view: &View<'_>, mut sent: Query) -> Query {
    let given: Vec<String> = sent
        .0
        .iter()
        .filter(|(_, v)| !v.trim().is_empty())
        .map(|(n, _)| n.clone())
        .collect();
    for (name, words) in &mut sent.0 {
        let Some(key) = name.strip_prefix(SEARCH) else {
            continue;
        };
        let link = view.model.field(key).and_then(|f| view.link(f));
        let named = link.and_then(|link| {
            let shown = |f: FieldId| link.fields.contains(&link.target.fields[f].name.as_str());
            Some((&link.relation.name, pick::named(link.target, shown)?))
        });
        match named {
            Some((relation, field)) if !given.iter().any(|n| n == key) => {
                *name = format!("{relation}.{field}__icontains");
            }
            _ => words.clear(),
        }
    }
    sent
}

/// With the days that were typed for instants made instants. A field that is hidden is left alone as one
/// that is not there.
fn timed(view: &View<'_>, mut sent: Query) -> Query {
    for (name, value) in &mut sent.0 {
        let field = name
            .split_once("__")
            .map_or(name.as_str(), |(field, _)| field);
        if let Some(field) = view.model.field(field).filter(|&f| view.sees(f)) {
            *value = zone::typed(&view.model.fields[field], value.trim());
        }
    }
    sent
}

/// What was filled in, in the grammar of the list.
fn filled(sent: &Query) -> Result<Query, Error> {
    let mut query = Query::parse(sent.get(REST).unwrap_or_default())?;
    for (name, value) in &sent.0 {
        match name.as_str() {
            CONDITION => query.0.extend(Query::parse(value)?.0),
            REST => {}
            _ if value.trim().is_empty() => {}
            _ => query.0.push((name.clone(), value.trim().to_owned())),
        }
    }
    Ok(query.without(&POSITION))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(text: &str) -> String {
        filled(&Query::parse(text).unwrap()).unwrap().text()
    }

    #[test]
    fn empty_inputs_are_left_out_and_the_rest_is_kept() {
        assert_eq!(sent("q=&price__gte=&price__lte=10"), "price__lte=10");
        assert_eq!(
            sent("_rest=sort%3D-id%26name%3D&q=le+guin"),
            "sort=-id&name=&q=le%20guin"
        );
        assert_eq!(sent("_rest=a%3D1%26cursor%3Dabc"), "a=1");
    }

    #[test]
    fn an_option_is_a_whole_condition() {
        assert_eq!(
            sent("_condition=status%3Dpaid&_condition=&_condition=x__isnull%3Dtrue"),
            "status=paid&x__isnull=true"
        );
    }
}
