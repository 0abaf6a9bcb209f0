//! The operations: the only way to the data, for every door.
//!
//! An [`Engine`] takes a [`Context`] (who asks, through which door) and plain arguments, and gives
//! back JSON bytes. It decides permissions, parses through the caller's lens, and is the only place
//! on the request path that begins a transaction. No HTTP types here.

pub mod action;
mod aggregate;
mod bulk;
mod cascade;
mod change;
mod changes;
mod conflict;
mod count;
mod embed;
mod export;
mod finish;
mod guard;
mod history;
mod idempotency;
mod import;
mod layout;
mod ledger;
mod lens;
mod nested;
mod note;
mod operation;
mod precondition;
mod read;
mod restore;
mod revert;
mod trash;
mod trial;
mod undo;
mod work;
mod write;
mod written;

pub use action::{Action, Done, Selection};
pub use count::Count;
pub use export::{Export, Pieces};
pub use idempotency::Once;
pub use import::{File, Import, Peek};
pub use note::{Note, note};
pub use operation::{Fetched, Files, LARGE, Progress};
pub use precondition::{IfMatch, Target};
pub use read::{ListRequest, Page, Record, entity_tag};
pub use written::Written;

use std::net::IpAddr;
use std::sync::Arc;

use arc_swap::ArcSwap;
use tokio::sync::Semaphore;

use crate::acl::{Access, Policy, Principal, Scope};
use crate::error::Error;
use crate::hook::Hooks;
use crate::model::{ModelId, ModelMeta, Names, Registry, Verb};
use crate::query::Limits;
use crate::query::cursor::Cursors;
use crate::store::{Db, Store};

/// The way a request came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// The REST API.
    Rest,
    /// The admin pages.
    Admin,
    /// The command line.
    Cli,
    /// A plugin's route or hook.
    Plugin,
    /// Quarterdeck itself, at its time.
    Job,
}

impl Door {
    /// The name in the audit.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Rest => "rest",
            Self::Admin => "admin",
            Self::Cli => "cli",
            Self::Plugin => "plugin",
            Self::Job => "job",
        }
    }
}

/// Who asks, and how.
#[derive(Debug, Clone)]
pub struct Context {
    /// Who.
    pub principal: Arc<Principal>,
    /// Through which door.
    pub door: Door,
    /// The request's id, in answers, logs and the audit.
    pub request_id: String,
    /// The client's address.
    pub address: Option<IpAddr>,
    /// Whether what is written is to be taken back: the answer says what would have happened.
    pub dry_run: bool,
    /// Why, in the caller's words, for the audit.
    pub reason: Option<String>,
    /// The operation that this is the work of, if it is one that is tracked.
    pub operation: Option<Arc<Progress>>,
}

impl Context {
    /// The operator at the command line.
    #[must_use]
    pub fn operator() -> Self {
        Self {
            principal: Arc::new(Principal::system()),
            door: Door::Cli,
            request_id: uuid::Uuid::now_v7().to_string(),
            address: None,
            dry_run: false,
            reason: None,
            operation: None,
        }
    }

    /// The same request as Quarterdeck itself, for a plugin that has proved its caller by its own
    /// means, a signature say. A plugin gets a caller's rights and no more unless it asks for this;
    /// what is written then stands in the audit under `system` and the door `plugin` (A46).
    #[must_use]
    pub fn as_system(&self) -> Self {
        tracing::debug!(request_id = self.request_id, "system context");
        Self {
            principal: Arc::new(Principal::system()),
            door: Door::Plugin,
            dry_run: false,
            ..self.clone()
        }
    }
}

/// Everything the operations need. One per process, shared; an action has one of its own, which is part
/// of it.
#[derive(Clone)]
pub struct Engine {
    pub(crate) registry: Arc<Registry>,
    pub(crate) db: Db,
    pub(crate) stores: Arc<[Store]>,
    pub(crate) hooks: Hooks,
    pub(crate) policy: Arc<ArcSwap<Policy>>,
    pub(crate) limits: Limits,
    pub(crate) cursors: Cursors,
    pub(crate) running: Arc<idempotency::Running>,
    pub(crate) operations: Arc<operation::Operations>,
    pub(crate) exports: Arc<Semaphore>,
    pub(crate) actions: Vec<(ModelId, Action)>,
    /// What all writes have in common, when they are parts of one transaction.
    within: Option<action::Shared>,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine")
            .field("models", &self.registry.models().len())
            .finish()
    }
}

/// What an [`Engine`] is made of.
pub struct EngineParts {
    /// The models.
    pub registry: Arc<Registry>,
    /// The database.
    pub db: Db,
    /// The typed writes of each model, in the registry's order.
    pub stores: Vec<Store>,
    /// What runs around writes.
    pub hooks: Hooks,
    /// The grants in force.
    pub policy: Policy,
    /// The limits of one request.
    pub limits: Limits,
    /// The key of the cursors.
    pub cursors: Cursors,
    /// Where exports that nobody waits for are written.
    pub files: Files,
    /// The actions of the models.
    pub actions: Vec<(ModelId, Action)>,
}

impl std::fmt::Debug for EngineParts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EngineParts")
            .field("models", &self.registry.models().len())
            .finish_non_exhaustive()
    }
}

impl Engine {
    /// An engine of these parts.
    #[must_use]
    pub fn new(parts: EngineParts) -> Self {
        Self {
            exports: export::places(&parts.db),
            registry: parts.registry,
            db: parts.db,
            stores: parts.stores.into(),
            hooks: parts.hooks,
            policy: Arc::new(ArcSwap::from_pointee(parts.policy)),
            limits: parts.limits,
            cursors: parts.cursors,
            running: Arc::default(),
            operations: Arc::new(operation::Operations::new(parts.files)),
            actions: parts.actions,
            within: None,
        }
    }

    /// The same engine, with other names for what people read: the same database, rights and operations.
    #[must_use]
    pub fn named<'n>(&self, names: impl Fn(&ModelMeta) -> &'n Names) -> Self {
        let mut other = self.clone();
        for (model, action) in &mut other.actions {
            let model = self.registry.model(*model);
            names(model).translate_action(&model.slug, &mut action.meta);
        }
        other.registry = Arc::new(self.registry.named(names));
        other
    }

    /// The registered models.
    #[must_use]
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// The database.
    #[must_use]
    pub fn db(&self) -> &Db {
        &self.db
    }

    /// The limits.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Puts a newly loaded policy in force.
    pub fn enforce(&self, policy: Policy) {
        self.policy.store(Arc::new(policy));
    }

    /// The version of the policy in force.
    #[must_use]
    pub fn policy_version(&self) -> i64 {
        self.policy.load().version
    }

    /// The model of that public name.
    ///
    /// # Errors
    /// 404, before any permission answer.
    pub fn model(&self, slug: &str) -> Result<&ModelMeta, Error> {
        self.registry.by_slug(slug).ok_or_else(Error::not_found)
    }

    /// The scope of a verb for the caller.
    ///
    /// # Errors
    /// 401, 403 or 404, see [`Access::scope`].
    pub fn scope(&self, ctx: &Context, verb: Verb, model: ModelId) -> Result<Arc<Scope>, Error> {
        let policy = self.policy.load();
        Access::new(&self.registry, &policy, &ctx.principal).scope(verb, model)
    }

    /// Whether the caller has the verb on the model at all.
    #[must_use]
    pub fn may(&self, ctx: &Context, verb: Verb, model: ModelId) -> bool {
        let policy = self.policy.load();
        Access::new(&self.registry, &policy, &ctx.principal).may(verb, model)
    }

    /// Calls `look` with the caller's view of the models.
    pub fn with_access<T>(&self, ctx: &Context, look: impl FnOnce(&Access<'_>) -> T) -> T {
        let policy = self.policy.load();
        look(&Access::new(&self.registry, &policy, &ctx.principal))
    }
}
