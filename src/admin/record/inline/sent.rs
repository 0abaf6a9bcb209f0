//! The child rows of a form that came back, and the body that they stand for.

use crate::admin::record::form::{self, Part, Sent};
use crate::admin::record::inline::Family;
use crate::admin::record::widget::Purpose;
use crate::error::{Fault, escape_pointer};
use crate::model::{Field, Input, Kind, Relation};

/// A row as it was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SentRow {
    /// Its number in the form.
    pub(crate) number: usize,
    /// Its key; `None` for a new one.
    pub(crate) key: Option<String>,
}

impl SentRow {
    /// What the names of its fields begin with.
    pub(crate) fn prefix(&self, relation: &Relation) -> String {
        format!("{}.{}.", relation.name, self.number)
    }
}

/// The relation, the number and the member that a name in a form is of.
pub(crate) fn split(name: &str) -> Option<(&str, usize, &str)> {
    let (relation, rest) = name.split_once('.')?;
    let (number, member) = rest.split_once('.')?;
    let canonical = number == "0" || number.starts_with(|c| matches!(c, '1'..='9'));
    let number = number.parse().ok().filter(|n| canonical && *n < 1000)?;
    Some((relation, number, member))
}

/// The rows of a relation in a form, in their order.
pub(crate) fn rows(sent: &Sent, relation: &Relation) -> Vec<SentRow> {
    let of = sent.names().filter_map(|name| {
        let name = ["was.", "empty.", "_q.", "_pick."]
            .iter()
            .find_map(|about| name.strip_prefix(about))
            .unwrap_or(name);
        split(name).filter(|(of, ..)| *of == relation.name)
    });
    let mut numbers: Vec<usize> = of.map(|(_, number, _)| number).collect();
    numbers.sort_unstable();
    numbers.dedup();
    let row = |number| {
        let key = sent.own(&format!("{}.{number}._key", relation.name));
        SentRow {
            number,
            key: key.filter(|k| !k.is_empty()).map(ToOwned::to_owned),
        }
    };
    numbers.into_iter().map(row).collect()
}

/// What the rows of a relation ask for.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    /// The rows of the body.
    pub(crate) rows: Vec<Input>,
    /// The number in the form of each of them.
    pub(crate) places: Vec<usize>,
    /// Texts that are no JSON where JSON is wanted, and such.
    pub(crate) faults: Vec<Fault>,
}

/// The body of a relation's rows; a row that is left as it was, or empty, is not in it.
pub(crate) fn body(sent: &Sent, family: &Family<'_>) -> Asked {
    let mut asked = Asked::default();
    let relation = family.relation;
    for row in rows(sent, relation) {
        let prefix = row.prefix(relation);
        let part = sent.part(&prefix);
        let deleted = part.member("_delete").is_some();
        let mut members = Vec::new();
        if let Some(key) = &row.key {
            members.push(("_key".to_owned(), Input::String(key.clone())));
            let tag = part.member("_if_match").filter(|tag| !tag.is_empty());
            let tag = tag.map(|tag| Input::String(tag.to_owned()));
            members.extend(tag.map(|tag| ("_if_match".to_owned(), tag)));
        }
        if deleted {
            if row.key.is_some() {
                members.push(("_delete".to_owned(), Input::Bool(true)));
                asked.rows.push(Input::Object(members));
                asked.places.push(row.number);
            }
            continue;
        }
        let at = format!("/{}/{}", escape_pointer(&relation.name), asked.rows.len());
        let purpose = row.key.as_ref().map_or(Purpose::Create, |_| Purpose::Edit);
        let (fields, faults) = fields(sent, family, part, purpose);
        if fields.is_empty() && faults.is_empty() {
            continue;
        }
        asked.faults.extend(faults.iter().map(|f| f.within(&at)));
        members.extend(fields);
        asked.rows.push(Input::Object(members));
        asked.places.push(row.number);
    }
    asked
}

fn fields(
    sent: &Sent,
    family: &Family<'_>,
    part: Part<'_>,
    purpose: Purpose,
) -> (Vec<(String, Input)>, Vec<Fault>) {
    let model = family.view.model;
    let open = family.editable(purpose);
    let open: Vec<&Field> = open.into_iter().map(|f| &model.fields[f]).collect();
    let (mut members, mut faults) = (Vec::new(), Vec::new());
    if purpose == Purpose::Create && open.iter().all(|field| blank(field, part)) {
        return (members, faults);
    }
    for field in open {
        let state = part.state(field);
        let left_out = match purpose {
            Purpose::Edit => !part.holds(field) || !part.changed(field),
            Purpose::Create if field.required() || field.has_default => {
                state.as_deref().is_none_or(str::is_empty)
            }
            Purpose::Create => state.is_none(),
        };
        if left_out {
            continue;
        }
        match form::input(&field.kind, state, sent.zone()) {
            Ok(input) => members.push((field.name.clone(), input)),
            Err(misfit) => faults.push(misfit.of(&field.name)),
        }
    }
    (members, faults)
}

/// Whether nothing was put into a field of a new row. A box that is not ticked is nothing.
fn blank(field: &Field, part: Part<'_>) -> bool {
    match part.state(field).as_deref() {
        None | Some("") => true,
        Some(text) => field.kind == Kind::Bool && text == "false",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::FieldOptions;

    #[test]
    fn a_name_is_of_one_row_and_one_member() {
        assert_eq!(split("a.0.b"), Some(("a", 0, "b")));
        assert_eq!(split("a.12.b.c"), Some(("a", 12, "b.c")));
        for odd in [
            "a", "a.b", "a.b.c", "a.01.b", "a.+1.b", "a.-1.b", "a.1000.b", "a..b",
        ] {
            assert_eq!(split(odd), None, "{odd}");
        }
    }

    #[test]
    fn a_row_of_boxes_that_are_not_ticked_is_none() {
        let field = |kind| Field::loose(("open", kind, false), FieldOptions::default());
        let is_blank = |kind, sent: &[(&str, &str)]| {
            let sent = sent.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned()));
            let sent = Sent::of(sent.collect(), |_| true).unwrap();
            blank(&field(kind), sent.part("a.0."))
        };
        // A browser sends nothing of such a box, and a script may say what it is.
        assert!(is_blank(Kind::Bool, &[]));
        assert!(is_blank(Kind::Bool, &[("a.0.open", "false")]));
        assert!(!is_blank(Kind::Bool, &[("a.0.open", "true")]));
        assert!(is_blank(Kind::Text(None), &[("a.0.open", "")]));
        assert!(!is_blank(Kind::Text(None), &[("a.0.open", "false")]));
    }
}
