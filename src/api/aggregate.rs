//! `/api/v1/{model}/_aggregate`.

use poem::Response;

use crate::error::Error;
use crate::http::{Call, answer};
use crate::model::Verb;

/// `GET /api/v1/{model}/_aggregate`
///
/// # Errors
/// See [`crate::crud::Engine::aggregate`].
pub async fn aggregate(call: Call) -> Result<Response, Error> {
    let model = call.engine.model(&call.param("model"))?.id;
    call.engine.scope(&call.ctx, Verb::List, model)?;
    let parameters = call.query()?;
    let body = call.engine.aggregate(&call.ctx, model, &parameters).await?;
    let etag = crate::crud::entity_tag(&body);
    Ok(answer::tagged(call.request.headers(), body, &etag))
}
