//! The admin door: HTML pages over the same operations that the API has, with the same rules. It
//! translates addresses and forms into operations and JSON into pages; it knows no SQL, no entity
//! and no permission of its own. Everything works without JavaScript, and the address of a list is
//! its whole state, in the API's grammar.

mod account;
mod action;
mod address;
mod audit;
mod changes;
pub mod edition;
mod export;
pub mod extra;
mod filters;
mod find;
mod history;
mod home;
mod import;
mod list;
pub mod look;
mod navigation;
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

use crate::admin::edition::Editions;
use crate::crud::Door;
use crate::error::Error;
use crate::http::{Call, Handler, answer};
use crate::page::viewer::{Visit, scoped};

/// A method, a path, and what answers there.
pub type Route = (Method, &'static str, BoxEndpoint<'static, Response>);

macro_rules! page {
    ($method:ident $path:literal => $handler:path) => {
        route(Method::$method, $path, $handler)
    };
}

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
        page!(GET "/admin" => home::page),
        page!(POST "/admin/_preferences" => preferences::save),
        page!(GET "/admin/_find" => find::records),
        page!(GET "/admin/_changes" => changes::page),
        page!(GET "/admin/_changes/:id" => changes::set::page),
        page!(GET "/admin/_changes/:id/undo" => changes::undo::question),
        page!(POST "/admin/_changes/:id/undo" => changes::undo::done),
        page!(GET "/admin/_operations" => operations::page),
        page!(GET "/admin/_operations/:id" => operations::one::page),
        page!(POST "/admin/_operations/:id/cancel" => operations::one::cancel),
        page!(GET "/admin/_account" => account::page),
        page!(POST "/admin/_account/password" => account::password),
        page!(POST "/admin/_account/sessions" => account::end_session),
        page!(POST "/admin/_account/tokens" => account::make_token),
        page!(POST "/admin/_account/revoke" => account::revoke_token),
        page!(GET "/admin/_style" => extra::style),
        page!(GET "/admin/_pages/:name" => extra::show),
        page!(POST "/admin/_pages/:name" => extra::show),
        page!(POST "/admin/_view" => viewing::begin),
        page!(POST "/admin/_view/end" => viewing::end),
        page!(GET "/admin/_users" => users::all),
        page!(GET "/admin/_users/new" => users::new),
        page!(POST "/admin/_users/new" => users::create),
        page!(GET "/admin/_users/:id" => users::access),
        page!(POST "/admin/_users/:id/state" => users::state),
        page!(POST "/admin/_users/:id/roles" => users::roles),
        page!(POST "/admin/_users/:id/link" => users::link),
        page!(POST "/admin/_users/:id/password" => users::password),
        page!(POST "/admin/_users/:id/sessions" => users::end_session),
        page!(GET "/admin/_audit" => audit::page),
        page!(GET "/admin/_roles" => roles::all),
        page!(GET "/admin/_roles/:id" => roles::page),
        page!(POST "/admin/_roles/:id" => roles::save),
        page!(GET "/admin/:model" => list::page),
        page!(GET "/admin/:model/_filter" => list::filter_form::sift),
        page!(GET "/admin/:model/_deleted" => list::deleted),
        page!(GET "/admin/:model/_export" => export::page),
        page!(POST "/admin/:model/_export" => export::make),
        page!(GET "/admin/:model/_import" => import::page),
        page!(POST "/admin/:model/_import" => import::take),
        page!(GET "/admin/:model/_import/:id" => import::map::page),
        page!(POST "/admin/:model/_import/:id" => import::map::begin),
        page!(GET "/admin/:model/_trash" => trash::page),
        page!(GET "/admin/:model/_arrange" => list::arrange::arranged),
        page!(GET "/admin/:model/_build" => list::builder::page),
        page!(GET "/admin/:model/_chart" => list::chart::page),
        page!(GET "/admin/:model/_plot" => list::chart::plot),
        page!(POST "/admin/:model/_views" => list::tabs::save),
        page!(GET "/admin/:model/_many" => list::many::question),
        page!(POST "/admin/:model/_many" => list::many::answered),
        page!(GET "/admin/:model/_options" => record::pick::options),
        page!(GET "/admin/:model/_actions/:name" => action::question),
        page!(POST "/admin/:model/_actions/:name" => action::run),
        page!(GET "/admin/:model/_actions/:name/done" => action::done),
        page!(GET "/admin/:model/new" => record::blank::new),
        page!(POST "/admin/:model/new" => record::save::create),
        page!(GET "/admin/:model/:id" => record::page::page),
        page!(GET "/admin/:model/:id/_cell" => list::cells::part),
        page!(POST "/admin/:model/:id/_cell" => list::cells::change),
        page!(POST "/admin/:model/:id" => record::save::change),
        page!(GET "/admin/:model/:id/delete" => record::delete::question),
        page!(POST "/admin/:model/:id/delete" => record::delete::done),
        page!(GET "/admin/:model/:id/purge" => trash::leave::gone),
        page!(POST "/admin/:model/:id/purge" => trash::leave::purge),
        page!(GET "/admin/:model/:id/restore" => trash::leave::back),
        page!(POST "/admin/:model/:id/restore" => trash::leave::restore),
        page!(GET "/admin/:model/:id/history" => history::page),
        page!(GET "/admin/:model/:id/revert" => history::revert::question),
        page!(POST "/admin/:model/:id/revert" => history::revert::done),
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
    let path = call.request.original_uri().path().to_owned();
    let visit = Visit::of(&call);
    let editions = call.request.data::<Arc<Editions>>();
    let edition = editions.map(|all| all.of(visit.viewer.language).clone());
    let edition = edition.ok_or_else(|| Error::internal("a page without its editions"))?;
    call.engine = Arc::clone(&edition.engine);
    let (engine, ctx) = (edition.engine, call.ctx.clone());
    let page = scoped(visit, async move {
        match handler(call).await {
            Err(error) if problem::callers(&error) => {
                Ok(problem::within(&engine, &ctx, &error, &path))
            }
            outcome => outcome,
        }
    });
    extra::scoped(edition.extras, page).await
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
