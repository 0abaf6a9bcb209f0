//! Who may do what: one pure function, [`decide`], behind every door.
//!
//! * Deny by default. A user's roles unite: a row may be reached when *some* grant allows the verb on
//!   it, and a field of it when some grant *that matches this very row* names the field. (Two
//!   overlapping grants never lend each other their rows.)
//! * A superuser sees everything but secrets. A token never exceeds its owner: its scopes only take
//!   verbs away.
//! * The primary key of a row that may be reached is always readable: records need an address.
//!
//! No I/O and no async here; the grants are loaded by `auth::policy`.

pub mod access;
mod memory;
pub mod rule;

#[cfg(test)]
mod tests;

pub use access::Access;
pub use rule::{Absent, Grant, Policy, Rows};

use std::sync::Arc;

use crate::model::{FieldId, ModelId, ModelMeta, Registry, Verb, patch::FieldAccess};
use crate::query::{Filter, Sight};

/// Who asks.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Principal {
    /// The user, unless this is an internal caller or nobody.
    pub user: Option<User>,
    /// The API token it came with.
    pub token: Option<TokenScope>,
    /// The session it came with.
    pub session: Option<i64>,
    /// Whether this is the operator at the command line or a job of Quarterdeck's own.
    pub system: bool,
    /// Who looks through these eyes, if they are another's. Then nothing can be changed.
    pub viewer: Option<Viewer>,
}

/// Somebody who looks as another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Viewer {
    /// Its key.
    pub id: i64,
    /// Its login name.
    pub username: String,
}

/// A user as the decision needs it.
#[derive(Debug, Clone, PartialEq)]
pub struct User {
    /// Its key.
    pub id: i64,
    /// Its login name.
    pub username: String,
    /// Its e-mail address.
    pub email: Option<String>,
    /// Whether permissions do not apply to it.
    pub superuser: bool,
    /// Its roles, by key.
    pub roles: Vec<i64>,
}

/// What an API token may at most do.
#[derive(Debug, Clone, PartialEq)]
pub struct TokenScope {
    /// The token's key.
    pub id: i64,
    /// Model names and verbs; `None` is everything the owner may.
    pub scopes: Option<Vec<(String, Vec<Verb>)>>,
}

impl Principal {
    /// Nobody.
    #[must_use]
    pub fn anonymous() -> Self {
        Self::default()
    }

    /// The operator: the command line and Quarterdeck's own jobs.
    #[must_use]
    pub fn system() -> Self {
        Self {
            system: true,
            ..Self::default()
        }
    }

    /// Whether nobody is logged in.
    #[must_use]
    pub fn is_anonymous(&self) -> bool {
        self.user.is_none() && !self.system
    }

    /// Whether permissions do not apply.
    #[must_use]
    pub fn is_superuser(&self) -> bool {
        self.system || self.user.as_ref().is_some_and(|u| u.superuser)
    }

    /// A name for logs and the audit.
    #[must_use]
    pub fn name(&self) -> &str {
        match &self.user {
            Some(user) => &user.username,
            None if self.system => "system",
            None => "anonymous",
        }
    }

    fn token_allows(&self, slug: &str, verb: Verb) -> bool {
        match self.token.as_ref().map(|t| &t.scopes) {
            None | Some(None) => true,
            Some(Some(scopes)) => scopes
                .iter()
                .any(|(model, verbs)| (model == slug || model == "*") && verbs.contains(&verb)),
        }
    }
}

/// What a principal may do with one verb on one model.
#[derive(Debug, Clone)]
pub enum Decision {
    /// It has no verb on the model at all: for it, the model does not exist.
    Unknown,
    /// It has other verbs on the model, not this one.
    Forbidden,
    /// It may, within this scope.
    Allowed(Arc<Scope>),
}

/// The rows and fields that a decision allows.
#[derive(Debug, Clone, PartialEq)]
pub struct Scope {
    /// The rows, but for those in the trash.
    pub rows: Filter,
    /// The rows, in the trash or not.
    pub ruled: Filter,
    /// Where each field may be read.
    pub readable: Vec<Sight>,
    /// Where each field may be written.
    pub writable: Vec<Sight>,
}

impl Scope {
    /// Everything but secrets.
    #[must_use]
    pub fn full(model: &ModelMeta) -> Self {
        let sight = |open: bool| if open { Sight::Always } else { Sight::Never };
        Self {
            rows: live(model),
            ruled: Filter::All,
            readable: model.fields.iter().map(|f| sight(!f.secret)).collect(),
            writable: model.fields.iter().map(|f| sight(!f.secret)).collect(),
        }
    }

    /// Whether every row and every field that is no secret is within it.
    #[must_use]
    pub fn is_full(&self, model: &ModelMeta) -> bool {
        let open = |sights: &[Sight]| {
            sights
                .iter()
                .zip(&model.fields)
                .all(|(s, f)| f.secret || *s == Sight::Always)
        };
        self.is_unruled() && open(&self.readable) && open(&self.writable)
    }

    /// Whether no rule hides any row.
    #[must_use]
    pub fn is_unruled(&self) -> bool {
        self.ruled == Filter::All
    }

    /// Those of the rows that are in the trash.
    #[must_use]
    pub fn trashed(&self, model: &ModelMeta) -> Filter {
        match model.trash {
            Some(trash) => self.ruled.clone().and(Filter::Null(trash.since, false)),
            None => Filter::Never,
        }
    }
}

impl FieldAccess for Scope {
    fn readable(&self, field: FieldId) -> bool {
        self.readable[field].possible()
    }

    fn writable(&self, field: FieldId) -> bool {
        self.writable[field].possible()
    }
}

/// The rows that are not in the trash.
fn live(model: &ModelMeta) -> Filter {
    match model.trash {
        Some(trash) => Filter::Null(trash.since, true),
        None => Filter::All,
    }
}

/// Decides. Pure: the same arguments, the same answer. So the policy remembers the answers.
#[must_use]
pub fn decide(
    policy: &Policy,
    registry: &Registry,
    principal: &Principal,
    (verb, model): (Verb, ModelId),
) -> Decision {
    let meta = registry.model(model);
    let has = |verb: Verb| {
        (meta.verbs.contains(&verb) || principal.system && meta.system_verbs.contains(&verb))
            && principal.token_allows(&meta.slug, verb)
            && (principal.is_superuser() || policy.grants(principal, model, verb).next().is_some())
    };
    if !has(verb) {
        let other = Verb::ALL.into_iter().any(has);
        return if other {
            Decision::Forbidden
        } else {
            Decision::Unknown
        };
    }
    if principal.is_superuser() {
        return Decision::Allowed(policy.full(registry, model));
    }
    let make = || unite(policy, registry, principal, (verb, model));
    Decision::Allowed(match &principal.user {
        Some(user) => policy.memory.scope(user, (verb, model), make),
        None => Arc::new(make()),
    })
}

/// The union of the grants, row by row.
fn unite(
    policy: &Policy,
    registry: &Registry,
    principal: &Principal,
    (verb, model): (Verb, ModelId),
) -> Scope {
    let meta = registry.model(model);
    let mut rows = Filter::Never;
    let mut readable = vec![Sight::Never; meta.fields.len()];
    let mut writable = vec![Sight::Never; meta.fields.len()];
    for grant in policy.grants(principal, model, verb) {
        let here = grant.rows.filter(registry, model, principal);
        if here == Filter::Never {
            continue;
        }
        for (id, field) in meta.fields.iter().enumerate().filter(|(_, f)| !f.secret) {
            if grant.reads(&field.name) || meta.key.contains(&id) {
                widen(&mut readable[id], &here);
            }
            if grant.writes(&field.name) {
                widen(&mut writable[id], &here);
            }
        }
        rows = rows.or(here);
    }
    // A condition that every reachable row meets anyway is no condition.
    for sight in readable.iter_mut().chain(&mut writable) {
        if matches!(sight, Sight::When(filter) if *filter == rows) {
            *sight = Sight::Always;
        }
    }
    Scope {
        rows: rows.clone().and(live(meta)),
        ruled: rows,
        readable,
        writable,
    }
}

fn widen(sight: &mut Sight, rows: &Filter) {
    let before = std::mem::replace(sight, Sight::Never);
    *sight = match (before, rows) {
        (Sight::Always, _) | (_, Filter::All) => Sight::Always,
        (Sight::Never, rows) => Sight::When(rows.clone()),
        (Sight::When(filter), rows) => Sight::When(filter.or(rows.clone())),
    };
}
