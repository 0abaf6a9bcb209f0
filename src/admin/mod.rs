//! The admin door: HTML pages over the same operations that the API has, with the same rules. It
//! translates addresses and forms into operations and JSON into pages; it knows no SQL, no entity
//! and no permission of its own. Everything works without JavaScript, and the address of a list is
//! its whole state, in the API's grammar.

mod account;
mod action;
mod address;
mod audit;
mod changes;
mod export;
pub mod extra;
mod find;
mod history;
mod home;
mod import;
mod list;
mod operations;
mod preferences;
mod problem;
mod record;
mod roles;
mod shell;
mod trash;
mod trial;
mod users;
mod value;
mod view;
mod viewing;

pub use problem::error_page;

use std::future::Future;
use std::sync::Arc;

use poem::endpoint::BoxEndpoint;
use poem::http::Method;
use poem::{EndpointExt as _, Response};

use crate::crud::Door;
use crate::error::Error;
use crate::http::{Call, Handler, answer};
use crate::page::viewer::{Visit, scoped};

/// A method, a path, and what answers there.
pub type Route = (Method, &'static str, BoxEndpoint<'static, Response>);

/// Every page.
#[must_use]
pub fn routes() -> Vec<Route> {
    let known = Arc::new(list::tabs::Known::default());
    let with = |(method, path, page): Route| {
        let known = Arc::clone(&known);
        (method, path, page.data(known).map_to_response().boxed())
    };
    pages().into_iter().map(with).collect()
}

fn pages() -> Vec<Route> {
    vec![
        route(Method::GET, "/admin", home::page),
        route(Method::POST, "/admin/_preferences", preferences::save),
        route(Method::GET, "/admin/_find", find::records),
        route(Method::GET, "/admin/_changes", changes::page),
        route(Method::GET, "/admin/_changes/:id", changes::set::page),
        route(
            Method::GET,
            "/admin/_changes/:id/undo",
            changes::undo::question,
        ),
        route(
            Method::POST,
            "/admin/_changes/:id/undo",
            changes::undo::done,
        ),
        route(Method::GET, "/admin/_operations", operations::page),
        route(Method::GET, "/admin/_operations/:id", operations::one::page),
        route(
            Method::POST,
            "/admin/_operations/:id/cancel",
            operations::one::cancel,
        ),
        route(Method::GET, "/admin/_account", account::page),
        route(Method::POST, "/admin/_account/password", account::password),
        route(
            Method::POST,
            "/admin/_account/sessions",
            account::end_session,
        ),
        route(Method::POST, "/admin/_account/tokens", account::make_token),
        route(
            Method::POST,
            "/admin/_account/revoke",
            account::revoke_token,
        ),
        route(Method::GET, "/admin/_style", extra::style),
        route(Method::GET, "/admin/_pages/:name", extra::show),
        route(Method::POST, "/admin/_pages/:name", extra::show),
        route(Method::POST, "/admin/_view", viewing::begin),
        route(Method::POST, "/admin/_view/end", viewing::end),
        route(Method::GET, "/admin/_users", users::all),
        route(Method::GET, "/admin/_users/new", users::new),
        route(Method::POST, "/admin/_users/new", users::create),
        route(Method::GET, "/admin/_users/:id", users::access),
        route(Method::POST, "/admin/_users/:id/state", users::state),
        route(Method::POST, "/admin/_users/:id/roles", users::roles),
        route(Method::POST, "/admin/_users/:id/link", users::link),
        route(Method::POST, "/admin/_users/:id/password", users::password),
        route(
            Method::POST,
            "/admin/_users/:id/sessions",
            users::end_session,
        ),
        route(Method::GET, "/admin/_audit", audit::page),
        route(Method::GET, "/admin/_roles", roles::all),
        route(Method::GET, "/admin/_roles/:id", roles::page),
        route(Method::POST, "/admin/_roles/:id", roles::save),
        route(Method::GET, "/admin/:model", list::page),
        route(
            Method::GET,
            "/admin/:model/_filter",
            list::filter_form::sift,
        ),
        route(Method::GET, "/admin/:model/_deleted", list::deleted),
        route(Method::GET, "/admin/:model/_export", export::page),
        route(Method::POST, "/admin/:model/_export", export::make),
        route(Method::GET, "/admin/:model/_import", import::page),
        route(Method::POST, "/admin/:model/_import", import::take),
        route(Method::GET, "/admin/:model/_import/:id", import::map::page),
        route(
            Method::POST,
            "/admin/:model/_import/:id",
            import::map::begin,
        ),
        route(Method::GET, "/admin/:model/_trash", trash::page),
        route(
            Method::GET,
            "/admin/:model/_arrange",
            list::arrange::arranged,
        ),
        route(Method::GET, "/admin/:model/_build", list::builder::page),
        route(Method::GET, "/admin/:model/_chart", list::chart::page),
        route(Method::GET, "/admin/:model/_plot", list::chart::plot),
        route(Method::POST, "/admin/:model/_views", list::tabs::save),
        route(Method::GET, "/admin/:model/_many", list::many::question),
        route(Method::POST, "/admin/:model/_many", list::many::answered),
        route(Method::GET, "/admin/:model/_options", record::pick::options),
        route(
            Method::GET,
            "/admin/:model/_actions/:name",
            action::question,
        ),
        route(Method::POST, "/admin/:model/_actions/:name", action::run),
        route(
            Method::GET,
            "/admin/:model/_actions/:name/done",
            action::done,
        ),
        route(Method::GET, "/admin/:model/new", record::blank::new),
        route(Method::POST, "/admin/:model/new", record::save::create),
        route(Method::GET, "/admin/:model/:id", record::page::page),
        route(Method::GET, "/admin/:model/:id/_cell", list::cells::part),
        route(Method::POST, "/admin/:model/:id/_cell", list::cells::change),
        route(Method::POST, "/admin/:model/:id", record::save::change),
        route(
            Method::GET,
            "/admin/:model/:id/delete",
            record::delete::question,
        ),
        route(
            Method::POST,
            "/admin/:model/:id/delete",
            record::delete::done,
        ),
        route(Method::GET, "/admin/:model/:id/purge", trash::leave::gone),
        route(Method::POST, "/admin/:model/:id/purge", trash::leave::purge),
        route(Method::GET, "/admin/:model/:id/restore", trash::leave::back),
        route(
            Method::POST,
            "/admin/:model/:id/restore",
            trash::leave::restore,
        ),
        route(Method::GET, "/admin/:model/:id/history", history::page),
        route(
            Method::GET,
            "/admin/:model/:id/revert",
            history::revert::question,
        ),
        route(
            Method::POST,
            "/admin/:model/:id/revert",
            history::revert::done,
        ),
    ]
}

fn route<F, Fut>(method: Method, path: &'static str, handler: F) -> Route
where
    F: Fn(Call) -> Fut + Copy + Send + Sync + 'static,
    Fut: Future<Output = Result<Response, Error>> + Send + 'static,
{
    (
        method,
        path,
        Handler(move |call: Call| admit(call, handler)).boxed(),
    )
}

/// Sends nobody to the login, and shows a failure of the caller's within the navigation.
async fn admit<F, Fut>(mut call: Call, handler: F) -> Result<Response, Error>
where
    F: Fn(Call) -> Fut,
    Fut: Future<Output = Result<Response, Error>>,
{
    call.ctx.door = Door::Admin;
    if call.ctx.principal.is_anonymous() {
        return match *call.request.method() {
            Method::GET | Method::HEAD => Ok(login(&call)),
            _ => Err(Error::unauthenticated()),
        };
    }
    let (engine, ctx) = (Arc::clone(&call.engine), call.ctx.clone());
    let path = call.request.original_uri().path().to_owned();
    let extras = call.request.data::<Arc<extra::Extras>>().cloned();
    let page = scoped(Visit::of(&call), async move {
        match handler(call).await {
            Err(error) if problem::callers(&error) => {
                Ok(problem::within(&engine, &ctx, &error, &path))
            }
            outcome => outcome,
        }
    });
    extra::scoped(extras.unwrap_or_default(), page).await
}

/// To the login, and from there back to here.
fn login(call: &Call) -> Response {
    let here = call
        .request
        .original_uri()
        .path_and_query()
        .map_or("/admin", |p| p.as_str());
    let query = address::Query(vec![("next".to_owned(), here.to_owned())]);
    answer::see_other(&format!("/auth/login?{}", query.text()))
}
