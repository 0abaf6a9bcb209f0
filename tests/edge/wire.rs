//! Requests written byte by byte, for what no client library would send.

use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::house::app::TestApp;

/// Longer than anything here takes; only a hang reaches it.
const NEVER: Duration = Duration::from_secs(60);

/// A connection.
pub(super) struct Wire {
    stream: TcpStream,
    read: Vec<u8>,
}

/// One answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) head: String,
    pub(super) body: String,
}

impl Answer {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    pub(super) fn code(&self) -> String {
        let problem: Value = serde_json::from_str(&self.body).unwrap_or_default();
        problem["code"].as_str().unwrap_or_default().to_owned()
    }
}

impl Wire {
    pub(super) async fn open(app: &TestApp) -> Self {
        let stream = TcpStream::connect(app.address).await.expect("connected");
        stream.set_nodelay(true).expect("no delay");
        let read = Vec::new();
        Self { stream, read }
    }

    /// Writes; the server may have closed already, which the answer will tell.
    pub(super) async fn send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.stream.write_all(bytes.as_ref()).await.is_ok()
    }

    /// Says that nothing more will come.
    pub(super) async fn finish(&mut self) {
        self.stream.shutdown().await.ok();
    }

    /// Reads more; whether there was any.
    async fn more(&mut self) -> bool {
        let mut piece = [0; 16_384];
        let read = tokio::time::timeout(NEVER, self.stream.read(&mut piece)).await;
        match read.expect("an answer or an end") {
            Ok(0) | Err(_) => false,
            Ok(n) => {
                self.read.extend_from_slice(&piece[..n]);
                true
            }
        }
    }

    /// The next answer, which must have a `Content-Length`; `None` when the connection ends first.
    pub(super) async fn answer(&mut self) -> Option<Answer> {
        let end = loop {
            if let Some(at) = self.read.windows(4).position(|w| w == b"\r\n\r\n") {
                break at;
            }
            if !self.more().await {
                return None;
            }
        };
        let head = String::from_utf8(self.read[..end].to_vec()).expect("a head");
        let status: u16 = head[9..12].parse().expect("a status");
        let mut answer = Answer {
            status,
            head,
            body: String::new(),
        };
        let length = match answer.header("content-length") {
            Some(text) => text.parse().expect("a length"),
            None => 0,
        };
        let whole = end + 4 + length;
        while self.read.len() < whole && self.more().await {}
        let whole = whole.min(self.read.len());
        answer.body = String::from_utf8_lossy(&self.read[end + 4..whole]).into_owned();
        self.read.drain(..whole);
        Some(answer)
    }

    /// Waits until the server ends the connection.
    pub(super) async fn end(&mut self) {
        while self.more().await {}
    }
}

/// One request on a connection of its own.
pub(super) async fn once(app: &TestApp, bytes: impl AsRef<[u8]>) -> Option<Answer> {
    let mut wire = Wire::open(app).await;
    wire.send(bytes).await;
    wire.answer().await
}

/// The text of a request's head, with our `Host` unless it is among the headers.
pub(super) fn head(app: &TestApp, line: &str, headers: &[&str]) -> String {
    let mut text = format!("{line}\r\n");
    if !headers
        .iter()
        .any(|h| h.to_ascii_lowercase().starts_with("host:"))
    {
        text.push_str(&format!("Host: {}\r\n", app.address));
    }
    for header in headers {
        text.push_str(header);
        text.push_str("\r\n");
    }
    text.push_str("\r\n");
    text
}
