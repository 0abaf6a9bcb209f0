//! Settings of plugins: texts whose names only the plugins know. `[plugin.NAME]` in the file, and
//! `QUARTERDECK_PLUGIN_NAME_KEY` in the environment, which wins. Whether a key exists is checked at
//! the start, when it is known which plugins there are.

use toml::{Table, Value};

use super::Setting;
use super::fault::Fault;
use super::reader::MASK;
use super::secret::Secret;

/// What the variables of plugins begin with.
pub(super) const PREFIX: &str = "QUARTERDECK_PLUGIN_";

/// One setting of a plugin, secret until the plugin uses it.
#[derive(Clone, Debug)]
pub struct PluginSetting {
    /// The plugin, where that is known: a variable only says `NAME_KEY`, and both may hold `_`.
    pub plugin: Option<String>,
    /// The key; behind the plugin's name and `_` where the plugin is not known.
    pub key: String,
    /// The value.
    pub value: Secret,
    /// `file …` or `environment …`.
    pub source: String,
}

impl PluginSetting {
    /// The key, if this is a setting of the plugin `name`.
    #[must_use]
    pub fn key_of(&self, name: &str) -> Option<&str> {
        match &self.plugin {
            Some(plugin) => (plugin == name).then_some(self.key.as_str()),
            None => self.key.strip_prefix(name)?.strip_prefix('_'),
        }
    }

    /// The line of `quarterdeck config`.
    pub(super) fn shown(&self) -> Setting {
        let plugin = self.plugin.iter().map(|p| format!("{p}."));
        Setting {
            name: format!("plugin.{}{}", plugin.collect::<String>(), self.key),
            value: MASK.to_owned(),
            source: self.source.clone(),
        }
    }
}

/// Takes the table `plugin` out of a file: `name -> key -> text`.
pub(super) fn of_file(
    source: &str,
    table: &mut Table,
    faults: &mut Vec<Fault>,
) -> Vec<PluginSetting> {
    let mut settings = Vec::new();
    let mut fault = |name: String, message: &str| faults.push(Fault::new(name, source, message));
    let Some(plugins) = table.remove("plugin") else {
        return settings;
    };
    let Value::Table(plugins) = plugins else {
        fault("plugin".to_owned(), "expected tables [plugin.NAME]");
        return settings;
    };
    for (plugin, entries) in plugins {
        let Value::Table(entries) = entries else {
            fault(format!("plugin.{plugin}"), "expected a table [plugin.NAME]");
            continue;
        };
        for (key, value) in entries {
            let name = format!("plugin.{plugin}.{key}");
            match value {
                Value::String(text) if is_plain(&plugin) && is_plain(&key) => {
                    settings.push(PluginSetting {
                        plugin: Some(plugin.clone()),
                        key,
                        value: Secret::new(text),
                        source: source.to_owned(),
                    });
                }
                Value::String(_) => {
                    fault(name, "names of plugins and keys have a-z, 0-9 and _");
                }
                _ => fault(name, "expected a text"),
            }
        }
    }
    settings
}

/// The settings of the file, and over them those of the environment.
pub(super) fn merged(
    file: Vec<PluginSetting>,
    environment: Vec<PluginSetting>,
) -> Vec<PluginSetting> {
    let mut all = file;
    for mut new in environment {
        let same = |old: &PluginSetting| {
            let plugin = old.plugin.as_deref();
            plugin.is_some_and(|p| new.key_of(p) == Some(old.key.as_str()))
        };
        if let Some(at) = all.iter().position(same) {
            let old = all.remove(at);
            (new.plugin, new.key) = (old.plugin, old.key);
        }
        all.push(new);
    }
    all
}

fn is_plain(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    !name.is_empty() && name.bytes().all(plain)
}
