//! `/api/v1/{model}/_export`.

use std::io;
use std::sync::Arc;

use futures_util::stream;
use poem::http::{Method, StatusCode, header};
use poem::{Body, Response};

use crate::crud::Pieces;
use crate::error::Error;
use crate::http::{Call, answer};
use crate::model::Verb;

use super::operations;

/// `GET /api/v1/{model}/_export`. What fails after the first bytes breaks the connection: what has
/// arrived then cannot be taken for the whole file.
///
/// # Errors
/// See [`crate::crud::Engine::export`].
pub async fn export(call: Call) -> Result<Response, Error> {
    let model = call.engine.model(&call.param("model"))?.id;
    call.engine.scope(&call.ctx, Verb::List, model)?;
    let parameters = call.query()?;
    if call.prefers_later() && *call.request.method() == Method::GET {
        let begun = call.engine.export_later(&call.ctx, model, &parameters);
        return Ok(operations::begun(&begun.await?));
    }
    let export = call.engine.export(&call.ctx, model, &parameters)?;
    let (media_type, name) = (export.format.content_type(), export.file_name());
    let body = if *call.request.method() == Method::HEAD {
        Body::empty()
    } else {
        body(
            export.start().await?,
            Arc::from(call.ctx.request_id.as_str()),
        )
    };
    let response = Response::builder().status(StatusCode::OK);
    let response = answer::streamed(response.content_type(media_type).body(body));
    // A slug has letters, digits and underscores only.
    let disposition = format!("attachment; filename=\"{name}\"");
    Ok(answer::with(
        response,
        header::CONTENT_DISPOSITION,
        &disposition,
    ))
}

fn body(pieces: Pieces, request_id: Arc<str>) -> Body {
    Body::from_bytes_stream(stream::unfold(pieces, move |mut pieces| {
        let request_id = Arc::clone(&request_id);
        async move {
            let next = pieces.next().await?;
            let next = next.map_err(|error| {
                tracing::error!(request_id = &*request_id, error = ?error, "an export broke off");
                io::Error::other("an export broke off")
            });
            Some((next, pieces))
        }
    }))
}
