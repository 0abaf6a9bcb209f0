//! Who is it, and may it ask once more: credentials and rate limits, before anything costs much.

use std::net::IpAddr;
use std::sync::Arc;

use poem::Request;
use poem::http::{HeaderMap, HeaderValue, header};

use crate::account::{Accounts, cookie};
use crate::acl::Principal;
use crate::app::App;
use crate::config::{Config, Internal};
use crate::error::{Error, Kind};
use crate::limit::{DEFAULT_KEYS, Decision, Limiter, network};
use crate::session::{Credentials, Identity};

/// Whose requests are counted together.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Counted {
    User(i64),
    Token(i64),
}

/// Lets callers in, or not.
pub(super) struct Admission {
    config: Arc<Config>,
    identity: Arc<Identity>,
    accounts: Arc<Accounts>,
    addresses: Limiter<IpAddr>,
    principals: Limiter<Counted>,
    anonymous: Arc<Principal>,
}

impl Admission {
    pub(super) fn new(app: &App) -> Self {
        let limits = &app.config.rate_limit;
        Self {
            config: Arc::clone(&app.config),
            identity: Arc::clone(&app.identity),
            accounts: Arc::clone(&app.accounts),
            addresses: Limiter::new(limits.per_address, DEFAULT_KEYS),
            principals: Limiter::new(limits.per_principal, DEFAULT_KEYS),
            anonymous: Arc::new(Principal::anonymous()),
        }
    }

    /// Who everybody is until it is known better.
    pub(super) fn anonymous(&self) -> Arc<Principal> {
        Arc::clone(&self.anonymous)
    }

    fn now(&self) -> u64 {
        u64::try_from(self.accounts.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Who it is, and what its rate limit says; `None` for paths that are not counted.
    pub(super) async fn admit(
        &self,
        request: &Request,
        address: Option<IpAddr>,
    ) -> (Result<Arc<Principal>, Error>, Option<Decision>) {
        let path = request.uri().path();
        if is_exempt(path) {
            return (Ok(self.anonymous()), None);
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
            return self.count_address(address, Ok(self.anonymous()));
        }
        match self.identity.identify(given).await {
            Ok(Some(principal)) => self.count_principal(principal),
            Ok(None) => self.count_address(address, Ok(self.anonymous())),
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
        address: Option<IpAddr>,
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
