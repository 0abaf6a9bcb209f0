//! The navigation: the models that the caller may list, by group, and the pages of the project.

use crate::crud::{Context, Engine};
use crate::model::{ModelMeta, Verb};

use super::extra;
use crate::page::viewer::Visit;
use crate::page::words::t;

/// A group of models.
#[derive(Debug)]
pub(crate) struct Group {
    /// Its name.
    pub(crate) name: String,
    /// Its models.
    pub(crate) models: Vec<Entry>,
}

/// A model, or a page of the project.
#[derive(Debug)]
pub(crate) struct Entry {
    /// The model's public name; of a page, what stands for it in addresses.
    pub(crate) slug: String,
    /// Where it is.
    pub(crate) href: String,
    /// Its name for people.
    pub(crate) label: String,
    /// Its drawing; empty where it has none.
    pub(crate) icon: String,
    /// Whether this page is one of its pages.
    pub(crate) here: bool,
}

impl Entry {
    /// Where one more record of the model is made.
    pub(crate) fn new_page(&self) -> String {
        match self.slug.as_str() {
            // With the roles, and a link to choose a password.
            "qd_user" => "/admin/_users/new".into(),
            slug => format!("/admin/{slug}/new"),
        }
    }
}

/// What the caller may go to; `here` is the model whose page this is.
pub(crate) fn groups(engine: &Engine, ctx: &Context, here: Option<&str>) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let visit = Visit::now();
    let at = |href: &str| {
        let rest = visit.path.strip_prefix(href);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']))
    };
    // What people come for is above what makes it run.
    let (own, system): (Vec<_>, Vec<_>) =
        engine.registry().models().iter().partition(|m| !m.system);
    let lists = |model: &ModelMeta| engine.may(ctx, Verb::List, model.id);
    for model in own.into_iter().chain(system).filter(|m| lists(m)) {
        let (href, label) = match own_page(engine, ctx, &model.slug) {
            Some((href, label)) => (href.to_owned(), label.to_owned()),
            None => (format!("/admin/{}", model.slug), model.label_plural.clone()),
        };
        let entry = Entry {
            slug: model.slug.clone(),
            here: here == Some(model.slug.as_str()) || at(&href),
            href,
            label,
            icon: model.icon.clone(),
        };
        match groups.iter_mut().find(|g| g.name == model.group) {
            Some(group) => group.models.push(entry),
            None => groups.push(Group {
                name: model.group.clone(),
                models: vec![entry],
            }),
        }
    }
    let extras = extra::now();
    for page in extras.pages.iter().filter(|page| page.open(engine, ctx)) {
        let slug = format!("_pages/{}", page.name);
        let href = format!("/admin/{slug}");
        let entry = Entry {
            slug,
            here: at(&href),
            href,
            label: page.title.clone(),
            icon: String::new(),
        };
        match groups.iter_mut().find(|g| g.name == page.group) {
            Some(group) => group.models.push(entry),
            None => groups.insert(
                0,
                Group {
                    name: page.group.clone(),
                    models: vec![entry],
                },
            ),
        }
    }
    groups
}

/// The page about a model of the system that is more than its list: where, and what it is called.
fn own_page(engine: &Engine, ctx: &Context, slug: &str) -> Option<(&'static str, &'static str)> {
    let grants = || {
        let model = engine.registry().by_slug("qd_grant");
        model.is_some_and(|m| engine.may(ctx, Verb::List, m.id))
    };
    match slug {
        "qd_user" => Some(("/admin/_users", t("Users"))),
        "qd_role" if grants() => Some(("/admin/_roles", t("Roles"))),
        "qd_audit" => Some(("/admin/_audit", t("Audit log"))),
        _ => None,
    }
}
