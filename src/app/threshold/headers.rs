//! The headers that every answer carries, whatever it is.

use poem::http::{HeaderMap, HeaderName, HeaderValue, Method, header};

use crate::limit::Decision;

use super::crossing::Crossing;

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

/// What a browser is told to be careful with. `hsts`: this installation is reached by HTTPS alone.
pub(super) fn secure(headers: &mut HeaderMap, crossing: &Crossing, hsts: bool) {
    for (name, value) in SECURITY {
        headers
            .entry(HeaderName::from_static(name))
            .or_insert(HeaderValue::from_static(value));
    }
    if hsts {
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

/// What pages of other origins may do with the answer: nothing, but for the configured ones.
pub(super) fn cors(headers: &mut HeaderMap, crossing: &Crossing, origins: &[String]) {
    if origins.is_empty() {
        return;
    }
    headers.append(header::VARY, HeaderValue::from_static("Origin"));
    let Some(origin) = &crossing.origin else {
        return;
    };
    let known = origins
        .iter()
        .any(|o| Some(o.as_str()) == origin.to_str().ok());
    if known {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        let exposed = "ETag, Idempotency-Replayed, Link, Location, Retry-After, RateLimit, \
             RateLimit-Policy, X-Request-Id";
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
            let names = "Authorization, Content-Type, Change-Reason, Idempotency-Key, If-Match, If-None-Match, \
                         Prefer, X-API-Key";
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

/// What is left of the caller's limit.
pub(super) fn rate_limit(headers: &mut HeaderMap, decision: &Decision) {
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
