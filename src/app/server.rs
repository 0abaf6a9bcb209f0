//! Listening: connections with bounds on their number, headers and idle time, and an orderly end.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use poem::http::uri::Scheme;
use poem::web::{LocalAddr, RemoteAddr};
use poem::{Addr, Endpoint as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, oneshot};

use crate::crud::Engine;

use super::App;
use super::guard::Guarded;
use super::threshold::Threshold;

/// Most headers of a request, and most bytes of them all.
const MAX_HEADERS: usize = 64;
const HEADER_BYTES: usize = 16 * 1024;

/// The longest that the end of the server waits for the audit's sealer, which keeps to less itself.
const SEALING_ENDS: Duration = Duration::from_secs(2);

impl App {
    /// Answers requests on `listener` until `stop` is ready, then finishes what is in flight, for at
    /// most the configured time.
    pub async fn serve(&self, listener: TcpListener, stop: impl Future<Output = ()>) {
        let threshold = Arc::new(Threshold::new(self));
        let graceful = GracefulShutdown::new();
        let slots = Arc::new(Semaphore::new(self.config.server.max_connections));
        let watching = {
            let identity = Arc::clone(&self.identity);
            tokio::spawn(async move { identity.watch().await })
        };
        let (end, ended) = oneshot::channel::<()>();
        let sealer = self.sealer();
        let mut sealing = tokio::spawn(sealer.run(async move { drop(ended.await) }));
        let purging = tokio::spawn(purge(Arc::clone(&self.engine)));
        let sweeping = tokio::spawn(sweep(Arc::clone(&self.engine)));
        let local = listener.local_addr().ok();
        let mut stop = std::pin::pin!(stop);
        loop {
            let accepted = tokio::select! {
                () = &mut stop => break,
                accepted = accept(&listener, &slots) => accepted,
            };
            let Some((stream, peer, slot)) = accepted else {
                continue;
            };
            let _ = stream.set_nodelay(true);
            let connection = connection(&self.config.server, &threshold, (stream, peer, local));
            let connection = graceful.watch(connection);
            tokio::spawn(async move {
                if let Err(error) = connection.await {
                    tracing::debug!(peer = %peer, error = %error, "connection ended");
                }
                drop(slot);
            });
        }
        drop(listener);
        tokio::select! {
            () = graceful.shutdown() => {}
            () = tokio::time::sleep(self.config.server.shutdown) => {
                tracing::warn!("requests were still running at the end of shutdown_seconds");
            }
        }
        self.engine.stop_operations().await;
        watching.abort();
        purging.abort();
        sweeping.abort();
        // The last writes are over: the sealer looks once more, in a time of its own.
        drop(end);
        if tokio::time::timeout(SEALING_ENDS, &mut sealing)
            .await
            .is_err()
        {
            sealing.abort();
        }
    }
}

/// Empties the trashes of what has been there for too long: a minute after the start, which has better to
/// do, and every hour then.
async fn purge(engine: Arc<Engine>) {
    let first = tokio::time::Instant::now() + Duration::from_secs(60);
    let mut hours = tokio::time::interval_at(first, Duration::from_secs(60 * 60));
    loop {
        hours.tick().await;
        match engine.purge_old().await {
            Ok(0) => {}
            Ok(records) => tracing::info!(records, "deleted for good from the trash"),
            Err(error) => tracing::warn!(%error, "the trash could not be emptied"),
        }
    }
}

/// Marks what a process that died has left running, and forgets what has long ended.
async fn sweep(engine: Arc<Engine>) {
    let mut looks = tokio::time::interval(Duration::from_secs(30));
    let mut start = true;
    loop {
        looks.tick().await;
        if let Err(error) = engine.sweep_operations(start).await {
            tracing::warn!(%error, "the operations could not be looked through");
            continue;
        }
        start = false;
    }
}

type Accepted = Option<(TcpStream, SocketAddr, tokio::sync::OwnedSemaphorePermit)>;

async fn accept(listener: &TcpListener, slots: &Arc<Semaphore>) -> Accepted {
    let slot = Arc::clone(slots).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, peer)) => Some((stream, peer, slot)),
        Err(error) => {
            // Out of file descriptors, most often: wait for some to come free, do not spin (D10).
            tracing::warn!(error = %error, "accept failed");
            tokio::time::sleep(Duration::from_millis(50)).await;
            None
        }
    }
}

/// The body of poem's answers.
type BoxBody = http_body_util::combinators::BoxBody<hyper::body::Bytes, std::io::Error>;

type Connection = auto::Connection<'static, TokioIo<Guarded>, Service, TokioExecutor>;

fn connection(
    settings: &crate::config::Server,
    threshold: &Arc<Threshold>,
    (stream, peer, local): (TcpStream, SocketAddr, Option<SocketAddr>),
) -> Connection {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        // Counts from the end of the answer before; a head that has begun is timed by `Guarded`.
        .header_read_timeout(settings.header_timeout.max(settings.keep_alive))
        .max_headers(MAX_HEADERS)
        .max_buf_size(HEADER_BYTES.max(8192))
        .keep_alive(true);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(100)
        .max_pending_accept_reset_streams(20)
        .max_local_error_reset_streams(100)
        .max_header_list_size(u32::try_from(HEADER_BYTES).unwrap_or(u32::MAX))
        .keep_alive_interval(settings.keep_alive)
        .keep_alive_timeout(settings.header_timeout);
    let service = Service {
        threshold: Arc::clone(threshold),
        peer,
        local,
    };
    let stream = Guarded::new(stream, settings.header_timeout, settings.keep_alive);
    builder
        .serve_connection(TokioIo::new(stream), service)
        .into_owned()
}

/// hyper's view of the threshold.
#[derive(Clone)]
struct Service {
    threshold: Arc<Threshold>,
    peer: SocketAddr,
    local: Option<SocketAddr>,
}

impl hyper::service::Service<hyper::Request<Incoming>> for Service {
    type Response = hyper::Response<BoxBody>;
    type Error = std::convert::Infallible;
    type Future =
        std::pin::Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn call(&self, request: hyper::Request<Incoming>) -> Self::Future {
        let threshold = Arc::clone(&self.threshold);
        let remote = RemoteAddr(Addr::SocketAddr(self.peer));
        let local = LocalAddr(Addr::SocketAddr(self.local.unwrap_or(self.peer)));
        Box::pin(async move {
            let request: poem::Request = (request, local, remote, Scheme::HTTP).into();
            Ok(threshold.get_response(request).await.into())
        })
    }
}
