//! `check`, `doctor`, `config`, `openapi`.

use std::process::ExitCode;

use crate::app::AppBuilder;
use crate::auth::accounts;
use crate::check::Severity;
use crate::config::Config;

use super::Failure;

pub(super) fn check(app: &AppBuilder) -> ExitCode {
    let findings = app.check();
    for finding in &findings {
        println!("{finding}");
    }
    if findings.iter().any(|f| f.severity == Severity::Error) {
        return ExitCode::FAILURE;
    }
    println!("no errors");
    ExitCode::SUCCESS
}

pub(super) async fn doctor(mut app: AppBuilder) -> Result<ExitCode, Failure> {
    let code = check(&app);
    let db = app.connect_to_existing().await?;
    println!("database: connected ({:?})", db.backend());
    let faults = db.faults().await?;
    if !faults.is_empty() {
        let faults = faults.join("\n  ");
        return Err(Failure(format!("the database is damaged:\n  {faults}")));
    }
    let list = app.take_migrations();
    let steps = quarterdeck_migration::status(db.migrations(), &list).await;
    let steps = steps.map_err(|e| Failure(e.to_string()))?;
    let pending = steps
        .iter()
        .filter(|s| s.state == quarterdeck_migration::State::Pending)
        .count();
    println!("migrations: {} known, {pending} pending", steps.len());
    if pending == 0 {
        let users = accounts::any(&db).await?;
        println!(
            "users: {}",
            if users {
                "there are some"
            } else {
                "none yet; `serve` prints a link"
            }
        );
    }
    db.close().await;
    Ok(code)
}

pub(super) fn config(config: &Config) {
    for setting in config.explain() {
        println!(
            "{:<32} {:<40} {}",
            setting.name, setting.value, setting.source
        );
    }
}

pub(super) async fn openapi(app: AppBuilder, user: Option<String>) -> Result<ExitCode, Failure> {
    let app = app.build().await?;
    let principal = match user {
        None => crate::acl::Principal::system(),
        Some(name) => {
            let found = accounts::by_name(app.engine.db(), &name).await?;
            let id = found
                .map(|u| u.id)
                .ok_or_else(|| Failure(format!("there is no user {name}")))?;
            let user = accounts::active(app.engine.db(), id).await?;
            let user = user.ok_or_else(|| Failure(format!("{name} is suspended")))?;
            crate::acl::Principal {
                user: Some((*user).clone()),
                ..Default::default()
            }
        }
    };
    let ctx = crate::crud::Context {
        principal: principal.into(),
        ..crate::crud::Context::operator()
    };
    println!("{:#}", app.documents().build(&app.engine, &ctx));
    Ok(ExitCode::SUCCESS)
}
