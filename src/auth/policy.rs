//! Loads the grants into a [`Policy`]. A grant that cannot be read allows nothing and is logged.

use std::collections::BTreeSet;

use quarterdeck_entity::system::grant;
use sea_orm::EntityTrait as _;

use crate::acl::{Grant, Policy, Rows};
use crate::error::Error;
use crate::model::{Input, ModelId, Registry, Verb};
use crate::store::{Db, failure};

/// Loads every grant, stamped with `version`.
///
/// # Errors
/// What the database said.
pub async fn load(db: &Db, registry: &Registry, version: i64) -> Result<Policy, Error> {
    let rows = grant::Entity::find()
        .all(db.reader())
        .await
        .map_err(failure::plain)?;
    let mut strangers = BTreeSet::new();
    let mut grants = Vec::with_capacity(rows.len());
    for row in rows {
        match read(registry, &row) {
            Ok(grant) => grants.push(grant),
            Err(_) if registry.by_slug(&row.model).is_none() => {
                strangers.insert(row.model);
            }
            Err(fault) => {
                let (grant, model) = (row.id, row.model);
                tracing::warn!(grant, model, fault, "a grant is ignored");
            }
        }
    }
    if !strangers.is_empty() {
        // One line: a command beside `serve --demo` knows none of the demo's models.
        let models = Vec::from_iter(strangers).join(", ");
        tracing::info!(
            models,
            "grants of models that are not registered are ignored"
        );
    }
    Ok(Policy::new(version, grants))
}

/// Reads one stored grant.
///
/// # Errors
/// What is wrong with it, in words.
pub fn read(registry: &Registry, row: &grant::Model) -> Result<(ModelId, Grant), String> {
    let model = registry
        .by_slug(&row.model)
        .ok_or("there is no such model")?;
    let rows = Rows::parse(&Input::from(&row.rows));
    if rows == Rows::Never {
        return Err("its row rule is empty; say \"all\" for every row".into());
    }
    rows.check(registry, model.id)
        .map_err(|fault| format!("its row rule: {fault}"))?;
    let verbs = texts(&row.verbs).ok_or("its verbs are no array of texts")?;
    let verbs: Vec<Verb> = verbs
        .iter()
        .map(|name| Verb::named(name).ok_or_else(|| format!("there is no verb {name:?}")))
        .collect::<Result<_, _>>()?;
    let grant = Grant {
        role: row.role_id,
        verbs,
        rows,
        readable: fields(&row.readable, "readable")?,
        writable: fields(&row.writable, "writable")?,
    };
    for name in grant.readable.iter().chain(&grant.writable).flatten() {
        if model.field(name).is_none() {
            return Err(format!("the model has no field {name:?}"));
        }
    }
    Ok((model.id, grant))
}

fn fields(stored: &serde_json::Value, what: &str) -> Result<Option<Vec<String>>, String> {
    if stored == "all" {
        return Ok(None);
    }
    let names = texts(stored);
    names
        .map(Some)
        .ok_or_else(|| format!("its {what} fields are neither \"all\" nor an array"))
}

fn texts(value: &serde_json::Value) -> Option<Vec<String>> {
    value
        .as_array()?
        .iter()
        .map(|v| v.as_str().map(ToOwned::to_owned))
        .collect()
}
