//! `/api/v1/{model}/_import`.

use poem::Response;
use poem::http::{StatusCode, header};

use crate::crud::{File, Import};
use crate::error::{Error, Kind};
use crate::http::{Call, answer, body};
use crate::model::Verb;
use crate::query::parse::Format;

use super::operations;
use super::records::{idempotency_key, replayed, tried};

/// `POST /api/v1/{model}/_import`
///
/// # Errors
/// See [`crate::crud::Engine::import`].
pub async fn import(mut call: Call) -> Result<Response, Error> {
    let model = call.engine.model(&call.param("model"))?.id;
    call.engine.scope(&call.ctx, Verb::Create, model)?;
    let parameters = call.query()?;
    let format = format(&call)?;
    let bytes = body::bytes(&mut call.request).await?;
    let import = Import {
        file: File { format, bytes },
        parameters,
        key: idempotency_key(&call).map(ToOwned::to_owned),
        most: Import::MOST,
    };
    if call.prefers_later() {
        let begun = call.engine.import_later(&call.ctx, model, import).await?;
        return Ok(operations::begun(&begun));
    }
    let written = call.engine.import(&call.ctx, model, import).await?;
    if written.dry_run {
        return Ok(tried(written));
    }
    let again = written.again;
    Ok(replayed(answer::json(StatusCode::OK, written.body), again))
}

/// What the body is, by its media type.
fn format(call: &Call) -> Result<Format, Error> {
    let media_type = body::media_type(&call.request).unwrap_or_default();
    let mut all = Format::ALL.into_iter();
    let format = all.find(|f| f.media_type() == media_type);
    let charset = call.header("content-type").and_then(|text| {
        let mut parameters = text.split(';').skip(1).filter_map(|p| p.split_once('='));
        let found = parameters.find(|(name, _)| name.trim().eq_ignore_ascii_case("charset"));
        found.map(|(_, charset)| charset.trim().trim_matches('"').to_ascii_lowercase())
    });
    let utf8 = charset.is_none_or(|c| c == "utf-8" || c == "us-ascii");
    let plain = !call
        .request
        .headers()
        .contains_key(header::CONTENT_ENCODING);
    format.filter(|_| utf8 && plain).ok_or_else(|| {
        let types = Format::ALL.map(Format::media_type).join(", ");
        let detail = format!("The body must be one of {types}, in UTF-8, not compressed.");
        Error::new(Kind::UnsupportedMedia, "unsupported_media_type", detail)
    })
}
