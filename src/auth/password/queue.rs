//! Runs heavy work on the blocking pool: a few at once, some waiting, the rest sent away.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{PasswordError, whole_seconds};

/// A bounded queue before a bounded number of workers.
#[derive(Debug)]
pub(super) struct Queue {
    permits: usize,
    places: usize,
    workers: Arc<Semaphore>,
    taken: Arc<AtomicUsize>,
    last_micros: Arc<AtomicU64>,
}

/// A place in the queue or at work; given back when it is dropped.
#[derive(Debug)]
struct Place(Arc<AtomicUsize>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

/// One of the few that are at work; it ends when it is dropped.
#[derive(Debug)]
pub(super) struct Turn {
    worker: OwnedSemaphorePermit,
    place: Place,
    last_micros: Arc<AtomicU64>,
}

impl Turn {
    /// Does the work. Worker and place are held by the work itself: a caller that goes away does not make
    /// room for more while its hash is still being computed.
    pub(super) async fn run<T: Send + 'static>(
        self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, PasswordError> {
        let task = tokio::task::spawn_blocking(move || {
            let started = Instant::now();
            let result = work();
            let micros = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
            self.last_micros.store(micros, Ordering::Relaxed);
            drop((self.worker, self.place));
            result
        });
        task.await.map_err(|e| PasswordError::Failed(e.to_string()))
    }
}

impl Queue {
    pub(super) fn new(permits: usize, waiting: usize) -> Self {
        let permits = permits.clamp(1, Semaphore::MAX_PERMITS);
        Self {
            permits,
            places: permits.saturating_add(waiting),
            workers: Arc::new(Semaphore::new(permits)),
            taken: Arc::default(),
            last_micros: Arc::default(),
        }
    }

    pub(super) fn permits(&self) -> usize {
        self.permits
    }

    /// Waits for a turn, or says when to come back.
    pub(super) async fn turn(&self) -> Result<Turn, PasswordError> {
        let place = self.enter()?;
        let worker = Arc::clone(&self.workers).acquire_owned().await;
        Ok(Turn {
            worker: worker.map_err(|e| PasswordError::Failed(e.to_string()))?,
            place,
            last_micros: Arc::clone(&self.last_micros),
        })
    }

    fn enter(&self) -> Result<Place, PasswordError> {
        let free = |taken: usize| (taken < self.places).then_some(taken + 1);
        match self
            .taken
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, free)
        {
            Ok(_) => Ok(Place(Arc::clone(&self.taken))),
            Err(_) => Err(PasswordError::Busy {
                retry_after_seconds: self.drain_seconds(),
            }),
        }
    }

    /// How long the full queue takes at the pace of the last piece of work.
    fn drain_seconds(&self) -> u64 {
        let rounds = u64::try_from(self.places.div_ceil(self.permits)).unwrap_or(u64::MAX);
        let micros = self
            .last_micros
            .load(Ordering::Relaxed)
            .saturating_mul(rounds);
        whole_seconds(Duration::from_micros(micros))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use futures_util::FutureExt;

    use super::*;

    async fn seven(queue: &Queue) -> Result<i32, PasswordError> {
        queue.turn().await?.run(|| 7).await
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn r02_workers_and_waiters_are_bounded_and_the_rest_is_sent_away() {
        let queue = Arc::new(Queue::new(2, 3));
        let (at_work, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (open, gate) = mpsc::channel::<()>();
        let gate = Arc::new(std::sync::Mutex::new(gate));
        let tasks: Vec<_> = (0..5)
            .map(|_| {
                let (queue, gate) = (Arc::clone(&queue), Arc::clone(&gate));
                let (at_work, most) = (Arc::clone(&at_work), Arc::clone(&most));
                tokio::spawn(async move {
                    let work = move || {
                        most.fetch_max(
                            at_work.fetch_add(1, Ordering::SeqCst) + 1,
                            Ordering::SeqCst,
                        );
                        gate.lock().unwrap().recv().unwrap();
                        at_work.fetch_sub(1, Ordering::SeqCst);
                    };
                    queue.turn().await?.run(work).await
                })
            })
            .collect();
        while queue.taken.load(Ordering::SeqCst) < 5 {
            tokio::task::yield_now().await;
        }
        for _ in 0..100 {
            let sent_away = queue.turn().now_or_never();
            let busy = PasswordError::Busy {
                retry_after_seconds: 1,
            };
            assert_eq!(sent_away.map(Result::unwrap_err), Some(busy));
        }
        for _ in 0..5 {
            open.send(()).unwrap();
        }
        for task in tasks {
            assert_eq!(task.await.unwrap(), Ok(()));
        }
        assert!(most.load(Ordering::SeqCst) <= 2);
        assert_eq!(seven(&queue).await, Ok(7), "the places were given back");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn r02_a_caller_that_leaves_keeps_its_place_until_its_work_is_done() {
        let queue = Arc::new(Queue::new(1, 0));
        let (open, gate) = mpsc::channel::<()>();
        let (started, begun) = tokio::sync::oneshot::channel();
        let busy = Arc::clone(&queue);
        let task = tokio::spawn(async move {
            let work = move || {
                started.send(()).unwrap();
                gate.recv().unwrap();
            };
            busy.turn().await?.run(work).await
        });
        begun.await.unwrap();
        task.abort();
        assert!(task.await.unwrap_err().is_cancelled());
        let sent_away = queue.turn().now_or_never();
        assert!(matches!(sent_away, Some(Err(PasswordError::Busy { .. }))));
        open.send(()).unwrap();
        while queue.taken.load(Ordering::SeqCst) > 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(seven(&queue).await, Ok(7));
    }

    #[tokio::test]
    async fn a_panic_at_work_frees_the_place() {
        let queue = Queue::new(1, 0);
        let turn = queue.turn().await.unwrap();
        let failed = turn.run(|| panic!("on purpose")).await;
        assert!(matches!(failed, Err(PasswordError::Failed(_))));
        assert_eq!(seven(&queue).await, Ok(7));
    }
}
