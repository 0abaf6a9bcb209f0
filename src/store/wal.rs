//! What a SQLite write-ahead log holds, read as SQLite reads it when it recovers one: up to the last
//! commit before the first frame that is not whole. <https://www.sqlite.org/fileformat2.html#walformat>

use std::collections::BTreeSet;
use std::io::{self, BufReader, ErrorKind, Read};

const HEAD: usize = 32;
const FRAME_HEAD: usize = 24;

/// A log as it counts.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Log {
    /// Bytes of a page.
    pub(super) page_size: u32,
    /// Pages of the database after the last commit.
    pub(super) pages: u32,
    /// Which of the pages after the first so many that were asked about are in the log.
    pub(super) held: BTreeSet<u32>,
}

/// Reads a log; of its pages those are kept that come after the first `known` bytes of the database.
/// `None` if nothing was committed to it.
///
/// # Errors
/// What the file system says.
pub(super) fn read(file: impl Read, known: u64) -> io::Result<Option<Log>> {
    let mut file = BufReader::new(file);
    let mut head = [0; HEAD];
    if !fill(&mut file, &mut head)? {
        return Ok(None);
    }
    let page_size = number(&head, 8);
    let Some(mut sum) = Sum::new(number(&head, 0)) else {
        return Ok(None);
    };
    sum.add(&head[..24]);
    if !sum.is(&head[24..]) || !(512..=65536).contains(&page_size) || !page_size.is_power_of_two() {
        return Ok(None);
    }
    let known = known / u64::from(page_size);
    let mut log = None;
    let (mut held, mut pages) = (BTreeSet::new(), Vec::new());
    let mut frame = vec![0; FRAME_HEAD + page_size as usize];
    while fill(&mut file, &mut frame)? {
        // Of another round of the log, which this one has not overwritten yet.
        if frame[8..16] != head[16..24] {
            break;
        }
        sum.add(&frame[..8]);
        sum.add(&frame[FRAME_HEAD..]);
        if !sum.is(&frame[16..FRAME_HEAD]) {
            break;
        }
        let page = number(&frame, 0);
        if u64::from(page) > known {
            pages.push(page);
        }
        let size = number(&frame, 4);
        if size > 0 {
            held.extend(pages.drain(..));
            log = Some(size);
        }
    }
    Ok(log.map(|pages| Log {
        page_size,
        pages,
        held,
    }))
}

fn number(bytes: &[u8], at: usize) -> u32 {
    let mut four = [0; 4];
    four.copy_from_slice(&bytes[at..at + 4]);
    u32::from_be_bytes(four)
}

/// Whether there was enough to fill the buffer.
fn fill(file: &mut impl Read, buffer: &mut [u8]) -> io::Result<bool> {
    match file.read_exact(buffer) {
        Err(e) if e.kind() == ErrorKind::UnexpectedEof => Ok(false),
        read => read.map(|()| true),
    }
}

/// The sum over a log, which goes on from frame to frame.
struct Sum {
    word: fn([u8; 4]) -> u32,
    sums: (u32, u32),
}

impl Sum {
    /// Adds words of the byte order that the number at the log's beginning names.
    fn new(magic: u32) -> Option<Self> {
        let word = match magic {
            0x377f_0682 => u32::from_le_bytes,
            0x377f_0683 => u32::from_be_bytes,
            _ => return None,
        };
        let sums = (0, 0);
        Some(Self { word, sums })
    }

    fn add(&mut self, bytes: &[u8]) {
        let (mut first, mut second) = self.sums;
        for words in bytes.as_chunks::<4>().0.as_chunks::<2>().0 {
            first = first
                .wrapping_add((self.word)(words[0]))
                .wrapping_add(second);
            second = second
                .wrapping_add((self.word)(words[1]))
                .wrapping_add(first);
        }
        self.sums = (first, second);
    }

    fn is(&self, bytes: &[u8]) -> bool {
        self.sums == (number(bytes, 0), number(bytes, 4))
    }
}
