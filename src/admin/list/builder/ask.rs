//! The form of one condition: the operators that its field has, and the controls of its value; and the
//! condition that a form says.

use super::ways::Found;
use crate::admin::address::Query;
use crate::admin::list::conditions::verb;
use crate::admin::value::{cell, zone};
use crate::model::{Field, Kind, Op};
use crate::page::words::t;
use crate::query::path::split_list;

/// The form of one condition.
#[derive(Debug)]
pub(super) struct Ask {
    pub(super) at: String,
    pub(super) edit: bool,
    pub(super) path: String,
    pub(super) label: String,
    pub(super) operators: Vec<(&'static str, &'static str, bool)>,
    /// The type of the inputs.
    pub(super) kind: &'static str,
    pub(super) value: String,
    pub(super) second: String,
    /// The values to choose from, and whether each is chosen; empty for inputs.
    pub(super) choices: Vec<(String, String, bool)>,
    /// Whether there are two values between which something can be.
    pub(super) between: bool,
    pub(super) texts: bool,
    /// The zone that times are typed in; empty where there are none.
    pub(super) zone: &'static str,
}

/// Operators that stand for another with the value that they always have.
const EMPTY: [(&str, &str); 2] = [("empty", "true"), ("filled", "false")];

pub(super) fn ask(path: &str, found: &Found<'_>, (at, edit): (&str, bool), sent: &Query) -> Ask {
    let field = found.field;
    let value = sent.get("_value").unwrap_or_default();
    let op = match (sent.get("_op").unwrap_or_default(), value) {
        ("isnull", "true") => "empty",
        ("isnull", _) => "filled",
        (op, _) => op,
    };
    let (values, kind) = inputs(field);
    let chosen = split_list(value);
    let choices: Vec<(String, String, bool)> = values
        .into_iter()
        .map(|(value, label)| {
            let here = chosen.contains(&value);
            (value, label, here)
        })
        .collect();
    let mut operators = Vec::new();
    for &known in field.operators() {
        let listed = matches!(known, Op::In | Op::Nin) && !choices.is_empty();
        if known != Op::IsNull && !listed {
            let here = known.name() == op || (op == "in" && known == Op::Eq && !choices.is_empty());
            operators.push((known.name(), verb(known), here));
        }
    }
    for (name, words) in [("empty", t("is empty")), ("filled", t("is not empty"))] {
        operators.push((name, words, name == op));
    }
    let (first, second) = match op {
        "between" => (
            chosen.first().cloned().unwrap_or_default(),
            chosen.get(1).cloned().unwrap_or_default(),
        ),
        _ => (value.to_owned(), String::new()),
    };
    Ask {
        at: at.to_owned(),
        edit,
        path: path.to_owned(),
        label: found.label.clone(),
        between: field.operators().contains(&Op::Between),
        texts: field.operators().contains(&Op::In) && choices.is_empty(),
        operators,
        zone: match field.kind {
            Kind::DateTime | Kind::Timestamp => zone::of(field).map_or("UTC", |zone| zone.name()),
            _ => "",
        },
        // A list is no date.
        kind: if matches!(op, "in" | "nin") {
            "text"
        } else {
            kind
        },
        value: first,
        second: sent.get("_second").map_or(second, ToOwned::to_owned),
        choices,
    }
}

/// The values to choose from, and else the type of an input.
fn inputs(field: &Field) -> (Vec<(String, String)>, &'static str) {
    match &field.kind {
        Kind::Bool => (
            vec![
                ("true".into(), t("Yes").into()),
                ("false".into(), t("No").into()),
            ],
            "text",
        ),
        Kind::Enum { variants, .. } => {
            let one = |v: &String| (v.clone(), cell::choice_label(field, v));
            (variants.iter().map(one).collect(), "text")
        }
        _ if !field.choices.is_empty() => {
            let one = |c: &crate::model::Choice| (c.value.clone(), c.label.clone());
            (field.choices.iter().map(one).collect(), "text")
        }
        Kind::Date => (Vec::new(), "date"),
        _ => (Vec::new(), "text"),
    }
}

/// The value of a condition for who changes it.
pub(super) fn shown(field: &Field, op: &str, value: &str) -> String {
    let listed = matches!(op, "between" | "in" | "nin") && zone::of(field).is_some();
    if listed {
        each(value, |one| zone::asked(field, one))
    } else {
        zone::asked(field, value)
    }
}

/// A list with something done to each value.
fn each(list: &str, change: impl Fn(&str) -> String) -> String {
    let values = split_list(list).into_iter();
    joined(values.map(|value| change(&value)))
}

fn joined(values: impl Iterator<Item = String>) -> String {
    let escaped = values.map(|value| value.replace('\\', "\\\\").replace(',', "\\,"));
    escaped.collect::<Vec<_>>().join(",")
}

/// The condition that the form says.
pub(super) fn condition(path: &str, field: &Field, op: &str, sent: &Query) -> (String, String) {
    if let Some((_, value)) = EMPTY.into_iter().find(|(name, _)| *name == op) {
        return (format!("{path}__isnull"), value.to_owned());
    }
    let values = sent.0.iter().filter(|(name, _)| name == "_value");
    let typed = |text: &str| zone::typed(field, text.trim());
    let listed = matches!(op, "in" | "nin") && zone::of(field).is_some();
    let values = values.map(|(_, value)| {
        if listed {
            each(value, typed)
        } else {
            typed(value)
        }
    });
    let values: Vec<String> = values.collect();
    let chooses = !inputs(field).0.is_empty();
    match (op, &values[..]) {
        // Several that are ticked are a list of them.
        ("eq", [_, _, ..]) if chooses => (format!("{path}__in"), joined(values.into_iter())),
        ("ne", [_, _, ..]) if chooses => (format!("{path}__nin"), joined(values.into_iter())),
        ("between", _) => {
            let first = values.first().cloned().unwrap_or_default();
            let second = typed(sent.get("_second").unwrap_or_default());
            (
                format!("{path}__between"),
                joined([first, second].into_iter()),
            )
        }
        (op, _) => (
            format!("{path}__{op}"),
            values.first().cloned().unwrap_or_default(),
        ),
    }
}
