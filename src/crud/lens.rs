//! Through whose eyes a request is read: the one place where an operation gets the means to
//! understand names. What is parsed here can only speak of what its caller may see.

use crate::acl::{Access, Scope};
use crate::error::Error;
use crate::model::{ModelId, ModelMeta, Verb};
use crate::query::Filter;
use crate::query::path::Scope as PathScope;

use super::trash::Shelf;
use super::{Context, Engine};

/// A caller before a model.
pub(super) struct Seen<'a> {
    pub(super) meta: &'a ModelMeta,
    pub(super) scope: &'a Scope,
    access: &'a Access<'a>,
}

impl Seen<'_> {
    /// Those of the caller's rows that are on this shelf.
    pub(super) fn rows(&self, shelf: Shelf) -> Result<Filter, Error> {
        shelf.rows(self.access, self.meta, self.scope)
    }
}

impl Engine {
    /// Calls `parse` with what the caller of a verb sees of a model and of those it leads to.
    ///
    /// # Errors
    /// 401, 403, 404 for the caller; what `parse` says.
    pub(super) fn through_lens<T>(
        &self,
        ctx: &Context,
        (verb, model): (Verb, ModelId),
        parse: impl FnOnce(&mut PathScope<'_>, &Seen<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let policy = self.policy.load();
        let access = Access::new(&self.registry, &policy, &ctx.principal);
        let scope = access.scope(verb, model)?;
        let lens = access.lens(model, &scope);
        let mut paths = PathScope {
            registry: &self.registry,
            lens: &lens,
            limits: &self.limits,
            conditions: 0,
        };
        let seen = Seen {
            meta: self.registry.model(model),
            scope: &scope,
            access: &access,
        };
        parse(&mut paths, &seen)
    }
}
