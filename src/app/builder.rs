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
use crate::page::viewer::Language;
use crate::plugin::Plugin;
use crate::store::Store;

type Observer = Arc<dyn Fn(&str) + Send + Sync>;

/// An application under construction.
pub struct AppBuilder {
    pub(super) config: Config,
    pub(super) models: Vec<(Description, Options)>,
    pub(super) stores: Vec<Store>,
    pub(super) hooks: Hooks,
    pub(super) plugins: Vec<Arc<dyn Plugin>>,
    pub(super) migrations: Vec<Box<dyn MigrationTrait>>,
    pub(super) observer: Option<Observer>,
    pub(super) actions: Vec<(String, Action)>,
    pub(super) extras: Extras,
    pub(super) names: Vec<(Language, String)>,
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
            names: Vec::new(),
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
        self.stores.push(Store::of::<E>());
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

    /// Says what models, their fields and the pages of the project are called in another language: a table
    /// with a line for each text of the registration, a tab, and its translation.
    ///
    /// ```
    /// use quarterdeck::app::App;
    /// use quarterdeck::config::Config;
    /// use quarterdeck::page::viewer::Language;
    ///
    /// let app = App::builder(Config::default())
    ///     .translation(Language::German, "Book\tBuch\nBooks\tBücher\naddress/State\tBundesland\n");
    /// # assert_eq!(app.check().len(), 3, "nothing of it is registered here");
    /// ```
    ///
    /// `address/State` is what `State` is in the model `address` alone. What no line names stays as it was
    /// registered; a line that names nothing is a warning of the start-up checks.
    #[must_use]
    pub fn translation(mut self, language: Language, table: &str) -> Self {
        self.names.push((language, table.to_owned()));
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
