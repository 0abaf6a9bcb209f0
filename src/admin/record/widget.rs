//! The control of each kind of field: [`shape`] is the one table from kinds to controls. A control
//! that could not show a stored value exactly gives way to a plain one that can.

use std::ops::RangeInclusive;

use crate::model::{Field, Kind, Widget, value};

use crate::admin::record::form::{State, digest};
use crate::admin::value::cell::{self, Cell};

/// Longest base64 that is put into a form.
const BYTES_SHOWN: usize = 64 * 1024;

/// The element a control is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Shape {
    /// An `input`: its type and the keyboard it asks for.
    Line(&'static str, &'static str),
    /// A `textarea` of so many rows; whether its text is code.
    Area(usize, bool),
    /// A checkbox.
    Tick,
    /// A `select`: value and label.
    Select(Vec<(String, String)>),
}

/// What a control is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// A record that is there.
    Edit,
    /// A new one.
    Create,
}

/// A field of a form, ready for the template.
#[derive(Debug)]
pub(crate) struct Control {
    /// The field's name, and the base of its ids.
    pub(crate) name: String,
    /// The label.
    pub(crate) label: String,
    /// A sentence under it.
    pub(crate) help: String,
    /// What kind of value it takes, where that is not plain.
    pub(crate) note: &'static str,
    /// The value, when it is not edited here.
    pub(crate) fixed: Option<Cell>,
    /// The element.
    pub(crate) shape: Shape,
    /// The text in it.
    pub(crate) value: String,
    /// Whether its texts are always short.
    pub(crate) short: bool,
    /// Whether a browser should ask for a value.
    pub(crate) required: bool,
    /// What an empty control stands for.
    pub(crate) placeholder: &'static str,
    /// Whether there is a box that tells an empty text from null, and whether it is ticked.
    pub(crate) empty_box: bool,
    /// See `empty_box`.
    pub(crate) empty: bool,
    /// The digest of what is stored; empty in a form for a new record.
    pub(crate) was: String,
    /// What is wrong with it.
    pub(crate) faults: Vec<String>,
    /// The record that a foreign key points at now.
    pub(crate) target: Option<Cell>,
    /// Where the keys of such records are found.
    pub(crate) find: String,
}

impl Control {
    /// A field that is shown and not edited.
    pub(crate) fn fixed(field: &Field, cell: Cell) -> Self {
        Self {
            fixed: Some(cell),
            ..Self::bare(field)
        }
    }

    /// A field that is edited: `state` is the text in it, `stored` the state that is stored.
    pub(crate) fn editable(field: &Field, purpose: Purpose, state: &State, stored: &State) -> Self {
        let nullable_text = matches!(field.kind, Kind::Text(_)) && field.nullable;
        Self {
            shape: shape(field, purpose, state),
            value: state.clone().unwrap_or_default(),
            short: matches!(field.kind, Kind::Text(Some(..=24))),
            required: purpose == Purpose::Create && field.required() && field.kind != Kind::Bool,
            placeholder: match purpose {
                Purpose::Create if field.has_default => "(default)",
                _ if field.nullable => "—",
                Purpose::Create | Purpose::Edit => "",
            },
            empty_box: nullable_text,
            empty: nullable_text && state.as_deref() == Some(""),
            was: if purpose == Purpose::Edit {
                digest(stored)
            } else {
                String::new()
            },
            note: note(&field.kind),
            ..Self::bare(field)
        }
    }

    fn bare(field: &Field) -> Self {
        Self {
            name: field.name.clone(),
            label: field.label.clone(),
            help: field.help.clone(),
            note: "",
            fixed: None,
            shape: Shape::Tick,
            value: String::new(),
            short: false,
            required: false,
            placeholder: "",
            empty_box: false,
            empty: false,
            was: String::new(),
            faults: Vec::new(),
            target: None,
            find: String::new(),
        }
    }

    /// The ids of the texts that describe the control.
    pub(crate) fn described(&self) -> String {
        let mut ids = Vec::new();
        if !self.faults.is_empty() {
            ids.push(format!("e-{}", self.name));
        }
        if !self.help.is_empty() || !self.note.is_empty() {
            ids.push(format!("h-{}", self.name));
        }
        ids.join(" ")
    }
}

/// Whether a stored value is small enough to be edited in a page.
pub(crate) fn fits(field: &Field, stored: Option<&str>) -> bool {
    !matches!(field.kind, Kind::Bytes(_)) || stored.is_none_or(|t| t.len() <= BYTES_SHOWN)
}

fn note(kind: &Kind) -> &'static str {
    match kind {
        Kind::DateTime | Kind::Timestamp => "In UTC.",
        Kind::Bytes(_) => "Base64.",
        Kind::Json => "JSON.",
        Kind::Array(_) => "A JSON array.",
        Kind::Bool
        | Kind::Int(_)
        | Kind::Float
        | Kind::Double
        | Kind::Decimal(_)
        | Kind::Text(_)
        | Kind::Enum { .. }
        | Kind::Uuid
        | Kind::Date
        | Kind::Time => "",
    }
}

/// The element for a field with this text in it.
fn shape(field: &Field, purpose: Purpose, state: &State) -> Shape {
    let text = state.as_deref().unwrap_or_default();
    // Browsers empty a date or time that is none, or that is finer than a millisecond.
    let fits = |lengths: RangeInclusive<usize>| {
        lengths.contains(&text.len()) && value::from_text(&field.kind, text).is_ok()
    };
    let exact = |fits: bool, kind| {
        Shape::Line(
            if fits || text.is_empty() {
                kind
            } else {
                "text"
            },
            "",
        )
    };
    match &field.kind {
        Kind::Bool if !field.nullable && (purpose == Purpose::Edit || !field.has_default) => {
            Shape::Tick
        }
        Kind::Bool => {
            let values = [("true", "Yes"), ("false", "No")];
            let values = values.map(|(v, l)| (v.to_owned(), l.to_owned()));
            select(field, purpose, values.to_vec(), text)
        }
        Kind::Enum { variants, .. } => {
            let values = variants
                .iter()
                .map(|v| (v.clone(), cell::choice_label(field, v)));
            select(field, purpose, values.collect(), text)
        }
        Kind::Int(_) => exact(text.parse::<i128>().is_ok(), "number"),
        Kind::Float | Kind::Double | Kind::Decimal(_) => Shape::Line("text", "decimal"),
        Kind::Uuid => Shape::Line("text", ""),
        Kind::Date => exact(fits(10..=10), "date"),
        Kind::Time => exact(fits(8..=12), "time"),
        Kind::DateTime | Kind::Timestamp => exact(fits(19..=23), "datetime-local"),
        Kind::Bytes(_) => Shape::Area(3, true),
        Kind::Json | Kind::Array(_) => Shape::Area(text.lines().count().clamp(3, 16), true),
        Kind::Text(max) => text_shape(field.widget, *max, text),
    }
}

fn text_shape(widget: Option<Widget>, max: Option<u32>, text: &str) -> Shape {
    let lines = text.lines().count() + text.chars().count() / 80;
    let long = max.is_none_or(|n| n > 300);
    // One line cannot hold a line end.
    if text.contains('\n') || widget == Some(Widget::TextArea) || (widget.is_none() && long) {
        return Shape::Area(lines.clamp(3, 14), false);
    }
    // Browsers trim these two.
    let trimmed = text.trim() == text;
    match widget {
        Some(Widget::Email) if trimmed => Shape::Line("email", ""),
        Some(Widget::Url) if trimmed => Shape::Line("url", ""),
        Some(Widget::Password) => Shape::Line("password", ""),
        Some(Widget::Email | Widget::Url | Widget::Color | Widget::TextArea) | None => {
            Shape::Line("text", "")
        }
    }
}

fn select(field: &Field, purpose: Purpose, mut values: Vec<(String, String)>, text: &str) -> Shape {
    // A stored value that is no choice any more must not be changed by merely saving.
    if !text.is_empty() && !values.iter().any(|(v, _)| v == text) {
        values.push((text.to_owned(), text.to_owned()));
    }
    let none = match purpose {
        Purpose::Create if field.has_default => Some("(default)"),
        _ if field.nullable => Some("—"),
        Purpose::Create => Some("Choose…"),
        Purpose::Edit => None,
    };
    if let Some(none) = none {
        values.insert(0, (String::new(), none.to_owned()));
    }
    Shape::Select(values)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::describe::describe;

    fn shape_of(kind: Kind, text: &str) -> Shape {
        let of = describe::<crate::entity::system::role::Entity>();
        let any = of.fields.into_iter().next().unwrap();
        let field = Field {
            kind,
            nullable: false,
            has_default: false,
            ..any
        };
        shape(&field, Purpose::Edit, &Some(text.to_owned()))
    }

    #[test]
    fn a_control_that_cannot_show_a_value_gives_way() {
        assert_eq!(shape_of(Kind::Date, "2026-11-22"), Shape::Line("date", ""));
        assert_eq!(shape_of(Kind::Date, "12026-11-22"), Shape::Line("text", ""));
        assert_eq!(shape_of(Kind::Date, "2026-02-31"), Shape::Line("text", ""));
        let at = |text| shape_of(Kind::Timestamp, text);
        assert_eq!(
            at("2026-11-22T07:08:09.123"),
            Shape::Line("datetime-local", "")
        );
        assert_eq!(at("2026-11-22T07:08:09.123456"), Shape::Line("text", ""));
        assert_eq!(shape_of(Kind::Text(Some(50)), "a"), Shape::Line("text", ""));
        assert!(matches!(
            shape_of(Kind::Text(Some(50)), "a\nb"),
            Shape::Area(..)
        ));
    }

    #[test]
    fn a_stored_value_that_is_no_choice_stays_chosen() {
        let kind = Kind::Enum {
            native: None,
            variants: vec!["a".into()],
        };
        let Shape::Select(values) = shape_of(kind, "old") else {
            panic!("no select")
        };
        assert!(values.iter().any(|(v, _)| v == "old"), "{values:?}");
    }
}
