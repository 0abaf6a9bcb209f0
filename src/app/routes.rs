//! The table of contents: every route, in one place. Built once; paths that two owners want are
//! refused before anything is served.

use std::sync::Arc;

use poem::endpoint::BoxEndpoint;
use poem::http::Method;
use poem::{EndpointExt as _, Request, Response, Route};

use crate::account::{login, others, own, reset, setup, tokens, view};
use crate::api::document::{self, Documents};
use crate::api::{
    aggregate, chain, changes, export, import, internal, operations, records, status,
};
use crate::check::Finding;
use crate::error::Error;
use crate::http::{Call, Handler, answer, assets};
use crate::model::{Registry, Verb};
use crate::openapi::Operation;
use crate::plugin::{Guard, Manifest, Plugin, PluginRoute, Settings};

use super::App;
use super::health;
use super::methods::{Allow, Methods};

/// One route of the table.
pub(super) struct Entry {
    method: Method,
    path: String,
    owner: String,
    endpoint: BoxEndpoint<'static, Response>,
    allow: Option<Allow>,
}

macro_rules! route {
    ($method:ident $path:literal => $handler:path) => {
        route!($method $path => $handler, None)
    };
    ($method:ident $path:literal => $handler:path, $allow:expr) => {
        Entry {
            method: Method::$method,
            path: $path.to_owned(),
            owner: "Quarterdeck".to_owned(),
            endpoint: Handler($handler).boxed(),
            allow: $allow,
        }
    };
}

/// The fixed routes.
fn fixed() -> Vec<Entry> {
    vec![
        route!(GET "/health" => health::health),
        route!(GET "/healthz" => health::healthz),
        route!(GET "/readyz" => health::readyz),
        route!(GET "/static/*path" => assets::serve),
        route!(GET "/docs" => docs),
        route!(GET "/api/docs" => document::page),
        route!(GET "/auth/login" => login::form),
        route!(POST "/auth/login" => login::submit),
        route!(POST "/auth/logout" => login::logout),
        route!(GET "/auth/setup" => setup::form),
        route!(POST "/auth/setup" => setup::submit),
        route!(GET "/auth/session" => login::current),
        route!(GET "/auth/sessions" => own::sessions),
        route!(DELETE "/auth/sessions" => own::end_others),
        route!(DELETE "/auth/sessions/:id" => own::end),
        route!(GET "/auth/tokens" => tokens::list),
        route!(POST "/auth/tokens" => tokens::create),
        route!(DELETE "/auth/tokens/:id" => tokens::revoke),
        route!(POST "/auth/password" => own::password),
        route!(GET "/api/v1/_status" => status::status),
        route!(POST "/auth/users/:id/link" => others::link),
        route!(POST "/auth/users/:id/password" => others::password),
        route!(GET "/auth/forgotten" => reset::forgotten),
        route!(GET "/auth/reset" => reset::form),
        route!(POST "/auth/reset" => reset::submit),
        route!(POST "/auth/view_as" => view::begin),
        route!(DELETE "/auth/view_as" => view::end),
        route!(GET "/api/v1/_models" => document::models),
        route!(GET "/api/v1/_models/:model" => document::model),
        route!(GET "/api/v1/:model" => records::list, Some(of_collection)),
        route!(POST "/api/v1/:model" => records::create, Some(of_collection)),
        route!(POST "/api/v1/:model/_search" => records::search),
        route!(POST "/api/v1/:model/_bulk" => records::bulk),
        route!(POST "/api/v1/:model/_actions/:name" => records::act),
        route!(POST "/api/v1/:model/_import" => import::import),
        route!(GET "/api/v1/_changes" => changes::list),
        route!(GET "/api/v1/_changes/:id" => changes::read),
        route!(GET "/api/v1/_operations" => operations::list),
        route!(GET "/api/v1/_operations/:id" => operations::read),
        route!(DELETE "/api/v1/_operations/:id" => operations::cancel),
        route!(GET "/api/v1/_operations/:id/file" => operations::file),
        route!(POST "/api/v1/_undo" => records::undo),
        route!(GET "/api/v1/_audit/chain" => chain::chain),
        route!(GET "/api/v1/:model/:id/_history" => records::history),
        route!(POST "/api/v1/:model/:id/_revert" => records::revert),
        route!(POST "/api/v1/:model/:id/_restore" => records::restore),
        route!(GET "/api/v1/:model/_aggregate" => aggregate::aggregate),
        route!(GET "/api/v1/:model/_export" => export::export),
        route!(GET "/api/v1/:model/:id" => records::read, Some(of_record)),
        route!(PUT "/api/v1/:model/:id" => records::replace, Some(of_record)),
        route!(PATCH "/api/v1/:model/:id" => records::patch, Some(of_record)),
        route!(DELETE "/api/v1/:model/:id" => records::delete, Some(of_record)),
        route!(GET "/api/internal/health" => internal::health),
        route!(POST "/api/internal/cache/invalidate" => internal::invalidate),
        route!(POST "/api/internal/sessions/purge" => internal::purge),
        route!(DELETE "/api/internal/users/:id/sessions" => internal::end_sessions),
    ]
}

/// The admin's pages.
fn of_admin() -> Vec<Entry> {
    let pages = crate::admin::routes().into_iter();
    pages
        .map(|(method, path, endpoint)| Entry {
            method,
            path: path.to_owned(),
            owner: "the admin".to_owned(),
            endpoint,
            allow: None,
        })
        .collect()
}

/// The routes of the public plugins.
fn of_plugins(plugins: &[Arc<dyn Plugin>], settings: impl Fn(&Manifest) -> Settings) -> Vec<Entry> {
    let mut all = Vec::new();
    for plugin in plugins {
        let manifest = plugin.manifest();
        if !manifest.public_api {
            continue;
        }
        for PluginRoute {
            method,
            path,
            guard,
            endpoint,
            ..
        } in plugin.routes(Arc::new(settings(&manifest)))
        {
            let endpoint = match guard {
                Guard::Open => endpoint,
                // The threshold has checked the secret on every path below /api/internal.
                Guard::Internal => endpoint,
                Guard::Login => endpoint.before(logged_in).map_to_response().boxed(),
            };
            let mount = match guard {
                Guard::Internal => format!("/api/internal/{}", manifest.name),
                Guard::Open | Guard::Login => manifest.mount(),
            };
            all.push(Entry {
                method,
                path: format!("{mount}{path}"),
                owner: format!("the plugin {}", manifest.name),
                endpoint,
                allow: None,
            });
        }
    }
    all
}

async fn logged_in(request: Request) -> poem::Result<Request> {
    match request.data::<crate::crud::Context>() {
        Some(ctx) if !ctx.principal.is_anonymous() => Ok(request),
        _ => Err(poem::Error::from_response(answer::failed(
            Error::unauthenticated(),
        ))),
    }
}

/// Paths and names that two sides want.
pub(super) fn check(registry: &Registry, plugins: &[Arc<dyn Plugin>]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut entries = fixed();
    entries.extend(of_admin());
    entries.extend(MADE.map(|path| own(path, Handler(health::healthz).boxed())));
    entries.extend(of_plugins(plugins, |_| Settings::default()));
    for (i, entry) in entries.iter().enumerate() {
        // Two methods of one path belong together only under the same names of its variable
        // parts: of `/a/:x` and `/a/:y` the second could never be reached.
        let other = entries[..i].iter().find(|e| {
            shape(&e.path) == shape(&entry.path)
                && (e.method == entry.method || e.path != entry.path)
        });
        if let Some(other) = other {
            let message = format!(
                "{} {} is wanted by {} and by {}",
                entry.method, entry.path, other.owner, entry.owner
            );
            let hint = "give the plugin another prefix or path";
            findings.push(Finding::error("route.E001", &entry.path, message, hint));
        }
        for model in registry.models() {
            let address = format!("/api/v1/{}", model.slug);
            let within = entry.path == address || entry.path.starts_with(&format!("{address}/"));
            if within && entry.owner != "Quarterdeck" {
                let message = format!(
                    "{} of {} is the address of the model `{}`",
                    entry.path, entry.owner, model.slug
                );
                let hint = "rename the model with `.slug(…)`, or move the route";
                findings.push(Finding::error("route.E002", &model.slug, message, hint));
            }
        }
    }
    findings
}

/// A path without the names of its variable parts.
fn shape(path: &str) -> Vec<&str> {
    path.split('/')
        .map(|part| match part.chars().next() {
            Some(':') => ":",
            Some('*') => "*",
            _ => part,
        })
        .collect()
}

/// The paths of [`made`].
const MADE: [&str; 3] = ["/api/openapi.json", "/metrics", "/"];

/// Routes that carry something of the application.
fn made(app: &App) -> Vec<Entry> {
    let documents = Arc::new(documents(app));
    let openapi = move |call: Call| {
        let response = documents.serve(&call);
        async move { Ok::<_, Error>(response) }
    };
    let counted = Arc::clone(&app.metrics);
    let metrics = move |call: Call| {
        let text = if call.ctx.principal.is_superuser() {
            counted.text().map_err(Error::internal)
        } else if call.ctx.principal.is_anonymous() {
            Err(Error::unauthenticated())
        } else {
            Err(Error::forbidden("read the metrics"))
        };
        async move {
            let response = Response::builder().content_type("text/plain; version=0.0.4");
            Ok(response.body(text?))
        }
    };
    let mut entries = vec![
        own(MADE[0], Handler(openapi).boxed()),
        own(MADE[1], Handler(metrics).boxed()),
    ];
    if let Some(target) = app.config.server.root_redirect.clone() {
        let redirect = move |_: Call| {
            let response = answer::see_other(&target);
            async move { Ok::<_, Error>(response) }
        };
        entries.push(own(MADE[2], Handler(redirect).boxed()));
    }
    entries
}

fn own(path: &str, endpoint: BoxEndpoint<'static, Response>) -> Entry {
    let owner = "Quarterdeck".to_owned();
    Entry {
        method: Method::GET,
        path: path.to_owned(),
        owner,
        endpoint,
        allow: None,
    }
}

/// The OpenAPI documents of an application.
pub(crate) fn documents(app: &App) -> Documents {
    let mut operations = Vec::new();
    for plugin in &app.plugins.0 {
        let manifest = plugin.manifest();
        if !manifest.public_api {
            continue;
        }
        let settings = Arc::new(manifest.settings_in(&app.config));
        let routes = plugin.routes(settings).into_iter();
        operations.extend(
            routes
                .filter(|r| r.guard != Guard::Internal)
                .map(|route| Operation {
                    plugin: manifest.name.to_owned(),
                    method: route.method.to_string(),
                    path: format!("{}{}", manifest.mount(), route.path),
                    summary: route.summary.to_owned(),
                    description: route.description.to_owned(),
                    open: route.guard == Guard::Open,
                    body: route.body,
                    responses: route.responses,
                }),
        );
    }
    Documents::new(operations, crate::account::cookie::name(app.accounts.https))
}

/// Every route of an application.
fn entries(app: &App) -> Vec<Entry> {
    let mut entries = fixed();
    entries.extend(of_admin());
    entries.extend(made(app));
    entries.extend(of_plugins(&app.plugins.0, |manifest| {
        manifest.settings_in(&app.config)
    }));
    entries
}

/// The method and the path of every route.
pub(super) fn list(app: &App) -> Vec<(Method, String)> {
    let entries = entries(app).into_iter();
    entries.map(|e| (e.method, e.path)).collect()
}

/// Builds the router: the methods of each path merged.
pub(super) fn router(app: &App) -> Route {
    let mut entries = entries(app);
    let mut paths: Vec<String> = Vec::new();
    for entry in &entries {
        if !paths.contains(&entry.path) {
            paths.push(entry.path.clone());
        }
    }
    let mut route = Route::new();
    for path in paths {
        let mut handlers = Vec::new();
        let mut allow = None;
        let mut rest = Vec::new();
        for entry in entries {
            if entry.path == path {
                allow = allow.or(entry.allow);
                handlers.push((entry.method, entry.endpoint));
            } else {
                rest.push(entry);
            }
        }
        entries = rest;
        route = route.at(path, Methods::new(handlers, allow));
    }
    route
}

fn verbs_of(request: &Request, pairs: &[(Verb, Method)]) -> Result<Vec<Method>, Error> {
    let engine = request.data::<Arc<crate::crud::Engine>>();
    let engine = engine.ok_or_else(|| Error::internal("a request without an engine"))?;
    let name = request.raw_path_param("model").unwrap_or_default();
    let model = engine.model(name)?;
    let verbs = &model.verbs;
    let methods: Vec<Method> = pairs
        .iter()
        .filter(|(v, _)| verbs.contains(v))
        .map(|(_, m)| m.clone())
        .collect();
    // A handler checks its caller itself. What is answered without one (OPTIONS, 405) must not tell
    // that a model is there to who has no verb on it (A39); the anonymous get 401 from a handler.
    let method = Some(request.method()).filter(|m| **m != Method::HEAD);
    let handled = methods.contains(method.unwrap_or(&Method::GET));
    if let (false, Some(ctx)) = (handled, request.data::<crate::crud::Context>()) {
        let may = |verb: Verb| engine.may(ctx, verb, model.id);
        if !ctx.principal.is_anonymous() && !Verb::ALL.into_iter().any(may) {
            return Err(Error::not_found());
        }
    }
    Ok(methods)
}

fn of_collection(request: &Request) -> Result<Vec<Method>, Error> {
    verbs_of(
        request,
        &[(Verb::List, Method::GET), (Verb::Create, Method::POST)],
    )
}

fn of_record(request: &Request) -> Result<Vec<Method>, Error> {
    verbs_of(
        request,
        &[
            (Verb::Read, Method::GET),
            (Verb::Replace, Method::PUT),
            (Verb::Patch, Method::PATCH),
            (Verb::Delete, Method::DELETE),
        ],
    )
}

async fn docs(_: Call) -> Result<Response, Error> {
    Ok(answer::see_other("/api/docs"))
}
