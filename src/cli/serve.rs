//! `serve`.

use std::process::ExitCode;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::timeout;

use crate::config::Config;

use super::arguments::Serve;
use super::{Failure, Project};

/// The longest that closing the database may take: nothing that was committed depends on it.
const CLOSING: Duration = Duration::from_secs(10);

pub(super) async fn serve(
    project: Project,
    config: Config,
    command: Serve,
) -> Result<ExitCode, Failure> {
    if command.demo && project.demo.is_none() {
        return Err(Failure(format!("{} has no demo", project.name)));
    }
    let bind = config.server.bind;
    // Before anything is migrated or filled: a port that is taken must not cost a half start.
    let listener = TcpListener::bind(bind)
        .await
        .map_err(|e| Failure(format!("cannot listen on {bind}: {e}")))?;
    let app = project.builder(config, command.demo).build().await?;
    for finding in app.findings() {
        tracing::warn!(
            id = finding.id,
            place = finding.place,
            "{}",
            finding.message
        );
    }
    if let (Some((_, fill)), true) = (&project.demo, command.demo) {
        for line in fill(app.clone()).await? {
            println!("{line}");
        }
    }
    let address = listener.local_addr().unwrap_or(bind);
    let base = app
        .config
        .server
        .public_url
        .clone()
        .unwrap_or_else(|| format!("http://{address}"));
    if let Some(path) = app.setup_path().await? {
        println!("Make the first user within 30 minutes: {base}{path}");
    }
    println!("{} is ready at {base}", project.name);
    let mut terminate = signal(SignalKind::terminate()).map_err(|e| Failure(e.to_string()))?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(|e| Failure(e.to_string()))?;
    app.serve(listener, async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
    .await;
    let closed = app.engine.db().clone().close();
    if timeout(CLOSING, closed).await.is_err() {
        tracing::warn!("the connections to the database were not closed in time");
    }
    Ok(ExitCode::SUCCESS)
}
