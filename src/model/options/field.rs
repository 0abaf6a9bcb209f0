//! What a registration may say about one field.

use crate::model::describe::sentence_case;
use crate::model::field::{Choice, Rule, Widget};

/// Options of one field.
#[derive(Debug, Clone, Default)]
pub struct FieldOptions {
    pub(crate) name: Option<String>,
    pub(crate) label: Option<String>,
    pub(crate) help: Option<String>,
    pub(crate) widget: Option<Widget>,
    pub(crate) choices: Vec<Choice>,
    pub(crate) rules: Vec<Rule>,
    pub(crate) has_default: bool,
}

impl FieldOptions {
    /// The name in JSON, instead of the entity's field name.
    #[must_use]
    pub fn name(mut self, name: &str) -> Self {
        self.name = Some(name.into());
        self
    }

    /// The name for people.
    #[must_use]
    pub fn label(mut self, label: &str) -> Self {
        self.label = Some(label.into());
        self
    }

    /// A sentence under the form field and in the OpenAPI document.
    #[must_use]
    pub fn help(mut self, help: &str) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The form control.
    #[must_use]
    pub fn widget(mut self, widget: Widget) -> Self {
        self.widget = Some(widget);
        self
    }

    /// Limits a text column to these values; the label is the value in words.
    #[must_use]
    pub fn choices<S: Into<String>>(mut self, values: impl IntoIterator<Item = S>) -> Self {
        self.choices.extend(values.into_iter().map(|value| {
            let value = value.into();
            Choice {
                label: sentence_case(&value),
                value,
            }
        }));
        self
    }

    /// Adds a rule.
    #[must_use]
    pub fn rule(mut self, rule: Rule) -> Self {
        self.rules.push(rule);
        self
    }

    /// A number of at least `min`.
    #[must_use]
    pub fn min(self, min: f64) -> Self {
        self.rule(Rule::Min(min))
    }

    /// A number of at most `max`.
    #[must_use]
    pub fn max(self, max: f64) -> Self {
        self.rule(Rule::Max(max))
    }

    /// The entity fills this field itself before saving, so a create need not name it.
    #[must_use]
    pub fn has_default(mut self) -> Self {
        self.has_default = true;
        self
    }
}
