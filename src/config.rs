//! Settings: one small struct per section, read once at the start and passed down.
//!
//! Order: the embedded `config.default.toml` <- a file <- the environment <- flags. Every fault of
//! every layer is reported in one go, with the layer it came from. This is the only room that reads
//! the environment. What a setting *does* is not decided here.

mod bytes;
mod cidr;
mod database;
mod distance;
mod fault;
mod internal;
mod keys;
mod layer;
mod limits;
mod log;
mod operations;
mod plugin;
mod reader;
mod secret;
mod server;
mod sources;

pub use self::cidr::Cidr;
pub use self::database::{Database, DatabaseKind, DatabaseUrl, SqliteSynchronous};
pub use self::fault::{ConfigError, Fault};
pub use self::internal::Internal;
pub use self::limits::{Password, Query, RateLimit, Session};
pub use self::log::{Log, LogFormat};
pub use self::operations::Operations;
pub use self::plugin::PluginSetting;
pub use self::secret::Secret;
pub use self::server::Server;
pub use self::sources::{Environment, Options};

use self::reader::Reader;

/// Every setting, its default and a comment: the text that the defaults are read from.
pub const DEFAULTS: &str = include_str!("../config.default.toml");

/// All settings, valid as a whole.
#[derive(Clone, Debug)]
pub struct Config {
    /// Listening, proxies, timeouts, origins.
    pub server: Server,
    /// Where the data is and how it is reached.
    pub database: Database,
    /// How long a session lives.
    pub session: Session,
    /// Rules for passwords and the price of a hash.
    pub password: Password,
    /// Requests a minute.
    pub rate_limit: RateLimit,
    /// Bounds of one query.
    pub query: Query,
    /// What is done while nobody waits.
    pub operations: Operations,
    /// The internal-secret group.
    pub internal: Internal,
    /// Log lines.
    pub log: Log,
    settings: Vec<Setting>,
    plugins: Vec<PluginSetting>,
}

/// One setting as `quarterdeck config` shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// `section.key`.
    pub name: String,
    /// The value as TOML, secrets masked; empty when it is not set.
    pub value: String,
    /// `default`, `file …`, `environment …` or `flag …`.
    pub source: String,
}

impl Config {
    /// Reads the process's environment, the file and the flags.
    ///
    /// # Errors
    /// Every fault found in any layer.
    pub fn load(options: &Options) -> Result<Self, ConfigError> {
        Self::resolve(options, &Environment::of_process())
    }

    /// The same from an environment that the caller gives.
    ///
    /// # Errors
    /// Every fault found in any layer.
    pub fn resolve(options: &Options, environment: &Environment) -> Result<Self, ConfigError> {
        let mut faults = Vec::new();
        let (figment, plugins) = sources::gather(options, environment, &mut faults);
        let mut reader = Reader::new(&figment, faults);
        let config = Self::read(&mut reader);
        let (mut settings, faults) = reader.finish();
        settings.extend(plugins.iter().map(PluginSetting::shown));
        if faults.is_empty() {
            Ok(Self {
                settings,
                plugins,
                ..config
            })
        } else {
            Err(ConfigError::new(faults))
        }
    }

    fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            server: Server::read(reader),
            database: Database::read(reader),
            session: Session::read(reader),
            password: Password::read(reader),
            rate_limit: RateLimit::read(reader),
            query: Query::read(reader),
            operations: Operations::read(reader),
            internal: Internal::read(reader),
            log: Log::read(reader),
            settings: Vec::new(),
            plugins: Vec::new(),
        }
    }

    /// The settings of all plugins, installed or not.
    #[must_use]
    pub fn plugins(&self) -> &[PluginSetting] {
        &self.plugins
    }

    /// The same settings with one more of a plugin, for tests and for programs that keep their
    /// settings elsewhere.
    #[must_use]
    pub fn with_plugin(mut self, plugin: &str, key: &str, value: &str) -> Self {
        self.plugins.push(PluginSetting {
            plugin: Some(plugin.to_owned()),
            key: key.to_owned(),
            value: Secret::new(value),
            source: "program".to_owned(),
        });
        self
    }

    /// Each setting as it was loaded, with its source; secrets are masked.
    #[must_use]
    pub fn explain(&self) -> Vec<Setting> {
        self.settings.clone()
    }
}

impl Default for Config {
    /// The embedded defaults alone: no file, no environment.
    #[expect(
        clippy::expect_used,
        reason = "the embedded text is proven valid by a test"
    )]
    fn default() -> Self {
        let figment = sources::defaults(&mut Vec::new());
        let mut reader = Reader::new(&figment, Vec::new());
        let config = Self::read(&mut reader);
        let (settings, faults) = reader.finish();
        faults
            .is_empty()
            .then_some(())
            .expect("the embedded defaults are valid");
        Self { settings, ..config }
    }
}

#[cfg(test)]
mod tests;
