//! Brings the layers together: defaults <- file <- environment <- flags. Names are checked here,
//! values by the sections.

use std::fmt;
use std::path::{Path, PathBuf};

use figment::Figment;
use toml::{Table, Value};

use super::database::DatabaseUrl;
use super::distance::nearest;
use super::fault::Fault;
use super::keys::{self, Key};
use super::layer::Layer;
use super::plugin::{self, PluginSetting};
use super::secret::Secret;

/// The file that is read when none is named; it may be absent.
const FILE: &str = "quarterdeck.toml";
/// The variable that names another file.
const FILE_VARIABLE: &str = "QUARTERDECK_CONFIG";
/// Variables of our own that are no settings: tests, benches, examples and the tools of the house.
const NOT_SETTINGS: [&str; 5] = [
    plugin::PREFIX,
    "QUARTERDECK_TEST_",
    "QUARTERDECK_BENCH_",
    "QUARTERDECK_CHINOOK_",
    "QUARTERDECK_TOOLS",
];

/// What the command line says about settings.
#[derive(Clone, Default)]
pub struct Options {
    /// `--config FILE`.
    pub config: Option<PathBuf>,
    /// `--bind ADDRESS`.
    pub bind: Option<String>,
    /// `--database-url URL`.
    pub database_url: Option<String>,
    /// `--no-migrate`.
    pub no_migrate: bool,
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("config", &self.config)
            .field("bind", &self.bind)
            .field(
                "database_url",
                &self.database_url.as_deref().map(DatabaseUrl::mask),
            )
            .field("no_migrate", &self.no_migrate)
            .finish()
    }
}

/// The variables and the folder that settings are read from. It has no `Debug`: it holds secrets.
#[derive(Clone, Default)]
pub struct Environment {
    /// `None`: the value is not UTF-8.
    variables: Vec<(String, Option<String>)>,
    directory: PathBuf,
}

impl Environment {
    /// What this process was started with.
    #[must_use]
    pub fn of_process() -> Self {
        let mut variables: Vec<_> = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok())))
            .collect();
        variables.sort();
        Self {
            variables,
            directory: PathBuf::new(),
        }
    }

    /// These variables and no others.
    pub fn new<N: Into<String>, V: Into<String>>(
        variables: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let variables = variables
            .into_iter()
            .map(|(n, v)| (n.into(), Some(v.into())))
            .collect();
        Self {
            variables,
            directory: PathBuf::new(),
        }
    }

    /// The folder that relative file names start from.
    #[must_use]
    pub fn in_directory(mut self, directory: impl Into<PathBuf>) -> Self {
        self.directory = directory.into();
        self
    }

    /// The settings of plugins: `name_key` in lower case, and the value.
    fn plugins(&self, faults: &mut Vec<Fault>) -> Vec<PluginSetting> {
        let mut settings = Vec::new();
        for (variable, value) in &self.variables {
            let Some(rest) = variable.strip_prefix(plugin::PREFIX) else {
                continue;
            };
            let source = format!("environment {variable}");
            match value {
                Some(value) => settings.push(PluginSetting {
                    plugin: None,
                    key: rest.to_ascii_lowercase(),
                    value: Secret::new(value.clone()),
                    source,
                }),
                None => faults.push(Fault::new(variable, source, "the value is not UTF-8")),
            }
        }
        settings
    }

    fn value(&self, name: &str) -> Option<&str> {
        self.variables
            .iter()
            .find(|(n, _)| n == name)
            .and_then(|(_, value)| value.as_deref())
    }
}

/// The embedded defaults alone.
pub(super) fn defaults(faults: &mut Vec<Fault>) -> Figment {
    let figment = Figment::new();
    match super::DEFAULTS.parse::<Table>() {
        Ok(table) => figment.merge(Layer::new("default", table)),
        Err(error) => {
            faults.push(unreadable("default", super::DEFAULTS, &error));
            figment
        }
    }
}

/// All layers in their order, and the settings of plugins.
pub(super) fn gather(
    options: &Options,
    environment: &Environment,
    faults: &mut Vec<Fault>,
) -> (Figment, Vec<PluginSetting>) {
    let figment = defaults(faults);
    let keys = keys::all().unwrap_or_default();
    let mut layers = Vec::new();
    let mut of_file = Vec::new();
    if let Some((source, mut table)) = file(options, environment, faults) {
        of_file = plugin::of_file(&source, &mut table, faults);
        layers.push(known_entries(source, table, &keys, faults));
    }
    layers.extend(environment_layers(environment, &keys, faults));
    layers.extend(flag_layers(options));
    let plugins = plugin::merged(of_file, environment.plugins(faults));
    (layers.into_iter().fold(figment, Figment::merge), plugins)
}

/// The words that name the file, and what is in it.
fn file(
    options: &Options,
    environment: &Environment,
    faults: &mut Vec<Fault>,
) -> Option<(String, Table)> {
    let named = options.config.as_deref().or_else(|| {
        environment
            .value(FILE_VARIABLE)
            .filter(|path| !path.is_empty())
            .map(Path::new)
    });
    let path = named.unwrap_or_else(|| Path::new(FILE));
    let source = format!("file {}", path.display());
    let text = match std::fs::read_to_string(environment.directory.join(path)) {
        Ok(text) => text,
        Err(error) if named.is_none() && error.kind() == std::io::ErrorKind::NotFound => {
            return None;
        }
        Err(error) => {
            faults.push(Fault::new(
                "settings",
                source,
                format!("cannot be read: {error}"),
            ));
            return None;
        }
    };
    match text.parse::<Table>() {
        Ok(table) => Some((source, table)),
        Err(error) => {
            faults.push(unreadable(&source, &text, &error));
            None
        }
    }
}

/// Keeps what is known, so that one unknown name does not hide the faults of the others.
fn known_entries(source: String, table: Table, keys: &[Key], faults: &mut Vec<Fault>) -> Layer {
    let mut layer = Layer::new(source.clone(), Table::new());
    for (section, entries) in table {
        let Value::Table(entries) = entries else {
            faults.push(unknown(
                &section,
                &source,
                keys.iter().map(|key| key.name.as_str()),
            ));
            continue;
        };
        for (key, value) in entries {
            let name = format!("{section}.{key}");
            if keys.iter().any(|known| known.name == name) {
                layer.put(&name, value);
            } else {
                faults.push(unknown(
                    &name,
                    &source,
                    keys.iter().map(|key| key.name.as_str()),
                ));
            }
        }
    }
    layer
}

fn environment_layers(
    environment: &Environment,
    keys: &[Key],
    faults: &mut Vec<Fault>,
) -> Vec<Layer> {
    let mut layers = Vec::new();
    for (variable, value) in &environment.variables {
        let source = format!("environment {variable}");
        match (keys.iter().find(|key| key.variable == *variable), value) {
            (Some(key), Some(value)) => {
                layers.push(Layer::single(source, &key.name, typed(value, &key.example)));
            }
            (Some(key), None) => {
                faults.push(Fault::new(&key.name, source, "the value is not UTF-8"));
            }
            (None, _) if is_foreign(variable) => {}
            (None, _) => faults.push(unknown_variable(variable, keys)),
        }
    }
    layers
}

fn flag_layers(options: &Options) -> Vec<Layer> {
    let mut layers = Vec::new();
    if let Some(bind) = &options.bind {
        layers.push(Layer::single(
            "flag --bind",
            "server.bind",
            bind.as_str().into(),
        ));
    }
    if let Some(url) = &options.database_url {
        layers.push(Layer::single(
            "flag --database-url",
            "database.url",
            url.as_str().into(),
        ));
    }
    if options.no_migrate {
        layers.push(Layer::single(
            "flag --no-migrate",
            "database.migrate",
            false.into(),
        ));
    }
    layers
}

fn is_foreign(variable: &str) -> bool {
    !variable.starts_with("QUARTERDECK_")
        || variable == FILE_VARIABLE
        || NOT_SETTINGS
            .iter()
            .any(|prefix| variable.starts_with(prefix))
}

/// A text of the environment in the type of the setting. What does not fit stays a text, and the
/// section that reads it says what it expected.
fn typed(text: &str, example: &Value) -> Value {
    let number = || text.trim().parse::<i64>().map(Value::Integer).ok();
    let fraction = || text.trim().parse::<f64>().map(Value::Float).ok();
    let typed = match example {
        Value::Integer(_) | Value::Float(_) => number().or_else(fraction),
        Value::Boolean(_) => match text.trim() {
            "true" | "1" => Some(true.into()),
            "false" | "0" => Some(false.into()),
            _ => None,
        },
        Value::Array(_) => {
            let items = text
                .split(',')
                .map(str::trim)
                .filter(|item| !item.is_empty());
            Some(Value::Array(items.map(Value::from).collect()))
        }
        Value::String(_) | Value::Datetime(_) | Value::Table(_) => None,
    };
    typed.unwrap_or_else(|| text.into())
}

fn unknown<'a>(name: &str, source: &str, names: impl Iterator<Item = &'a str>) -> Fault {
    let hint = nearest(name, names).map(|near| format!("; did you mean {near}?"));
    Fault::new(
        name,
        source,
        format!("there is no such setting{}", hint.unwrap_or_default()),
    )
}

/// Also knows the regular spelling of the variables that have a name of their own.
fn unknown_variable(variable: &str, keys: &[Key]) -> Fault {
    let regular = keys
        .iter()
        .map(|key| (keys::regular_variable(&key.name), &key.variable));
    let own = keys.iter().map(|key| (key.variable.clone(), &key.variable));
    let spellings: Vec<_> = regular.chain(own).collect();
    let hint = nearest(
        variable,
        spellings.iter().map(|(spelling, _)| spelling.as_str()),
    )
    .and_then(|near| spellings.iter().find(|(spelling, _)| spelling == near))
    .map(|(_, variable)| format!("; did you mean {variable}?"));
    let message = format!("there is no such setting{}", hint.unwrap_or_default());
    Fault::new(variable, "environment", message)
}

/// A syntax error with its line. The line itself is not shown: it may hold a secret.
fn unreadable(source: &str, text: &str, error: &toml::de::Error) -> Fault {
    let line = error
        .span()
        .and_then(|span| text.get(..span.start))
        .map(|before| format!(", line {}", before.matches('\n').count() + 1));
    let source = format!("{source}{}", line.unwrap_or_default());
    Fault::new(
        "settings",
        source,
        format!("no valid TOML: {}", error.message()),
    )
}
