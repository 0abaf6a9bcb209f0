//! A failure as what the client gets: a problem document, or a page for people.

use std::sync::Arc;

use poem::Response;
use poem::http::{StatusCode, header};

use crate::crud::{Context, Door};
use crate::error::{Error, Kind};
use crate::http::answer;

use super::crossing::Crossing;

impl Crossing {
    /// The problem document, or the page, of a failure; logged here, once.
    pub(super) fn render(&self, error: &Error) -> Response {
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
            dry_run: false,
            reason: None,
            operation: None,
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
