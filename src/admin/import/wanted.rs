//! What a mapping page's address or form says, as the parameters of an import: `c0=name` maps the
//! first column, an empty value leaves it out.

use crate::crud::Peek;
use crate::model::{FieldId, ModelMeta};

use crate::admin::address::Query;
use crate::admin::view::View;

/// The choices that an import has besides its columns, with what is in force unless another is
/// chosen.
pub(super) const CHOICES: [(&str, &str); 4] = [
    ("mode", "create"),
    ("on", ""),
    ("keys", "new"),
    ("atomic", "true"),
];

/// What is wanted.
#[derive(Debug)]
pub(super) struct Wanted {
    /// For each column the field, or nothing.
    pub(super) fields: Vec<String>,
    choices: Vec<(String, String)>,
}

impl Wanted {
    /// Reads an address; columns that it does not speak of are mapped by their names.
    pub(super) fn read(
        query: &Query,
        peek: &Peek,
        open: &[(FieldId, String)],
        model: &ModelMeta,
    ) -> Self {
        let fields = peek.columns.iter().enumerate().map(|(i, (column, _))| {
            let said = query.get(&format!("c{i}")).map(ToOwned::to_owned);
            said.unwrap_or_else(|| guess(column, open, model))
        });
        let choices = CHOICES.map(|(name, usual)| {
            let chosen = query.get(name).filter(|value| !value.is_empty());
            (name.to_owned(), chosen.unwrap_or(usual).to_owned())
        });
        Self {
            fields: fields.collect(),
            choices: choices.to_vec(),
        }
    }

    /// The choice of that name.
    pub(super) fn choice(&self, name: &str) -> &str {
        let found = self.choices.iter().find(|(n, _)| n == name);
        found.map_or("", |(_, value)| value)
    }

    /// The fields of a form that says the same.
    pub(super) fn fields_of_form(&self) -> Vec<(String, String)> {
        let columns = self.fields.iter().enumerate();
        let mut all: Vec<(String, String)> = columns
            .map(|(i, field)| (format!("c{i}"), field.clone()))
            .collect();
        all.extend(self.choices.iter().cloned());
        all
    }

    /// The parameters of the import.
    pub(super) fn parameters(&self, peek: &Peek) -> Vec<(String, String)> {
        let mut all = Vec::new();
        for (name, value) in &self.choices {
            let upserts = self.choice("mode") == "upsert";
            if name != "on" || upserts {
                all.push((name.clone(), value.clone()));
            }
        }
        let pairs = peek.columns.iter().zip(&self.fields);
        let map: Vec<String> = pairs
            .filter(|((column, _), field)| column != *field)
            .map(|((column, _), field)| format!("{}:{field}", escaped(column)))
            .collect();
        if !map.is_empty() {
            all.push(("map".to_owned(), map.join(",")));
        }
        all
    }
}

/// A column's name as `map=` has it.
fn escaped(column: &str) -> String {
    column
        .replace('%', "%25")
        .replace(',', "%2C")
        .replace(':', "%3A")
}

/// The field that a column is meant for, by its name or its label.
fn guess(column: &str, open: &[(FieldId, String)], model: &ModelMeta) -> String {
    let wanted = plain(column);
    let named = |(f, label): &&(FieldId, String)| {
        plain(&model.fields[*f].name) == wanted || plain(label) == wanted
    };
    let found = open.iter().find(named);
    found.map_or_else(String::new, |(f, _)| model.fields[*f].name.clone())
}

/// Letters and digits alone, in lower case.
fn plain(text: &str) -> String {
    let letters = text.chars().filter(|c| c.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}

/// The fields that a column may be.
pub(super) fn open(view: &View<'_>, fields: Vec<FieldId>) -> Vec<(FieldId, String)> {
    let labelled = |f| (f, view.label(f).to_owned());
    fields.into_iter().map(labelled).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_mapped_as_an_import_takes_them() {
        let peek = Peek {
            columns: ["name", "a,b:c%", "note"]
                .map(|c| (c.to_owned(), Vec::new()))
                .to_vec(),
            rows: 0,
        };
        let mut wanted = Wanted {
            fields: ["name", "slug", ""].map(ToOwned::to_owned).to_vec(),
            choices: CHOICES.map(|(n, v)| (n.to_owned(), v.to_owned())).to_vec(),
        };
        let map = |wanted: &Wanted| wanted.parameters(&peek).pop().unwrap();
        assert_eq!(map(&wanted).1, "a%2Cb%3Ac%25:slug,note:");
        assert!(
            wanted
                .parameters(&peek)
                .iter()
                .all(|(name, _)| name != "on")
        );
        wanted.choices[0].1 = "upsert".to_owned();
        assert!(
            wanted
                .parameters(&peek)
                .iter()
                .any(|(name, _)| name == "on")
        );
    }
}
