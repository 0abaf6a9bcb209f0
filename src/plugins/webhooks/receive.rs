//! One delivery: headers, body, signature, then the event goes through the operations as any other
//! record, under an explicit system context.

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use poem::Response;
use poem::http::{StatusCode, header};
use serde_json::json;

use crate::error::{Error, Fault, Kind};
use crate::http::{Call, answer, body};
use crate::model::Input;

use super::Scheme;
use super::secret::{Key, Sources};
use super::signature::{self, Refusal};

/// How a body is kept, for those who read events.
pub(super) const PAYLOAD: &str = "The body. JSON as it is, where every database keeps it exactly; \
                                  else {\"text\": …}, and bytes that are no text {\"base64\": …}.";

/// Headers that say something of the event; no signature, cookie or credential is ever kept.
const KEPT: [&str; 9] = [
    "content-type",
    "user-agent",
    "webhook-id",
    "webhook-timestamp",
    "x-github-delivery",
    "x-github-event",
    "x-github-hook-id",
    "x-github-hook-installation-target-id",
    "x-github-hook-installation-target-type",
];

/// As many characters as the columns have.
const LONGEST: usize = 255;

/// What the headers claim; nothing of it is true before the signature holds.
#[derive(Debug)]
enum Claim {
    Standard {
        id: String,
        timestamp: String,
        signatures: String,
    },
    Github {
        id: String,
        event: String,
        signature: String,
    },
}

/// `POST /api/webhooks/{scheme}/:source`
///
/// # Errors
/// 404 for a source without a secret of this scheme; 400 for headers that are absent or make no
/// sense; 413, 415 for the body; 401 for a signature that does not hold or a stale message.
pub(super) async fn receive(
    sources: Arc<Sources>,
    scheme: Scheme,
    mut call: Call,
) -> Result<Response, Error> {
    let source = call.param("source");
    let keys = sources.keys(&source, scheme).ok_or_else(Error::not_found)?;
    let claim = claim(scheme, &call)?;
    if call
        .request
        .headers()
        .contains_key(header::CONTENT_ENCODING)
    {
        let detail = "The body must not be compressed.";
        let kind = Kind::UnsupportedMedia;
        return Err(Error::new(kind, "unsupported_media_type", detail));
    }
    let bytes = body::bytes(&mut call.request).await?;
    let now = chrono::Utc::now();
    if let Err(refusal) = verify(&keys, &claim, &bytes, now.timestamp()) {
        tracing::info!(source, scheme = scheme.name(), ?refusal, "webhook refused");
        return Err(refused(refusal));
    }
    let (payload, event_type) = match claim {
        Claim::Standard { .. } => {
            let payload = payload(&bytes);
            let named = match payload.get("type") {
                Some(Input::String(name)) if name.chars().count() <= LONGEST => Some(name.clone()),
                _ => None,
            };
            (payload, named)
        }
        Claim::Github { ref event, .. } => (payload(&bytes), Some(event.clone())),
    };
    let (Claim::Standard { id, .. } | Claim::Github { id, .. }) = claim;
    let text = |text: &str| Input::String(text.to_owned());
    let record = Input::Object(vec![
        ("source".to_owned(), text(&source)),
        ("scheme".to_owned(), text(scheme.name())),
        ("event_id".to_owned(), Input::String(id)),
        (
            "event_type".to_owned(),
            event_type.map_or(Input::Null, Input::String),
        ),
        (
            "received_at".to_owned(),
            Input::String(now.to_rfc3339_opts(chrono::SecondsFormat::Micros, true)),
        ),
        ("headers".to_owned(), kept(&call)),
        ("payload".to_owned(), payload),
    ]);
    store(&call, record).await
}

/// Stores the event; that it is there already is a success too, or the sender would never stop.
async fn store(call: &Call, record: Input) -> Result<Response, Error> {
    let model = call.engine.model("webhook_event")?.id;
    let ctx = call.ctx.as_system();
    let status = match call.engine.create(&ctx, model, record).await {
        Ok(_) => "stored",
        Err(error) if error.kind == Kind::Conflict && error.code == "unique" => "duplicate",
        Err(error) => return Err(error),
    };
    Ok(answer::json_value(
        StatusCode::OK,
        &json!({ "status": status }),
    ))
}

fn verify(keys: &[&Key], claim: &Claim, body: &[u8], now: i64) -> Result<(), Refusal> {
    match claim {
        Claim::Standard {
            id,
            timestamp,
            signatures,
        } => signature::standard(keys, (id, timestamp), body, (signatures, now)),
        Claim::Github { signature, .. } => signature::github(keys, body, signature),
    }
}

fn refused(refusal: Refusal) -> Error {
    let (code, detail) = match refusal {
        Refusal::Signature => (
            "invalid_signature",
            "The signature was not made with this source's secret over this body.",
        ),
        Refusal::Stale => (
            "stale_timestamp",
            "The timestamp is more than 5 minutes off.",
        ),
    };
    Error::new(Kind::Unauthenticated, code, detail)
}

/// Reads the headers of a scheme, every fault at once.
fn claim(scheme: Scheme, call: &Call) -> Result<Claim, Error> {
    let mut faults = Vec::new();
    let mut text = |name: &str, valid: fn(&str) -> bool| {
        let value = call.header(name).unwrap_or_default();
        if value.is_empty() {
            let detail = format!("The header {name} must be there once.");
            faults.push(Fault::parameter(name, "required", detail));
        } else if !valid(value) {
            let detail = format!("The header {name} has no valid form.");
            faults.push(Fault::parameter(name, "invalid", detail));
        }
        value.to_owned()
    };
    let claim = match scheme {
        Scheme::Standard => Claim::Standard {
            // The points between id, timestamp and body are not escaped: with one in the id, one
            // signature would fit several messages.
            id: text("webhook-id", |id| id.len() <= LONGEST && !id.contains('.')),
            timestamp: text("webhook-timestamp", |t| {
                t.len() <= 12 && t.bytes().all(|b| b.is_ascii_digit())
            }),
            signatures: text("webhook-signature", |_| true),
        },
        Scheme::Github => Claim::Github {
            id: text("X-GitHub-Delivery", |id| id.len() <= LONGEST),
            event: text("X-GitHub-Event", |event| event.len() <= LONGEST),
            signature: text("X-Hub-Signature-256", |_| true),
        },
    };
    if faults.is_empty() {
        Ok(claim)
    } else {
        Err(Error::malformed(faults))
    }
}

fn kept(call: &Call) -> Input {
    let known = KEPT.iter().filter_map(|name| {
        let value = call.header(name)?;
        Some(((*name).to_owned(), Input::String(value.to_owned())))
    });
    Input::Object(known.collect())
}

/// A signed body is never refused for its form: what a JSON column cannot keep as it is (a key
/// twice, a number of thirty digits, NUL) is kept as the text that was sent.
fn payload(bytes: &[u8]) -> Input {
    match Input::parse(bytes) {
        Ok(json) if json != Input::Null && !json.contains_nul() && json.to_json().is_ok() => json,
        _ => {
            let (name, text) = match std::str::from_utf8(bytes) {
                Ok(text) if !text.contains('\0') => ("text", text.to_owned()),
                _ => ("base64", BASE64.encode(bytes)),
            };
            Input::Object(vec![(name.to_owned(), Input::String(text))])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(body: &[u8]) -> String {
        payload(body).to_json().unwrap().to_string()
    }

    #[test]
    fn a_body_is_kept_as_json_as_text_or_as_bytes_and_never_changed() {
        for (body, kept) in [
            (&br#"{"b":1,"a":[1.50]}"#[..], r#"{"b":1,"a":[1.5]}"#),
            (b"[1]", "[1]"),
            (b"null", r#"{"text":"null"}"#),
            (b"", r#"{"text":""}"#),
            (b"payload=%7B%7D", r#"{"text":"payload=%7B%7D"}"#),
            (br#"{"a":1,"a":2}"#, r#"{"text":"{\"a\":1,\"a\":2}"}"#),
            (br#"{"a":"\u0000"}"#, r#"{"text":"{\"a\":\"\\u0000\"}"}"#),
            (
                b"[123456789012345678901234567890]",
                r#"{"text":"[123456789012345678901234567890]"}"#,
            ),
            (b"a\0b", r#"{"base64":"YQBi"}"#),
            (b"\xff\xfe", r#"{"base64":"//4="}"#),
        ] {
            assert_eq!(shown(body), kept);
        }
    }
}
