//! Log lines: on standard error, as text or JSON, with control characters escaped.
//!
//! Lines are gathered in memory and written together, at the latest after `PAUSE`: one system call
//! for each line of the access log would cost more than most requests do.

use std::io::{self, Write};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use parking_lot::Mutex;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use crate::config::{Log, LogFormat};

/// The longest time a line stays in memory.
const PAUSE: Duration = Duration::from_millis(100);
/// The size at which gathered lines are written at once.
const FULL: usize = 32 * 1024;

static LINES: OnceLock<Lines> = OnceLock::new();

/// Starts logging for this process; a second call changes nothing.
pub fn start(settings: &Log) {
    let filter = EnvFilter::try_new(&settings.level).unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = LINES.get_or_init(Lines::default).clone();
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(lines.clone())
        .with_ansi(false);
    let started = match settings.format {
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
        LogFormat::Text => builder.try_init(),
    };
    if started.is_ok() {
        std::thread::spawn(move || {
            loop {
                std::thread::sleep(PAUSE);
                lines.flush();
            }
        });
    }
}

/// Writes what is still in memory: at the end of the process, and after a panic.
pub fn flush() {
    if let Some(lines) = LINES.get() {
        lines.flush();
    }
}

/// The gathered lines.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    fn flush(&self) {
        let lines = std::mem::take(&mut *self.0.lock());
        if !lines.is_empty() {
            // A log that cannot be written must not stop the server.
            let _ = io::stderr().write_all(&lines);
        }
    }
}

impl Write for Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let full = {
            let mut lines = self.0.lock();
            lines.extend_from_slice(line);
            lines.len() >= FULL
        };
        if full {
            Lines::flush(self);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}
