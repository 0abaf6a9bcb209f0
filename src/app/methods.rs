//! The methods of one path: dispatch, HEAD as GET, OPTIONS, and 405 with a true `Allow`.

use poem::endpoint::BoxEndpoint;
use poem::http::{Method, StatusCode, header};
use poem::{Endpoint, Request, Response};

use crate::error::{Error, Kind};
use crate::http::answer;

/// Says which methods a path has for this very request, where that is not fixed.
pub(super) type Allow = fn(&Request) -> Result<Vec<Method>, Error>;

/// The handlers of one path.
pub(super) struct Methods {
    handlers: Vec<(Method, BoxEndpoint<'static, Response>)>,
    allow: Option<Allow>,
}

impl Methods {
    pub(super) fn new(
        handlers: Vec<(Method, BoxEndpoint<'static, Response>)>,
        allow: Option<Allow>,
    ) -> Self {
        Self { handlers, allow }
    }

    /// The methods of the path, HEAD and OPTIONS among them.
    fn allowed(&self, request: &Request) -> Result<Vec<Method>, Error> {
        let mut methods = match self.allow {
            Some(allow) => {
                let wanted = allow(request)?;
                let known = self.handlers.iter().map(|(m, _)| m);
                known.filter(|m| wanted.contains(m)).cloned().collect()
            }
            None => self
                .handlers
                .iter()
                .map(|(m, _)| m.clone())
                .collect::<Vec<_>>(),
        };
        if methods.contains(&Method::GET) {
            methods.push(Method::HEAD);
        }
        methods.push(Method::OPTIONS);
        Ok(methods)
    }
}

impl Endpoint for Methods {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let method = request.method().clone();
        let wanted = if method == Method::HEAD {
            Method::GET
        } else {
            method.clone()
        };
        let handler = self.handlers.iter().find(|(m, _)| *m == wanted);
        let fixed = self.allow.is_none() && method != Method::OPTIONS;
        if let (Some((_, handler)), true) = (handler, fixed) {
            return handler.call(request).await;
        }
        let allowed = match self.allowed(&request) {
            Ok(allowed) => allowed,
            Err(error) => return Ok(answer::failed(error)),
        };
        let text = allowed
            .iter()
            .map(Method::as_str)
            .collect::<Vec<_>>()
            .join(", ");
        match handler {
            Some((_, handler)) if allowed.contains(&method) => handler.call(request).await,
            _ if method == Method::OPTIONS => {
                let response = answer::empty(StatusCode::NO_CONTENT);
                Ok(answer::with(response, header::ALLOW, &text))
            }
            _ => Ok(answer::failed(not_allowed(text))),
        }
    }
}

/// 405 with the methods the path has.
pub(super) fn not_allowed(allow: String) -> Error {
    let detail = format!("This path has the methods {allow}.");
    Error {
        allow: Some(allow.into()),
        ..Error::new(Kind::MethodNotAllowed, "method_not_allowed", detail)
    }
}
