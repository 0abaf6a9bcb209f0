//! The contract of plugins: a [`Manifest`] that says what a plugin is, and `install(app) -> app`,
//! which adds models, migrations, hooks and routes with the same methods a project uses.
//!
//! A plugin's routes are reachable from outside only when its manifest says `public_api: true`; then
//! they are mounted without login, under the plugin's own prefix, and each route's [`Guard`] says
//! what it asks for.

use std::sync::Arc;

use poem::endpoint::BoxEndpoint;
use poem::http::Method;
use poem::{EndpointExt as _, Response};

use crate::app::AppBuilder;
use crate::check::Finding;
use crate::config::{Config, Secret};
use crate::error::Error;
use crate::http::{Call, Handler};

/// What a plugin is.
#[derive(Debug, Clone)]
pub struct Manifest {
    /// Its name: lower-case letters, digits and `_`.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
    /// Whether its routes are mounted for the outside.
    pub public_api: bool,
    /// Where its routes are mounted, instead of `/api/{name}`.
    pub prefix: Option<&'static str>,
    /// Names of the plugins that must be installed too.
    pub requires: &'static [&'static str],
    /// The settings it reads, with what each is for. Values come from
    /// `QUARTERDECK_PLUGIN_{NAME}_{KEY}` or `[plugin.{name}]` in the file. A part of a name that is
    /// not fixed stands in braces: `{source}_secret`.
    pub settings: &'static [(&'static str, &'static str)],
}

impl Manifest {
    /// Where its routes are mounted.
    #[must_use]
    pub fn mount(&self) -> String {
        self.prefix
            .map_or_else(|| format!("/api/{}", self.name), ToOwned::to_owned)
    }

    /// Whether it declares a setting of that name.
    #[must_use]
    pub fn declares(&self, key: &str) -> bool {
        self.settings.iter().any(|(name, _)| fits(name, key))
    }

    /// The values of its declared settings.
    #[must_use]
    pub fn settings_in(&self, config: &Config) -> Settings {
        let own = config.plugins().iter().filter_map(|setting| {
            let key = setting.key_of(self.name).filter(|key| self.declares(key))?;
            Some((key.to_owned(), setting.value.clone()))
        });
        Settings(own.collect())
    }
}

/// Whether a key has a declared name, in which `{…}` stands for one character or more.
fn fits(name: &str, key: &str) -> bool {
    match name
        .split_once('{')
        .and_then(|(a, rest)| Some((a, rest.split_once('}')?.1)))
    {
        None => name == key,
        Some((before, after)) => {
            let free = key.strip_prefix(before).and_then(|k| k.strip_suffix(after));
            free.is_some_and(|free| !free.is_empty())
        }
    }
}

/// What a route asks of its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guard {
    /// Nothing: the handler proves its caller itself, for example by a signature.
    Open,
    /// A session or a token.
    Login,
    /// The internal secret.
    Internal,
}

/// A declared route.
pub struct PluginRoute {
    /// The method.
    pub method: Method,
    /// The path under the plugin's mount point, beginning with `/`.
    pub path: &'static str,
    /// What it asks of its caller.
    pub guard: Guard,
    /// One sentence for the OpenAPI document.
    pub summary: &'static str,
    /// More than one sentence for the OpenAPI document.
    pub description: &'static str,
    /// The `requestBody` of the OpenAPI document, where it takes a body.
    pub body: Option<serde_json::Value>,
    /// The `responses` of the OpenAPI document, by status.
    pub responses: serde_json::Map<String, serde_json::Value>,
    /// The handler.
    pub endpoint: BoxEndpoint<'static, Response>,
}

impl std::fmt::Debug for PluginRoute {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} ({:?})", self.method, self.path, self.guard)
    }
}

impl PluginRoute {
    /// A route from an async function.
    pub fn new<F, Fut>(method: Method, path: &'static str, guard: Guard, handler: F) -> Self
    where
        F: Fn(Call) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Response, Error>> + Send + 'static,
    {
        let endpoint = Handler(handler).boxed();
        let responses = serde_json::Map::new();
        Self {
            method,
            path,
            guard,
            summary: "",
            description: "",
            body: None,
            responses,
            endpoint,
        }
    }

    /// Says what the route is for.
    #[must_use]
    pub fn summary(mut self, summary: &'static str) -> Self {
        self.summary = summary;
        self
    }

    /// Says what its caller must know beyond the summary.
    #[must_use]
    pub fn description(mut self, description: &'static str) -> Self {
        self.description = description;
        self
    }

    /// Describes the request body and the responses for the OpenAPI document.
    #[must_use]
    pub fn describe(
        mut self,
        body: Option<serde_json::Value>,
        responses: serde_json::Map<String, serde_json::Value>,
    ) -> Self {
        self.body = body;
        self.responses = responses;
        self
    }
}

/// A plugin.
pub trait Plugin: Send + Sync + 'static {
    /// What it is.
    fn manifest(&self) -> Manifest;

    /// Adds itself to an application: models, migrations, hooks.
    fn install(&self, app: AppBuilder) -> AppBuilder;

    /// What is wrong with the values of its settings. Ids of findings are the plugin's own, such as
    /// `webhooks.E001`; an error stops the start.
    fn check(&self, _settings: &Settings) -> Vec<Finding> {
        Vec::new()
    }

    /// Its routes. `settings` has the values of the manifest's settings that are set; it is empty
    /// when only the addresses are looked at.
    fn routes(&self, settings: Arc<Settings>) -> Vec<PluginRoute>;
}

/// The values of a plugin's settings, secret until used.
#[derive(Debug, Default)]
pub struct Settings(pub Vec<(String, Secret)>);

impl Settings {
    /// The value of a setting.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Secret> {
        self.0.iter().find(|(k, _)| k == key).map(|(_, v)| v)
    }
}

/// The guide to writing a plugin; what it shows is compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../docs/plugins.md")]
struct Guide;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_declared_name_may_have_a_part_that_is_not_fixed() {
        for (name, key, expected) in [
            ("timeout", "timeout", true),
            ("timeout", "timeouts", false),
            ("{source}_secret", "shop_secret", true),
            ("{source}_secret", "shop_of_ann_secret", true),
            ("{source}_secret", "_secret", false),
            ("{source}_secret", "shop_secrets", false),
            ("to_{name}_url", "to_a_url", true),
            ("to_{name}_url", "to_url", false),
        ] {
            assert_eq!(fits(name, key), expected, "{name} {key}");
        }
    }
}
