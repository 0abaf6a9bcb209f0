//! `backup`.

use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use sea_orm::DbBackend;

use crate::app::AppBuilder;
use crate::audit::{Report, SealKey, verify};
use crate::store::{Db, now};

use super::Failure;
use super::audit::key;

/// What means something else in the address of a SQLite database.
const SPECIAL: &AsciiSet = &CONTROLS.add(b'%').add(b'?').add(b'#');

/// Copies the database of one moment, and looks whether what was copied is whole before it is called
/// by its name: what has the name is good.
pub(super) async fn backup(app: &AppBuilder, file: &Path) -> Result<ExitCode, Failure> {
    let began = Instant::now();
    let db = app.connect_to_existing().await?;
    let instead = match db.backend() {
        DbBackend::Sqlite => None,
        DbBackend::Postgres => Some("PostgreSQL: use pg_dump"),
        _ => Some("MariaDB or MySQL: use mariadb-dump --single-transaction"),
    };
    if let Some(instead) = instead {
        return Err(Failure(format!(
            "backup copies SQLite databases; this one is {instead}"
        )));
    }
    let key = key(&db).await?;
    let failed = |e: std::io::Error| Failure(format!("{}: {e}", file.display()));
    if file.exists() {
        return Err(failed(std::io::ErrorKind::AlreadyExists.into()));
    }
    let folder = file.parent().filter(|folder| *folder != Path::new(""));
    let folder = folder.unwrap_or(Path::new("."));
    // Nobody else may read it; it goes away again unless it is kept.
    let part = tempfile::Builder::new().suffix(".part").tempfile_in(folder);
    let part = part.map_err(failed)?;
    let moment = now();
    let copied = db.copy_into(part.path()).await;
    db.close().await;
    copied?;
    let report = look(app, part.path(), &key).await?;
    part.as_file().sync_all().map_err(failed)?;
    let bytes = part.as_file().metadata().map_err(failed)?.len();
    part.persist_noclobber(file).map_err(|e| failed(e.error))?;
    // The name is on the disk only when its folder is.
    #[cfg(unix)]
    std::fs::File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(failed)?;
    println!(
        "{}: {bytes} bytes, as of {}, written and looked over in {:.1} s",
        file.display(),
        moment.to_rfc3339_opts(chrono::SecondsFormat::Millis, true),
        began.elapsed().as_secs_f64()
    );
    println!(
        "{} audit rows in {} seals, head {}; {} not sealed yet",
        report.rows, report.seals, report.head, report.unsealed
    );
    Ok(ExitCode::SUCCESS)
}

/// Opens the copy as a server would, and reads all of it.
async fn look(app: &AppBuilder, copy: &Path, key: &SealKey) -> Result<Report, Failure> {
    let name = copy.to_str().unwrap_or_default();
    let url = format!("sqlite://{}", utf8_percent_encode(name, SPECIAL));
    let db = app.connect_to(&url).await?;
    let report = whole(&db, key).await;
    db.close().await;
    report
}

async fn whole(db: &Db, key: &SealKey) -> Result<Report, Failure> {
    let faults = db.faults().await?;
    if !faults.is_empty() {
        let faults = faults.join("\n  ");
        return Err(Failure(format!(
            "no backup was made, the database is damaged:\n  {faults}"
        )));
    }
    let found = verify(db, key, None).await?;
    found.map_err(|finding| Failure(format!("no backup was made: {finding}")))
}
