//! [`Access`]: one principal under one policy, and the decisions it has needed so far.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use crate::error::Error;
use crate::model::{FieldId, ModelId, Registry, Verb};
use crate::query::{Filter, Lens, Sight};

use super::{Decision, Policy, Principal, Scope, decide};

/// A principal's view of the registry. Related models are seen with their `list` permission, whether
/// a filter walks to them or `expand` embeds them.
#[derive(Debug)]
pub struct Access<'a> {
    registry: &'a Registry,
    policy: &'a Policy,
    principal: &'a Principal,
    listed: RefCell<HashMap<ModelId, Option<Arc<Scope>>>>,
}

impl<'a> Access<'a> {
    /// The view of `principal` under `policy`.
    #[must_use]
    pub fn new(registry: &'a Registry, policy: &'a Policy, principal: &'a Principal) -> Self {
        Self {
            registry,
            policy,
            principal,
            listed: RefCell::default(),
        }
    }

    /// The scope of a verb on a model.
    ///
    /// # Errors
    /// 401 for nobody, 404 where the principal has no verb on the model, 403 where it has others.
    pub fn scope(&self, verb: Verb, model: ModelId) -> Result<Arc<Scope>, Error> {
        if self.principal.is_anonymous() {
            return Err(Error::unauthenticated());
        }
        match decide(self.policy, self.registry, self.principal, (verb, model)) {
            Decision::Allowed(scope) => Ok(scope),
            Decision::Forbidden => {
                let slug = &self.registry.model(model).slug;
                tracing::info!(
                    principal = self.principal.name(),
                    verb = verb.name(),
                    model = slug,
                    "denied"
                );
                Err(Error::forbidden(verb.name()))
            }
            Decision::Unknown => Err(Error::not_found()),
        }
    }

    /// Whether the principal has the verb on the model at all.
    #[must_use]
    pub fn may(&self, verb: Verb, model: ModelId) -> bool {
        !self.principal.is_anonymous()
            && matches!(
                decide(self.policy, self.registry, self.principal, (verb, model)),
                Decision::Allowed(_)
            )
    }

    /// A lens on `model` through `scope`, and on every other model through its `list` permission.
    #[must_use]
    pub fn lens(&'a self, model: ModelId, scope: &'a Scope) -> ScopedLens<'a> {
        ScopedLens {
            access: self,
            model,
            scope,
        }
    }

    /// The rows of a model that the caller may list or read; none where it may do neither.
    #[must_use]
    pub fn visible_rows(&self, model: ModelId) -> Filter {
        [Verb::List, Verb::Read]
            .into_iter()
            .fold(Filter::Never, |rows, verb| {
                match decide(self.policy, self.registry, self.principal, (verb, model)) {
                    Decision::Allowed(scope) => rows.or(scope.rows.clone()),
                    Decision::Unknown | Decision::Forbidden => rows,
                }
            })
    }

    fn listed(&self, model: ModelId) -> Option<Arc<Scope>> {
        self.listed
            .borrow_mut()
            .entry(model)
            .or_insert_with(|| {
                match decide(
                    self.policy,
                    self.registry,
                    self.principal,
                    (Verb::List, model),
                ) {
                    Decision::Allowed(scope) => Some(scope),
                    Decision::Unknown | Decision::Forbidden => None,
                }
            })
            .clone()
    }
}

/// See [`Access::lens`].
#[derive(Debug)]
pub struct ScopedLens<'a> {
    access: &'a Access<'a>,
    model: ModelId,
    scope: &'a Scope,
}

impl Lens for ScopedLens<'_> {
    /// The fields of the lens's own model are seen as its scope says, and that speaks of the rows
    /// in the scope only: by a relation that leads back to the model no other row is reached.
    fn rows(&self, model: ModelId) -> Option<Filter> {
        let listed = self.access.listed(model)?.rows.clone();
        Some(if model == self.model && listed != self.scope.rows {
            listed.and(self.scope.rows.clone())
        } else {
            listed
        })
    }

    fn sight(&self, model: ModelId, field: FieldId) -> Sight {
        if model == self.model {
            return self.scope.readable[field].clone();
        }
        self.access
            .listed(model)
            .map_or(Sight::Never, |scope| scope.readable[field].clone())
    }
}
