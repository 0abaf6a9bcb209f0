//! `audit`.

use std::process::ExitCode;

use crate::app::AppBuilder;
use crate::audit::{SealKey, verify};
use crate::auth::state;
use crate::store::Db;

use super::Failure;
use super::arguments::Audit;

/// Only connects: what looks for traces must leave none, so nothing is migrated or mended.
pub(super) async fn audit(app: &AppBuilder, command: Audit) -> Result<ExitCode, Failure> {
    let Audit::Verify { head } = command;
    let db = app.connect_to_existing().await?;
    let key = key(&db).await?;
    let found = verify(&db, &key, head.as_deref()).await?;
    db.close().await;
    let report = found.map_err(|finding| Failure(finding.to_string()))?;
    println!(
        "{} rows in {} seals, head {}",
        report.rows, report.seals, report.head
    );
    if report.unsealed > 0 {
        println!("{} rows are not sealed yet", report.unsealed);
    }
    Ok(ExitCode::SUCCESS)
}

/// The key that the seals of this database are signed with.
pub(super) async fn key(db: &Db) -> Result<SealKey, Failure> {
    let key = state::stored_signing_key(db.reader()).await?;
    let key = key.ok_or_else(|| {
        Failure("no signing key: no server was started on this database, or it was removed".into())
    })?;
    Ok(SealKey::new(&key))
}
