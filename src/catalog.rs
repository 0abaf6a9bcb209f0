//! What one caller may see of the models: the part that the API, its OpenAPI document, the admin
//! pages and MCP have in common.
//!
//! [`Seen`] answers the questions, from the registry and the caller's [`Access`] alone; [`models`]
//! and [`model`] are the answers as JSON. A model, field or relation that the caller may not see is
//! not in here, so that whoever builds on this room cannot let it out. No I/O, no HTTP, no SQL.

mod describe;

pub use describe::{model, models};

use std::sync::Arc;

use crate::acl::{Access, Scope};
use crate::model::{Field, FieldId, ModelId, ModelMeta, Registry, Relation, Verb};
use crate::query::path::Scope as PathScope;
use crate::query::{Lens as _, Limits, Sight};

/// The models as one caller sees them.
#[derive(Debug, Clone, Copy)]
pub struct Catalog<'a> {
    /// The registered models.
    pub registry: &'a Registry,
    /// What the caller may.
    pub access: &'a Access<'a>,
    /// What one request may ask for.
    pub limits: &'a Limits,
}

impl<'a> Catalog<'a> {
    /// The models that the caller has some verb on, in the order of registration.
    pub fn models(self) -> impl Iterator<Item = Seen<'a>> {
        let models = self.registry.models().iter();
        models.filter_map(move |m| self.model(m.id))
    }

    /// A model; `None` where the caller has no verb on it.
    #[must_use]
    pub fn model(self, id: ModelId) -> Option<Seen<'a>> {
        // What only the system may do besides is not for any door, and so not for the catalog.
        let offered = &self.registry.model(id).verbs;
        let may = |verb: &Verb| offered.contains(verb) && self.access.may(*verb, id);
        let scopes: Vec<(Verb, Arc<Scope>)> = Verb::ALL
            .into_iter()
            .filter(may)
            .filter_map(|verb| Some((verb, self.access.scope(verb, id).ok()?)))
            .collect();
        (!scopes.is_empty()).then(|| Seen {
            catalog: self,
            meta: self.registry.model(id),
            scopes,
        })
    }
}

/// Where a field shows in the answers to one caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// Nowhere: for this caller it does not exist.
    Never,
    /// Null on some rows, or only in one of lists and single records.
    Sometimes,
    /// On every row.
    Always,
}

/// A model as one caller sees it.
#[derive(Debug)]
pub struct Seen<'a> {
    /// Where it is from.
    pub catalog: Catalog<'a>,
    /// The model itself, with all that the caller may *not* see too.
    pub meta: &'a ModelMeta,
    scopes: Vec<(Verb, Arc<Scope>)>,
}

impl<'a> Seen<'a> {
    /// The verbs that the caller has on it.
    pub fn verbs(&self) -> impl Iterator<Item = Verb> {
        self.scopes.iter().map(|(verb, _)| *verb)
    }

    /// Whether the caller has the verb.
    #[must_use]
    pub fn may(&self, verb: Verb) -> bool {
        self.scope(verb).is_some()
    }

    /// Where a field shows in answers. Who writes a record always learns its key.
    #[must_use]
    pub fn shows(&self, field: FieldId) -> Shown {
        let sights: Vec<&Sight> = self.reading().map(|s| &s.readable[field]).collect();
        if self.meta.key.contains(&field) {
            Shown::Always
        } else if !sights.iter().any(|s| s.possible()) {
            Shown::Never
        } else if sights.iter().all(|s| **s == Sight::Always) {
            Shown::Always
        } else {
            Shown::Sometimes
        }
    }

    /// The fields that show in answers.
    #[must_use]
    pub fn shown(&self) -> Vec<FieldId> {
        let fields = 0..self.meta.fields.len();
        fields.filter(|&f| self.shows(f) != Shown::Never).collect()
    }

    /// Whether a body for `verb` may name the field.
    #[must_use]
    pub fn writes(&self, verb: Verb, field: FieldId) -> bool {
        let changes_key = verb != Verb::Create && self.meta.key.contains(&field);
        matches!(verb, Verb::Create | Verb::Replace | Verb::Patch)
            && self.meta.fields[field].accepted()
            && !changes_key
            && self
                .scope(verb)
                .is_some_and(|s| s.writable[field].possible())
    }

    /// Whether a body for `verb` must name the field.
    #[must_use]
    pub fn requires(&self, verb: Verb, field: FieldId) -> bool {
        verb != Verb::Patch && self.writes(verb, field) && self.meta.fields[field].required()
    }

    /// The fields that a list can be filtered by.
    #[must_use]
    pub fn filterable(&self) -> Vec<FieldId> {
        self.listed(|f| !f.operators().is_empty())
    }

    /// The fields that a list can be sorted by.
    #[must_use]
    pub fn sortable(&self) -> Vec<FieldId> {
        self.listed(Field::sortable)
    }

    /// The fields that `q` searches.
    #[must_use]
    pub fn searchable(&self) -> Vec<FieldId> {
        let listed = self.listed(|_| true);
        let search = self.meta.search.iter().copied();
        search.filter(|f| listed.contains(f)).collect()
    }

    /// The relations that filters can walk and answers can embed, for a verb.
    #[must_use]
    pub fn relations(&self, verb: Verb) -> Vec<&'a Relation> {
        let Some(scope) = self.scope(verb) else {
            return Vec::new();
        };
        let lens = self.catalog.access.lens(self.meta.id, scope);
        let paths = PathScope {
            registry: self.catalog.registry,
            lens: &lens,
            limits: self.catalog.limits,
            conditions: 0,
        };
        let all = self.meta.relations.iter().enumerate();
        all.filter(|(i, _)| paths.sees(self.meta.id, *i).is_some())
            .map(|(_, relation)| relation)
            .collect()
    }

    /// The relations that some answer can embed.
    #[must_use]
    pub fn embeddable(&self) -> Vec<&'a Relation> {
        let mut all = self.relations(Verb::List);
        for relation in self.relations(Verb::Read) {
            if !all.iter().any(|r| r.name == relation.name) {
                all.push(relation);
            }
        }
        all
    }

    /// The fields of a relation's target that a filter on this model can name.
    #[must_use]
    pub fn filterable_in(&self, relation: &Relation) -> Vec<FieldId> {
        let target = self.catalog.registry.model(relation.target);
        let Some(scope) = self.scope(Verb::List) else {
            return Vec::new();
        };
        let lens = self.catalog.access.lens(self.meta.id, scope);
        let fields = 0..target.fields.len();
        fields
            .filter(|&f| !target.fields[f].operators().is_empty())
            .filter(|&f| lens.sight(target.id, f).possible())
            .collect()
    }

    fn scope(&self, verb: Verb) -> Option<&Scope> {
        let found = self.scopes.iter().find(|(v, _)| *v == verb);
        found.map(|(_, scope)| &**scope)
    }

    fn reading(&self) -> impl Iterator<Item = &Scope> {
        let reading = [Verb::List, Verb::Read].into_iter();
        reading.filter_map(|verb| self.scope(verb))
    }

    fn listed(&self, usable: impl Fn(&Field) -> bool) -> Vec<FieldId> {
        let Some(scope) = self.scope(Verb::List) else {
            return Vec::new();
        };
        let fields = self.meta.fields.iter().enumerate();
        fields
            .filter(|(id, field)| scope.readable[*id].possible() && usable(field))
            .map(|(id, _)| id)
            .collect()
    }
}
