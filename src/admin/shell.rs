//! What every page has around it: the header, the navigation, the breadcrumbs, a message.

use askama::Template;
use poem::Response;
use poem::http::StatusCode;

use crate::crud::{Context, Engine};
use crate::error::Error;
use crate::http::answer;
use crate::model::{ModelMeta, Verb};

/// The frame of a page.
#[derive(Debug, Default)]
pub(super) struct Shell {
    /// Who is logged in; empty for nobody.
    pub(super) user: String,
    /// The models that the caller may list, by group.
    pub(super) groups: Vec<Group>,
    /// From home to here; the last one is this page.
    pub(super) crumbs: Vec<Crumb>,
    /// Something that has just been done.
    pub(super) flash: String,
}

/// A group of models in the navigation.
#[derive(Debug)]
pub(super) struct Group {
    /// Its name.
    pub(super) name: String,
    /// Its models.
    pub(super) models: Vec<Entry>,
}

/// A model in the navigation.
#[derive(Debug)]
pub(super) struct Entry {
    /// Its public name.
    pub(super) slug: String,
    /// Its name for people.
    pub(super) label: String,
    /// Whether this page is one of its pages.
    pub(super) here: bool,
}

/// A step on the way to a page.
#[derive(Debug)]
pub(super) struct Crumb {
    /// What it is called.
    pub(super) text: String,
    /// Where it is; empty for this page, and for one that the caller may not open.
    pub(super) href: String,
}

impl Shell {
    /// The frame of a page that belongs to no model.
    pub(super) fn new(engine: &Engine, ctx: &Context) -> Self {
        Self::at(engine, ctx, None)
    }

    /// The frame of one of a model's pages.
    pub(super) fn of_model(engine: &Engine, ctx: &Context, model: &ModelMeta) -> Self {
        let mut shell = Self::at(engine, ctx, Some(&model.slug));
        let lists = engine.may(ctx, Verb::List, model.id);
        let href = if lists {
            format!("/admin/{}", model.slug)
        } else {
            String::new()
        };
        shell.crumbs.push(Crumb {
            text: model.label_plural.clone(),
            href,
        });
        shell
    }

    fn at(engine: &Engine, ctx: &Context, here: Option<&str>) -> Self {
        let mut groups: Vec<Group> = Vec::new();
        // What people come for is above what makes it run.
        let (own, system): (Vec<_>, Vec<_>) =
            engine.registry().models().iter().partition(|m| !m.system);
        for model in own.into_iter().chain(system) {
            if !engine.may(ctx, Verb::List, model.id) {
                continue;
            }
            let entry = Entry {
                slug: model.slug.clone(),
                label: model.label_plural.clone(),
                here: here == Some(model.slug.as_str()),
            };
            match groups.iter_mut().find(|g| g.name == model.group) {
                Some(group) => group.models.push(entry),
                None => groups.push(Group {
                    name: model.group.clone(),
                    models: vec![entry],
                }),
            }
        }
        let home = Crumb {
            text: "Home".into(),
            href: "/admin".into(),
        };
        Self {
            user: ctx.principal.name().to_owned(),
            groups,
            crumbs: vec![home],
            flash: String::new(),
        }
    }

    /// The last step: this page.
    pub(super) fn here(mut self, text: impl Into<String>) -> Self {
        self.crumbs.push(Crumb {
            text: text.into(),
            href: String::new(),
        });
        self
    }

    /// A step on the way.
    pub(super) fn through(mut self, text: impl Into<String>, href: String) -> Self {
        self.crumbs.push(Crumb {
            text: text.into(),
            href,
        });
        self
    }

    /// With a message.
    pub(super) fn saying(mut self, flash: impl Into<String>) -> Self {
        self.flash = flash.into();
        self
    }
}

/// Renders a page.
pub(super) fn render(status: StatusCode, template: &impl Template) -> Result<Response, Error> {
    Ok(answer::html(
        status,
        template.render().map_err(Error::internal)?,
    ))
}
