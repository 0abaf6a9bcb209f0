//! The OpenAPI document: one valid OpenAPI 3.0.3 description of everything that *one caller* may
//! use, and of nothing else.
//!
//! The models' part is made here from the [`Catalog`]; the fixed endpoints come as a document of
//! their own (`src/api/fixed.json`), the plugins' as plain [`Operation`]s. What no part refers to in
//! the end is left out.

mod actions;
mod aggregate;
mod bodies;
mod catalog;
mod export;
mod filters;
mod imports;
mod merge;
mod operations;
mod paths;
mod problems;
mod schema;
mod shared;

#[cfg(test)]
mod tests;

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use crate::acl::Access;
use crate::catalog::{Catalog, Seen};
use crate::model::Registry;
use crate::query::Limits;

/// What a document is made of.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    /// The registered models.
    pub registry: &'a Registry,
    /// What the caller may.
    pub access: &'a Access<'a>,
    /// Whether nobody is logged in: the document then has only what is open to everybody, and does
    /// not tell the product's version.
    pub anonymous: bool,
    /// What one request may ask for.
    pub limits: &'a Limits,
    /// The document of the fixed endpoints. An operation in it without `security` is open.
    pub fixed: &'a Value,
    /// The plugins' operations.
    pub plugins: &'a [Operation],
    /// Title of the document.
    pub title: &'a str,
    /// Version of the product.
    pub version: &'a str,
    /// Name of the session cookie.
    pub cookie: &'a str,
}

/// An operation of a plugin.
#[derive(Debug, Clone)]
pub struct Operation {
    /// The plugin's name; the tag.
    pub plugin: String,
    /// The method, in any case.
    pub method: String,
    /// The path with `{name}` or `:name` for its variable parts.
    pub path: String,
    /// One line.
    pub summary: String,
    /// More than one line.
    pub description: String,
    /// Whether it needs no login.
    pub open: bool,
    /// The `requestBody` object, where it takes a body.
    pub body: Option<Value>,
    /// Its `responses`, by status; problems are added.
    pub responses: Map<String, Value>,
}

/// Makes the document.
#[must_use]
pub fn document(view: &View<'_>) -> Value {
    let mut components = shared::components(view);
    let mut paths = Map::new();
    let mut tags = Vec::new();
    if !view.anonymous {
        let catalog = Catalog {
            registry: view.registry,
            access: view.access,
            limits: view.limits,
        };
        for seen in catalog.models() {
            tags.push(json!({ "name": seen.meta.slug, "description": seen.meta.label_plural }));
            bodies::add(&seen, &mut components);
            filters::add(&seen, &mut components);
            if seen.may(crate::model::Verb::List) {
                aggregate::add(&seen, &mut components);
            }
            paths::add(&seen, &mut components, &mut paths);
        }
        tags.push(json!({ "name": "models", "description": "What you may see." }));
        catalog::add(&mut paths);
    }
    let mut doc = json!({
        "openapi": "3.0.3",
        "info": info(view),
        "servers": [{ "url": "/" }],
        "security": [{ "session": [] }, { "bearer": [] }, { "key": [] }],
        "tags": tags,
        "paths": paths,
        "components": components,
    });
    merge::fixed(&mut doc, view);
    merge::plugins(&mut doc, view);
    merge::prune(&mut doc);
    doc
}

fn info(view: &View<'_>) -> Value {
    let version = if view.anonymous { "v1" } else { view.version };
    let mut text = String::from(
        "Every error is a problem document (RFC 9457). This document holds only what its reader \
         may use; log in to see more.",
    );
    if !view.anonymous {
        let limits = view.limits;
        let _ = write!(
            text,
            "\n\nFilters: `field=value`, `field__op=value`; `in`, `nin` and `between` take values \
             with commas between them (`\\,` is a comma within a value). A comparison never matches \
             null. A relation is walked with `.`, at most {} steps: `author.country__in=FR,DE`; \
             through a to-many relation it means \"some record\". At most {} conditions, {} values \
             in a list. Nothing is ignored: an unknown parameter is a 400.\n\nDecimals are strings \
             with their exact digits, timestamps RFC 3339 in UTC, bytes base64.\n\n`HEAD` takes the \
             parameters of `GET`.",
            limits.max_steps, limits.max_conditions, limits.max_in
        );
    }
    json!({ "title": view.title, "version": version, "description": text })
}

/// A reference to a component.
fn reference(section: &str, name: &str) -> Value {
    json!({ "$ref": format!("#/components/{section}/{}", component(name)) })
}

/// A name as components may have: letters, digits, `.`, `-`, `_`; any other character by its number.
fn component(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    name.chars().fold(String::new(), |mut out, c| {
        if plain(c) {
            out.push(c);
        } else {
            let _ = write!(out, "-{:x}", u32::from(c));
        }
        out
    })
}

/// Puts a component in.
fn insert(components: &mut Value, section: &str, name: &str, value: Value) {
    components[section][component(name)] = value;
}

/// The name of a model's own component, such as `book.create`.
fn part(seen: &Seen<'_>, name: &str) -> String {
    format!("{}.{name}", seen.meta.slug)
}
