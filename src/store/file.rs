//! The files of a SQLite database before they are opened: whether all its pages are in one of them.
//! SQLite itself reads a page that its file has no more as zeros, and when it closes the file it writes
//! that into it, so that nothing tells afterwards that it was cut off.

use std::fs::{self, File};
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::error::Error;

use super::failure;
use super::wal;

/// The byte whose page SQLite keeps for its locks, and never writes.
const LOCK_BYTE: u64 = 1 << 30;

/// How often files are looked at once more that another process may be writing at that moment.
const LOOKS: u32 = 5;

/// Refuses a database of which something is in no file. One that is not there yet is whole.
///
/// # Errors
/// `damaged`; what the file system says.
pub(super) async fn check(database: &Path) -> Result<(), Error> {
    let mut look = 1;
    loop {
        match missing(database) {
            Ok(Some(_)) if look < LOOKS => tokio::time::sleep(Duration::from_millis(20)).await,
            Ok(Some(what)) => return Err(failure::damaged(what)),
            Err(e) if e.kind() != ErrorKind::NotFound => {
                let detail = "The database cannot be read.";
                return Err(Error::unavailable("database", detail, 5).because(e));
            }
            Ok(None) | Err(_) => return Ok(()),
        }
        look += 1;
    }
}

/// What is in no file.
fn missing(database: &Path) -> std::io::Result<Option<String>> {
    // The log first: what is taken out of it meanwhile is in the file by then.
    let log = match File::open(log(database)) {
        Ok(file) => wal::read(file, fs::metadata(database)?.len())?,
        Err(e) if e.kind() == ErrorKind::NotFound => None,
        Err(e) => return Err(e),
    };
    let length = fs::metadata(database)?.len();
    let Some(log) = log else {
        return alone(database, length);
    };
    if length == 0 {
        // SQLite would take the log away.
        return Ok(Some("the file is empty, and its log is not".to_owned()));
    }
    let size = u64::from(log.page_size);
    let gone = (length / size + 1..=u64::from(log.pages)).find(|page| {
        let is_held = u32::try_from(*page).is_ok_and(|page| log.held.contains(&page));
        !is_held && *page != LOCK_BYTE / size + 1
    });
    Ok(gone.map(|page| format!("page {page} is neither in the file nor in its log")))
}

/// Without a log SQLite compares the number of pages itself, but takes the rest of the last one for zeros,
/// and a file that is shorter than any page for none.
fn alone(database: &Path, length: u64) -> std::io::Result<Option<String>> {
    let what = match length {
        0 => None,
        1..512 => Some("the file ends in its first page"),
        _ => {
            let mut head = [0; 18];
            File::open(database)?.read_exact(&mut head)?;
            // 65,536 has no room in two bytes, and is 1 there.
            let size = match u16::from_be_bytes([head[16], head[17]]) {
                1 => 65536,
                size => u64::from(size),
            };
            let is_cut = size > 0 && !length.is_multiple_of(size);
            is_cut.then_some("the file ends in the middle of a page")
        }
    };
    Ok(what.map(str::to_owned))
}

fn log(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push("-wal");
    name.into()
}
