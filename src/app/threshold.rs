//! All middleware, in order, in one place: every request crosses it once on the way in and its
//! answer once on the way out.
//!
//! In: request id → host and headers → address → who is it → rate limits → cross-site check → body
//! limits → routes. Out: failures become problems (or pages), headers, compression, access log.
//! The order is here; each step that is more than a line or two has a room of its own.

mod admission;
mod compression;
mod crossing;
mod headers;
mod problem;
mod viewing;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt as _;
use poem::error::NotFoundError;
use poem::http::{HeaderName, HeaderValue, Method, Version, header};
use poem::{Endpoint, Request, Response, Route};

use crate::account::Accounts;
use crate::admin::edition::Editions;
use crate::config::Config;
use crate::crud::{Context, Door, Engine};
use crate::error::Error;
use crate::http::answer::{self, Failed};
use crate::http::body::{self, BodyLimits};
use crate::http::preferences;
use crate::metrics::Metrics;
use crate::page::form::FormKey;
use crate::session::Identity;

use self::admission::Admission;
use self::compression::compress;
use self::crossing::Crossing;
use super::methods::not_allowed;
use super::{App, edge, routes};

/// The outermost endpoint.
pub struct Threshold {
    config: Arc<Config>,
    engine: Arc<Engine>,
    identity: Arc<Identity>,
    accounts: Arc<Accounts>,
    router: Route,
    admission: Admission,
    metrics: Arc<Metrics>,
    form_key: Arc<FormKey>,
    editions: Arc<Editions>,
    hsts: bool,
}

impl std::fmt::Debug for Threshold {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Threshold")
    }
}

impl Threshold {
    /// The endpoint of an application.
    #[must_use]
    pub fn new(app: &App) -> Self {
        Self {
            config: Arc::clone(&app.config),
            engine: Arc::clone(&app.engine),
            identity: Arc::clone(&app.identity),
            accounts: Arc::clone(&app.accounts),
            router: routes::router(app),
            admission: Admission::new(app),
            metrics: Arc::clone(&app.metrics),
            form_key: Arc::clone(&app.form_key),
            editions: Arc::clone(&app.editions),
            hsts: app.config.server.is_https(),
        }
    }

    /// The way in.
    async fn enter(
        &self,
        mut request: Request,
        crossing: &mut Crossing,
    ) -> Result<Response, Error> {
        let checked = edge::check_headers(request.headers())
            .and_then(|()| edge::check_host(&self.config.server, &request));
        checked.inspect_err(|_| crossing.closes = true)?;
        if matches!(*request.method(), Method::TRACE | Method::CONNECT) {
            return Err(not_allowed(
                "GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE".to_owned(),
            ));
        }
        let (admitted, decision) = self.admission.admit(&request, crossing.address).await;
        crossing.decision = decision;
        let principal = admitted?;
        // The log names who really asks.
        crossing.principal = Arc::clone(&principal);
        let by_token = principal.token.is_some() || principal.system;
        if edge::is_unsafe(request.method()) && !by_token {
            edge::check_origin(&self.config.server, &request)?;
        }
        let principal = viewing::principal(&self.accounts, &request, principal).await?;
        let server = &self.config.server;
        let declared = request
            .header(header::CONTENT_LENGTH)
            .and_then(|v| v.parse::<u64>().ok());
        if declared.is_some_and(|n| n > server.body_limit) {
            return Err(body::too_large(server.body_limit));
        }
        let (dry_run, reason) = preferences::of_writes(&request)?;
        let extensions = request.extensions_mut();
        extensions.insert(BodyLimits {
            bytes: server.body_limit,
            idle: server.body_idle,
        });
        extensions.insert(Arc::clone(&self.engine));
        extensions.insert(Arc::clone(&self.identity));
        extensions.insert(Arc::clone(&self.accounts));
        extensions.insert(Arc::clone(&self.form_key));
        extensions.insert(Arc::clone(&self.editions));
        extensions.insert(Arc::clone(&self.metrics));
        extensions.insert(Context {
            principal,
            door: Door::Rest,
            request_id: crossing.request_id.clone(),
            address: crossing.address,
            dry_run,
            reason,
            operation: None,
        });
        let work = AssertUnwindSafe(self.router.call(request)).catch_unwind();
        match tokio::time::timeout(server.request, work).await {
            Ok(Ok(Ok(response))) => Ok(response),
            // A path of no route; what a route itself says of an error stands.
            Ok(Ok(Err(error))) if error.is::<NotFoundError>() => Err(Error::not_found()),
            Ok(Ok(Err(error))) => Ok(error.into_response()),
            Ok(Err(panic)) => Err(Error::internal(panic_text(&*panic))),
            Err(_) => Err(Error::unavailable(
                "timeout",
                "The request took too long (request_seconds).",
                1,
            )),
        }
    }

    /// The way out.
    fn leave(&self, crossing: &Crossing, entered: Result<Response, Error>) -> Response {
        let mut response = entered.unwrap_or_else(answer::failed);
        if let Some(Failed(error)) = response.extensions().get::<Failed>().cloned() {
            response = crossing.render(&error);
        }
        let headers = response.headers_mut();
        // Room for what is added here, at once: the map would grow step by step.
        headers.reserve(20);
        headers::secure(headers, crossing, self.hsts);
        if let Some(decision) = &crossing.decision {
            headers::rate_limit(headers, decision);
        }
        if let Ok(id) = HeaderValue::from_str(&crossing.request_id) {
            headers.insert(HeaderName::from_static("x-request-id"), id);
        }
        headers::cors(headers, crossing, &self.config.server.cors_origins);
        // Whatever else is on a connection that carried such a request is not to be believed.
        if crossing.closes && crossing.version <= Version::HTTP_11 {
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }
}

impl Endpoint for Threshold {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let anonymous = self.admission.anonymous();
        let mut crossing = Crossing::begin(&self.config.server, &request, anonymous);
        self.metrics.begin();
        let entered = self.enter(request, &mut crossing).await;
        let mut response = self.leave(&crossing, entered);
        if crossing.takes_gzip {
            response = compress(response).await;
        }
        crossing.end(response.status(), &self.metrics);
        Ok(response)
    }
}

/// The message of a panic, for the log.
fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|s| (*s).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    format!("panic: {}", text.unwrap_or_default())
}
