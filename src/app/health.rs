//! Whether the process and what it needs are well: open to everybody, and silent about versions.

use poem::Response;
use poem::http::StatusCode;
use serde_json::json;

use crate::error::Error;
use crate::http::{Call, answer};

/// `GET /health`: for people and load balancers; says nothing about versions.
pub(super) async fn health(call: Call) -> Result<Response, Error> {
    let database = call.engine.db().ping().await.is_ok();
    let (status, code) = if database {
        ("healthy", StatusCode::OK)
    } else {
        ("unhealthy", StatusCode::SERVICE_UNAVAILABLE)
    };
    let body = json!({
        "status": status,
        "services": {"database": if database { "connected" } else { "disconnected" }},
        "timestamp": chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Millis, true),
    });
    Ok(answer::json_value(code, &body))
}

/// `GET /healthz`: the process answers.
pub(super) async fn healthz(_: Call) -> Result<Response, Error> {
    Ok(answer::json(StatusCode::OK, br#"{"status":"ok"}"#.to_vec()))
}

/// `GET /readyz`: the database answers too.
pub(super) async fn readyz(call: Call) -> Result<Response, Error> {
    call.engine.db().ping().await?;
    Ok(answer::json(StatusCode::OK, br#"{"status":"ok"}"#.to_vec()))
}
