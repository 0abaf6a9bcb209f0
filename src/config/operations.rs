//! Section `[operations]`: what is done while nobody waits, and the files it leaves.

use std::path::PathBuf;
use std::time::Duration;

use super::reader::Reader;

const HOUR: Duration = Duration::from_secs(3_600);

/// What operations leave.
#[derive(Clone, Debug)]
pub struct Operations {
    /// Where the files of exports are.
    pub folder: PathBuf,
    /// How long each is kept.
    pub kept: Duration,
    /// Most bytes of all of them.
    pub files_limit: u64,
}

impl Operations {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            folder: reader.text("operations.folder", PathBuf::new(), |text| match text {
                "" => Err("expected the path of a folder".to_owned()),
                path => Ok(PathBuf::from(path)),
            }),
            kept: reader.span("operations.file_hours", HOUR, 8_760.0),
            files_limit: reader.bytes("operations.files_limit", 0..=1_000_000_000_000_000),
        }
    }
}
