//! [`Guarded`]: a connection that is watched while hyper reads and writes it. It ends clients that
//! send a head too slowly, or never, or that do not take their answer, and heads that two readers
//! could read differently ([`super::framing`]). What requests mean is not decided here.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep};

use super::framing::Framing;

/// How long a client that is still sending may go on after the last answer, so that it gets to read
/// that answer: bytes that nobody has read make the system throw the connection away.
const LINGER: Duration = Duration::from_millis(500);

/// What hyper reads in the place of what is refused: no head and no chunk may have NUL, and only at
/// the end of a head does hyper look. It answers 400 and closes.
const POISON: &[u8] = b"\0\r\n\r\n";

/// What is being waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Waiting {
    Nothing,
    Head,
    Reader,
    End,
}

/// A watched connection.
#[derive(Debug)]
pub(super) struct Guarded {
    stream: TcpStream,
    framing: Framing,
    /// What is left of the poison once the bytes were refused; then nothing more is read.
    poison: Option<&'static [u8]>,
    waiting: Waiting,
    timer: Pin<Box<Sleep>>,
    head: Duration,
    stall: Duration,
}

impl Guarded {
    /// Watches a connection: `head` is the longest time for a head, `stall` the longest pause of
    /// a client that has an answer to take.
    pub(super) fn new(stream: TcpStream, head: Duration, stall: Duration) -> Self {
        Self {
            stream,
            framing: Framing::new(),
            poison: None,
            waiting: Waiting::Nothing,
            timer: Box::pin(sleep(head)),
            head,
            stall,
        }
    }

    /// Waits for something at most so long; the wait begins when it is first called for it.
    fn wait(&mut self, cx: &mut Context<'_>, what: Waiting, longest: Duration) -> Poll<()> {
        if self.waiting != what {
            self.waiting = what;
            self.timer.as_mut().reset(Instant::now() + longest);
        }
        self.timer.as_mut().poll(cx)
    }

    fn done(&mut self, what: Waiting) {
        if self.waiting == what {
            self.waiting = Waiting::Nothing;
        }
    }

    /// Looks at what was read.
    fn look(&mut self, buffer: &mut ReadBuf<'_>, from: usize) {
        if buffer.filled().len() == from {
            return;
        }
        if let Err(refused) = self.framing.look(&buffer.filled()[from..]) {
            buffer.set_filled(from + refused.at);
            self.poison = Some(give(POISON, buffer));
        }
        if self.framing.has_begun() && !self.framing.is_in_head() {
            self.done(Waiting::Head);
        }
    }

    fn written<T>(
        &mut self,
        cx: &mut Context<'_>,
        outcome: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if outcome.is_ready() {
            self.done(Waiting::Reader);
            return outcome;
        }
        let stall = self.stall;
        ready!(self.wait(cx, Waiting::Reader, stall));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

/// Gives what there is room for; the rest.
fn give(bytes: &'static [u8], buffer: &mut ReadBuf<'_>) -> &'static [u8] {
    let (now, later) = bytes.split_at(bytes.len().min(buffer.remaining()));
    buffer.put_slice(now);
    later
}

impl AsyncRead for Guarded {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if let Some(rest) = this.poison {
            this.poison = Some(give(rest, buffer));
            return Poll::Ready(Ok(()));
        }
        let from = buffer.filled().len();
        match Pin::new(&mut this.stream).poll_read(cx, buffer) {
            Poll::Ready(Ok(())) => this.look(buffer, from),
            Poll::Ready(Err(e)) => return Poll::Ready(Err(e)),
            // Between two requests the connection is idle, and hyper's timer counts.
            Poll::Pending if !this.framing.has_begun() || this.framing.is_in_head() => {
                let head = this.head;
                ready!(this.wait(cx, Waiting::Head, head));
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
            Poll::Pending => return Poll::Pending,
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Guarded {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let outcome = Pin::new(&mut this.stream).poll_write(cx, bytes);
        this.written(cx, outcome)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let outcome = Pin::new(&mut this.stream).poll_write_vectored(cx, bytes);
        this.written(cx, outcome)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(Pin::new(&mut this.stream).poll_shutdown(cx))?;
        if this.poison.is_none() && !this.framing.is_in_request() {
            return Poll::Ready(Ok(()));
        }
        let mut waste = [0; 8_192];
        while this.wait(cx, Waiting::End, LINGER).is_pending() {
            let mut waste = ReadBuf::new(&mut waste);
            ready!(Pin::new(&mut this.stream).poll_read(cx, &mut waste))?;
            if waste.filled().is_empty() {
                break;
            }
        }
        Poll::Ready(Ok(()))
    }
}
