//! One field of a model, the rules its values keep to, and how a form shows it.

use std::fmt;
use std::sync::Arc;

use sea_orm::Value;
use validator::{ValidateEmail, ValidateUrl};

use super::describe::sentence_case;
use super::kind::{Kind, Op};
use super::limit::Limit;
use super::options::FieldOptions;
use super::value::{self, Misfit};

/// A field of a registered model: what the entity tells, and what the registration added.
#[derive(Debug, Clone)]
pub struct Field {
    /// The name in JSON and in the query grammar.
    pub name: String,
    /// The name of the database column.
    pub column: String,
    /// What its values are.
    pub kind: Kind,
    /// Whether it may be null.
    pub nullable: bool,
    /// Whether the column itself has a default, or the entity sets one before saving.
    pub has_default: bool,
    /// Whether its values are unique in the table.
    pub unique: bool,
    /// Whether the database assigns it (an auto-increment key): never accepted in a body.
    pub generated: bool,
    /// Whether no door may ever read, filter, sort or write it.
    pub secret: bool,
    /// Whether it is shown but never accepted in a body.
    pub readonly: bool,
    /// Whether filters and sorting may use it.
    pub filterable: bool,
    /// The texts a string column is limited to, with their labels.
    pub choices: Vec<Choice>,
    /// The name for people.
    pub label: String,
    /// Whether the registration gave it that name; else it is made of `name`.
    pub labelled: bool,
    /// A sentence under the form field.
    pub help: String,
    /// The form control, where the kind's own is not the best one.
    pub widget: Option<Widget>,
    /// Rules beyond the column's type.
    pub rules: Vec<Rule>,
    /// What the database can hold, where that is less than the kind says.
    pub limit: Option<Limit>,
}

impl Field {
    /// A field of no column, for a form that is not a record's.
    pub(crate) fn loose((name, kind, nullable): (&str, Kind, bool), options: FieldOptions) -> Self {
        let FieldOptions {
            name: _,
            label,
            help,
            widget,
            choices,
            rules,
            has_default,
        } = options;
        let kind = if choices.is_empty() {
            kind
        } else {
            Kind::Enum {
                native: None,
                variants: choices.iter().map(|c| c.value.clone()).collect(),
            }
        };
        Self {
            name: name.to_owned(),
            column: String::new(),
            kind,
            nullable,
            has_default,
            unique: false,
            generated: false,
            secret: false,
            readonly: false,
            filterable: false,
            choices,
            labelled: label.is_some(),
            label: label.unwrap_or_else(|| sentence_case(name)),
            help: help.unwrap_or_default(),
            widget,
            rules,
            limit: None,
        }
    }

    /// The filter operators of this field; none when it is secret or not filterable.
    #[must_use]
    pub fn operators(&self) -> &'static [Op] {
        if self.secret || !self.filterable {
            &[]
        } else {
            self.kind.operators()
        }
    }

    /// Whether rows can be sorted by it.
    #[must_use]
    pub fn sortable(&self) -> bool {
        !self.secret && self.filterable && self.kind.sortable()
    }

    /// Whether a create must name it.
    #[must_use]
    pub fn required(&self) -> bool {
        !self.nullable && !self.has_default && !self.generated && !self.readonly && !self.secret
    }

    /// Whether a body may name it at all, permissions aside.
    #[must_use]
    pub fn accepted(&self) -> bool {
        !self.generated && !self.readonly && !self.secret
    }

    /// Every rule that `value` breaks; a null breaks only "not null".
    #[must_use]
    pub fn check(&self, value: &Value) -> Vec<Misfit> {
        let mut misfits = Vec::new();
        let mut add = |code, detail: String| misfits.push(Misfit { code, detail });
        let text = value::to_text(value);
        let Some(text) = text else {
            if !self.nullable {
                add("null", "must not be null".into());
            }
            return misfits;
        };
        if !self.choices.is_empty() && !self.choices.iter().any(|c| c.value == text) {
            let names: Vec<_> = self.choices.iter().map(|c| c.value.as_str()).collect();
            add("choice", format!("must be one of {}", names.join(", ")));
        }
        misfits.extend(self.limit.and_then(|limit| limit.check(value)));
        for rule in &self.rules {
            if let Some(misfit) = rule.check(&text) {
                misfits.push(misfit);
            }
        }
        misfits
    }
}

/// One of the texts that a field is limited to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The database value.
    pub value: String,
    /// The text for people.
    pub label: String,
}

/// A form control other than the kind's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Widget {
    /// One line of text, for a column that could hold many.
    Text,
    /// Several lines of text.
    TextArea,
    /// A password: written, never shown.
    Password,
    /// An e-mail address.
    Email,
    /// A URL.
    Url,
    /// A colour, `#rrggbb`.
    Color,
    /// The choices of an enum or of a field with choices, all of them in sight.
    Radio,
    /// A picture in a column of bytes.
    Image,
}

impl Widget {
    /// Whether it can be the control of a field with such values.
    #[must_use]
    pub fn fits(self, kind: &Kind) -> bool {
        match self {
            Self::Text
            | Self::TextArea
            | Self::Password
            | Self::Email
            | Self::Url
            | Self::Color => {
                matches!(kind, Kind::Text(_))
            }
            Self::Radio => matches!(kind, Kind::Enum { .. } | Kind::Bool | Kind::Int(_)),
            Self::Image => matches!(kind, Kind::Bytes(_)),
        }
    }
}

/// A rule that the values of one field keep to, attached at registration.
#[derive(Clone)]
pub enum Rule {
    /// At least this many characters.
    MinLength(usize),
    /// At most this many characters.
    MaxLength(usize),
    /// A number of at least this.
    Min(f64),
    /// A number of at most this.
    Max(f64),
    /// An e-mail address as HTML defines it.
    Email,
    /// An absolute URL.
    Url,
    /// A rule of the project's own; the text it returns follows the field's name.
    Custom(CustomRule),
}

/// A rule of the project's own.
pub type CustomRule = Arc<dyn Fn(&str) -> Result<(), String> + Send + Sync>;

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MinLength(n) => write!(f, "MinLength({n})"),
            Self::MaxLength(n) => write!(f, "MaxLength({n})"),
            Self::Min(n) => write!(f, "Min({n})"),
            Self::Max(n) => write!(f, "Max({n})"),
            Self::Email => f.write_str("Email"),
            Self::Url => f.write_str("Url"),
            Self::Custom(_) => f.write_str("Custom"),
        }
    }
}

impl Rule {
    fn check(&self, text: &str) -> Option<Misfit> {
        let number = || text.parse::<f64>().ok();
        let broken = match self {
            Self::MinLength(n) if text.chars().count() < *n => {
                ("too_short", format!("must have at least {n} characters"))
            }
            Self::MaxLength(n) if text.chars().count() > *n => {
                ("too_long", format!("can have at most {n} characters"))
            }
            Self::Min(n) if number().is_some_and(|v| v < *n) => {
                ("out_of_range", format!("must be at least {n}"))
            }
            Self::Max(n) if number().is_some_and(|v| v > *n) => {
                ("out_of_range", format!("must be at most {n}"))
            }
            Self::Email if !text.validate_email() => {
                ("email", "must be an e-mail address".to_owned())
            }
            Self::Url if !text.validate_url() => ("url", "must be an absolute URL".to_owned()),
            Self::Custom(rule) => ("rule", rule(text).err()?),
            Self::MinLength(_)
            | Self::MaxLength(_)
            | Self::Min(_)
            | Self::Max(_)
            | Self::Email
            | Self::Url => return None,
        };
        Some(Misfit {
            code: broken.0,
            detail: broken.1,
        })
    }
}
