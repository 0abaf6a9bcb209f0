//! The roof: composes everything. [`App::builder`] takes settings, models, hooks and plugins;
//! [`AppBuilder::build`] connects, migrates, checks and loads; [`App::serve`] answers requests.
//! All routes are in [`routes`], all middleware in [`threshold`].

mod actions;
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

use std::sync::Arc;
use std::time::Instant;

use quarterdeck_migration::MigrationTrait;
use sea_orm::{
    ActiveModelBehavior, ActiveModelTrait, DbBackend, EntityTrait, IntoActiveModel, RelationTrait,
};

use crate::account::Accounts;
use crate::acl::Policy;
use crate::admin::extra::{ExtraPage, Extras};
use crate::admin::look::Look;
use crate::audit::{SealKey, Sealer};
use crate::auth::password::Passwords;
use crate::auth::{setup, state};
use crate::check::{Finding, Severity};
use crate::config::Config;
use crate::crud::{Action, Engine, EngineParts, Files};
use crate::error::Error;
use crate::hook::{Hook, Hooks};
use crate::limit::{DEFAULT_KEYS, Limiter};
use crate::metrics::Metrics;
use crate::model::describe::{Description, describe};
use crate::model::options::Options;
use crate::model::{Limit, ModelOptions, Registry};
use crate::page::form::FormKey;
use crate::plugin::Plugin;
use crate::query::Limits;
use crate::query::cursor::Cursors;
use crate::session::Identity;
use crate::session::view::ViewKey;
use crate::store::{Db, Store, Typed};

type Observer = Arc<dyn Fn(&str) + Send + Sync>;

/// An application under construction.
pub struct AppBuilder {
    config: Config,
    models: Vec<(Description, Options)>,
    stores: Vec<Arc<dyn Store>>,
    hooks: Hooks,
    plugins: Vec<Arc<dyn Plugin>>,
    migrations: Vec<Box<dyn MigrationTrait>>,
    observer: Option<Observer>,
    actions: Vec<(String, Action)>,
    extras: Extras,
}

impl std::fmt::Debug for AppBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AppBuilder")
            .field("models", &self.models.len())
            .finish_non_exhaustive()
    }
}

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
    pub(crate) extras: Arc<Extras>,
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
        let empty = AppBuilder {
            config,
            models: Vec::new(),
            stores: Vec::new(),
            hooks: Hooks::default(),
            plugins: Vec::new(),
            migrations: quarterdeck_migration::system(),
            observer: None,
            actions: Vec::new(),
            extras: Extras::default(),
        };
        system::register(empty)
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

impl AppBuilder {
    /// Registers a model.
    #[must_use]
    pub fn model<E>(mut self, options: impl FnOnce(ModelOptions<E>) -> ModelOptions<E>) -> Self
    where
        E: EntityTrait,
        E::Model: IntoActiveModel<E::ActiveModel> + Send + Sync + 'static,
        E::ActiveModel: ActiveModelTrait<Entity = E> + ActiveModelBehavior + Send + Sync,
        E::Relation: RelationTrait,
    {
        let options = options(ModelOptions::new()).into_options();
        self.models.push((describe::<E>(), options));
        self.stores.push(Arc::new(Typed::<E>::new()));
        self
    }

    /// Adds an action on records of `E`: in the lists and on the records of the admin pages, and as
    /// `POST /api/v1/{model}/_actions/{name}`.
    #[must_use]
    pub fn action<E: EntityTrait>(mut self, action: Action) -> Self {
        let table = E::default().table_name().to_owned();
        self.actions.push((table, action));
        self
    }

    /// Adds a page of the project to the admin's pages, at `/admin/_pages/{name}` and in the navigation.
    #[must_use]
    pub fn admin_page(mut self, page: ExtraPage) -> Self {
        self.extras.pages.push(page);
        self
    }

    /// The look of the admin's pages: a name, colours, pieces of HTML at named places, and parts of our
    /// pages made in another way.
    #[must_use]
    pub fn admin_look(mut self, look: impl FnOnce(Look) -> Look) -> Self {
        self.extras.look = look(self.extras.look);
        self
    }

    /// Adds a hook around writes.
    #[must_use]
    pub fn hook(mut self, hook: impl Hook + 'static) -> Self {
        self.hooks.add(Arc::new(hook));
        self
    }

    /// Adds migrations, run after those added before.
    #[must_use]
    pub fn migrations(mut self, more: Vec<Box<dyn MigrationTrait>>) -> Self {
        self.migrations.extend(more);
        self
    }

    /// Installs a plugin.
    #[must_use]
    pub fn plugin(mut self, plugin: impl Plugin) -> Self {
        let plugin: Arc<dyn Plugin> = Arc::new(plugin);
        self.plugins.push(Arc::clone(&plugin));
        plugin.install(self)
    }

    /// Calls `observer` with the SQL of every statement, for tests that count or search them.
    #[must_use]
    pub fn observe(mut self, observer: impl Fn(&str) + Send + Sync + 'static) -> Self {
        self.observer = Some(Arc::new(observer));
        self
    }

    /// The settings.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The migrations, taken out for the command line.
    #[must_use]
    pub fn take_migrations(&mut self) -> Vec<Box<dyn MigrationTrait>> {
        std::mem::take(&mut self.migrations)
    }

    /// What the start-up checks say, without a database.
    #[must_use]
    pub fn check(&self) -> Vec<Finding> {
        let (registry, mut findings) = Registry::build(&self.models);
        findings.extend(actions::check(&registry, &self.actions));
        findings.extend(routes::check(&registry, &self.plugins));
        findings.extend(plugins::check(&self.config, &self.plugins));
        if self.config.password.memory_kib < 19_456 {
            let message = "passwords are hashed with less memory than OWASP's minimum".to_owned();
            let hint = "raise password.memory_kib to 19456 or more";
            findings.push(Finding::warning("config.W001", "password", message, hint));
        }
        findings
    }

    /// Connects, migrates (unless the settings forbid it), checks, and loads the policy.
    ///
    /// # Errors
    /// Every mis-declaration; a failed migration; what the database said.
    pub async fn build(mut self) -> Result<App, StartError> {
        let findings = self.check();
        if findings.iter().any(|f| f.severity == Severity::Error) {
            return Err(StartError::Checks(findings));
        }
        let mut db = self.connect().await?;
        let list = self.take_migrations();
        let newer = is_newer(&db, &list).await?;
        if self.config.database.migrate {
            let done = quarterdeck_migration::up(db.migrations(), list).await;
            for name in done.map_err(StartError::Migration)? {
                tracing::info!(name, "migrated");
            }
        }
        if let Some(observer) = self.observer.take() {
            db.observe(move |info| observer(&info.sql));
        }
        let (mut registry, _) = Registry::build(&self.models);
        let largest = Limit::Largest(i64::MAX.unsigned_abs());
        match db.backend() {
            DbBackend::Sqlite => registry.limit(&[Limit::Digits(15), largest]),
            // MariaDB takes 31 levels, and the audit wraps a value in two.
            DbBackend::MySql => registry.limit(&[Limit::Levels(29)]),
            _ => registry.limit(&[largest]),
        }
        let actions = actions::of_models(&mut registry, std::mem::take(&mut self.actions));
        let registry = Arc::new(registry);
        let key = state::signing_key(&db).await?;
        let query = &self.config.query;
        let signal = system::Signal::default();
        self.hooks
            .add(Arc::new(system::Guardian::new(signal.clone())));
        let engine = Arc::new(Engine::new(EngineParts {
            registry,
            db,
            stores: self.stores,
            hooks: self.hooks,
            policy: Policy::default(),
            limits: Limits {
                default_limit: query.default_limit,
                max_limit: query.max_limit,
                max_conditions: query.max_conditions,
                max_in: query.max_in,
                max_steps: query.max_relation_steps,
                max_offset: query.max_offset,
                count_limit: query.count_limit,
                expand_limit: query.expand_limit,
            },
            cursors: Cursors::new(&key),
            files: Files {
                folder: self.config.operations.folder.clone(),
                kept: self.config.operations.kept,
                limit: self.config.operations.files_limit,
            },
            actions,
        }));
        let lifetime = (&self.config.session).into();
        let identity = Arc::new(Identity::new(Arc::clone(&engine), lifetime));
        signal.connect(&identity);
        if !newer {
            prune::grants(&engine).await?;
        }
        identity.reload().await?;
        let passwords = Passwords::new(&self.config.password).map_err(Error::internal)?;
        let accounts = Arc::new(Accounts {
            passwords,
            identity: Arc::clone(&identity),
            attempts: Limiter::new(self.config.rate_limit.login, DEFAULT_KEYS),
            https: self.config.server.is_https(),
            public_url: self.config.server.public_url.clone(),
            view_key: ViewKey::new(&key),
            started: Instant::now(),
        });
        Ok(App {
            config: Arc::new(self.config),
            engine,
            identity,
            accounts,
            metrics: Arc::new(Metrics::new().map_err(Error::internal)?),
            seal_key: SealKey::new(&key),
            form_key: Arc::new(FormKey::new(&key)),
            extras: Arc::new(self.extras),
            plugins: Plugins(self.plugins),
            findings,
        })
    }
}

/// Whether the database knows of migrations that this program does not: another one, or a later one,
/// has been at work, and may have fields that are unknown here.
async fn is_newer(db: &Db, list: &[Box<dyn MigrationTrait>]) -> Result<bool, StartError> {
    let steps = quarterdeck_migration::status(db.migrations(), list).await;
    let steps = steps.map_err(StartError::Migration)?;
    Ok(steps
        .iter()
        .any(|s| s.state == quarterdeck_migration::State::Unlisted))
}
