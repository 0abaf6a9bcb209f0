//! `import`.

use std::io::Read as _;
use std::path::Path;
use std::process::ExitCode;

use serde_json::Value;

use crate::app::AppBuilder;
use crate::crud::{Context, File, Import};
use crate::query::parse::Format;

use super::{Failure, arguments};

pub(super) async fn import(
    app: AppBuilder,
    command: arguments::Import,
) -> Result<ExitCode, Failure> {
    let file = File {
        format: format(&command)?,
        bytes: read(&command.file)?,
    };
    let parameters = parameters(&command);
    let app = app.build().await?;
    let model = app.engine.registry().by_slug(&command.model);
    let model = model.ok_or_else(|| Failure(format!("there is no model {}", command.model)))?;
    let ctx = Context {
        dry_run: command.dry_run,
        ..Context::operator()
    };
    let import = Import {
        file,
        parameters,
        key: None,
        most: usize::MAX,
    };
    let written = app.engine.import(&ctx, model.id, import).await?;
    let report = serde_json::from_slice(&written.body).map_err(|e| Failure(e.to_string()))?;
    Ok(tell(&report))
}

fn format(command: &arguments::Import) -> Result<Format, Failure> {
    let end = command.file.extension().and_then(|e| e.to_str());
    let name = command.format.as_deref().or(end).unwrap_or_default();
    let mut all = Format::ALL.into_iter();
    let found = all.find(|f| f.name() == name);
    found.ok_or_else(|| Failure("say what the file is: --format csv, ndjson or xlsx".to_owned()))
}

fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    let read = if file == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::stdin()
            .lock()
            .read_to_end(&mut bytes)
            .map(|_| bytes)
    } else {
        std::fs::read(file)
    };
    read.map_err(|e| Failure(format!("cannot read {}: {e}", file.display())))
}

fn parameters(command: &arguments::Import) -> Vec<(String, String)> {
    let mut all = vec![("mode", command.mode.clone())];
    all.extend(command.on.clone().map(|on| ("on", on)));
    all.extend(command.map.iter().map(|map| ("map", map.clone())));
    if command.keep_keys {
        all.push(("keys", "keep".to_owned()));
    }
    if command.good_rows {
        all.push(("atomic", "false".to_owned()));
    }
    let owned = all.into_iter();
    owned.map(|(name, text)| (name.to_owned(), text)).collect()
}

/// Says what was done, or would be, and each fault on a line of its own.
fn tell(report: &Value) -> ExitCode {
    let number = |name: &str| report[name].as_u64().unwrap_or(0);
    let faults = if report["dry_run"] == true {
        println!(
            "{} rows, {} changes; nothing was written",
            number("rows"),
            number("total")
        );
        &report["violations"]
    } else {
        println!(
            "{} rows: {} created, {} updated, {} refused",
            number("rows"),
            number("created"),
            number("updated"),
            number("failed")
        );
        &report["errors"]
    };
    for (column, count) in report["coerced"].as_object().into_iter().flatten() {
        println!("{column}: {count} spelt otherwise than they are written");
    }
    let shown = faults.as_array().map_or(&[][..], Vec::as_slice);
    for fault in shown {
        eprintln!("{}", fault["detail"].as_str().unwrap_or_default());
    }
    let hidden = number("error_count").saturating_sub(shown.len() as u64);
    if hidden > 0 {
        eprintln!("and {hidden} more");
    }
    match shown {
        [] => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}
