//! `/api/v1/_audit/chain`: whether the audit is whole.

use poem::Response;
use poem::http::StatusCode;

use crate::audit::status;
use crate::error::Error;
use crate::http::{Call, answer};

/// `GET /api/v1/_audit/chain`, which takes `head`.
///
/// # Errors
/// 401, 403, 404 for who may not see all of the audit; 400 for other parameters; 503 while another one
/// is at it.
pub async fn chain(call: Call) -> Result<Response, Error> {
    let query = call.query()?;
    if let Some((name, _)) = query.iter().find(|(name, _)| name != "head") {
        let detail = format!("There is no parameter {name:?} here; allowed: head.");
        return Err(Error::parameter(name, "unknown_parameter", detail));
    }
    let head = query.first().map(|(_, head)| head.as_str());
    let body = status(&call.engine, &call.ctx, head).await?;
    Ok(answer::json_value(StatusCode::OK, &body))
}
