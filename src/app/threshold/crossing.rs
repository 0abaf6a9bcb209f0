//! What is remembered of a request until its answer leaves, and what the metrics and the access log
//! say of it then.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use poem::Request;
use poem::http::{HeaderValue, Method, StatusCode, Version, header};

use crate::acl::Principal;
use crate::app::edge;
use crate::config::Server;
use crate::http::answer;
use crate::limit::Decision;
use crate::metrics::Metrics;

/// A request between its coming in and its answer's going out.
pub(super) struct Crossing {
    pub(super) request_id: String,
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) address: Option<IpAddr>,
    pub(super) principal: Arc<Principal>,
    pub(super) decision: Option<Decision>,
    pub(super) origin: Option<HeaderValue>,
    pub(super) wants_html: bool,
    pub(super) takes_gzip: bool,
    pub(super) is_static: bool,
    pub(super) version: Version,
    pub(super) closes: bool,
    started: Instant,
}

impl Crossing {
    /// A request that has just come in, of whom nothing is known.
    pub(super) fn begin(server: &Server, request: &Request, anonymous: Arc<Principal>) -> Self {
        let headers = request.headers();
        Self {
            request_id: uuid::Uuid::now_v7().to_string(),
            method: request.method().clone(),
            path: request.uri().path().to_owned(),
            address: edge::client(server, request),
            principal: anonymous,
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
        }
    }

    /// Counts and logs the answer.
    pub(super) fn end(&self, status: StatusCode, metrics: &Metrics) {
        let took = self.started.elapsed();
        metrics.end(self.verb(), status.as_str(), took);
        let micros = took.as_micros();
        tracing::info!(
            target: "access",
            ip = self.address.map(tracing::field::display),
            method = self.method.as_str(),
            path = self.path,
            status = status.as_u16(),
            micros = u64::try_from(micros).unwrap_or(u64::MAX),
            principal = self.principal.name(),
            remaining = self.decision.map(|d| d.remaining),
            request_id = self.request_id,
        );
    }

    /// The verb of a request to the API by its method and path; `other` for everything else.
    fn verb(&self) -> &'static str {
        let Some(rest) = self.path.strip_prefix("/api/v1/") else {
            return "other";
        };
        let record = rest.contains('/');
        match (&self.method, record) {
            (&Method::POST, true) if rest.ends_with("/_search") => "list",
            (&(Method::GET | Method::HEAD), true)
                if rest.ends_with("/_aggregate") || rest.ends_with("/_export") =>
            {
                "list"
            }
            (&(Method::GET | Method::HEAD), false) => "list",
            (&(Method::GET | Method::HEAD), true) => "read",
            (&Method::POST, false) => "create",
            (&Method::PUT, true) => "replace",
            (&Method::PATCH, true) => "patch",
            (&Method::DELETE, true) => "delete",
            _ => "other",
        }
    }
}
