//! Roles and rules as the caller may see them.

use serde::Deserialize as _;

use crate::admin::value::row::Row;
use crate::crud::{Context, Engine, ListRequest};
use crate::error::Error;

use super::rule::Rule;

/// Most records that a page is made of.
const MOST: usize = 2000;

/// A role.
#[derive(Debug)]
pub(super) struct Role {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) about: String,
}

/// Every role, by name.
pub(super) async fn roles(engine: &Engine, ctx: &Context) -> Result<Vec<Role>, Error> {
    let rows = rows(engine, ctx, "qd_role", &[("sort", "name")]).await?;
    Ok(rows.iter().map(|(row, _)| role(row)).collect())
}

/// One role.
pub(super) async fn one(engine: &Engine, ctx: &Context, key: &str) -> Result<Role, Error> {
    let model = engine.model("qd_role")?.id;
    let record = engine.read(ctx, model, key, &[]).await?;
    Ok(role(&Row::parse(&record.body)?))
}

fn role(row: &Row) -> Role {
    let text = |name| row.text(name).unwrap_or_default();
    Role {
        id: text("id"),
        name: text("name"),
        about: text("description"),
    }
}

/// Every rule, or those of one role, oldest first.
pub(super) async fn rules(
    engine: &Engine,
    ctx: &Context,
    role: Option<&str>,
) -> Result<Vec<Rule>, Error> {
    let mut parameters = vec![("sort", "id")];
    parameters.extend(role.map(|role| ("role_id", role)));
    let rows = rows(engine, ctx, "qd_grant", &parameters).await?;
    Ok(rows
        .iter()
        .map(|(row, tag)| Rule::of(row, tag.clone()))
        .collect())
}

/// How many hold a role; nothing where the caller may not know.
pub(super) async fn members(engine: &Engine, ctx: &Context, role: &str) -> Option<usize> {
    let held = rows(engine, ctx, "qd_user_role", &[("role_id", role)]).await;
    held.ok().map(|rows| rows.len())
}

/// All records, page after page, each with its entity tag: the tag of what a read would answer, which
/// are these very bytes.
async fn rows(
    engine: &Engine,
    ctx: &Context,
    slug: &str,
    parameters: &[(&str, &str)],
) -> Result<Vec<(Row, String)>, Error> {
    let model = engine.model(slug)?.id;
    let fixed = [("limit", "100"), ("count", "none")];
    let mut parameters: Vec<(String, String)> = fixed
        .iter()
        .chain(parameters)
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let mut all = Vec::new();
    loop {
        let page = engine
            .list(ctx, model, ListRequest::Parameters(&parameters))
            .await?;
        let data = &page.body[page.data.clone()];
        let raw: Vec<&serde_json::value::RawValue> =
            Vec::deserialize(&mut serde_json::Deserializer::from_slice(data))
                .map_err(Error::internal)?;
        for record in raw {
            let bytes = record.get().as_bytes();
            all.push((Row::parse(bytes)?, crate::crud::entity_tag(bytes)));
        }
        match page.next {
            Some(next) if all.len() < MOST => {
                parameters.retain(|(name, _)| name != "cursor");
                parameters.push(("cursor".to_owned(), next));
            }
            _ => return Ok(all),
        }
    }
}
