//! [`Registry`]: every registered model, joined by their relations and checked once at start-up.
//!
//! Here: the models beside each other. One model by itself is made in `model`, and what can be wrong
//! with it is found in `check`.

mod check;
mod model;

use std::collections::HashMap;

use crate::check::Finding;

use self::model::model;
use super::describe::{Description, RawRelation, sentence_case};
use super::limit::Limit;
use super::options::{Options, RawInline};
use super::{ActionMeta, FieldId, Inline, Junction, ModelId, ModelMeta, Names, Relation};

/// The registered models, immutable once built.
#[derive(Debug, Clone, Default)]
pub struct Registry {
    models: Vec<ModelMeta>,
    by_slug: HashMap<String, ModelId>,
}

impl Registry {
    /// Builds the registry. Findings name every mis-declaration; with an error among them the
    /// registry must not be served.
    #[must_use]
    pub fn build(parts: &[(Description, Options)]) -> (Self, Vec<Finding>) {
        let mut findings = Vec::new();
        let mut registry = Self::default();
        for (i, (description, options)) in parts.iter().enumerate() {
            let model = model(ModelId(i), description, options, &mut findings);
            if let Some(other) = registry.by_slug.insert(model.slug.clone(), model.id) {
                let message = format!(
                    "the tables `{}` and `{}` both want the name `{}`",
                    registry.models[other.0].table, model.table, model.slug
                );
                let hint = "give one of them another name with `.slug(…)`";
                findings.push(Finding::error("model.E001", &model.slug, message, hint));
            }
            registry.models.push(model);
        }
        for (i, (description, options)) in parts.iter().enumerate() {
            registry.join(i, description, options, &mut findings);
        }
        for (i, (_, options)) in parts.iter().enumerate() {
            let raw = options.inlines.iter();
            let inlines = raw.filter_map(|raw| registry.inline(i, raw, &mut findings));
            registry.models[i].inlines = inlines.collect();
        }
        (registry, findings)
    }

    /// All models, in the order of registration.
    #[must_use]
    pub fn models(&self) -> &[ModelMeta] {
        &self.models
    }

    /// The model of that id.
    #[must_use]
    pub fn model(&self, id: ModelId) -> &ModelMeta {
        &self.models[id.0]
    }

    /// The model of that public name.
    #[must_use]
    pub fn by_slug(&self, slug: &str) -> Option<&ModelMeta> {
        self.by_slug.get(slug).map(|&id| self.model(id))
    }

    /// Notes what this database can hold less than the kinds of the fields say.
    pub fn limit(&mut self, limits: &[Limit]) {
        for field in self.models.iter_mut().flat_map(|m| &mut m.fields) {
            let limit = limits.iter().find(|limit| limit.concerns(&field.kind));
            field.limit = limit.copied();
        }
    }

    /// The same models with other words for people.
    #[must_use]
    pub fn named<'n>(&self, names: impl Fn(&ModelMeta) -> &'n Names) -> Self {
        let mut other = self.clone();
        for model in &mut other.models {
            names(model).translate(model);
        }
        other
    }

    /// Lets a model know of an action on its records.
    pub fn add_action(&mut self, model: ModelId, action: ActionMeta) {
        self.models[model.0].actions.push(action);
    }

    /// The models whose own columns point at `target`, with the relation that does.
    pub fn referrers(&self, target: ModelId) -> impl Iterator<Item = (&ModelMeta, &Relation)> {
        self.models.iter().flat_map(move |model| {
            let points = move |r: &&Relation| r.owns_key && r.via.is_none() && r.target == target;
            model
                .relations
                .iter()
                .filter(points)
                .map(move |r| (model, r))
        })
    }

    fn by_table(&self, table: &str) -> Option<&ModelMeta> {
        self.models.iter().find(|m| m.table == table)
    }

    fn join(&mut self, i: usize, of: &Description, options: &Options, found: &mut Vec<Finding>) {
        let (mut relations, mut away) = (Vec::new(), Vec::new());
        for raw in of.relations.iter().chain(&options.many_to_many) {
            let slug = &self.models[i].slug;
            let renamed = options
                .relation_names
                .iter()
                .find(|(from, _)| from == &raw.name);
            let Some(mut relation) = self.relation(i, raw) else {
                let message = format!(
                    "the relation `{}` points at the table `{}`",
                    raw.name, raw.to_table
                );
                let hint = "it cannot be walked or expanded: register that table's entity, and the \
                            junction's where there is one";
                found.push(Finding::warning("model.W001", slug, message, hint));
                away.push(renamed.map_or(&raw.name, |(_, to)| to).clone());
                continue;
            };
            if let Some((_, to)) = renamed {
                relation.name.clone_from(to);
                relation.label = sentence_case(to);
            }
            let taken = self.models[i].field(&relation.name).is_some()
                || relations.iter().any(|r: &Relation| r.name == relation.name);
            if taken {
                let message = format!("the relation `{}` has the name of a field", relation.name);
                let hint = "rename it with `.relation_name(Relation::…, \"…\")`";
                found.push(Finding::error("model.E002", slug, message, hint));
            }
            relations.push(relation);
        }
        self.models[i].relations = relations;
        self.models[i].away = away;
    }

    /// Child rows of a model; none, and a finding, where the name is that of no such relation.
    fn inline(&self, i: usize, raw: &RawInline, found: &mut Vec<Finding>) -> Option<Inline> {
        let own = &self.models[i];
        let at = own.relations.iter().position(|r| {
            r.name == raw.relation
                && !r.owns_key
                && r.via.is_none()
                && self.model(r.target).table == raw.table
        });
        let Some(at) = at else {
            let message = format!("`{}` leads to no rows of `{}`", raw.relation, raw.table);
            let hint = "name a has-many relation, and the entity at its other end";
            found.push(Finding::error("model.E012", &own.slug, message, hint));
            return None;
        };
        let (relation, target) = (&own.relations[at], self.model(own.relations[at].target));
        let fields: Vec<FieldId> = if raw.columns.is_empty() {
            (0..target.fields.len())
                .filter(|&f| target.fields[f].accepted())
                .collect()
        } else {
            let by_column = |c: &String| target.fields.iter().position(|f| &f.column == c);
            raw.columns.iter().filter_map(by_column).collect()
        };
        let own_fields = fields.into_iter().filter(|f| !relation.to.contains(f));
        Some(Inline {
            relation: at,
            fields: own_fields.collect(),
            help: raw.help.clone(),
            extra: raw.extra,
        })
    }

    fn relation(&self, i: usize, raw: &RawRelation) -> Option<Relation> {
        let own = &self.models[i];
        let target = self.by_table(&raw.to_table)?;
        let columns = |model: &ModelMeta, names: &[String]| -> Option<Vec<FieldId>> {
            names
                .iter()
                .map(|n| model.fields.iter().position(|f| &f.column == n))
                .collect()
        };
        let via = match &raw.via {
            None => None,
            Some((table, near, far)) => {
                let junction = self.by_table(table)?;
                let (near, far) = (columns(junction, near)?, columns(junction, far)?);
                Some(Junction {
                    model: junction.id,
                    near,
                    far,
                })
            }
        };
        Some(Relation {
            name: raw.name.clone(),
            label: sentence_case(&raw.name),
            many: raw.many,
            owns_key: raw.owns_key,
            target: target.id,
            from: columns(own, &raw.from)?,
            to: columns(target, &raw.to)?,
            via,
            on_delete: raw.on_delete,
        })
    }
}
