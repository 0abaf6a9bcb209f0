//! Request bodies, read within their limit whatever the client says about their length.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::Stream;
use hyper::body::Bytes;
use poem::http::header;

use poem::Request;

use crate::error::{Error, Fault, Kind};
use crate::model::Input;

/// The limits of this request's body, put into the request by the threshold.
#[derive(Debug, Clone, Copy)]
pub struct BodyLimits {
    /// Most bytes.
    pub bytes: u64,
    /// Longest pause between two pieces.
    pub idle: Duration,
}

impl BodyLimits {
    /// Those of a request.
    #[must_use]
    pub fn of(request: &Request) -> Self {
        request.data::<Self>().copied().unwrap_or(Self {
            bytes: 10_000_000,
            idle: Duration::from_secs(15),
        })
    }
}

/// 413 for a body over `limit` bytes.
#[must_use]
pub fn too_large(limit: u64) -> Error {
    Error::new(
        Kind::TooLarge,
        "body_too_large",
        format!("A request body has at most {limit} bytes (body_limit)."),
    )
}

/// Reads the whole body.
///
/// # Errors
/// 413 over the limit, 400 when the client stops sending.
pub async fn bytes(request: &mut Request) -> Result<Vec<u8>, Error> {
    let limits = BodyLimits::of(request);
    let declared = request
        .header(header::CONTENT_LENGTH)
        .and_then(|v| v.parse::<u64>().ok());
    if declared.is_some_and(|n| n > limits.bytes) {
        return Err(too_large(limits.bytes));
    }
    let mut stream = Box::pin(request.take_body().into_bytes_stream());
    // Kept as they come: a buffer that grows holds what it had and what it will have at once. And as
    // copies: a piece of the connection's own buffer would keep the whole of it.
    let mut pieces: Vec<Vec<u8>> = Vec::new();
    let mut size = 0;
    loop {
        let next = std::future::poll_fn(|cx: &mut Context<'_>| poll(stream.as_mut(), cx));
        match tokio::time::timeout(limits.idle, next).await {
            Err(_) => return Err(broken("The request body stopped coming.")),
            Ok(None) => return Ok(whole(pieces)),
            Ok(Some(Err(e))) => return Err(broken("The request body broke off.").because(e)),
            Ok(Some(Ok(piece))) => {
                size += piece.len();
                if size as u64 > limits.bytes {
                    return Err(too_large(limits.bytes));
                }
                pieces.push(piece.to_vec());
            }
        }
    }
}

/// The pieces as one; most bodies are.
fn whole(mut pieces: Vec<Vec<u8>>) -> Vec<u8> {
    match pieces.pop() {
        Some(only) if pieces.is_empty() => only,
        Some(last) => {
            pieces.push(last);
            pieces.concat()
        }
        None => Vec::new(),
    }
}

type Piece = Result<Bytes, io::Error>;

fn poll(
    stream: Pin<&mut (impl Stream<Item = Piece> + ?Sized)>,
    cx: &mut Context<'_>,
) -> Poll<Option<Piece>> {
    stream.poll_next(cx)
}

fn broken(detail: &'static str) -> Error {
    Error::malformed(vec![Fault::pointer(
        String::new(),
        "incomplete_body",
        detail,
    )])
}

/// The media type without its parameters, in lower case.
#[must_use]
pub fn media_type(request: &Request) -> Option<String> {
    let mut all = request.headers().get_all(header::CONTENT_TYPE).iter();
    let (Some(value), None) = (all.next(), all.next()) else {
        return None;
    };
    let text = value.to_str().ok()?;
    Some(
        text.split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase(),
    )
}

/// The body as strict JSON.
///
/// # Errors
/// 415, 413, 400.
pub async fn json(request: &mut Request, merge_patch: bool) -> Result<Input, Error> {
    check_json(request, merge_patch)?;
    Input::parse(&bytes(request).await?)
}

/// The body as strict JSON about many records.
///
/// # Errors
/// 415, 413, 400.
pub async fn large_json(request: &mut Request) -> Result<Input, Error> {
    check_json(request, false)?;
    Input::parse_many(&bytes(request).await?)
}

fn check_json(request: &Request, merge_patch: bool) -> Result<(), Error> {
    let accepted = match media_type(request).as_deref() {
        Some("application/json") => true,
        Some("application/merge-patch+json") => merge_patch,
        _ => false,
    };
    if !accepted || request.headers().contains_key(header::CONTENT_ENCODING) {
        let types = if merge_patch {
            "application/json or application/merge-patch+json"
        } else {
            "application/json"
        };
        return Err(Error::new(
            Kind::UnsupportedMedia,
            "unsupported_media_type",
            format!("The body must be {types}, not compressed."),
        ));
    }
    Ok(())
}

/// A body of `application/x-www-form-urlencoded` as fields.
///
/// # Errors
/// 415, 413, 400.
pub async fn form_body(request: &mut Request) -> Result<Vec<(String, String)>, Error> {
    if media_type(request).as_deref() != Some("application/x-www-form-urlencoded")
        || request.headers().contains_key(header::CONTENT_ENCODING)
    {
        return Err(Error::new(
            Kind::UnsupportedMedia,
            "unsupported_media_type",
            "The body must be a form.",
        ));
    }
    form(&bytes(request).await?)
}

/// Most fields of a form or parameters of a query string.
const MAX_FIELDS: usize = 1000;

/// Parses `a=b&c=d` (WHATWG URL, section 5.1).
///
/// # Errors
/// 400 for escapes that are no UTF-8, for NUL, and for too many fields.
pub fn form(text: &[u8]) -> Result<Vec<(String, String)>, Error> {
    let mut fields = Vec::new();
    for pair in text.split(|b| *b == b'&').filter(|p| !p.is_empty()) {
        if fields.len() == MAX_FIELDS {
            return Err(Error::parameter(
                "",
                "too_many_parameters",
                "Too many parameters.",
            ));
        }
        let at = pair.iter().position(|b| *b == b'=').unwrap_or(pair.len());
        let name = decode(&pair[..at])?;
        let value = decode(pair.get(at + 1..).unwrap_or_default())?;
        fields.push((name, value));
    }
    Ok(fields)
}

fn decode(text: &[u8]) -> Result<String, Error> {
    let spaced: Vec<u8> = text
        .iter()
        .map(|b| if *b == b'+' { b' ' } else { *b })
        .collect();
    let bytes: Vec<u8> = percent_encoding::percent_decode(&spaced).collect();
    match String::from_utf8(bytes) {
        Ok(text) if !text.contains('\0') => Ok(text),
        _ => Err(Error::parameter(
            "",
            "encoding",
            "Parameters are UTF-8 text without NUL.",
        )),
    }
}

/// Whether a response of this type is worth compressing.
#[must_use]
pub fn is_text(content_type: &str) -> bool {
    let plain = content_type.split(';').next().unwrap_or_default().trim();
    plain.starts_with("text/")
        || plain.ends_with("json")
        || matches!(plain, "application/javascript" | "image/svg+xml")
}
