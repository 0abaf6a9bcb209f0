//! `/admin/_roles`: who may do what, as a matrix of roles, models and verbs. It is a view of `qd_role`
//! and `qd_grant`: reading is the caller's lists of them, saving is one bulk of ordinary writes, so
//! only who may write those models changes anything here.

mod edit;
mod form;
mod meaning;
mod rule;
mod stored;

pub(crate) use edit::{page, save};

use askama::Template;
use poem::Response;
use poem::http::StatusCode;

use crate::crud::Context;
use crate::error::Error;
use crate::http::Call;
use crate::model::{ModelMeta, Registry, Verb};
use crate::page::words::t;
use crate::page::{self, filters};

use self::rule::Rule;
use crate::admin::shell::Shell;

/// The page of all roles.
#[derive(Debug, Template)]
#[template(path = "admin/roles.html")]
struct RolesPage {
    shell: Shell,
    roles: Vec<Column>,
    groups: Vec<(String, Vec<Line>)>,
    may_create: bool,
}

/// A role.
#[derive(Debug)]
struct Column {
    id: String,
    name: String,
    about: String,
}

/// A model, with what each role may do there.
#[derive(Debug)]
struct Line {
    label: String,
    cells: Vec<Cell>,
}

/// What a role may do on a model.
#[derive(Debug, Default)]
struct Cell {
    /// In words; empty for nothing.
    words: String,
    /// Whether some rows or fields are left out.
    limited: bool,
    /// Whether everything is allowed.
    full: bool,
}

/// `GET /admin/_roles`
pub(crate) async fn all(call: Call) -> Result<Response, Error> {
    let (engine, ctx) = (&call.engine, &call.ctx);
    let roles = stored::roles(engine, ctx).await?;
    let rules = stored::rules(engine, ctx, None).await?;
    let line = |model: &ModelMeta| Line {
        label: model.label_plural.clone(),
        cells: (roles.iter())
            .map(|role| cell(model, rules.iter().filter(|r| r.role == role.id)))
            .collect(),
    };
    let groups = grouped(engine.registry());
    let groups = groups
        .into_iter()
        .map(|(name, models)| (name, models.into_iter().map(line).collect()))
        .collect();
    let role = engine.model("qd_role")?;
    let roles_page = RolesPage {
        groups,
        may_create: may_edit(&call) && engine.may(ctx, Verb::Create, role.id),
        roles: (roles.iter())
            .map(|r| Column {
                id: r.id.clone(),
                name: r.name.clone(),
                about: r.about.clone(),
            })
            .collect(),
        shell: Shell::new(engine, ctx)
            .here(t("Roles"))
            .doing("GET", "/api/v1/qd_grant?limit=100"),
    };
    page::render(StatusCode::OK, &roles_page)
}

/// The models by group, the system's own last.
fn grouped(registry: &Registry) -> Vec<(String, Vec<&ModelMeta>)> {
    let mut groups: Vec<(String, Vec<&ModelMeta>)> = Vec::new();
    let (own, system): (Vec<_>, Vec<_>) = registry.models().iter().partition(|m| !m.system);
    for model in own.into_iter().chain(system) {
        match groups.iter_mut().find(|(name, _)| *name == model.group) {
            Some((_, models)) => models.push(model),
            None => groups.push((model.group.clone(), vec![model])),
        }
    }
    groups
}

fn cell<'a>(model: &ModelMeta, rules: impl Iterator<Item = &'a Rule>) -> Cell {
    let rules: Vec<&Rule> = rules.filter(|r| r.slug == model.slug).collect();
    let has = |verb| rules.iter().any(|r| r.verbs.contains(&verb));
    let full = !rules.is_empty() && model.verbs.iter().all(|v| has(*v));
    let words = if full {
        t("everything").to_owned()
    } else {
        meaning::deeds(&has)
    };
    Cell {
        limited: rules.iter().any(|r| r.is_limited()),
        full,
        words,
    }
}

/// Whether the caller is one whom the guard of these models would let through. Only the looks of the
/// page hang on it: what is saved is decided there.
fn may_edit(call: &Call) -> bool {
    let ctx: &Context = &call.ctx;
    let grants = call.engine.model("qd_grant");
    ctx.principal.is_superuser() && grants.is_ok_and(|m| call.engine.may_change(ctx, m.id).is_ok())
}
