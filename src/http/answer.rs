//! Answers: JSON, empty, redirect, not modified, and failures on their way to the threshold, where
//! they are logged and become problem documents or pages.

use std::sync::Arc;

use poem::http::{HeaderMap, HeaderValue, StatusCode, header};
use poem::{IntoResponse as _, Response};

use crate::error::Error;

/// A failure that rides on a response until the threshold renders it.
#[derive(Debug, Clone)]
pub struct Failed(pub Arc<Error>);

/// An answer that is a failure.
#[must_use]
pub fn failed(error: Error) -> Response {
    let status =
        StatusCode::from_u16(error.kind.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = status.into_response();
    response.extensions_mut().insert(Failed(Arc::new(error)));
    response
}

/// Marks an answer whose body comes as it is made, and is not to be waited for.
#[derive(Debug, Clone, Copy)]
pub struct Streamed;

/// An answer whose body is passed on piece by piece.
#[must_use]
pub fn streamed(mut response: Response) -> Response {
    response.extensions_mut().insert(Streamed);
    response
}

/// JSON bytes.
#[must_use]
pub fn json(status: StatusCode, body: Vec<u8>) -> Response {
    Response::builder()
        .status(status)
        .content_type("application/json")
        .body(body)
}

/// A JSON value.
#[must_use]
pub fn json_value(status: StatusCode, body: &serde_json::Value) -> Response {
    json(status, body.to_string().into_bytes())
}

/// HTML.
#[must_use]
pub fn html(status: StatusCode, body: String) -> Response {
    Response::builder()
        .status(status)
        .content_type("text/html; charset=utf-8")
        .body(body)
}

/// No body.
#[must_use]
pub fn empty(status: StatusCode) -> Response {
    status.into_response()
}

/// 303 to a path of ours; anything else goes to `/`.
#[must_use]
pub fn see_other(to: &str) -> Response {
    let to = if is_local_path(to) { to } else { "/" };
    with(empty(StatusCode::SEE_OTHER), header::LOCATION, to)
}

/// Adds a header; a value that cannot be one is left out.
#[must_use]
pub fn with(mut response: Response, name: header::HeaderName, value: &str) -> Response {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().append(name, value);
    }
    response
}

/// Whether a redirect may go there (A14): a path of this server, and nothing a browser could take
/// for another one.
#[must_use]
pub fn is_local_path(to: &str) -> bool {
    let mut chars = to.chars();
    chars.next() == Some('/')
        && !matches!(chars.next(), Some('/' | '\\'))
        && !to.contains('\\')
        && to.bytes().all(|b| (0x21..0x7f).contains(&b))
}

/// Whether `If-None-Match` names this entity tag (RFC 9110, section 13.1.2).
#[must_use]
pub fn none_match(headers: &HeaderMap, etag: &str) -> bool {
    let all = headers.get_all(header::IF_NONE_MATCH).iter();
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    all.filter_map(|v| v.to_str().ok())
        .flat_map(|v| v.split(','))
        .any(|tag| tag.trim() == "*" || opaque(tag) == opaque(etag))
}

/// Whether the client takes gzip (RFC 9110, section 12.5.3; a quality of zero says no).
#[must_use]
pub fn accepts_gzip(headers: &HeaderMap) -> bool {
    let all = headers.get_all(header::ACCEPT_ENCODING).iter();
    all.filter_map(|v| v.to_str().ok())
        .flat_map(|v| v.split(','))
        .any(|coding| {
            let mut parts = coding.split(';').map(str::trim);
            let named = parts
                .next()
                .is_some_and(|name| name.eq_ignore_ascii_case("gzip"));
            named && !parts.any(|p| p.strip_prefix("q=").is_some_and(|q| q.parse() == Ok(0.0)))
        })
}

/// JSON with its entity tag, or 304 when the client has it already.
#[must_use]
pub fn tagged(headers: &HeaderMap, body: Vec<u8>, etag: &str) -> Response {
    let response = if none_match(headers, etag) {
        empty(StatusCode::NOT_MODIFIED)
    } else {
        json(StatusCode::OK, body)
    };
    with(response, header::ETAG, etag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r34_a14_redirects_stay_here() {
        for good in ["/", "/admin", "/admin/book?sort=-id"] {
            assert!(is_local_path(good), "{good}");
        }
        for bad in [
            "",
            "admin",
            "//evil",
            "/\\evil",
            "https:evil",
            "https://evil",
            "/\tevil",
            "/%0d%0a\r\n",
            "\t//evil",
            " /x",
            "/a\\b",
            "javascript:alert(1)",
        ] {
            assert!(!is_local_path(bad), "{bad:?}");
        }
    }

    #[test]
    fn entity_tags_match_weakly_and_by_star() {
        let mut headers = HeaderMap::new();
        assert!(!none_match(&headers, "\"a\""));
        headers.insert(
            header::IF_NONE_MATCH,
            HeaderValue::from_static("\"x\", W/\"a\""),
        );
        assert!(none_match(&headers, "\"a\"") && !none_match(&headers, "\"b\""));
        headers.insert(header::IF_NONE_MATCH, HeaderValue::from_static("*"));
        assert!(none_match(&headers, "\"b\""));
    }
}
