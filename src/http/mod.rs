//! What all HTTP doors share: a request with its context ([`Call`]), bodies within limits ([`body`]),
//! answers and problems ([`answer`]). No routes, no permissions and no SQL.

pub mod answer;
pub mod assets;
pub mod body;
pub mod multipart;
pub mod preferences;

use std::future::Future;
use std::sync::Arc;

use poem::PathPattern;
use poem::http::Method;
use poem::{Endpoint, Request, Response};

use crate::crud::{Context, Engine};
use crate::error::Error;
use crate::model::Input;

/// A request on its way to a handler.
#[derive(Debug)]
pub struct Call {
    /// The operations.
    pub engine: Arc<Engine>,
    /// Who asks.
    pub ctx: Context,
    /// The request itself.
    pub request: Request,
}

impl Call {
    /// Takes a request that the threshold has let in.
    ///
    /// # Errors
    /// 500 when it did not come over the threshold.
    pub fn of(request: Request) -> Result<Self, Error> {
        let missing = || Error::internal("a request without a context");
        let ctx = request.data::<Context>().cloned().ok_or_else(missing)?;
        let engine = request.data::<Arc<Engine>>().cloned().ok_or_else(missing)?;
        Ok(Self {
            engine,
            ctx,
            request,
        })
    }

    /// A parameter of the path, percent-decoded; empty when the route has none of that name.
    #[must_use]
    pub fn param(&self, name: &str) -> String {
        percent_encoding::percent_decode_str(self.raw_param(name))
            .decode_utf8_lossy()
            .into_owned()
    }

    /// A parameter of the path as it was sent; empty when the route has none of that name.
    #[must_use]
    pub fn raw_param(&self, name: &str) -> &str {
        // What the router calls raw it has decoded: of a key with `,` or `%` in it too little is left.
        let pattern = self.request.data::<PathPattern>();
        let mut path = self.request.uri().path();
        for part in pattern.map_or("", |p| &*p.0).split('/') {
            match part.strip_prefix('*') {
                Some(rest) if rest == name => return path,
                _ => {}
            }
            let (segment, rest) = path.split_once('/').unwrap_or((path, ""));
            if part.strip_prefix(':') == Some(name) {
                return segment;
            }
            path = rest;
        }
        ""
    }

    /// The parameters of the query string, in order, percent-decoded.
    ///
    /// # Errors
    /// 400 for escapes that are no UTF-8, and for NUL.
    pub fn query(&self) -> Result<Vec<(String, String)>, Error> {
        body::form(self.request.uri().query().unwrap_or_default().as_bytes())
    }

    /// A header as text; `None` when it is absent, repeated or not ASCII.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut all = self.request.headers().get_all(name).iter();
        match (all.next(), all.next()) {
            (Some(value), None) => value.to_str().ok(),
            _ => None,
        }
    }

    /// The body as strict JSON.
    ///
    /// # Errors
    /// 415 for another media type, 413 for too many bytes, 400 for what is no JSON.
    pub async fn json(&mut self) -> Result<Input, Error> {
        let merge_patch = self.request.method() == Method::PATCH;
        body::json(&mut self.request, merge_patch).await
    }

    /// The body as strict JSON of as many members as its size allows.
    ///
    /// # Errors
    /// As [`Self::json`].
    pub async fn large_json(&mut self) -> Result<Input, Error> {
        body::large_json(&mut self.request).await
    }

    /// Whether `Prefer` asks not to wait for the end (RFC 7240, section 4.1). A dry run is waited for:
    /// what it tells is for those who may see it now.
    #[must_use]
    pub fn prefers_later(&self) -> bool {
        !self.ctx.dry_run && preferences::prefers(self.request.headers(), "respond-async")
    }

    /// Whether `Prefer` asks for a minimal answer (RFC 7240).
    #[must_use]
    pub fn prefers_minimal(&self) -> bool {
        preferences::prefers(self.request.headers(), "return=minimal")
    }
}

/// A handler: an async function from a [`Call`] to an answer.
pub struct Handler<F>(pub F);

impl<F> std::fmt::Debug for Handler<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Handler")
    }
}

impl<F, Fut> Endpoint for Handler<F>
where
    F: Fn(Call) -> Fut + Send + Sync,
    Fut: Future<Output = Result<Response, Error>> + Send,
{
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let answer = match Call::of(request) {
            Ok(call) => (self.0)(call).await,
            Err(error) => Err(error),
        };
        Ok(answer.unwrap_or_else(answer::failed))
    }
}
