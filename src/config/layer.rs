//! One place that values come from, as a figment provider that remembers the name of the place.

use figment::value::{Dict, Map, Value};
use figment::{Metadata, Profile, Provider};
use toml::Table;

/// `section -> key -> value` with the words that name its source.
pub(super) struct Layer {
    source: String,
    values: Table,
}

impl Layer {
    pub(super) fn new(source: impl Into<String>, values: Table) -> Self {
        Self {
            source: source.into(),
            values,
        }
    }

    /// A layer with one value; `name` is `section.key`.
    pub(super) fn single(source: impl Into<String>, name: &str, value: toml::Value) -> Self {
        let mut layer = Self::new(source, Table::new());
        layer.put(name, value);
        layer
    }

    /// Puts a value at `section.key`.
    pub(super) fn put(&mut self, name: &str, value: toml::Value) {
        let Some((section, key)) = name.split_once('.') else {
            return;
        };
        let entry = self
            .values
            .entry(section)
            .or_insert_with(|| Table::new().into());
        if let Some(table) = entry.as_table_mut() {
            table.insert(key.to_owned(), value);
        }
    }
}

impl Provider for Layer {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.source.clone())
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        let values = Value::serialize(&self.values)?;
        Ok(Profile::Default.collect(values.into_dict().unwrap_or_default()))
    }
}
