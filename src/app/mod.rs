//! The roof: composes everything. [`App::builder`] takes settings, models, hooks and plugins;
//! [`AppBuilder::build`] connects, migrates, checks and loads; [`App::serve`] answers requests.
//! All routes are in [`routes`], all middleware in [`threshold`].

mod actions;
mod build;
mod builder;
mod connect;
pub mod edge;
#[doc(hidden)] // Public for the fuzz targets alone.
pub mod framing;
mod guard;
mod health;
pub mod methods;
mod plugins;
mod prune;
pub mod routes;
pub mod server;
pub mod system;
pub mod threshold;
mod translations;

use std::sync::Arc;

use crate::account::Accounts;
use crate::admin::edition::Editions;
use crate::audit::{SealKey, Sealer};
use crate::auth::setup;
use crate::check::Finding;
use crate::config::Config;
use crate::crud::Engine;
use crate::error::Error;
use crate::metrics::Metrics;
use crate::page::form::FormKey;
use crate::plugin::Plugin;
use crate::session::Identity;

pub use builder::AppBuilder;

/// Why an application cannot be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Mis-declarations; each with its id and a hint.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Checks(Vec<Finding>),
    /// A migration failed.
    #[error("a migration failed: {0}")]
    Migration(sea_orm::DbErr),
    /// The database, or the machine, said no.
    #[error("{}", explain(.0))]
    Failed(#[from] Error),
}

fn explain(error: &Error) -> String {
    match &error.source {
        Some(source) => format!("{} ({source})", error.detail),
        None => error.detail.to_string(),
    }
}

/// A running application: everything that answers requests.
#[derive(Debug, Clone)]
pub struct App {
    /// The settings.
    pub config: Arc<Config>,
    /// The operations.
    pub engine: Arc<Engine>,
    /// Who is asking.
    pub identity: Arc<Identity>,
    /// Logging in.
    pub accounts: Arc<Accounts>,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    seal_key: SealKey,
    pub(crate) form_key: Arc<FormKey>,
    pub(crate) editions: Arc<Editions>,
    plugins: Plugins,
    findings: Vec<Finding>,
}

#[derive(Clone)]
struct Plugins(Vec<Arc<dyn Plugin>>);

impl std::fmt::Debug for Plugins {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list()
            .entries(self.0.iter().map(|p| p.manifest().name))
            .finish()
    }
}

impl App {
    /// Begins an application with Quarterdeck's own models registered.
    #[must_use]
    pub fn builder(config: Config) -> AppBuilder {
        system::register(AppBuilder::new(config))
    }

    /// Warnings of the start-up checks.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// The method and the path of every route, in the order of the table; parameters are `:name`.
    #[must_use]
    pub fn routes(&self) -> Vec<(poem::http::Method, String)> {
        routes::list(self)
    }

    /// A sealer of this application's audit; [`App::serve`] runs one.
    #[must_use]
    pub fn sealer(&self) -> Sealer {
        Sealer::new(self.engine.db().clone(), self.seal_key.clone())
    }

    /// What the audit's seals are signed with.
    #[must_use]
    pub fn seal_key(&self) -> &SealKey {
        &self.seal_key
    }

    /// The maker of this application's OpenAPI documents.
    #[must_use]
    pub fn documents(&self) -> crate::api::document::Documents {
        routes::documents(self)
    }

    /// The address at which the first user can be made, if there is none yet. Each call makes a
    /// fresh link and voids the one before.
    ///
    /// # Errors
    /// What the database said.
    pub async fn setup_path(&self) -> Result<Option<String>, Error> {
        if crate::auth::accounts::any(self.engine.db()).await? {
            return Ok(None);
        }
        let token = setup::offer(self.engine.db()).await?;
        Ok(Some(format!("/auth/setup?token={}", token.expose())))
    }
}
