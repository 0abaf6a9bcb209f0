//! What a client asks for beside the request itself: `Prefer` (RFC 7240), and why it writes.

use poem::Request;
use poem::http::{HeaderMap, Method};

use crate::error::{Error, Fault};

/// Longest text of `Change-Reason`, in characters.
const REASON: usize = 500;

/// Whether `Prefer` holds this preference.
#[must_use]
pub fn prefers(headers: &HeaderMap, preference: &str) -> bool {
    let all = headers.get_all("prefer").iter();
    all.filter_map(|v| v.to_str().ok())
        .flat_map(|text| text.split(','))
        .any(|p| p.trim().eq_ignore_ascii_case(preference))
}

/// Whether a write is only to be tried (`Prefer: dry-run`), and the caller's reason for it
/// (`Change-Reason`, UTF-8).
///
/// # Errors
/// 400 for a reason that is too long or no text, and for a dry run of what knows none: it would be
/// done.
pub fn of_writes(request: &Request) -> Result<(bool, Option<String>), Error> {
    let safe = matches!(
        *request.method(),
        Method::GET | Method::HEAD | Method::OPTIONS
    );
    let dry_run = !safe && prefers(request.headers(), "dry-run");
    if dry_run && !request.uri().path().starts_with("/api/v1/") {
        return Err(Error::parameter(
            "Prefer",
            "dry_run_unknown",
            "There is no dry run of this request.",
        ));
    }
    let Some(given) = request.headers().get("change-reason") else {
        return Ok((dry_run, None));
    };
    let text = std::str::from_utf8(given.as_bytes()).ok();
    let text = text.filter(|t| t.chars().count() <= REASON && !t.chars().any(char::is_control));
    match text {
        Some(text) => Ok((dry_run, Some(text.to_owned()).filter(|t| !t.is_empty()))),
        None => Err(Error::malformed(vec![Fault::parameter(
            "Change-Reason",
            "change_reason",
            format!("Change-Reason is a line of text, at most {REASON} characters."),
        )])),
    }
}
