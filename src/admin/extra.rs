//! What the project that uses the library adds to the pages: pages of its own in the navigation, and the
//! [`Look`] of ours. It renders them with templates of its own, and answers for what they escape.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use askama::Template;
use poem::Response;
use poem::http::{StatusCode, header};

use crate::admin::look::Look;
use crate::admin::shell::Shell;
use crate::crud::{Context, Engine};
use crate::error::Error;
use crate::http::{Call, answer};
use crate::model::{Names, Verb};
use crate::page::{self, filters};

type Html = Pin<Box<dyn Future<Output = Result<String, Error>> + Send>>;
type Show = dyn Fn(Call) -> Html + Send + Sync;

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

/// All that a project adds.
#[derive(Debug, Clone, Default)]
pub struct Extras {
    /// Its pages.
    pub pages: Vec<ExtraPage>,
    /// Its look.
    pub look: Look,
}

impl Extras {
    /// The same with other names for the pages and their groups.
    pub(crate) fn named(&self, names: &Names) -> Self {
        let mut other = self.clone();
        for page in &mut other.pages {
            for text in [&mut page.title, &mut page.group] {
                if let Some(name) = names.of(text) {
                    name.clone_into(text);
                }
            }
        }
        other
    }

    /// What [`Self::named`] may rename.
    pub(crate) fn words(&self) -> impl Iterator<Item = &str> {
        let pages = self.pages.iter();
        pages.flat_map(|page| [page.title.as_str(), page.group.as_str()])
    }
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
        .body(now().look.rules().to_owned());
    Ok(answer::with(response, header::VARY, "Cookie"))
}
