//! Our own static files and the vendored ones, embedded in the binary, each compressed once.

use std::io::Write as _;
use std::sync::OnceLock;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use flate2::{Compression, write::GzEncoder};
use poem::Response;
use poem::http::{StatusCode, header};
use sha2::{Digest as _, Sha256};

use crate::error::Error;
use crate::http::{Call, answer};

struct Asset {
    path: &'static str,
    content_type: &'static str,
    bytes: &'static [u8],
    made: OnceLock<Made>,
}

/// What is computed at the first request.
struct Made {
    etag: String,
    gzip: Vec<u8>,
}

macro_rules! asset {
    ($path:literal, $content_type:literal) => {
        Asset {
            path: $path,
            content_type: $content_type,
            bytes: include_bytes!(concat!("../../static/", $path)),
            made: OnceLock::new(),
        }
    };
}

/// One file of several, each about one thing, in this order.
macro_rules! joined {
    ($name:literal, $content_type:literal, $($path:literal),+) => {
        Asset {
            path: $name,
            content_type: $content_type,
            bytes: concat!($(include_str!(concat!("../../static/", $path))),+).as_bytes(),
            made: OnceLock::new(),
        }
    };
}

static ASSETS: [Asset; 8] = [
    joined!(
        "admin.css",
        "text/css; charset=utf-8",
        "admin/tokens.css",
        "admin/frame.css",
        "admin/controls.css",
        "admin/home.css",
        "admin/list.css",
        "admin/chart.css",
        "admin/record.css",
        "admin/data.css",
        "admin/system.css",
        "admin/small.css"
    ),
    joined!(
        "admin.js",
        "text/javascript; charset=utf-8",
        "admin/page.js",
        "admin/palette.js",
        "admin/list.js",
        "admin/record.js"
    ),
    asset!("icon.svg", "image/svg+xml"),
    asset!("htmx/htmx.min.js", "text/javascript; charset=utf-8"),
    joined!(
        "account.css",
        "text/css; charset=utf-8",
        "admin/tokens.css",
        "account.css"
    ),
    asset!("swagger-ui/swagger-ui.css", "text/css; charset=utf-8"),
    asset!(
        "swagger-ui/swagger-ui-bundle.js",
        "text/javascript; charset=utf-8"
    ),
    asset!("swagger-ui/init.js", "text/javascript; charset=utf-8"),
];

impl Asset {
    fn made(&self) -> &Made {
        self.made.get_or_init(|| Made {
            etag: format!("\"{}\"", BASE64.encode(&Sha256::digest(self.bytes)[..12])),
            gzip: gzip(self.bytes),
        })
    }
}

/// Compresses bytes; nothing on failure, which memory does not know.
#[must_use]
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 4), Compression::fast());
    encoder
        .write_all(bytes)
        .and_then(|()| encoder.finish())
        .unwrap_or_default()
}

/// The address of a static file with its content's tag in it: what is there never changes, so browsers
/// may keep it for a year. The bare path for what is not there.
#[must_use]
pub fn address(path: &str) -> String {
    match ASSETS.iter().find(|a| a.path == path) {
        Some(asset) => format!("/static/{path}?v={}", asset.made().etag.trim_matches('"')),
        None => format!("/static/{path}"),
    }
}

/// `GET /static/*path`
///
/// # Errors
/// 404 for what is not there.
pub async fn serve(call: Call) -> Result<Response, Error> {
    let path = call.raw_param("path");
    let asset = ASSETS
        .iter()
        .find(|a| a.path == path)
        .ok_or_else(Error::not_found)?;
    let made = asset.made();
    let headers = call.request.headers();
    let response = if answer::none_match(headers, &made.etag) {
        answer::empty(StatusCode::NOT_MODIFIED)
    } else if answer::accepts_gzip(headers) && !made.gzip.is_empty() {
        let body = Response::builder()
            .content_type(asset.content_type)
            .body(made.gzip.clone());
        answer::with(body, header::CONTENT_ENCODING, "gzip")
    } else {
        Response::builder()
            .content_type(asset.content_type)
            .body(asset.bytes)
    };
    let response = answer::with(response, header::ETAG, &made.etag);
    let response = answer::with(response, header::VARY, "Accept-Encoding");
    let version = call
        .request
        .uri()
        .query()
        .and_then(|q| q.strip_prefix("v="));
    let lasts = version == Some(made.etag.trim_matches('"'));
    let caching = if lasts {
        "public, max-age=31536000, immutable"
    } else {
        "public, max-age=300, must-revalidate"
    };
    Ok(answer::with(response, header::CACHE_CONTROL, caching))
}
