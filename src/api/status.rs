//! `GET /api/v1/_status`: how this server fares, for superusers.

use std::sync::Arc;

use chrono::{DateTime, SecondsFormat, Utc};
use poem::Response;
use poem::http::StatusCode;
use serde_json::{Value as Json, json};

use crate::error::Error;
use crate::http::{Call, answer};
use crate::metrics::{Metrics, Minute};

/// `GET /api/v1/_status`
///
/// # Errors
/// 401 for nobody, 403 for all but superusers.
pub async fn status(call: Call) -> Result<Response, Error> {
    if call.ctx.principal.is_anonymous() {
        return Err(Error::unauthenticated());
    }
    if !call.ctx.principal.is_superuser() {
        return Err(Error::forbidden("see the state of the server"));
    }
    let metrics = call.request.data::<Arc<Metrics>>();
    let metrics = metrics.ok_or_else(|| Error::internal("a request without metrics"))?;
    let connected = call.engine.db().ping().await.is_ok();
    let body = json!({
        "version": env!("CARGO_PKG_VERSION"),
        "started_at": time(metrics.started()),
        "database": {"kind": call.engine.db().kind(), "connected": connected},
        "minutes": metrics.recent().iter().map(minute).collect::<Vec<_>>(),
    });
    Ok(answer::json_value(StatusCode::OK, &body))
}

fn minute(of: &Minute) -> Json {
    let at = i64::try_from(of.minute * 60).unwrap_or_default();
    let at = DateTime::from_timestamp(at, 0).unwrap_or_default();
    json!({"at": time(at), "requests": of.requests, "failures": of.failures})
}

fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}
