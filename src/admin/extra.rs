//! What the project that uses the library adds to the pages: pages of its own in the navigation, its
//! name and colours, and pieces of HTML at named places. Our own templates are compiled into the binary
//! and cannot be exchanged; so the project renders its pieces with templates of its own, and answers for
//! what they escape.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use askama::Template;
use poem::Response;
use poem::http::{StatusCode, header};
use sha2::{Digest as _, Sha256};

use crate::admin::shell::Shell;
use crate::crud::{Context, Engine};
use crate::error::Error;
use crate::http::{Call, answer};
use crate::model::Verb;
use crate::page::{self, filters};

type Html = Pin<Box<dyn Future<Output = Result<String, Error>> + Send>>;
type Show = dyn Fn(Call) -> Html + Send + Sync;
type Fill = dyn Fn(&Place<'_>) -> String + Send + Sync;

/// Who may open a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rule {
    /// Everyone who is logged in.
    Login,
    /// Superusers.
    Superuser,
    /// Who has the verb on the model of that name.
    May(Verb, String),
}

/// A page of the project, at `/admin/_pages/{name}`.
#[derive(Clone)]
pub struct ExtraPage {
    pub(crate) name: String,
    pub(crate) title: String,
    pub(crate) group: String,
    pub(crate) rule: Rule,
    show: Arc<Show>,
}

impl std::fmt::Debug for ExtraPage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ExtraPage")
            .field("name", &self.name)
            .field("rule", &self.rule)
            .finish_non_exhaustive()
    }
}

impl ExtraPage {
    /// A page for superusers, whose HTML `show` makes; what it inserts it must escape. It stands in the
    /// navigation of those who may open it.
    pub fn new<F, Fut>(name: &str, title: &str, show: F) -> Self
    where
        F: Fn(Call) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<String, Error>> + Send + 'static,
    {
        Self {
            name: name.to_owned(),
            title: title.to_owned(),
            group: "Pages".to_owned(),
            rule: Rule::Superuser,
            show: Arc::new(move |call| Box::pin(show(call))),
        }
    }

    /// Who may open it, instead of superusers.
    #[must_use]
    pub fn rule(mut self, rule: Rule) -> Self {
        self.rule = rule;
        self
    }

    /// The group of the navigation that it stands in.
    #[must_use]
    pub fn group(mut self, group: &str) -> Self {
        group.clone_into(&mut self.group);
        self
    }

    /// Whether the caller may open it.
    pub(crate) fn open(&self, engine: &Engine, ctx: &Context) -> bool {
        match &self.rule {
            Rule::Login => !ctx.principal.is_anonymous(),
            Rule::Superuser => ctx.principal.is_superuser(),
            Rule::May(verb, slug) => engine
                .model(slug)
                .is_ok_and(|model| engine.may(ctx, *verb, model.id)),
        }
    }
}

/// A place of the pages that takes a piece of HTML.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slot {
    /// In the bar at the top, before the user's menu.
    Header,
    /// Under the navigation.
    Navigation,
    /// Above the models of the first page.
    Home,
    /// Above the rows of a list.
    List,
    /// Beside a record, under what is related to it.
    Record,
    /// At the end of every page.
    Footer,
}

/// Where a piece of HTML goes.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The login name of who looks.
    pub user: &'a str,
    /// The path and the query of the page: `/admin/book/7`.
    pub path: &'a str,
    /// The language of the page: `en`, `de`.
    pub language: &'a str,
}

/// How the pages look, and what stands on them.
#[derive(Clone, Default)]
pub struct Look {
    brand: String,
    css: String,
    slots: Vec<(Slot, Arc<Fill>)>,
}

impl std::fmt::Debug for Look {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Look")
            .field("brand", &self.brand)
            .field("slots", &self.slots.len())
            .finish_non_exhaustive()
    }
}

impl Look {
    /// The name at the top and in the titles, instead of ours.
    #[must_use]
    pub fn brand(mut self, name: &str) -> Self {
        name.clone_into(&mut self.brand);
        self
    }

    /// Rules after those of our style sheet. The variables of `:root` are the scales and the colours:
    /// `:root { --accent: light-dark(#7a1fa2, #d6a4ff); }`.
    #[must_use]
    pub fn css(mut self, rules: &str) -> Self {
        self.css.push_str(rules);
        self
    }

    /// HTML for a place of the pages; what it inserts it must escape. Styles and scripts within the
    /// page do not work, for its Content-Security-Policy forbids them.
    #[must_use]
    pub fn slot(
        mut self,
        slot: Slot,
        html: impl Fn(&Place<'_>) -> String + Send + Sync + 'static,
    ) -> Self {
        self.slots.push((slot, Arc::new(html)));
        self
    }

    pub(crate) fn name(&self) -> &str {
        if self.brand.is_empty() {
            "Quarterdeck"
        } else {
            &self.brand
        }
    }

    /// The address of the project's rules; empty where there are none.
    pub(crate) fn style(&self) -> String {
        if self.css.is_empty() {
            return String::new();
        }
        let digest = Sha256::digest(self.css.as_bytes());
        let digest: String = digest.iter().take(8).map(|b| format!("{b:02x}")).collect();
        format!("/admin/_style?v={digest}")
    }

    pub(crate) fn html(&self, slot: Slot, place: &Place<'_>) -> String {
        let here = self.slots.iter().filter(|(of, _)| *of == slot);
        here.map(|(_, html)| html(place)).collect()
    }
}

/// All that a project adds.
#[derive(Debug, Clone, Default)]
pub struct Extras {
    /// Its pages.
    pub pages: Vec<ExtraPage>,
    /// Its look.
    pub look: Look,
}

tokio::task_local! {
    static EXTRAS: Arc<Extras>;
}

/// Makes a page with what the project adds, as the request carries it.
pub(crate) async fn scoped<F: Future>(extras: Arc<Extras>, page: F) -> F::Output {
    EXTRAS.scope(extras, page).await
}

/// What the project adds to the page that is being made.
pub(crate) fn now() -> Arc<Extras> {
    EXTRAS.try_with(Arc::clone).unwrap_or_default()
}

/// A page of the project within our frame.
#[derive(Debug, Template)]
#[template(path = "admin/extra.html")]
struct Framed {
    shell: Shell,
    title: String,
    html: String,
}

/// `GET /admin/_pages/{name}` and `POST`: the handler looks at the method itself.
pub(crate) async fn show(call: Call) -> Result<Response, Error> {
    let name = call.param("name");
    let extras = now();
    let page = extras.pages.iter().find(|page| page.name == name);
    let page = page.filter(|page| page.open(&call.engine, &call.ctx));
    // Who may not open it does not learn that it is there.
    let page = page.ok_or_else(Error::not_found)?;
    let shell = Shell::new(&call.engine, &call.ctx).here(page.title.clone());
    let html = (page.show)(call).await?;
    let title = page.title.clone();
    page::render(StatusCode::OK, &Framed { shell, title, html })
}

/// `GET /admin/_style`: the project's rules. The address changes with them.
pub(crate) async fn style(_: Call) -> Result<Response, Error> {
    let response = Response::builder()
        .content_type("text/css; charset=utf-8")
        .header(
            header::CACHE_CONTROL,
            "private, max-age=31536000, immutable",
        )
        .body(now().look.css.clone());
    Ok(answer::with(response, header::VARY, "Cookie"))
}
