//! Whether the chain is whole, for those who may see all of the audit.

use serde_json::{Value as Json, json};
use tokio::sync::Semaphore;

use crate::auth::state;
use crate::crud::{Context, Engine};
use crate::error::{Error, Kind};
use crate::model::Verb;

use super::{SealKey, verify};

/// One at a time: it reads the whole of the audit.
static ONE: Semaphore = Semaphore::const_new(1);

/// Verifies the chain, and that `head`, known from a log, is in it: `{"intact", "fault", "rows",
/// "seals", "unsealed", "head"}`.
///
/// # Errors
/// 401, 403, 404 for who may not list the audit and its seals, all of them; 503 while another one is
/// at it.
pub async fn status(engine: &Engine, ctx: &Context, head: Option<&str>) -> Result<Json, Error> {
    for slug in ["qd_audit", "qd_audit_seal"] {
        let model = engine.model(slug)?;
        let scope = engine.scope(ctx, Verb::List, model.id)?;
        if !scope.is_unruled() {
            let detail = "Only who may list every row of the audit verifies its chain.";
            return Err(Error::new(Kind::Forbidden, "forbidden", detail));
        }
    }
    let Ok(_one) = ONE.try_acquire() else {
        let detail = "Somebody else is verifying the chain; try again.";
        return Err(Error::unavailable("busy", detail, 5));
    };
    let db = engine.db();
    let key = state::stored_signing_key(db.reader()).await?;
    let key = key.ok_or_else(|| Error::internal("a server without a signing key"))?;
    Ok(match verify(db, &SealKey::new(&key), head).await? {
        Ok(report) => json!({
            "intact": true,
            "fault": null,
            "rows": report.rows,
            "seals": report.seals,
            "unsealed": report.unsealed,
            "head": report.head,
        }),
        Err(finding) => json!({"intact": false, "fault": finding.to_string()}),
    })
}
