//! Grants and their row rules, as loaded from the database, and the [`Policy`] they make.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::error::{Fault, Place};
use crate::model::{FieldId, Input, ModelId, Op, Registry, Verb};
use crate::query::path::Scope as PathScope;
use crate::query::{Filter, Lens, Limits, Sight, tree};

use super::memory::Memory;
use super::{Principal, Scope};

/// A row rule. Missing and empty rules deny: "all rows" is the literal word `all`.
#[derive(Debug, Clone, PartialEq)]
pub enum Rows {
    /// No row.
    Never,
    /// Every row.
    All,
    /// The rows that match a filter tree, with `$user.id`, `$user.username` and `$user.email`.
    Where(Input),
}

impl Rows {
    /// Reads a rule as it is stored.
    #[must_use]
    pub fn parse(stored: &Input) -> Self {
        match stored {
            Input::String(word) if word == "all" => Self::All,
            Input::Object(members) if !members.is_empty() => Self::Where(stored.clone()),
            _ => Self::Never,
        }
    }

    /// The rule for one principal. A rule that cannot be evaluated (an unknown field, an operand the
    /// user lacks, an empty list) denies.
    #[must_use]
    pub fn filter(&self, registry: &Registry, model: ModelId, principal: &Principal) -> Filter {
        match self {
            Self::Never => Filter::Never,
            Self::All => Filter::All,
            Self::Where(tree) => bind(tree, principal)
                .and_then(|bound| parse(registry, model, &bound).ok())
                .unwrap_or(Filter::Never),
        }
    }

    /// What is wrong with a rule, for the one who writes it.
    ///
    /// # Errors
    /// The first fault in words.
    pub fn check(&self, registry: &Registry, model: ModelId) -> Result<(), String> {
        let Self::Where(tree) = self else {
            return Ok(());
        };
        let bound = bind(tree, &someone())
            .ok_or("it uses an unknown $variable, an empty list or null, or is empty")?;
        let parsed = parse(registry, model, &bound);
        parsed.map(drop).map_err(|faults| {
            let details: Vec<String> = faults.into_iter().map(|f| f.detail).collect();
            details.join(" ")
        })
    }

    /// What a rule names that there is not.
    #[must_use]
    pub fn absent(&self, registry: &Registry, model: ModelId) -> Absent {
        let Self::Where(tree) = self else {
            return Absent::Nothing;
        };
        let faults = bind(tree, &someone()).and_then(|b| parse(registry, model, &b).err());
        let mut absent = Absent::Nothing;
        for fault in faults.unwrap_or_default() {
            match (&fault.place, fault.code) {
                (Place::Pointer(at), "unknown_relation") if leads_away(registry, model, at) => {
                    absent = Absent::Away;
                }
                (_, "unknown_field" | "unknown_relation") => return Absent::Lost,
                _ => {}
            }
        }
        absent
    }
}

/// What a rule names that there is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Absent {
    /// Nothing: all that it names is there.
    Nothing,
    /// What a relation leads to is not registered at this start: a plugin may only be away for a while.
    Away,
    /// A field or a relation that its model does not have.
    Lost,
}

/// Whether the member of a rule at this pointer walks a relation to what is not registered.
fn leads_away(registry: &Registry, model: ModelId, at: &str) -> bool {
    let member = at.rsplit('/').next().unwrap_or_default();
    let mut steps: Vec<&str> = member.split('.').collect();
    steps.pop();
    let mut here = registry.model(model);
    for step in steps {
        match here.relations.iter().find(|r| r.name == step) {
            Some(relation) => here = registry.model(relation.target),
            None => return here.away.iter().any(|name| name == step),
        }
    }
    false
}

/// A user for whom every variable has a value.
fn someone() -> Principal {
    Principal {
        user: Some(super::User {
            id: 1,
            username: "someone".into(),
            email: Some("someone@example.org".into()),
            superuser: false,
            roles: Vec::new(),
        }),
        ..Principal::default()
    }
}

fn parse(registry: &Registry, model: ModelId, tree: &Input) -> Result<Filter, Vec<Fault>> {
    let limits = Limits {
        max_conditions: 200,
        ..Limits::default()
    };
    let lens = Unlimited(registry);
    let mut scope = PathScope {
        registry,
        lens: &lens,
        limits: &limits,
        conditions: 0,
    };
    tree::parse(&mut scope, model, tree, "")
}

/// Puts the principal's values in; `None` where a rule must deny: an unknown variable, a value the
/// user does not have, and the empty or null operands that would otherwise match too much.
fn bind(tree: &Input, principal: &Principal) -> Option<Input> {
    Some(match tree {
        Input::Null => return None,
        Input::String(text) => match text.strip_prefix('$') {
            None => tree.clone(),
            Some(literal) if literal.starts_with('$') => Input::String(literal.to_owned()),
            Some(name) => {
                let user = principal.user.as_ref()?;
                match name {
                    "user.id" => Input::Number(user.id.to_string()),
                    "user.username" => given(Some(&user.username))?,
                    "user.email" => given(user.email.as_ref())?,
                    _ => return None,
                }
            }
        },
        Input::Array(items) if items.is_empty() => return None,
        Input::Array(items) => Input::Array(
            items
                .iter()
                .map(|i| bind(i, principal))
                .collect::<Option<_>>()?,
        ),
        Input::Object(members) if members.is_empty() => return None,
        Input::Object(members) => Input::Object(
            members
                .iter()
                .map(|(k, v)| match v {
                    // Every text contains the empty one.
                    Input::String(text) if text.is_empty() && is_pattern(k) => None,
                    _ => Some((k.clone(), bind(v, principal)?)),
                })
                .collect::<Option<_>>()?,
        ),
        Input::Bool(_) | Input::Number(_) => tree.clone(),
    })
}

/// A user's own text; one that is empty is as good as none.
fn given(text: Option<&String>) -> Option<Input> {
    text.filter(|t| !t.is_empty())
        .map(|t| Input::String(t.clone()))
}

/// Whether a member of a rule looks for a text within others.
fn is_pattern(member: &str) -> bool {
    let op = member.rsplit_once("__").and_then(|(_, op)| Op::named(op));
    matches!(
        op,
        Some(
            Op::Contains
                | Op::IContains
                | Op::StartsWith
                | Op::IStartsWith
                | Op::EndsWith
                | Op::IEndsWith
        )
    )
}

/// The lens of a rule's author: everything but secrets.
#[derive(Debug)]
pub struct Unlimited<'a>(pub &'a Registry);

impl Lens for Unlimited<'_> {
    fn rows(&self, _: ModelId) -> Option<Filter> {
        Some(Filter::All)
    }

    fn sight(&self, model: ModelId, field: FieldId) -> Sight {
        if self.0.model(model).fields[field].secret {
            Sight::Never
        } else {
            Sight::Always
        }
    }
}

/// What a role may do on a model.
#[derive(Debug, Clone, PartialEq)]
pub struct Grant {
    /// The role's key.
    pub role: i64,
    /// The verbs.
    pub verbs: Vec<Verb>,
    /// On which rows.
    pub rows: Rows,
    /// Names of the readable fields; `None` is all.
    pub readable: Option<Vec<String>>,
    /// Names of the writable fields; `None` is all.
    pub writable: Option<Vec<String>>,
}

impl Grant {
    /// Whether a field may be read under it.
    #[must_use]
    pub fn reads(&self, name: &str) -> bool {
        self.readable
            .as_ref()
            .is_none_or(|names| names.iter().any(|n| n == name))
    }

    /// Whether a field may be written under it.
    #[must_use]
    pub fn writes(&self, name: &str) -> bool {
        self.writable
            .as_ref()
            .is_none_or(|names| names.iter().any(|n| n == name))
    }
}

/// All grants at one moment. Immutable; a change makes a new one.
#[derive(Debug, Default)]
pub struct Policy {
    /// The version it was loaded at.
    pub version: i64,
    grants: HashMap<ModelId, Vec<Grant>>,
    full: Mutex<HashMap<ModelId, Arc<Scope>>>,
    pub(super) memory: Memory,
}

impl Policy {
    /// A policy of these grants.
    #[must_use]
    pub fn new(version: i64, grants: impl IntoIterator<Item = (ModelId, Grant)>) -> Self {
        let mut by_model: HashMap<ModelId, Vec<Grant>> = HashMap::new();
        for (model, grant) in grants {
            by_model.entry(model).or_default().push(grant);
        }
        Self {
            version,
            grants: by_model,
            full: Mutex::default(),
            memory: Memory::default(),
        }
    }

    /// The principal's grants for a verb on a model.
    pub fn grants<'a>(
        &'a self,
        principal: &'a Principal,
        model: ModelId,
        verb: Verb,
    ) -> impl Iterator<Item = &'a Grant> {
        let roles = principal.user.as_ref().map_or(&[][..], |u| &u.roles);
        let of_model = self.grants.get(&model).map_or(&[][..], Vec::as_slice);
        of_model
            .iter()
            .filter(move |g| roles.contains(&g.role) && g.verbs.contains(&verb))
    }

    /// The superuser's scope, made once for each model.
    pub(super) fn full(&self, registry: &Registry, model: ModelId) -> Arc<Scope> {
        let mut made = self.full.lock();
        let scope = made.entry(model);
        Arc::clone(scope.or_insert_with(|| Arc::new(Scope::full(registry.model(model)))))
    }
}
