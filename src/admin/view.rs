//! What the caller may see of a model: which of its fields, and which of its relations. Every page is
//! made from this and from what the operations return, so a field that the caller may not read has
//! no label, no column, no filter and no input.

use std::sync::Arc;

use crate::acl::Scope;
use crate::crud::{Context, Engine};
use crate::error::Error;
use crate::model::{FieldId, ModelId, ModelMeta, Relation, Verb};
use crate::query::path::Scope as Paths;

/// A model through the caller's eyes.
#[derive(Debug)]
pub(crate) struct View<'a> {
    /// The model.
    pub(crate) model: &'a ModelMeta,
    /// The caller's scope for the verb of this page.
    pub(crate) scope: Arc<Scope>,
    /// The relations that exist for the caller.
    pub(crate) links: Vec<Link<'a>>,
}

/// A relation that exists for the caller: who may list the records at its other end.
#[derive(Debug)]
pub(crate) struct Link<'a> {
    /// The relation.
    pub(crate) relation: &'a Relation,
    /// The model at its other end.
    pub(crate) target: &'a ModelMeta,
    /// The fields of the other end that its title and its address are made of, as far as the
    /// caller may read them.
    pub(crate) fields: Vec<&'a str>,
    /// Whether the caller may open records of the other end.
    pub(crate) opens: bool,
}

impl<'a> View<'a> {
    /// The view of a model for one verb.
    pub(crate) fn of(
        engine: &'a Engine,
        ctx: &Context,
        verb: Verb,
        model: ModelId,
    ) -> Result<Self, Error> {
        let registry = engine.registry();
        engine.with_access(ctx, |access| {
            let scope = access.scope(verb, model)?;
            let lens = access.lens(model, &scope);
            let limits = engine.limits();
            let paths = Paths {
                registry,
                lens: &lens,
                limits,
                conditions: 0,
            };
            let meta = registry.model(model);
            let seen = (0..meta.relations.len()).filter(|&i| paths.sees(model, i).is_some());
            let links = seen
                .map(|i| {
                    let relation = &meta.relations[i];
                    let target = registry.model(relation.target);
                    let visible = paths.visible_fields(relation.target);
                    let titled = visible.into_iter().filter(|f| target.names_records(*f));
                    let fields = titled.map(|f| target.fields[f].name.as_str()).collect();
                    let opens = access.may(Verb::Read, relation.target);
                    Link {
                        relation,
                        target,
                        fields,
                        opens,
                    }
                })
                .collect();
            Ok(Self {
                model: meta,
                scope: Arc::clone(&scope),
                links,
            })
        })
    }

    /// Whether the caller may read the field, on some row at least.
    pub(crate) fn sees(&self, field: FieldId) -> bool {
        !self.model.fields[field].secret && self.scope.readable[field].possible()
    }

    /// The relation whose foreign key is this one field.
    pub(crate) fn link(&self, field: FieldId) -> Option<&Link<'a>> {
        self.links
            .iter()
            .find(|l| l.relation.owns_key && l.relation.from == [field])
    }

    /// The field's name for people: a foreign key that was given none has the relation's.
    pub(crate) fn label(&self, field: FieldId) -> &'a str {
        let own = &self.model.fields[field];
        let link = self
            .links
            .iter()
            .find(|l| l.relation.owns_key && l.relation.from == [field]);
        match link {
            Some(link) if !own.labelled => &link.relation.label,
            _ => &own.label,
        }
    }

    /// The relation of that name.
    pub(crate) fn link_named(&self, name: &str) -> Option<&Link<'a>> {
        self.links.iter().find(|l| l.relation.name == name)
    }
}

impl Link<'_> {
    /// The names that `fields=` takes to narrow the embedded records to what is shown of them.
    pub(crate) fn narrowed(&self) -> impl Iterator<Item = String> + '_ {
        self.fields
            .iter()
            .map(|f| format!("{}.{f}", self.relation.name))
    }
}
