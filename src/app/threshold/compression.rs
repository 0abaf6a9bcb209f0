//! Compression of answers, on the way out.

use poem::http::{HeaderValue, StatusCode, header};
use poem::{IntoResponse as _, Response};

use crate::http::answer::Streamed;
use crate::http::assets::gzip;
use crate::http::body;

/// Smallest body that is worth compressing.
const WORTH: usize = 1_400;

/// Compresses texts that are long enough and not compressed yet.
pub(super) async fn compress(response: Response) -> Response {
    let text = response
        .header(header::CONTENT_TYPE)
        .is_some_and(body::is_text);
    let events = response.header(header::CONTENT_TYPE) == Some("text/event-stream");
    let streams = events || response.extensions().get::<Streamed>().is_some();
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
