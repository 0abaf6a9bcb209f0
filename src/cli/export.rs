//! `export`.

use std::io::{ErrorKind, Write as _};
use std::process::ExitCode;

use crate::app::AppBuilder;
use crate::crud::Context;
use crate::http::body;

use super::Failure;
use super::arguments::Export;

pub(super) async fn export(app: AppBuilder, command: Export) -> Result<ExitCode, Failure> {
    // A database that is not there is a wrong address, and not an empty file to be taken for the truth.
    app.connect_to_existing().await?.close().await;
    let app = app.build().await?;
    let engine = &app.engine;
    let model = engine.registry().by_slug(&command.model);
    let model = model.ok_or_else(|| Failure(format!("there is no model {}", command.model)))?;
    let mut parameters = body::form(command.conditions.as_bytes())?;
    parameters.push(("format".to_owned(), command.format));
    let export = engine.export(&Context::operator(), model.id, &parameters)?;
    let mut pieces = export.start().await?;
    let mut out = std::io::stdout().lock();
    let written = |e: std::io::Error| match e.kind() {
        // Whoever reads has had enough, as `head` has.
        ErrorKind::BrokenPipe => Failure(String::new()),
        _ => Failure(format!("cannot write: {e}")),
    };
    while let Some(piece) = pieces.next().await {
        out.write_all(&piece?).map_err(written)?;
    }
    out.flush().map_err(written)?;
    Ok(ExitCode::SUCCESS)
}
