//! Hooks around writes: what a project or a plugin adds to an operation, inside its transaction.
//! Knows no concrete hook.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use async_trait::async_trait;
use sea_orm::Value;

use crate::acl::Principal;
use crate::error::Error;
use crate::model::patch::Changes;
use crate::model::{FieldId, ModelMeta, Registry, Verb};
use crate::store::Tx;

/// A write that is about to happen, or has just happened in its still open transaction.
#[derive(Debug)]
pub struct Write<'a> {
    /// All models.
    pub registry: &'a Registry,
    /// The model.
    pub model: &'a ModelMeta,
    /// The verb.
    pub verb: Verb,
    /// Who writes.
    pub principal: &'a Principal,
    /// The row before, in the model's field order; `None` for a create.
    pub before: Option<&'a [Value]>,
    /// The row after; `None` before the write and for a delete.
    pub after: Option<&'a [Value]>,
    /// Whether it happens because a record that this one points at is deleted, and not because the
    /// principal asked for it.
    pub cascade: bool,
}

impl Write<'_> {
    /// The value that a field will have: the change's, else the row's.
    #[must_use]
    pub fn coming<'v>(&'v self, changes: &'v Changes, field: FieldId) -> Option<&'v Value> {
        let changed = changes
            .values
            .iter()
            .find(|(f, _)| *f == field)
            .map(|(_, v)| v);
        changed.or_else(|| self.before.and_then(|row| row.get(field)))
    }
}

/// A hook. Hooks run in the order of their priority, then of their registration.
#[async_trait]
pub trait Hook: Send + Sync {
    /// A stable name for logs.
    fn id(&self) -> &'static str;

    /// Lower runs earlier.
    fn priority(&self) -> i32 {
        0
    }

    /// Whether this hook is about the model at all.
    fn concerns(&self, model: &ModelMeta) -> bool;

    /// Runs after validation, before the write; may change it or refuse it (409, 422, 403).
    async fn before(
        &self,
        _tx: &Tx,
        _write: &Write<'_>,
        _changes: &mut Changes,
    ) -> Result<(), Error> {
        Ok(())
    }

    /// Runs after the write, before the commit; an error takes everything back.
    async fn after(&self, _tx: &Tx, _write: &Write<'_>) -> Result<(), Error> {
        Ok(())
    }

    /// Runs after the commit; cannot fail any more. A panic is logged, because the write is done.
    fn committed(&self, _model: &ModelMeta, _verb: Verb) {}
}

/// The registered hooks, in order.
#[derive(Clone, Default)]
pub struct Hooks(Vec<Arc<dyn Hook>>);

impl std::fmt::Debug for Hooks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list()
            .entries(self.0.iter().map(|h| h.id()))
            .finish()
    }
}

impl Hooks {
    /// Adds a hook at its place in the order.
    pub fn add(&mut self, hook: Arc<dyn Hook>) {
        self.0.push(hook);
        self.0.sort_by_key(|h| h.priority());
    }

    /// Tells the hooks of a model that a write is committed.
    pub fn committed(&self, model: &ModelMeta, verb: Verb) {
        for hook in self.of(model) {
            let told = catch_unwind(AssertUnwindSafe(|| hook.committed(model, verb)));
            if told.is_err() {
                tracing::error!(
                    hook = hook.id(),
                    model = model.slug,
                    "panicked after the commit"
                );
            }
        }
    }

    /// The hooks that concern a model.
    pub fn of<'a>(&'a self, model: &'a ModelMeta) -> impl Iterator<Item = &'a Arc<dyn Hook>> {
        self.0.iter().filter(|h| h.concerns(model))
    }
}
