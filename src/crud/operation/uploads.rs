//! Files that were sent to be imported, kept for a while between the steps of a door that asks more
//! than once. They are in the folder of the operations' files, each under a name that says whose it
//! is; nobody else can fetch it.

use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use uuid::Uuid;

use crate::crud::{Context, Engine, File};
use crate::error::{Error, Kind};
use crate::model::{ModelId, Verb};
use crate::query::parse::Format;

/// The beginning of the names.
const PREFIX: &str = "upload-";
/// How long a file is kept.
const KEPT: Duration = Duration::from_secs(3_600);
/// How many files each user may have here; the oldest makes room.
const EACH: usize = 3;

/// What the name of a file tells.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Name {
    user: i64,
    model: String,
    id: Uuid,
    format: Format,
}

impl Name {
    fn file(&self) -> String {
        let Self {
            user, model, id, ..
        } = self;
        format!("{PREFIX}{user}-{model}-{id}.{}", self.format.name())
    }

    /// Reads the name of a file; none of ours is called otherwise.
    fn parse(name: &str) -> Option<Self> {
        let (user, rest) = name.strip_prefix(PREFIX)?.split_once('-')?;
        let (model, rest) = rest.split_once('-')?;
        let (id, format) = rest.split_once('.')?;
        let read = Self {
            user: user.parse().ok()?,
            model: model.to_owned(),
            id: Uuid::parse_str(id).ok()?,
            format: Format::named(format)?,
        };
        (read.file() == name).then_some(read)
    }
}

impl Engine {
    /// Keeps a file for an import into a model: what it is called from then on.
    ///
    /// # Errors
    /// 401, 403, 404 as an import; 503 when there is no room.
    pub async fn keep_upload(
        &self,
        ctx: &Context,
        model: ModelId,
        file: File,
    ) -> Result<String, Error> {
        let name = self.upload_name(ctx, model, (Uuid::new_v4(), file.format))?;
        let (folder, limit) = (
            self.operations.files.folder.clone(),
            self.operations.files.limit,
        );
        let called = format!("{}.{}", name.id, name.format.name());
        let kept = tokio::task::spawn_blocking(move || keep(&folder, &name, &file.bytes, limit));
        kept.await.map_err(Error::internal)?.map_err(no_room)?;
        Ok(called)
    }

    /// The file of that name, for who sent it for this model.
    ///
    /// # Errors
    /// 401, 403, 404 as an import; 404 for what is not kept any more, or is another's.
    pub async fn upload(&self, ctx: &Context, model: ModelId, called: &str) -> Result<File, Error> {
        let gone = || {
            let detail = "The file is not kept any more; send it again.";
            Error::new(Kind::NotFound, "file_gone", detail)
        };
        let named = called.split_once('.').and_then(|(id, format)| {
            let id = Uuid::parse_str(id)
                .ok()
                .filter(|read| read.to_string() == id)?;
            Some((id, Format::named(format)?))
        });
        let name = self.upload_name(ctx, model, named.ok_or_else(gone)?)?;
        let path = self.operations.files.folder.join(name.file());
        let read = tokio::task::spawn_blocking(move || match is_old(&path) {
            false => std::fs::read(&path),
            true => Err(io::ErrorKind::NotFound.into()),
        });
        let bytes = read.await.map_err(Error::internal)?;
        Ok(File {
            format: name.format,
            bytes: bytes.map_err(|error| gone().because(error))?,
        })
    }

    fn upload_name(
        &self,
        ctx: &Context,
        model: ModelId,
        (id, format): (Uuid, Format),
    ) -> Result<Name, Error> {
        self.scope(ctx, Verb::Create, model)?;
        let user = ctx.principal.user.as_ref();
        Ok(Name {
            user: user
                .map(|user| user.id)
                .ok_or_else(Error::unauthenticated)?,
            model: self.registry.model(model).slug.clone(),
            id,
            format,
        })
    }
}

/// Writes a file that nobody else may read, when there is room among the others.
fn keep(folder: &Path, name: &Name, bytes: &[u8], limit: u64) -> io::Result<()> {
    let mut made = std::fs::DirBuilder::new();
    let mut file = std::fs::OpenOptions::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
        made.mode(0o700);
        file.mode(0o600);
    }
    made.recursive(true).create(folder)?;
    let mut own = all(folder)?;
    own.retain(|(of, ..)| of.user == name.user);
    own.sort_by_key(|(_, _, written, _)| *written);
    for (_, path, ..) in own.iter().take((own.len() + 1).saturating_sub(EACH)) {
        std::fs::remove_file(path)?;
    }
    let used: u64 = all(folder)?.iter().map(|(.., bytes)| bytes).sum();
    if used.saturating_add(bytes.len() as u64) > limit {
        return Err(io::ErrorKind::QuotaExceeded.into());
    }
    let path = folder.join(name.file());
    let mut open = file.write(true).create_new(true).open(&path)?;
    let written = io::Write::write_all(&mut open, bytes);
    if written.is_err() {
        let _ = std::fs::remove_file(&path);
    }
    written
}

/// The files here: whose, where, since when, how large.
fn all(folder: &Path) -> io::Result<Vec<(Name, PathBuf, SystemTime, u64)>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_str().and_then(Name::parse);
        // Another node may remove it meanwhile.
        if let (Some(name), Ok(of)) = (name, entry.metadata()) {
            let written = of.modified().unwrap_or(SystemTime::UNIX_EPOCH);
            found.push((name, entry.path(), written, of.len()));
        }
    }
    Ok(found)
}

fn is_old(path: &Path) -> bool {
    let written = std::fs::metadata(path).and_then(|of| of.modified());
    written.is_ok_and(|at| at.elapsed().is_ok_and(|age| age > KEPT))
}

/// Removes what is too old.
pub(super) fn sweep(folder: &Path) {
    for (_, path, ..) in all(folder).unwrap_or_default() {
        if is_old(&path)
            && let Err(error) = std::fs::remove_file(&path)
        {
            tracing::warn!(path = %path.display(), %error, "an old file was not removed");
        }
    }
}

/// 503: the file cannot be kept.
fn no_room(error: io::Error) -> Error {
    let detail = "There is no room for the file now; try again later.";
    Error::new(Kind::Unavailable, "no_room", detail).because(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(user: i64) -> Name {
        Name {
            user,
            model: "order_line".to_owned(),
            id: Uuid::new_v4(),
            format: Format::Csv,
        }
    }

    #[test]
    fn a_name_says_whose_a_file_is_and_no_other_name_is_ours() {
        let own = name(7);
        assert_eq!(Name::parse(&own.file()), Some(own.clone()));
        let file = own.file();
        for other in [
            file.replace("upload-7", "upload-07"),
            format!("{file}.part"),
            file.to_uppercase(),
        ] {
            assert_eq!(Name::parse(&other), None, "{other}");
        }
    }

    #[test]
    fn each_user_has_a_few_files_and_all_together_so_many_bytes() {
        let folder = tempfile::TempDir::new().unwrap();
        let at = folder.path();
        let names: Vec<Name> = (0..5).map(|_| name(7)).collect();
        for name in &names {
            keep(at, name, b"1234567890", 1_000).unwrap();
            std::thread::sleep(Duration::from_millis(20));
        }
        keep(at, &name(8), b"1234567890", 1_000).unwrap();
        let left = |n: &Name| at.join(n.file()).exists();
        assert_eq!(
            names.iter().map(left).collect::<Vec<_>>(),
            [false, false, true, true, true]
        );
        assert!(keep(at, &name(9), b"12", 41).is_err());
        assert_eq!(all(at).unwrap().len(), 4);
        sweep(at);
        assert_eq!(all(at).unwrap().len(), 4, "none is old");
    }
}
