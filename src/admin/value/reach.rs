//! What a delete would reach beside the records that it names, as a dry run tells it: a tree of models, each
//! with how many of its records.

use askama::Template;
use serde_json::Value as Json;

use crate::admin::address::Query;
use crate::admin::value::count;
use crate::admin::view::View;
use crate::crud::{Context, Engine};
use crate::model::{ModelMeta, Verb};
use crate::page::words::t;

/// Deletes of more records than this are confirmed by typing how many they are.
pub(crate) const TYPED: u64 = 50;

/// Records of one model, and what is reached through them.
#[derive(Debug, Template)]
#[template(path = "admin/reach.html")]
pub(crate) struct Reach {
    /// The model's name in addresses.
    slug: String,
    rows: u64,
    /// `3 reviews`
    counted: String,
    deletes: bool,
    /// What becomes of them, and the class of its badge.
    effect: (&'static str, &'static str),
    /// Their list; empty where it has no address, or the caller may not open it.
    href: String,
    inner: Vec<Reach>,
}

/// The trees under the records of `own`, the models that are named, from the `cascade` of a dry run.
pub(crate) fn trees(engine: &Engine, own: &[&str], cascade: &Json) -> Vec<Reach> {
    let mut left: Vec<&Json> = cascade.as_array().into_iter().flatten().collect();
    let mut trees = Vec::new();
    for slug in own {
        trees.extend(branches(engine, slug, &mut left));
    }
    // What is under a model that the caller does not see.
    while let Some(first) = left.first() {
        let under = first["under"].clone();
        let slug = under.as_str().unwrap_or_default();
        trees.extend(branches(engine, slug, &mut left));
    }
    trees
}

/// Those of `left` that are under the model.
fn branches(engine: &Engine, under: &str, left: &mut Vec<&Json>) -> Vec<Reach> {
    let is_here = |entry: &&Json| entry["under"].as_str().unwrap_or_default() == under;
    let (here, rest): (Vec<&Json>, Vec<&Json>) = left.iter().copied().partition(is_here);
    *left = rest;
    let branch = |entry: &Json| {
        let slug = entry["model"].as_str().unwrap_or_default();
        let model = engine.model(slug).ok()?;
        let rows = entry["count"].as_u64().unwrap_or_default();
        Some(Reach {
            slug: slug.to_owned(),
            rows,
            counted: count::records(model, (rows, "exact")),
            deletes: entry["effect"] == "delete",
            effect: match entry["effect"].as_str() {
                Some("delete") => (t("deleted too"), "gone"),
                Some("set_null") => (t("unlinked"), "warn"),
                _ => (t("in the way"), "gone"),
            },
            href: String::new(),
            inner: Vec::new(),
        })
    };
    let mut found: Vec<Reach> = here.into_iter().filter_map(branch).collect();
    for reach in &mut found {
        reach.inner = branches(engine, &reach.slug, left);
    }
    found
}

impl Reach {
    /// How many records are deleted, it and what is reached through it.
    pub(crate) fn deleted(&self) -> u64 {
        let own = if self.deletes { self.rows } else { 0 };
        own + self.inner.iter().map(Self::deleted).sum::<u64>()
    }

    /// With the way to the records, which point at this record of `model`.
    pub(crate) fn leading(
        self,
        (engine, ctx): (&Engine, &Context),
        (model, key): (&ModelMeta, &str),
    ) -> Self {
        let list = || {
            let child = engine.model(&self.slug).ok()?;
            let view = View::of(engine, ctx, Verb::List, child.id).ok()?;
            let points = |l: &&crate::admin::view::Link<'_>| {
                l.relation.owns_key && l.target.id == model.id && l.relation.to == model.key
            };
            let mut links = view.links.iter().filter(points);
            // Through one relation alone it is clear which records are meant.
            let (Some(link), None) = (links.next(), links.next()) else {
                return None;
            };
            let [field] = link.relation.from[..] else {
                return None;
            };
            let condition = (child.fields[field].name.clone(), key.to_owned());
            Some(Query(vec![condition]).list(&child.slug))
        };
        let href = list().unwrap_or_default();
        Self { href, ..self }
    }
}
