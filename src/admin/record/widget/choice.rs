//! One of several values: an enum, a field with choices, and a boolean with a third state.

use super::{Asked, Purpose};
use crate::admin::value::cell;
use crate::model::{Kind, Widget};
use crate::page::words::t;

/// The control.
#[derive(Debug)]
pub(crate) struct Choice {
    /// Value and label.
    pub(crate) values: Vec<(String, String)>,
    /// Whether all of them are in sight.
    pub(crate) radio: bool,
}

impl Choice {
    /// None for a field that is no choice.
    pub(super) fn of(asked: &Asked<'_>) -> Option<Self> {
        let &Asked {
            field,
            purpose,
            text,
        } = asked;
        let labelled = |value: &String| (value.clone(), cell::choice_label(field, value));
        let mut values: Vec<(String, String)> = match &field.kind {
            Kind::Bool if !field.nullable && (purpose == Purpose::Edit || !field.has_default) => {
                return None;
            }
            Kind::Bool => [("true", t("Yes")), ("false", t("No"))]
                .map(|(value, label)| (value.to_owned(), label.to_owned()))
                .to_vec(),
            Kind::Enum { variants, .. } => variants.iter().map(labelled).collect(),
            Kind::Int(_) if !field.choices.is_empty() => {
                field.choices.iter().map(|c| labelled(&c.value)).collect()
            }
            _ => return None,
        };
        // A stored value that is no choice any more must not be changed by merely saving.
        if !text.is_empty() && !values.iter().any(|(v, _)| v == text) {
            values.push((text.to_owned(), text.to_owned()));
        }
        let radio = field.widget == Some(Widget::Radio);
        let none = match purpose {
            Purpose::Create if field.has_default => Some(t("(default)")),
            _ if field.nullable => Some("—"),
            Purpose::Create if !radio => Some(t("Choose…")),
            Purpose::Create | Purpose::Edit => None,
        };
        if let Some(none) = none {
            values.insert(0, (String::new(), none.to_owned()));
        }
        Some(Self { values, radio })
    }
}
