//! What every page has around it: the header, the navigation, the breadcrumbs, a message.

use std::borrow::Cow;

use crate::admin::extra;
use crate::admin::look::{Made, Part, Place, Slot};
use crate::admin::navigation::{self, Group};
use crate::crud::{Context, Engine};
use crate::model::{ModelMeta, Verb};
use crate::page::viewer::{Choice as _, Density, Language, Theme, Viewer, Visit};
use crate::page::words::t;

/// The frame of a page.
#[derive(Debug, Default)]
pub(crate) struct Shell {
    /// Who is logged in; empty for nobody.
    pub(crate) user: String,
    /// The models that the caller may list, by group.
    pub(crate) groups: Vec<Group>,
    /// From home to here; the last one is this page.
    pub(crate) crumbs: Vec<Crumb>,
    /// Something that has just been done.
    pub(crate) flash: String,
    /// The model that the page belongs to; empty for none.
    pub(crate) model: String,
    /// Who looks.
    pub(crate) viewer: Viewer,
    /// Where this page is.
    pub(crate) path: String,
    /// Who looks through the user's eyes; empty for nobody.
    pub(crate) viewing: String,
    /// Whether the caller may look as another.
    pub(crate) may_view_as: bool,
    /// The request behind this page, as a shell command; empty where there is none.
    pub(crate) api: String,
}

/// The choices of a menu: each with its name and its words.
type Choices<T> = &'static [(T, &'static str, &'static str)];

/// A step on the way to a page.
#[derive(Debug)]
pub(crate) struct Crumb {
    /// What it is called.
    pub(crate) text: String,
    /// Where it is; empty for this page, and for one that the caller may not open.
    pub(crate) href: String,
}

impl Shell {
    /// The frame of a page that belongs to no model.
    pub(crate) fn new(engine: &Engine, ctx: &Context) -> Self {
        Self::at(engine, ctx, None)
    }

    /// The frame of one of a model's pages.
    pub(crate) fn of_model(engine: &Engine, ctx: &Context, model: &ModelMeta) -> Self {
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
        let visit = Visit::now();
        let principal = &ctx.principal;
        let viewer = principal.viewer.as_ref();
        let home = Crumb {
            text: t("Home").into(),
            href: "/admin".into(),
        };
        Self {
            user: ctx.principal.name().to_owned(),
            groups: navigation::groups(engine, ctx, here),
            crumbs: vec![home],
            flash: String::new(),
            model: here.unwrap_or_default().to_owned(),
            viewer: visit.viewer,
            path: visit.path.to_string(),
            viewing: viewer.map(|v| v.username.clone()).unwrap_or_default(),
            may_view_as: principal.is_superuser()
                && principal.session.is_some()
                && viewer.is_none(),
            api: String::new(),
        }
    }

    /// With the request to the API that does what this page shows: a method, and a path with its
    /// query.
    pub(crate) fn doing(mut self, method: &str, path: &str) -> Self {
        let origin = Visit::now().origin;
        let method = match method {
            "GET" => String::new(),
            other => format!("-X {other} "),
        };
        // No quote can be in the address: it is percent-encoded.
        self.api = format!("curl {method}-H \"Authorization: Bearer $TOKEN\" '{origin}{path}'");
        self
    }

    /// With the JSON that the request carries.
    pub(crate) fn sending(mut self, json: &str) -> Self {
        let quoted = json.replace('\'', "'\\''");
        self.api = format!(
            "{} -H 'Content-Type: application/json' \\\n  -d '{quoted}'",
            self.api
        );
        self
    }

    pub(crate) fn languages(&self) -> Choices<Language> {
        Language::ALL
    }

    pub(crate) fn themes(&self) -> Choices<Theme> {
        Theme::ALL
    }

    pub(crate) fn densities(&self) -> Choices<Density> {
        Density::ALL
    }

    pub(crate) fn density(&self) -> &'static str {
        self.viewer.density.name()
    }

    pub(crate) fn zone(&self) -> &'static str {
        self.viewer.zone.map_or("", |zone| zone.name())
    }

    /// The name at the top.
    pub(crate) fn brand(&self) -> String {
        extra::now().look.name().to_owned()
    }

    /// The address of the project's own style; empty where there is none.
    pub(crate) fn style(&self) -> String {
        extra::now().look.style()
    }

    /// What the project has for a place of the page.
    pub(crate) fn slot(&self, slot: Slot) -> String {
        extra::now().look.html(slot, &self.place())
    }

    /// Whether the project makes a part of the page in another way.
    pub(crate) fn replaces(&self, part: Part) -> bool {
        extra::now().look.replaces(part)
    }

    /// A part of the page as the project wants it.
    pub(crate) fn part<'h>(&'h self, part: Part, html: &'h str) -> Cow<'h, str> {
        self.part_of(part, ("", ""), html)
    }

    /// The same of one field, with the text in its control.
    pub(crate) fn part_of<'h>(
        &'h self,
        part: Part,
        (field, value): (&'h str, &'h str),
        html: &'h str,
    ) -> Cow<'h, str> {
        let made = Made {
            place: self.place(),
            model: &self.model,
            field,
            value,
            html,
        };
        extra::now().look.part(part, made)
    }

    fn place(&self) -> Place<'_> {
        Place {
            user: &self.user,
            path: &self.path,
            language: self.viewer.language.name(),
        }
    }

    /// The last step: this page.
    pub(crate) fn here(mut self, text: impl Into<String>) -> Self {
        self.crumbs.push(Crumb {
            text: text.into(),
            href: String::new(),
        });
        self
    }

    /// A step on the way.
    pub(crate) fn through(mut self, text: impl Into<String>, href: String) -> Self {
        self.crumbs.push(Crumb {
            text: text.into(),
            href,
        });
        self
    }

    /// With a message.
    pub(crate) fn saying(mut self, flash: impl Into<String>) -> Self {
        self.flash = flash.into();
        self
    }
}
