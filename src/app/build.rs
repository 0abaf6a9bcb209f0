//! From what an [`AppBuilder`] was told to an [`App`]: checked, connected, migrated, loaded.

use std::sync::Arc;
use std::time::Instant;

use quarterdeck_migration::MigrationTrait;
use sea_orm::DbBackend;

use crate::account::Accounts;
use crate::acl::Policy;
use crate::admin::edition::Editions;
use crate::audit::SealKey;
use crate::auth::password::Passwords;
use crate::auth::state;
use crate::check::{Finding, Severity};
use crate::crud::{Engine, EngineParts, Files};
use crate::error::Error;
use crate::limit::{DEFAULT_KEYS, Limiter};
use crate::metrics::Metrics;
use crate::model::{Limit, Registry};
use crate::page::form::FormKey;
use crate::query::Limits;
use crate::query::cursor::Cursors;
use crate::session::Identity;
use crate::session::view::ViewKey;
use crate::store::Db;

use super::{
    App, AppBuilder, Plugins, StartError, actions, plugins, prune, routes, system, translations,
};

impl AppBuilder {
    /// What the start-up checks say, without a database.
    #[must_use]
    pub fn check(&self) -> Vec<Finding> {
        let (mut registry, mut findings) = Registry::build(&self.models);
        findings.extend(actions::check(&registry, &self.actions));
        let _ = actions::of_models(&mut registry, self.actions.clone());
        let said: Vec<_> = self.extras.words().collect();
        findings.extend(translations::check(&registry, &said, &self.names));
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
        let names = translations::read(&self.names);
        let editions = Editions::new(Arc::clone(&engine), self.extras, &names);
        Ok(App {
            config: Arc::new(self.config),
            engine,
            identity,
            accounts,
            metrics: Arc::new(Metrics::new().map_err(Error::internal)?),
            seal_key: SealKey::new(&key),
            form_key: Arc::new(FormKey::new(&key)),
            editions: Arc::new(editions),
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
