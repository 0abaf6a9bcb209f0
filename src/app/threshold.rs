//! All middleware, in order, in one place: every request crosses it once on the way in and its
//! answer once on the way out.
//!
//! In: request id → host and headers → address → who is it → rate limits → cross-site check → body
//! limits → routes. Out: failures become problems (or pages), headers, compression, access log.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

use futures_util::FutureExt as _;
use poem::error::NotFoundError;
use poem::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version, header};
use poem::{Endpoint, IntoResponse as _, Request, Response, Route};

use crate::account::{Accounts, cookie};
use crate::acl::Principal;
use crate::config::{Config, Internal};
use crate::crud::{Context, Door, Engine};
use crate::error::{Error, Kind};
use crate::http::answer::{self, Failed};
use crate::http::assets::gzip;
use crate::http::body::{self, BodyLimits};
use crate::limit::{DEFAULT_KEYS, Decision, Limiter, network};
use crate::metrics::Metrics;
use crate::session::{Credentials, Identity};

use super::methods::not_allowed;
use super::{App, edge, routes};

/// Whose requests are counted together.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Counted {
    User(i64),
    Token(i64),
}

/// The outermost endpoint.
pub struct Threshold {
    config: Arc<Config>,
    engine: Arc<Engine>,
    identity: Arc<Identity>,
    accounts: Arc<Accounts>,
    router: Route,
    addresses: Limiter<std::net::IpAddr>,
    principals: Limiter<Counted>,
    anonymous: Arc<Principal>,
    metrics: Arc<Metrics>,
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
        let limits = &app.config.rate_limit;
        Self {
            config: Arc::clone(&app.config),
            engine: Arc::clone(&app.engine),
            identity: Arc::clone(&app.identity),
            accounts: Arc::clone(&app.accounts),
            router: routes::router(app),
            addresses: Limiter::new(limits.per_address, DEFAULT_KEYS),
            principals: Limiter::new(limits.per_principal, DEFAULT_KEYS),
            anonymous: Arc::new(Principal::anonymous()),
            metrics: Arc::clone(&app.metrics),
            hsts: app.config.server.is_https(),
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.accounts.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Who it is, and what its rate limit says; `None` for paths that are not counted.
    async fn admit(
        &self,
        request: &Request,
        address: Option<std::net::IpAddr>,
    ) -> (Result<Arc<Principal>, Error>, Option<Decision>) {
        let path = request.uri().path();
        if is_exempt(path) {
            return (Ok(Arc::clone(&self.anonymous)), None);
        }
        let internal = path.strip_prefix("/api/internal");
        if internal.is_some_and(|rest| rest.is_empty() || rest.starts_with('/')) {
            let checked = check_internal(&self.config.internal, request.headers());
            return match checked {
                Ok(()) => (Ok(Arc::new(Principal::system())), None),
                Err(error) => self.count_address(address, Err(error)),
            };
        }
        let by_secret =
            path == "/metrics" && check_internal(&self.config.internal, request.headers()).is_ok();
        if by_secret {
            return (Ok(Arc::new(Principal::system())), None);
        }
        let given = match credentials(request.headers(), self.accounts.https) {
            Ok(given) => given,
            Err(error) => return self.count_address(address, Err(error)),
        };
        // An address over its limit costs no look-up: only who is already known is let in.
        let over = address.filter(|a| !self.addresses.peek(&network(*a), self.now()).allowed);
        if over.is_some() && !self.identity.known(given) {
            return self.count_address(address, Ok(Arc::clone(&self.anonymous)));
        }
        match self.identity.identify(given).await {
            Ok(Some(principal)) => self.count_principal(principal),
            Ok(None) => self.count_address(address, Ok(Arc::clone(&self.anonymous))),
            Err(error) => (Err(error), None),
        }
    }

    fn count_principal(
        &self,
        principal: Arc<Principal>,
    ) -> (Result<Arc<Principal>, Error>, Option<Decision>) {
        let counted = match (&principal.token, &principal.user) {
            (Some(token), _) => Counted::Token(token.id),
            (None, Some(user)) => Counted::User(user.id),
            (None, None) => return (Ok(principal), None),
        };
        let decision = self.principals.hit(&counted, self.now());
        if decision.allowed {
            (Ok(principal), Some(decision))
        } else {
            (Err(over_limit(&decision)), Some(decision))
        }
    }

    fn count_address(
        &self,
        address: Option<std::net::IpAddr>,
        outcome: Result<Arc<Principal>, Error>,
    ) -> (Result<Arc<Principal>, Error>, Option<Decision>) {
        let Some(address) = address else {
            return (outcome, None);
        };
        let decision = self.addresses.hit(&network(address), self.now());
        if decision.allowed {
            (outcome, Some(decision))
        } else {
            (Err(over_limit(&decision)), Some(decision))
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
        let (admitted, decision) = self.admit(&request, crossing.address).await;
        crossing.decision = decision;
        let principal = admitted?;
        crossing.principal = Arc::clone(&principal);
        let by_token = principal.token.is_some() || principal.system;
        if edge::is_unsafe(request.method()) && !by_token {
            edge::check_origin(&self.config.server, &request)?;
        }
        let server = &self.config.server;
        let declared = request
            .header(header::CONTENT_LENGTH)
            .and_then(|v| v.parse::<u64>().ok());
        if declared.is_some_and(|n| n > server.body_limit) {
            return Err(body::too_large(server.body_limit));
        }
        let extensions = request.extensions_mut();
        extensions.insert(BodyLimits {
            bytes: server.body_limit,
            idle: server.body_idle,
        });
        extensions.insert(Arc::clone(&self.engine));
        extensions.insert(Arc::clone(&self.identity));
        extensions.insert(Arc::clone(&self.accounts));
        extensions.insert(Context {
            principal,
            door: Door::Rest,
            request_id: crossing.request_id.clone(),
            address: crossing.address,
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
        self.secure(headers, crossing);
        if let Some(decision) = &crossing.decision {
            limit_headers(headers, decision);
        }
        if let Ok(id) = HeaderValue::from_str(&crossing.request_id) {
            headers.insert(HeaderName::from_static("x-request-id"), id);
        }
        self.cors(headers, crossing);
        // Whatever else is on a connection that carried such a request is not to be believed.
        if crossing.closes && crossing.version <= Version::HTTP_11 {
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }

    fn secure(&self, headers: &mut HeaderMap, crossing: &Crossing) {
        for (name, value) in SECURITY {
            headers
                .entry(HeaderName::from_static(name))
                .or_insert(HeaderValue::from_static(value));
        }
        if self.hsts {
            let year = HeaderValue::from_static("max-age=31536000; includeSubDomains");
            headers.insert(header::STRICT_TRANSPORT_SECURITY, year);
        }
        // Nobody's answer may be kept for somebody else (A26); static files say so themselves.
        if !crossing.is_static {
            headers
                .entry(header::CACHE_CONTROL)
                .or_insert(HeaderValue::from_static("no-store"));
        }
    }

    fn cors(&self, headers: &mut HeaderMap, crossing: &Crossing) {
        if self.config.server.cors_origins.is_empty() {
            return;
        }
        headers.append(header::VARY, HeaderValue::from_static("Origin"));
        let Some(origin) = &crossing.origin else {
            return;
        };
        let known = self
            .config
            .server
            .cors_origins
            .iter()
            .any(|o| Some(o.as_str()) == origin.to_str().ok());
        if known {
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
            let exposed =
                "ETag, Link, Location, Retry-After, RateLimit, RateLimit-Policy, X-Request-Id";
            headers.insert(
                header::ACCESS_CONTROL_EXPOSE_HEADERS,
                HeaderValue::from_static(exposed),
            );
            if crossing.method == Method::OPTIONS {
                let methods = "GET, HEAD, POST, PUT, PATCH, DELETE";
                headers.insert(
                    header::ACCESS_CONTROL_ALLOW_METHODS,
                    HeaderValue::from_static(methods),
                );
                let names =
                    "Authorization, Content-Type, If-Match, If-None-Match, Prefer, X-API-Key";
                headers.insert(
                    header::ACCESS_CONTROL_ALLOW_HEADERS,
                    HeaderValue::from_static(names),
                );
                headers.insert(
                    header::ACCESS_CONTROL_MAX_AGE,
                    HeaderValue::from_static("600"),
                );
            }
        }
    }
}

/// Headers of every answer, errors and 304 too. A page with looser needs sets its own policy.
const SECURITY: [(&str, &str); 8] = [
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    (
        "permissions-policy",
        "camera=(), geolocation=(), microphone=(), payment=()",
    ),
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
         connect-src 'self'; form-action 'self'; base-uri 'none'; object-src 'none'; \
         frame-ancestors 'none'",
    ),
    ("x-permitted-cross-domain-policies", "none"),
];

/// What is remembered of a request until its answer leaves.
struct Crossing {
    request_id: String,
    method: Method,
    path: String,
    address: Option<std::net::IpAddr>,
    principal: Arc<Principal>,
    decision: Option<Decision>,
    origin: Option<HeaderValue>,
    wants_html: bool,
    takes_gzip: bool,
    is_static: bool,
    version: Version,
    closes: bool,
    started: Instant,
}

impl Crossing {
    /// The problem document, or the page, of a failure; logged here, once.
    fn render(&self, error: &Error) -> Response {
        if error.kind == Kind::Internal {
            let source = error.source.as_ref().map(ToString::to_string);
            tracing::error!(
                request_id = self.request_id,
                path = self.path,
                source,
                "failed"
            );
        } else if let Some(source) = &error.source {
            tracing::debug!(request_id = self.request_id, code = error.code, source = %source, "refused");
        }
        let mut response = if self.wants_html && self.path.starts_with("/admin") {
            self.page(error)
        } else {
            self.problem(error)
        };
        if let Some(seconds) = error.retry_after {
            response = answer::with(response, header::RETRY_AFTER, &seconds.to_string());
        }
        if let Some(allow) = &error.allow {
            response = answer::with(response, header::ALLOW, allow);
        }
        response
    }

    fn page(&self, error: &Error) -> Response {
        let ctx = Context {
            principal: Arc::clone(&self.principal),
            door: Door::Admin,
            request_id: self.request_id.clone(),
            address: self.address,
        };
        crate::admin::error_page(error, Some(&ctx), &self.path)
    }

    fn problem(&self, error: &Error) -> Response {
        let status = StatusCode::from_u16(error.kind.status()).unwrap_or_default();
        let response = Response::builder()
            .status(status)
            .content_type("application/problem+json")
            .body(error.problem(&self.request_id).to_string());
        if error.kind == Kind::Unauthenticated {
            let challenge = "Bearer realm=\"quarterdeck\"";
            return answer::with(response, header::WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

impl Endpoint for Threshold {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let headers = request.headers();
        let mut crossing = Crossing {
            request_id: uuid::Uuid::now_v7().to_string(),
            method: request.method().clone(),
            path: request.uri().path().to_owned(),
            address: edge::client(&self.config.server, &request),
            principal: Arc::clone(&self.anonymous),
            decision: None,
            origin: headers.get(header::ORIGIN).cloned(),
            wants_html: request
                .header(header::ACCEPT)
                .is_some_and(|a| a.contains("text/html")),
            takes_gzip: answer::accepts_gzip(headers),
            is_static: request.uri().path().starts_with("/static/"),
            version: request.version(),
            closes: false,
            started: Instant::now(),
        };
        self.metrics.begin();
        let entered = self.enter(request, &mut crossing).await;
        let mut response = self.leave(&crossing, entered);
        if crossing.takes_gzip {
            response = compress(response).await;
        }
        let took = crossing.started.elapsed();
        self.metrics
            .end(verb(&crossing), response.status().as_str(), took);
        let micros = took.as_micros();
        tracing::info!(
            target: "access",
            ip = crossing.address.map(tracing::field::display),
            method = crossing.method.as_str(),
            path = crossing.path,
            status = response.status().as_u16(),
            micros = u64::try_from(micros).unwrap_or(u64::MAX),
            principal = crossing.principal.name(),
            remaining = crossing.decision.map(|d| d.remaining),
            request_id = crossing.request_id,
        );
        Ok(response)
    }
}

/// The verb of a request to the API by its method and path; `other` for everything else.
fn verb(crossing: &Crossing) -> &'static str {
    let Some(rest) = crossing.path.strip_prefix("/api/v1/") else {
        return "other";
    };
    let record = rest.contains('/');
    match (&crossing.method, record) {
        (&Method::POST, true) if rest.ends_with("/_search") => "list",
        (&(Method::GET | Method::HEAD), false) => "list",
        (&(Method::GET | Method::HEAD), true) => "read",
        (&Method::POST, false) => "create",
        (&Method::PUT, true) => "replace",
        (&Method::PATCH, true) => "patch",
        (&Method::DELETE, true) => "delete",
        _ => "other",
    }
}

/// Paths that no limit counts.
fn is_exempt(path: &str) -> bool {
    path.starts_with("/static/") || matches!(path, "/health" | "/healthz" | "/readyz")
}

/// The credentials of a request. With a token, cookies are not looked at.
fn credentials(headers: &HeaderMap, https: bool) -> Result<Credentials<'_>, Error> {
    let text = |value: &'_ HeaderValue| value.to_str().ok().map(ToOwned::to_owned);
    let key = headers.get("x-api-key");
    match headers.get(header::AUTHORIZATION) {
        Some(value) => {
            let bearer = value.to_str().ok().and_then(|v| {
                let (scheme, token) = v.split_once(' ')?;
                scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
            });
            if key.is_some_and(|k| text(k).as_deref() != bearer) {
                let detail = "Authorization and X-API-Key disagree; send one of them.";
                return Err(Error::parameter("X-API-Key", "ambiguous", detail));
            }
            Ok(Credentials::Token(bearer.unwrap_or_default()))
        }
        None => Ok(match key {
            Some(value) => Credentials::Token(value.to_str().unwrap_or_default()),
            None => cookie::find(headers, https).map_or(Credentials::None, Credentials::Cookie),
        }),
    }
}

/// 404 when there is no secret, 401 without one, 403 for a wrong one or from a browser.
fn check_internal(internal: &Internal, headers: &HeaderMap) -> Result<(), Error> {
    if !internal.is_on() {
        return Err(Error::not_found());
    }
    if headers.contains_key(header::ORIGIN) || headers.contains_key("sec-fetch-site") {
        let detail = "The internal group is not for browsers.";
        return Err(Error::new(Kind::Forbidden, "not_for_browsers", detail));
    }
    let given = headers
        .get(header::AUTHORIZATION)
        .ok_or_else(Error::unauthenticated)?;
    let secret = given.to_str().ok().and_then(|v| v.strip_prefix("Bearer "));
    if secret.is_some_and(|s| internal.accepts(s)) {
        Ok(())
    } else {
        Err(Error::new(
            Kind::Forbidden,
            "wrong_secret",
            "This is not the internal secret.",
        ))
    }
}

fn over_limit(decision: &Decision) -> Error {
    Error {
        retry_after: Some(decision.retry_after_seconds),
        ..Error::new(
            Kind::TooManyRequests,
            "rate_limited",
            format!("More than {} requests in a minute.", decision.limit),
        )
    }
}

fn limit_headers(headers: &mut HeaderMap, decision: &Decision) {
    let Decision {
        limit,
        remaining,
        reset_seconds,
        ..
    } = decision;
    let mut set = |name, value: HeaderValue| {
        headers.insert(HeaderName::from_static(name), value);
    };
    set("x-ratelimit-limit", HeaderValue::from(*limit));
    set("x-ratelimit-remaining", HeaderValue::from(*remaining));
    set("x-ratelimit-reset", HeaderValue::from(*reset_seconds));
    if let Ok(value) =
        HeaderValue::from_str(&format!("\"default\";r={remaining};t={reset_seconds}"))
    {
        set("ratelimit", value);
    }
    if let Ok(value) = HeaderValue::from_str(&format!("\"default\";q={limit};w=60")) {
        set("ratelimit-policy", value);
    }
}

/// The message of a panic, for the log.
fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|s| (*s).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    format!("panic: {}", text.unwrap_or_default())
}

/// Smallest body that is worth compressing.
const WORTH: usize = 1_400;

/// Compresses texts that are long enough and not compressed yet.
async fn compress(response: Response) -> Response {
    let text = response
        .header(header::CONTENT_TYPE)
        .is_some_and(body::is_text);
    let streams = response.header(header::CONTENT_TYPE) == Some("text/event-stream");
    if !text || streams || response.headers().contains_key(header::CONTENT_ENCODING) {
        return response;
    }
    let (parts, body) = response.into_parts();
    let Ok(bytes) = body.into_vec().await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let small = (bytes.len() >= WORTH)
        .then(|| gzip(&bytes))
        .filter(|z| z.len() < bytes.len());
    let compressed = small.is_some();
    let mut response = Response::from_parts(parts, small.unwrap_or(bytes).into());
    let headers = response.headers_mut();
    headers.append(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    if compressed {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}
