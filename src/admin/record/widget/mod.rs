//! The control of each kind of field, one file and one template each: [`Shape::of`] is the one table
//! from kinds, and from the widgets that a registration chooses, to controls. A control that could not
//! show a stored value exactly gives way to a plain one that can.

mod array;
mod boolean;
mod bytes;
mod choice;
mod colour;
mod date;
mod datetime;
mod decimal;
mod email;
mod integer;
mod json;
mod long_text;
mod password;
pub(crate) mod relation;
mod text;
mod time;
mod url;
mod uuid;

use askama::Template;
use chrono_tz::Tz;

use crate::admin::record::form::{State, digest};
use crate::admin::value::cell::Cell;
use crate::model::{Field, Kind, Widget, value};
use crate::page::filters;
use crate::page::words::{fill, t};

/// What a control is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// A record that is there.
    Edit,
    /// A new one.
    Create,
}

/// The element a control is.
#[derive(Debug)]
pub(crate) enum Shape {
    Array(array::Array),
    Boolean,
    Bytes(bytes::Bytes),
    Choice(choice::Choice),
    Colour,
    Date,
    DateTime(datetime::DateTime),
    Decimal,
    Email,
    Integer(integer::Integer),
    Json(json::Json),
    LongText(long_text::LongText),
    Password,
    Relation(Box<relation::Relation>),
    Text(text::Text),
    Time(time::Time),
    Url,
    Uuid,
}

/// What a widget is chosen for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    field: &'a Field,
    purpose: Purpose,
    text: &'a str,
}

impl Asked<'_> {
    /// Whether the text is one that an input of the browser takes and gives back as it is: browsers
    /// empty a date or time that is none, or that is finer than a millisecond.
    fn exact(&self, lengths: std::ops::RangeInclusive<usize>) -> bool {
        let text = self.text;
        let zoned = if matches!(self.field.kind, Kind::DateTime | Kind::Timestamp) {
            format!("{text}Z")
        } else {
            text.to_owned()
        };
        let fits = lengths.contains(&text.len());
        text.is_empty() || fits && value::from_text(&self.field.kind, &zoned).is_ok()
    }

    /// Whether a browser that trims what is typed leaves the text alone.
    fn trimmed(&self) -> bool {
        self.text.trim() == self.text && !self.text.contains('\n')
    }
}

impl Shape {
    /// The element for a field with this text in it.
    fn of(asked: &Asked<'_>) -> Self {
        let Asked { field, .. } = asked;
        if let Some(choice) = choice::Choice::of(asked) {
            return Self::Choice(choice);
        }
        match &field.kind {
            Kind::Bool | Kind::Enum { .. } => Self::Boolean,
            Kind::Int(size) => integer::of(asked, *size),
            Kind::Float | Kind::Double | Kind::Decimal(_) => Self::Decimal,
            Kind::Uuid => Self::Uuid,
            Kind::Date if asked.exact(10..=10) => Self::Date,
            Kind::Time if asked.exact(8..=12) => Self::Time(time::Time::of(asked)),
            Kind::DateTime | Kind::Timestamp if asked.exact(19..=23) => {
                Self::DateTime(datetime::DateTime::of(asked))
            }
            Kind::Date | Kind::Time | Kind::DateTime | Kind::Timestamp => {
                Self::Text(text::Text { short: false })
            }
            Kind::Bytes(_) => Self::Bytes(bytes::Bytes::of(asked)),
            Kind::Json => Self::Json(json::Json::of(asked)),
            Kind::Array(item) => Self::Array(array::Array::of(asked, item)),
            Kind::Text(max) => Self::of_text(asked, *max),
        }
    }

    fn of_text(asked: &Asked<'_>, max: Option<u32>) -> Self {
        let long = max.is_none_or(|n| n > 300);
        match asked.field.widget {
            Some(Widget::Password) => Self::Password,
            // One line cannot hold a line end.
            _ if asked.text.contains('\n') => Self::LongText(long_text::LongText::of(asked)),
            Some(Widget::TextArea) => Self::LongText(long_text::LongText::of(asked)),
            Some(Widget::Email) if asked.trimmed() => Self::Email,
            Some(Widget::Url) if asked.trimmed() => Self::Url,
            Some(Widget::Color) => Self::Colour,
            None if long => Self::LongText(long_text::LongText::of(asked)),
            _ => Self::Text(text::Text {
                short: max.is_some_and(|n| n <= 24),
            }),
        }
    }
}

/// A field of a form, ready for the page.
#[derive(Debug, Template)]
#[template(path = "admin/control.html")]
pub(crate) struct Control {
    /// The name in the form, and the base of the ids.
    pub(crate) name: String,
    /// The field's own name.
    pub(crate) field: String,
    /// The label.
    pub(crate) label: String,
    /// A sentence under it.
    pub(crate) help: String,
    /// What kind of value it takes, where that is not plain.
    pub(crate) note: String,
    /// The value, when it is not edited here.
    pub(crate) fixed: Option<Cell>,
    /// The element.
    pub(crate) shape: Shape,
    /// The text in it.
    pub(crate) value: String,
    /// Whether a browser should ask for a value.
    pub(crate) required: bool,
    /// What an empty control stands for.
    pub(crate) placeholder: String,
    /// Whether there is a box that tells an empty text from null, and whether it is ticked.
    pub(crate) empty_box: bool,
    /// See `empty_box`.
    pub(crate) empty: bool,
    /// The digest of what is stored; empty in a form for a new record.
    pub(crate) was: String,
    /// What is wrong with it.
    pub(crate) faults: Vec<String>,
    /// Whether it stands in a cell of a table, under the label of its column.
    pub(crate) bare: bool,
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
    pub(crate) fn editable(
        field: &Field,
        purpose: Purpose,
        state: &State,
        stored: &State,
        zone: Option<Tz>,
    ) -> Self {
        let nullable_text = matches!(field.kind, Kind::Text(_)) && field.nullable;
        let text = state.as_deref().unwrap_or_default();
        Self {
            shape: Shape::of(&Asked {
                field,
                purpose,
                text,
            }),
            value: text.to_owned(),
            required: purpose == Purpose::Create && field.required() && field.kind != Kind::Bool,
            placeholder: match purpose {
                Purpose::Create if field.has_default => t("(default)").to_owned(),
                _ if field.nullable => "—".to_owned(),
                Purpose::Create | Purpose::Edit => String::new(),
            },
            empty_box: nullable_text,
            empty: nullable_text && state.as_deref() == Some(""),
            was: if purpose == Purpose::Edit {
                digest(stored)
            } else {
                String::new()
            },
            note: note(field, zone),
            ..Self::bare(field)
        }
        .bounded(field, state == stored)
    }

    /// Without a stored value that is too long for a page: the form says nothing of it, which leaves it
    /// as it is, unless there is a file in its place.
    fn bounded(self, field: &Field, is_stored: bool) -> Self {
        match self.shape {
            Shape::Bytes(shape) if is_stored && !fits(field, Some(&self.value)) => Self {
                shape: Shape::Bytes(shape.replaced()),
                value: String::new(),
                was: String::new(),
                note: t("A file takes its place.").to_owned(),
                ..self
            },
            _ => self,
        }
    }

    fn bare(field: &Field) -> Self {
        Self {
            name: field.name.clone(),
            field: field.name.clone(),
            label: field.label.clone(),
            help: field.help.clone(),
            note: String::new(),
            fixed: None,
            shape: Shape::Boolean,
            value: String::new(),
            required: false,
            placeholder: String::new(),
            empty_box: false,
            empty: false,
            was: String::new(),
            faults: Vec::new(),
            bare: false,
        }
    }

    /// The same control in a cell of the row whose fields begin with `prefix`.
    pub(crate) fn in_row(self, prefix: &str) -> Self {
        Self {
            name: format!("{prefix}{}", self.field),
            bare: true,
            ..self
        }
    }

    /// The ids of the texts that describe the control.
    pub(crate) fn described(&self) -> String {
        let mut ids = Vec::new();
        if !self.faults.is_empty() {
            ids.push(format!("e-{}", self.name));
        }
        if !self.bare && (!self.help.is_empty() || !self.note.is_empty()) {
            ids.push(format!("h-{}", self.name));
        }
        ids.join(" ")
    }

    /// Whether the browser shall ask for it: not where one of what was found may be chosen instead, nor
    /// where a file may.
    pub(crate) fn demanded(&self) -> bool {
        let elsewhere = match &self.shape {
            Shape::Relation(picker) => picker.found.is_some(),
            Shape::Bytes(_) => true,
            _ => false,
        };
        self.required && !elsewhere
    }

    /// Whether the label is of several inputs.
    pub(crate) fn grouped(&self) -> bool {
        matches!(&self.shape, Shape::Choice(choice) if choice.radio)
    }
}

/// How a form with these controls is sent: with its files, if it can have any.
pub(crate) fn enctype<'c>(controls: impl IntoIterator<Item = &'c Control>) -> &'static str {
    let file = |c: &Control| c.fixed.is_none() && matches!(c.shape, Shape::Bytes(_));
    if controls.into_iter().any(file) {
        "multipart/form-data"
    } else {
        "application/x-www-form-urlencoded"
    }
}

/// Whether a stored value is small enough to be put into a page.
pub(crate) fn fits(field: &Field, stored: Option<&str>) -> bool {
    !matches!(field.kind, Kind::Bytes(_)) || stored.is_none_or(|text| text.len() <= bytes::SHOWN)
}

fn note(field: &Field, zone: Option<Tz>) -> String {
    match &field.kind {
        Kind::DateTime | Kind::Timestamp => fill("In {}.", &[&zone.map_or("UTC", |z| z.name())]),
        Kind::Bytes(_) => t("A file, or base64.").to_owned(),
        Kind::Json => t("JSON.").to_owned(),
        Kind::Array(_) => t("One on each line, or a JSON array.").to_owned(),
        Kind::Bool
        | Kind::Int(_)
        | Kind::Float
        | Kind::Double
        | Kind::Decimal(_)
        | Kind::Text(_)
        | Kind::Enum { .. }
        | Kind::Uuid
        | Kind::Date
        | Kind::Time => String::new(),
    }
}

#[cfg(test)]
mod tests;
