//! Rows as lines: csv and ndjson, straight from the driver's row into the piece that is sent.

use std::sync::Arc;

use sea_orm::QueryResult;
use tokio::sync::mpsc;

use crate::crud::Progress;
use crate::error::Error;
use crate::model::{Kind, value};
use crate::query::parse::Format;
use crate::store::row;
use crate::store::stream::Sink;

use super::{Export, PIECE, Piece};

/// The lines that have been written and not sent.
pub(super) struct Lines {
    json: bool,
    /// Each column's kind, and what stands before its cell.
    columns: Vec<(Vec<u8>, Kind)>,
    buffer: Vec<u8>,
    sender: mpsc::Sender<Piece>,
    progress: Option<Arc<Progress>>,
}

impl Lines {
    pub(super) fn new(export: &Export, sender: mpsc::Sender<Piece>) -> Self {
        let columns = &export.columns;
        let json = export.format == Format::Ndjson;
        let mut buffer = Vec::with_capacity(PIECE + PIECE / 8);
        if !json {
            for (i, column) in columns.0.iter().enumerate() {
                if i > 0 {
                    buffer.push(b',');
                }
                row::csv::write(&mut buffer, column.name.as_bytes());
            }
            buffer.extend_from_slice(b"\r\n");
        }
        let before = |i: usize, name: &str| {
            let mut before = Vec::new();
            match (json, i) {
                (false, 0) => {}
                (false, _) => before.push(b','),
                (true, _) => {
                    before.push(if i == 0 { b'{' } else { b',' });
                    value::write_string(&mut before, name);
                    before.push(b':');
                }
            }
            before
        };
        let columns = columns.0.iter().enumerate();
        Self {
            json,
            columns: columns
                .map(|(i, column)| (before(i, &column.name), column.kind.clone()))
                .collect(),
            buffer,
            sender,
            progress: export.progress.clone(),
        }
    }

    /// Sends what is left; `false` when nobody wants it any more.
    pub(super) async fn finish(mut self) -> bool {
        self.buffer.is_empty() || self.flush().await
    }
}

impl Sink for Lines {
    fn row(&mut self, row: &QueryResult) -> Result<bool, Error> {
        let out = &mut self.buffer;
        for (i, (before, kind)) in self.columns.iter().enumerate() {
            out.extend_from_slice(before);
            if self.json {
                row::write_json(out, row, i, kind)?;
            } else {
                row::write_csv(out, row, i, kind)?;
            }
        }
        let end: &[u8] = match (self.json, self.columns.is_empty()) {
            (false, _) => b"\r\n",
            (true, false) => b"}\n",
            (true, true) => b"{}\n",
        };
        out.extend_from_slice(end);
        if let Some(progress) = &self.progress {
            progress.one_more();
        }
        Ok(out.len() >= PIECE)
    }

    async fn flush(&mut self) -> bool {
        let next = Vec::with_capacity(self.buffer.len() + PIECE / 8);
        let full = std::mem::replace(&mut self.buffer, next);
        self.sender.send(Piece::Bytes(full)).await.is_ok()
    }

    async fn gone(&self) {
        self.sender.closed().await;
    }
}
