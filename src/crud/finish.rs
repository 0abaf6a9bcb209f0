//! A write that has begun is finished, whoever still waits for it (D16).

use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use crate::error::Error;

/// Runs where it is awaited; a runtime's task takes it over only when the awaiter goes away. So the
/// usual write never crosses to another thread.
pub(super) struct Finish<T: Send + 'static>(Option<BoxFuture<'static, Result<T, Error>>>);

impl<T: Send + 'static> Finish<T> {
    /// Finishes `work`; a panic in it is an internal error.
    pub(super) fn new(work: impl Future<Output = Result<T, Error>> + Send + 'static) -> Self {
        let caught = AssertUnwindSafe(work).catch_unwind();
        let work = caught.map(|ended| ended.unwrap_or_else(|panic| Err(panicked(&*panic))));
        Self(Some(work.boxed()))
    }
}

fn panicked(panic: &(dyn std::any::Any + Send)) -> Error {
    let text = panic
        .downcast_ref::<&str>()
        .map(|s| (*s).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned());
    Error::internal(format!("panicked: {}", text.unwrap_or_default()))
}

impl<T: Send + 'static> Future for Finish<T> {
    type Output = Result<T, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(work) = &mut self.0 else {
            return Poll::Ready(Err(Error::internal("awaited again after its end")));
        };
        let ended = std::task::ready!(work.as_mut().poll(context));
        self.0 = None;
        Poll::Ready(ended)
    }
}

impl<T: Send + 'static> Drop for Finish<T> {
    fn drop(&mut self) {
        if let (Some(work), Ok(runtime)) = (self.0.take(), tokio::runtime::Handle::try_current()) {
            runtime.spawn(work);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn d16_work_whose_awaiter_went_away_is_finished() {
        let (go, gone) = oneshot::channel::<()>();
        let (done, ended) = oneshot::channel();
        let work = Finish::new(async move {
            gone.await.map_err(Error::internal)?;
            done.send("done").map_err(Error::internal)
        });
        let waited = tokio::time::timeout(Duration::from_millis(10), work).await;
        assert!(waited.is_err());
        go.send(()).unwrap();
        assert_eq!(ended.await, Ok("done"));
    }

    #[tokio::test]
    async fn d17_a_panic_is_an_error_with_its_text_for_the_log() {
        let refused = Finish::<()>::new(async { panic!("out of {}", "luck") }).await;
        let error = refused.unwrap_err();
        assert!(format!("{:?}", error.source).contains("out of luck"));
        assert!(!error.problem("r").to_string().contains("luck"));
    }
}
