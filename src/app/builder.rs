//! [`AppBuilder`]: what an application is told before it is built: models, hooks, plugins, pages. What
//! becomes of it is in `build`.

use std::sync::Arc;

use quarterdeck_migration::MigrationTrait;
use sea_orm::{ActiveModelBehavior, ActiveModelTrait, EntityTrait, IntoActiveModel, RelationTrait};

use crate::admin::extra::{ExtraPage, Extras};
use crate::admin::look::Look;
use crate::config::Config;
use crate::crud::Action;
use crate::hook::{Hook, Hooks};
use crate::model::ModelOptions;
use crate::model::describe::{Description, describe};
use crate::model::options::Options;
use crate::plugin::Plugin;
use crate::store::{Store, Typed};

type Observer = Arc<dyn Fn(&str) + Send + Sync>;

/// An application under construction.
pub struct AppBuilder {
    pub(super) config: Config,
    pub(super) models: Vec<(Description, Options)>,
    pub(super) stores: Vec<Arc<dyn Store>>,
    pub(super) hooks: Hooks,
    pub(super) plugins: Vec<Arc<dyn Plugin>>,
    pub(super) migrations: Vec<Box<dyn MigrationTrait>>,
    pub(super) observer: Option<Observer>,
    pub(super) actions: Vec<(String, Action)>,
    pub(super) extras: Extras,
}

impl std::fmt::Debug for AppBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AppBuilder")
            .field("models", &self.models.len())
            .finish_non_exhaustive()
    }
}

impl AppBuilder {
    pub(super) fn new(config: Config) -> Self {
        Self {
            config,
            models: Vec::new(),
            stores: Vec::new(),
            hooks: Hooks::default(),
            plugins: Vec::new(),
            migrations: quarterdeck_migration::system(),
            observer: None,
            actions: Vec::new(),
            extras: Extras::default(),
        }
    }

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
}
