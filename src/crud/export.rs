//! `_export`: all that a list would show, written as a file while it is read. One statement, and so
//! one snapshot; no more of it in memory than a few pieces, however long it is.
//!
//! Here: what is exported, and how its pieces come. How rows become bytes is in `lines` (csv, ndjson)
//! and in `sheets` (xlsx).

mod lines;
mod sheets;

use std::sync::Arc;

use sea_orm::sea_query::SelectStatement;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use crate::error::Error;
use crate::model::{Kind, ModelId, Verb};
use crate::query::parse::{self, Format};
use crate::query::sql::Compiler;
use crate::store::Db;

use self::lines::Lines;
use super::trash::Shelf;
use super::{Context, Engine, Progress};

/// Bytes of a piece.
const PIECE: usize = 64 * 1024;
/// Pieces that wait to be taken.
const WAITING: usize = 3;

/// An export that may be made: parsed and authorised.
#[derive(Debug)]
pub struct Export {
    /// What it is written as.
    pub format: Format,
    name: String,
    columns: Columns,
    select: SelectStatement,
    db: Db,
    places: Arc<Semaphore>,
    /// Told of every row, when this is tracked.
    pub(super) progress: Option<Arc<Progress>>,
}

/// The columns of a file.
#[derive(Debug, Clone)]
struct Columns(Vec<Column>);

#[derive(Debug, Clone)]
struct Column {
    name: String,
    kind: Kind,
    nullable: bool,
}

/// What becomes of an export, piece by piece.
enum Piece {
    Bytes(Vec<u8>),
    /// Nothing is missing.
    End,
    Failed(Error),
}

/// The pieces of an export that is being made. Dropped before its end, the export stops.
#[derive(Debug)]
pub struct Pieces {
    coming: Option<mpsc::Receiver<Piece>>,
    first: Option<Vec<u8>>,
}

/// How many exports may run at once: half of the connections, so that the others are served.
pub(super) fn places(db: &Db) -> Arc<Semaphore> {
    Arc::new(Semaphore::new((db.reader().most() / 2).max(1)))
}

impl Engine {
    /// Prepares an export; nothing is read yet.
    ///
    /// # Errors
    /// 401, 403, 404 for the caller; 400 with every fault of the request.
    pub fn export(
        &self,
        ctx: &Context,
        model: ModelId,
        parameters: &[(String, String)],
    ) -> Result<Export, Error> {
        let parsed = self.through_lens(ctx, (Verb::List, model), |paths, seen| {
            let (shelf, rest) = Shelf::of_parameters(seen.meta, parameters)?;
            let (format, query) = parse::export(paths, model, &rest, &self.cursors)?;
            Ok((format, query, seen.rows(shelf)?))
        });
        let (format, query, rows) = parsed?;
        let meta = self.registry.model(model);
        let columns = query.fields.iter().map(|shown| {
            let field = &meta.fields[shown.field];
            Column {
                name: field.name.clone(),
                kind: field.kind.clone(),
                nullable: field.nullable,
            }
        });
        let columns = Columns(columns.collect());
        let filter = rows.and(query.filter.clone());
        let mut compiler = Compiler::new(&self.registry, self.db.backend());
        Ok(Export {
            format,
            name: meta.slug.clone(),
            columns,
            select: compiler.whole(model, (&query, &filter), &query.fields),
            db: self.db.clone(),
            places: Arc::clone(&self.exports),
            progress: None,
        })
    }
}

impl Export {
    /// A name for the file, with today's date.
    #[must_use]
    pub fn file_name(&self) -> String {
        let today = crate::store::now().date_naive();
        format!("{}-{today}.{}", self.name, self.format.name())
    }

    /// Begins to read; ready when there is a first piece.
    ///
    /// # Errors
    /// 503 when as many exports run as may; what the database said before there was any row.
    pub async fn start(self) -> Result<Pieces, Error> {
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| {
            Error::unavailable(
                "exports",
                "As many exports run as may at once; try again.",
                5,
            )
        })?;
        self.start_at(place).await
    }

    /// The same at a place that was waited for.
    pub(super) async fn start_at(self, place: OwnedSemaphorePermit) -> Result<Pieces, Error> {
        let (sender, mut coming) = mpsc::channel(WAITING);
        tokio::spawn(self.run(sender, place));
        match coming.recv().await {
            Some(Piece::Bytes(first)) => Ok(Pieces {
                coming: Some(coming),
                first: Some(first),
            }),
            Some(Piece::End) => Ok(Pieces {
                coming: None,
                first: None,
            }),
            Some(Piece::Failed(error)) => Err(error),
            None => Err(Error::internal("an export ended without a word")),
        }
    }

    async fn run(self, sender: mpsc::Sender<Piece>, place: OwnedSemaphorePermit) {
        let done = match self.format {
            Format::Csv | Format::Ndjson => self.write_lines(&sender).await,
            Format::Xlsx => sheets::write(&self, &sender).await,
        };
        let last = match done {
            Ok(true) => Piece::End,
            // Nobody is there to be told.
            Ok(false) => return,
            Err(error) => Piece::Failed(error),
        };
        // The connection is back in the pool; who reads the last piece at leisure holds nothing.
        drop(place);
        let _ = sender.send(last).await;
    }

    async fn write_lines(&self, sender: &mpsc::Sender<Piece>) -> Result<bool, Error> {
        let mut lines = Lines::new(self, sender.clone());
        Ok(self.db.stream(&self.select, &mut lines).await? && lines.finish().await)
    }
}

impl Pieces {
    /// The next piece; `None` after the last.
    ///
    /// # Errors
    /// Why there is no next one although the last has not come: what was taken is not the whole.
    pub async fn next(&mut self) -> Option<Result<Vec<u8>, Error>> {
        if let Some(first) = self.first.take() {
            return Some(Ok(first));
        }
        let piece = self.coming.as_mut()?.recv().await;
        if let Some(Piece::Bytes(bytes)) = piece {
            return Some(Ok(bytes));
        }
        self.coming = None;
        match piece {
            Some(Piece::Failed(error)) => Some(Err(error)),
            Some(_) => None,
            None => Some(Err(Error::internal("an export ended without a word"))),
        }
    }
}
