//! What a model *is*: plain data about registered entities, no I/O and no permissions.
//!
//! [`describe`] reads an entity, [`options`] adds what a registration says, [`Registry`] joins the
//! models by their relations. [`value`] holds the only match of kind × JSON; [`patch`] validates a
//! whole body. How rows are read and written lives in `store`.

pub mod computed;
pub mod describe;
pub mod field;
pub mod input;
pub mod kind;
pub mod limit;
pub(crate) mod members;
pub mod names;
pub mod options;
pub mod patch;
pub mod registry;
pub mod value;

pub use computed::Computed;
pub use field::{Choice, Field, Rule, Widget};
pub use input::Input;
pub use kind::{IntSize, Kind, Op};
pub use limit::Limit;
pub use names::Names;
pub use options::{FieldOptions, InlineOptions, ModelOptions};
pub use registry::Registry;

use std::collections::HashMap;

use sea_orm::Value;

use crate::error::Error;

/// The place of a model in its [`Registry`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ModelId(pub usize);

/// The place of a field in its [`ModelMeta`].
pub type FieldId = usize;

/// A registered model.
#[derive(Debug, Clone)]
pub struct ModelMeta {
    /// Its place in the registry.
    pub id: ModelId,
    /// Its public name, in addresses and grants.
    pub slug: String,
    /// Its table.
    pub table: String,
    /// The table's schema, where the entity names one.
    pub schema: Option<String>,
    /// The name for people, singular.
    pub label: String,
    /// The name for people, plural.
    pub label_plural: String,
    /// The group it is listed under.
    pub group: String,
    /// Its fields, in the entity's order.
    pub fields: Vec<Field>,
    /// The fields of its primary key, in key order.
    pub key: Vec<FieldId>,
    /// Its relations to other registered models.
    pub relations: Vec<Relation>,
    /// The names of those that its entity has besides: what they lead to is not registered.
    pub away: Vec<String>,
    /// Pattern of a record's title, such as `{first_name} {last_name}`.
    pub display: Display,
    /// The columns of the list page.
    pub list: Vec<FieldId>,
    /// The text fields that `q=` searches.
    pub search: Vec<FieldId>,
    /// The fields offered as filters beside the list.
    pub filters: Vec<FieldId>,
    /// The order of a list whose request names none: field, descending.
    pub ordering: Vec<(FieldId, bool)>,
    /// The actions on its records.
    pub actions: Vec<ActionMeta>,
    /// The columns of its lists that are made of others.
    pub computed: Vec<Computed>,
    /// The drawing that stands for it in the navigation: the `d` of an SVG path of 24 by 24; or empty.
    pub icon: String,
    /// The child rows that its form and the bodies of its writes may have.
    pub inlines: Vec<Inline>,
    /// The headings of its form, with the fields under each.
    pub fieldsets: Vec<Fieldset>,
    /// Whether the model is one of Quarterdeck's own.
    pub system: bool,
    /// Whether a write of a record must say which state of it the writer knows (`If-Match`).
    pub if_match: bool,
    /// How its records are in the trash, where they are deleted in two steps.
    pub trash: Option<Trash>,
    /// The date or timestamp whose months the home page counts its records of.
    pub timeline: Option<FieldId>,
    /// The verbs it has at all; a log, for example, cannot be written from outside.
    pub verbs: Vec<Verb>,
    /// The verbs that a system context has besides.
    pub system_verbs: Vec<Verb>,
    by_name: HashMap<String, FieldId>,
}

/// An action on records of a model, without the function that it runs.
#[derive(Debug, Clone)]
pub struct ActionMeta {
    /// Its name in addresses: lower-case letters, digits and `_`.
    pub name: String,
    /// Its name for people.
    pub label: String,
    /// The question that is asked before it runs; may be empty.
    pub confirm: String,
    /// The verb on the model that its caller must have.
    pub verb: Verb,
    /// Its form.
    pub form: Vec<Field>,
}

/// Child rows that are written with their record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inline {
    /// The relation to them, by its place in the model.
    pub relation: usize,
    /// The columns of a form; the fields of the child, without those that point back.
    pub fields: Vec<FieldId>,
    /// A sentence above them.
    pub help: String,
    /// Empty rows that a form begins with.
    pub extra: usize,
}

/// Fields of a form under one heading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fieldset {
    /// The heading.
    pub title: String,
    /// A sentence under it.
    pub help: String,
    /// The fields, in the order of the form.
    pub fields: Vec<FieldId>,
}

/// How a model's deleted records are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trash {
    /// The field that says since when a record is in the trash; null outside it.
    pub since: FieldId,
    /// After how many days it is deleted for good.
    pub days: Option<u32>,
}

impl ModelMeta {
    /// The field of that JSON name.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<FieldId> {
        self.by_name.get(name).copied()
    }

    /// Whether records are named or addressed by the field.
    #[must_use]
    pub fn names_records(&self, field: FieldId) -> bool {
        let shown = |part: &DisplayPart| match part {
            DisplayPart::Field(f) => *f == field,
            DisplayPart::Literal(_) => false,
        };
        self.key.contains(&field) || self.display.0.iter().any(shown)
    }

    /// The relation of that name.
    #[must_use]
    pub fn relation(&self, name: &str) -> Option<&Relation> {
        self.relations.iter().find(|r| r.name == name)
    }

    /// Parses the text of a key, `a,b` with each part percent-encoded for a composite one.
    ///
    /// # Errors
    /// [`Error::not_found`] for anything that cannot be a key of this model: no such row exists.
    pub fn parse_key(&self, text: &str) -> Result<Vec<Value>, Error> {
        let parts: Vec<&str> = if self.key.len() == 1 {
            vec![text]
        } else {
            text.split(',').collect()
        };
        if parts.len() != self.key.len() {
            return Err(Error::not_found());
        }
        self.key
            .iter()
            .zip(parts)
            .map(|(&f, part)| {
                let decoded = percent_encoding::percent_decode_str(part)
                    .decode_utf8()
                    .map_err(|_| Error::not_found())?;
                let parsed = value::from_text(&self.fields[f].kind, &decoded);
                let value = parsed.map_err(|_| Error::not_found())?;
                // One row, one address: `007` and `+7` are not the key `7`.
                match value::to_text(&value) {
                    Some(canonical) if canonical == decoded => Ok(value),
                    _ => Err(Error::not_found()),
                }
            })
            .collect()
    }

    /// The key of a row, its values in the order of the fields.
    #[must_use]
    pub fn key_of(&self, row: &[Value]) -> Vec<Value> {
        self.key
            .iter()
            .filter_map(|&k| row.get(k).cloned())
            .collect()
    }

    /// The text of a key, the inverse of [`Self::parse_key`].
    #[must_use]
    pub fn key_text(&self, key: &[Value]) -> String {
        let parts: Vec<String> = key
            .iter()
            .map(|v| encode_key_part(&value::to_text(v).unwrap_or_default()).to_string())
            .collect();
        parts.join(",")
    }
}

/// Percent-encodes one part of a key so that it is one path segment and holds no comma.
#[must_use]
pub fn encode_key_part(text: &str) -> percent_encoding::PercentEncode<'_> {
    use percent_encoding::{AsciiSet, NON_ALPHANUMERIC};
    const PART: &AsciiSet = &NON_ALPHANUMERIC
        .remove(b'-')
        .remove(b'_')
        .remove(b'.')
        .remove(b'~');
    percent_encoding::utf8_percent_encode(text, PART)
}

/// The pattern of a record's title: literal texts and fields.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Display(pub Vec<DisplayPart>);

/// A piece of a [`Display`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DisplayPart {
    /// Text as it is.
    Literal(String),
    /// A field's value.
    Field(FieldId),
}

/// One of the six verbs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Verb {
    /// Many records.
    List,
    /// One record.
    Read,
    /// A new record.
    Create,
    /// A record's every writable field.
    Replace,
    /// Some of a record's fields.
    Patch,
    /// A record's end.
    Delete,
}

impl Verb {
    /// All six, in the order of the documentation.
    pub const ALL: [Self; 6] = [
        Self::List,
        Self::Read,
        Self::Create,
        Self::Replace,
        Self::Patch,
        Self::Delete,
    ];

    /// The verb's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::List => "list",
            Self::Read => "read",
            Self::Create => "create",
            Self::Replace => "replace",
            Self::Patch => "patch",
            Self::Delete => "delete",
        }
    }

    /// The verb of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|v| v.name() == name)
    }
}

/// How one model points at another.
#[derive(Debug, Clone)]
pub struct Relation {
    /// Its name in paths and in `expand`.
    pub name: String,
    /// The name for people.
    pub label: String,
    /// To one record or to many.
    pub many: bool,
    /// Whether this model's own columns hold the foreign key.
    pub owns_key: bool,
    /// The model it points at.
    pub target: ModelId,
    /// Own fields, pairwise equal to `to`.
    pub from: Vec<FieldId>,
    /// Fields of the target (or, through a junction, of the junction's near side).
    pub to: Vec<FieldId>,
    /// The junction of a many-to-many relation.
    pub via: Option<Junction>,
    /// What becomes of this model's rows when the row they point at is deleted; of meaning only
    /// where this model's own columns hold the key.
    pub on_delete: OnDelete,
}

/// What becomes of the rows that point at a deleted one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OnDelete {
    /// They are deleted with it.
    Cascade,
    /// They point at nothing from then on.
    SetNull,
    /// They forbid it.
    Restrict,
}

impl OnDelete {
    /// The name in answers.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Cascade => "delete",
            Self::SetNull => "set_null",
            Self::Restrict => "restrict",
        }
    }
}

/// The table between two models of a many-to-many relation: `from` = `near`, `far` = `to`.
#[derive(Debug, Clone)]
pub struct Junction {
    /// The junction's model.
    pub model: ModelId,
    /// Its fields that point back at the first model.
    pub near: Vec<FieldId>,
    /// Its fields that point at the target.
    pub far: Vec<FieldId>,
}
