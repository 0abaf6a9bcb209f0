//! The time-out of SQLite's statements.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use sqlx::sqlite::SqliteConnection;

/// SQLite has no time-out of its own: it asks, every few thousand steps of its machine, whether to
/// go on.
#[derive(Debug, Clone)]
pub(super) struct Patience {
    epoch: Instant,
    limit: Duration,
    /// Microseconds after the epoch at which the running statement is to end.
    deadline: Arc<AtomicU64>,
}

/// Steps of SQLite's machine between two questions: some tens of microseconds.
const STEPS: i32 = 5_000;

impl Patience {
    pub(super) fn new(limit: Duration) -> Self {
        Self {
            epoch: Instant::now(),
            limit,
            deadline: Arc::new(AtomicU64::new(u64::MAX)),
        }
    }

    pub(super) async fn watch(&self, connection: &mut SqliteConnection) -> sqlx::Result<()> {
        let watch = self.clone();
        let mut handle = connection.lock_handle().await?;
        handle.set_progress_handler(STEPS, move || {
            micros(watch.epoch.elapsed()) < watch.deadline.load(Ordering::Relaxed)
        });
        Ok(())
    }

    pub(super) fn begin(&self) {
        let deadline = micros(self.epoch.elapsed().saturating_add(self.limit));
        self.deadline.store(deadline, Ordering::Relaxed);
    }

    pub(super) fn suspend(&self) {
        self.deadline.store(u64::MAX, Ordering::Relaxed);
    }

    pub(super) fn end(&self) {
        self.deadline.store(0, Ordering::Relaxed);
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
