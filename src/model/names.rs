//! [`Names`]: what models, their fields and all that a registration words are called in another
//! language. The words of the registration are their own names, as in gettext; a registry is
//! translated once, when the program starts, and then looks to its readers like one that was written
//! in that language.

use std::collections::HashMap;

use super::{ActionMeta, DisplayPart, Field, ModelMeta};

/// Words of registrations with their translations.
#[derive(Debug, Clone, Default)]
pub struct Names(HashMap<String, String>);

impl Names {
    /// Reads a table: in each line the words of the registration, a tab, the translation. Words that
    /// mean something else in one model than in the others stand in a second line with that model's
    /// public name before them: `address/State`. Empty lines are passed over.
    ///
    /// # Errors
    /// The first line without a tab, or with nothing on one of its sides.
    pub fn read(table: &str) -> Result<Self, String> {
        let lines = table.lines().filter(|line| !line.trim().is_empty());
        let pairs = lines.map(|line| match line.split_once('\t') {
            Some((words, other)) if !words.is_empty() && !other.trim().is_empty() => {
                Ok((words.to_owned(), other.to_owned()))
            }
            _ => Err(line.to_owned()),
        });
        pairs.collect::<Result<_, _>>().map(Self)
    }

    /// Takes over what `other` says; where both say something, that.
    pub fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// The translation of words that belong to no model.
    #[must_use]
    pub fn of(&self, words: &str) -> Option<&str> {
        self.0.get(words).map(String::as_str)
    }

    /// The words that it translates.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Puts the translations into a model, and leaves what the table lacks.
    pub fn translate(&self, model: &mut ModelMeta) {
        let slug = model.slug.clone();
        each(model, &mut |words| self.put(&slug, words));
    }

    /// The same for an action on records of the model of that public name.
    pub fn translate_action(&self, slug: &str, action: &mut ActionMeta) {
        each_of_action(action, &mut |words| self.put(slug, words));
    }

    fn put(&self, slug: &str, words: &mut String) {
        let own = self.0.get(&format!("{slug}/{words}"));
        if let Some(other) = own.or_else(|| self.0.get(words)) {
            other.clone_into(words);
        }
    }
}

/// Shows every text of a model that people read.
pub fn each(model: &mut ModelMeta, show: &mut impl FnMut(&mut String)) {
    for text in [&mut model.label, &mut model.label_plural, &mut model.group] {
        show(text);
    }
    for field in &mut model.fields {
        each_of_field(field, show);
    }
    for relation in &mut model.relations {
        show(&mut relation.label);
    }
    for part in &mut model.display.0 {
        if let DisplayPart::Literal(text) = part {
            show(text);
        }
    }
    for action in &mut model.actions {
        each_of_action(action, show);
    }
    for computed in &mut model.computed {
        show(&mut computed.label);
    }
    for inline in &mut model.inlines {
        show(&mut inline.help);
    }
    for set in &mut model.fieldsets {
        show(&mut set.title);
        show(&mut set.help);
    }
}

fn each_of_action(action: &mut ActionMeta, show: &mut impl FnMut(&mut String)) {
    show(&mut action.label);
    show(&mut action.confirm);
    for field in &mut action.form {
        each_of_field(field, show);
    }
}

fn each_of_field(field: &mut Field, show: &mut impl FnMut(&mut String)) {
    show(&mut field.label);
    show(&mut field.help);
    for choice in &mut field.choices {
        show(&mut choice.label);
    }
}
