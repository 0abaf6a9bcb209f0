//! The files that exports write when nobody waits for them: in one folder, each under a name that no
//! other has, for some hours. Nodes, and databases too, may share the folder: what is too old is told
//! by its own time, and nothing is touched that is not called as these are.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use chrono::TimeDelta;
use quarterdeck_entity::system::operation;
use serde_json::{Value as Json, json};
use tokio::fs::File;
use tokio::io::AsyncWriteExt as _;

use crate::crud::export::Export;
use crate::crud::{Context, Engine, Written};
use crate::error::{Error, Kind};
use crate::model::value;
use crate::query::parse::Format;
use crate::store::now;

use super::Operations;

/// The end of the name of a file that is still being written.
const PART: &str = ".part";

/// Where the files are, for how long, and how large they may be together.
#[derive(Debug, Clone)]
pub struct Files {
    /// The folder; made when it is first needed.
    pub folder: PathBuf,
    /// How long a file is kept.
    pub kept: Duration,
    /// Most bytes of all of them.
    pub limit: u64,
}

/// The file of an export, open for reading.
#[derive(Debug)]
pub struct Fetched {
    /// A name for it.
    pub name: String,
    /// What it is.
    pub format: Format,
    /// Its length in bytes.
    pub bytes: u64,
    /// The file.
    pub file: File,
}

/// A file on its way; gone again unless it is finished.
struct Unfinished {
    part: PathBuf,
    whole: PathBuf,
    finished: bool,
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if !self.finished {
            let _ = std::fs::remove_file(&self.part);
        }
    }
}

impl Engine {
    /// Writes an export into a file; what is told of it.
    pub(super) async fn export_to_file(
        &self,
        ctx: &Context,
        mut export: Export,
    ) -> Result<Written, Error> {
        let progress = ctx.operation.as_ref();
        let progress = progress.ok_or_else(|| Error::internal("an export without an operation"))?;
        let place = Operations::place(&self.exports, progress).await?;
        let (name, format) = (export.file_name(), export.format);
        export.progress = Some(Arc::clone(progress));
        let files = &self.operations.files;
        let bytes = tokio::select! {
            biased;
            why = progress.stopping() => Err(why),
            written = async {
                let pieces = export.start_at(place).await?;
                let whole = files.path(&self.operations.node, progress.id, format);
                files.write(whole, pieces).await
            } => written,
        }?;
        let kept = TimeDelta::from_std(files.kept).unwrap_or(TimeDelta::MAX);
        let until = now().checked_add_signed(kept);
        let told = json!({ "file": {
            "name": name,
            "format": format.name(),
            "media_type": format.content_type(),
            "bytes": bytes,
            "expires_at": until.and_then(|at| value::to_text(&at.into())),
        }});
        Ok(Written {
            body: told.to_string().into_bytes(),
            ..Written::default()
        })
    }

    /// The file of an export that is done, for who began it, with the same rights as then, and through
    /// the same token if it was one.
    ///
    /// # Errors
    /// 401; 404 for what is not there or not the caller's; 409 when it has no file, or not yet; 403
    /// when the caller may see other records or fields now; 404 when the file is gone.
    pub async fn operation_file(&self, ctx: &Context, id: i64) -> Result<Fetched, Error> {
        let row = self.own(ctx, id).await?;
        let told = row.result.as_ref().map(|r| &r["file"]);
        let told = told.filter(|_| row.kind == "export" && row.state == "done");
        let told = told.ok_or_else(|| {
            let detail = "This operation has no file, or not yet.";
            Error::new(Kind::Conflict, "no_file", detail)
        })?;
        let model = self.model(row.model.as_deref().unwrap_or_default())?.id;
        if row.rights != Some(self.rights_to_read(ctx, model)?) {
            let detail = "What you may see has changed since; export it again.";
            return Err(Error::new(Kind::Forbidden, "rights_changed", detail));
        }
        self.operations.files.fetch(&row, told).await.map_err(|e| {
            let detail = "The file is not kept any more, or another node has it; export it again.";
            Error::new(Kind::NotFound, "file_gone", detail).because(e)
        })
    }
}

impl Files {
    fn path(&self, node: &str, id: i64, format: Format) -> PathBuf {
        self.folder.join(format!("{node}-{id}.{}", format.name()))
    }

    async fn fetch(&self, row: &operation::Model, told: &Json) -> io::Result<Fetched> {
        let text = |name: &str| told[name].as_str().unwrap_or_default();
        let mut all = Format::ALL.into_iter();
        let format = all.find(|f| f.name() == text("format"));
        let format = format.ok_or(io::ErrorKind::NotFound)?;
        let file = File::open(self.path(&row.node, row.id, format)).await?;
        let metadata = file.metadata().await?;
        if self.is_old(&metadata) {
            return Err(io::ErrorKind::NotFound.into());
        }
        Ok(Fetched {
            name: text("name").to_owned(),
            format,
            bytes: metadata.len(),
            file,
        })
    }

    /// Writes the pieces into a file; its length.
    async fn write(&self, whole: PathBuf, mut pieces: crate::crud::Pieces) -> Result<u64, Error> {
        let mut unfinished = Unfinished {
            part: PathBuf::from(format!("{}{PART}", whole.display())),
            whole,
            finished: false,
        };
        let (files, part) = (self.clone(), unfinished.part.clone());
        let made = tokio::task::spawn_blocking(move || files.make(&part)).await;
        let (file, used) = made.map_err(Error::internal)?.map_err(no_room)?;
        let (mut file, mut bytes) = (File::from_std(file), 0);
        while let Some(piece) = pieces.next().await {
            let piece = piece?;
            bytes += piece.len() as u64;
            if used.saturating_add(bytes) > self.limit {
                return Err(no_room(io::ErrorKind::QuotaExceeded.into()));
            }
            file.write_all(&piece).await.map_err(no_room)?;
        }
        file.flush().await.map_err(no_room)?;
        drop(file);
        let moved = tokio::fs::rename(&unfinished.part, &unfinished.whole).await;
        moved.map_err(no_room)?;
        unfinished.finished = true;
        Ok(bytes)
    }

    /// Makes an empty file that nobody else may read; and how many bytes there are in all the others.
    fn make(&self, path: &Path) -> io::Result<(std::fs::File, u64)> {
        let mut folder = std::fs::DirBuilder::new();
        let mut file = std::fs::OpenOptions::new();
        #[cfg(unix)]
        {
            use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
            folder.mode(0o700);
            file.mode(0o600);
        }
        folder.recursive(true).create(&self.folder)?;
        let used = self.ours()?.iter().map(|(_, of)| of.len()).sum();
        Ok((file.write(true).create_new(true).open(path)?, used))
    }

    /// The files here that are called as these are.
    fn ours(&self) -> io::Result<Vec<(PathBuf, std::fs::Metadata)>> {
        let mut found = Vec::new();
        for entry in std::fs::read_dir(&self.folder)? {
            let entry = entry?;
            let is_ours = entry.file_name().to_str().is_some_and(is_ours);
            // Another node may remove it meanwhile.
            if is_ours && let Ok(of) = entry.metadata() {
                found.push((entry.path(), of));
            }
        }
        Ok(found)
    }

    fn is_old(&self, of: &std::fs::Metadata) -> bool {
        let written = of.modified().unwrap_or(SystemTime::UNIX_EPOCH);
        written.elapsed().is_ok_and(|age| age > self.kept)
    }

    /// Removes what is too old; what cannot be removed is tried again.
    pub(super) async fn sweep(&self) {
        let files = self.clone();
        let swept = tokio::task::spawn_blocking(move || {
            super::uploads::sweep(&files.folder);
            let mut ours = files.ours().unwrap_or_default();
            ours.retain(|(_, of)| files.is_old(of));
            for (path, _) in ours {
                if let Err(error) = std::fs::remove_file(&path) {
                    tracing::warn!(path = %path.display(), %error, "an old file was not removed");
                }
            }
        });
        let _ = swept.await;
    }
}

/// Whether a file is called `<node>-<number>.<format>`, finished or not.
fn is_ours(name: &str) -> bool {
    let name = name.strip_suffix(PART).unwrap_or(name);
    let parts = name.split_once('.').and_then(|(stem, format)| {
        let (node, id) = stem.rsplit_once('-')?;
        Some((node, id, format))
    });
    parts.is_some_and(|(node, id, format)| {
        uuid::Uuid::parse_str(node).is_ok()
            && id.parse::<u64>().is_ok()
            && Format::ALL.iter().any(|f| f.name() == format)
    })
}

/// 503: the file cannot be written.
fn no_room(error: io::Error) -> Error {
    let detail = "There is no room for the file now; ask for less, or later.";
    Error::new(Kind::Unavailable, "no_room", detail).because(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_what_is_old_and_called_as_ours_is_removed() {
        let folder = tempfile::TempDir::new().unwrap();
        let files = Files {
            folder: folder.path().to_owned(),
            kept: Duration::ZERO,
            limit: 1,
        };
        let node = uuid::Uuid::now_v7();
        let ours = [format!("{node}-7.csv"), format!("{node}-8.xlsx.part")];
        let others = [
            format!("{node}-7.txt"),
            format!("{node}.csv"),
            "notes-7.csv".to_owned(),
            "report.csv".to_owned(),
        ];
        let write = |name: &String| std::fs::write(folder.path().join(name), "x").unwrap();
        ours.iter().chain(&others).for_each(write);
        std::thread::sleep(Duration::from_millis(2));
        let patient = Files {
            kept: Duration::from_secs(60),
            ..files.clone()
        };
        patient.sweep().await;
        assert_eq!(files.ours().unwrap().len(), 2);
        files.sweep().await;
        assert!(files.ours().unwrap().is_empty());
        for name in &others {
            assert!(folder.path().join(name).exists(), "{name}");
        }
    }
}
