//! `migrate`.

use std::process::ExitCode;

use quarterdeck_migration as migration;

use crate::app::AppBuilder;

use super::Failure;
use super::arguments::Migrate;

pub(super) async fn migrate(
    mut app: AppBuilder,
    action: Option<Migrate>,
) -> Result<ExitCode, Failure> {
    let db = app.connect().await?;
    let list = app.take_migrations();
    let failed = |e: sea_orm::DbErr| Failure(format!("a migration failed: {e}"));
    match action.unwrap_or(Migrate::Up) {
        Migrate::Up => {
            let done = migration::up(db.migrations(), list).await.map_err(failed)?;
            for name in &done {
                println!("applied {name}");
            }
            if done.is_empty() {
                println!("nothing to do");
            }
        }
        Migrate::Down => {
            let done = migration::down(db.migrations(), list, Some(1))
                .await
                .map_err(failed)?;
            for name in &done {
                println!("took back {name}");
            }
            if done.is_empty() {
                println!("nothing to do");
            }
        }
        Migrate::Status => {
            for step in migration::status(db.migrations(), &list)
                .await
                .map_err(failed)?
            {
                let state = match step.state {
                    migration::State::Applied => "applied",
                    migration::State::Pending => "pending",
                    migration::State::Unlisted => "applied, but not part of this program",
                };
                println!("{:<50} {state}", step.name);
            }
        }
    }
    db.close().await;
    Ok(ExitCode::SUCCESS)
}
