//! Operations that nobody works on any more, and what is too old to be kept.

use chrono::TimeDelta;
use quarterdeck_entity::system::operation;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, DbBackend, EntityTrait as _, QueryFilter as _};

use crate::crud::Engine;
use crate::error::Error;
use crate::store::{Tx, failure, now};

use super::progress::interrupted;

/// After how much silence nobody is taken to work on an operation any more.
const SILENCE: TimeDelta = TimeDelta::seconds(60);
/// How long an operation is kept after its end.
const KEPT: TimeDelta = TimeDelta::days(30);

impl Engine {
    /// Marks as failed what nobody works on any more, and forgets what has ended long ago, and the
    /// files that are too old. `start` says that the server has just been started: on SQLite whatever
    /// ran is then dead. On the others another node may work on it, and says so every second.
    ///
    /// # Errors
    /// What the database said.
    pub async fn sweep_operations(&self, start: bool) -> Result<(), Error> {
        use operation::Column::{EndedAt, State};
        self.operations.files.sweep().await;
        let running = operation::Entity::find().filter(State.eq("running"));
        let running = running.all(self.db.reader()).await;
        let mut left = running.map_err(failure::plain)?;
        left.retain(|row| self.is_left(row, start));
        let old = EndedAt.lt(now() - KEPT);
        let oldest = operation::Entity::find().filter(old.clone());
        let oldest = oldest.one(self.db.reader()).await.map_err(failure::plain)?;
        if left.is_empty() && oldest.is_none() {
            return Ok(());
        }
        let tx = self.db.begin().await?;
        for row in &left {
            mark(&tx, row).await?;
        }
        let forgotten = operation::Entity::delete_many().filter(old).exec(&tx).await;
        forgotten.map_err(failure::plain)?;
        tx.commit().await.map_err(failure::plain)
    }

    /// Whether nobody works on an operation that is said to run.
    fn is_left(&self, row: &operation::Model, start: bool) -> bool {
        let silent = row.seen_at < now() - SILENCE;
        if row.node == self.operations.node {
            // Its end could not be noted, or its beginning was not waited for.
            return silent && !self.operations.under_way.lock().contains_key(&row.id);
        }
        match self.db.backend() {
            DbBackend::Sqlite => start,
            _ => silent,
        }
    }
}

/// What was done of it is what its row says: its work writes that in its own transactions, and not
/// any more after this one.
async fn mark(tx: &Tx, row: &operation::Model) -> Result<(), Error> {
    use operation::Column::{EndedAt, Id, Result as Told, State};
    let detail = if row.atomic {
        "The server ended while it was under way; nothing of it was written.".to_owned()
    } else {
        let done = row.done;
        format!("The server ended while it was under way; {done} rows had been done.")
    };
    tracing::warn!(operation = row.id, "an operation was left behind");
    let problem = interrupted(detail).problem(&row.request_id);
    let update = operation::Entity::update_many()
        .col_expr(State, Expr::value("failed"))
        .col_expr(EndedAt, Expr::value(now()))
        .col_expr(Told, Expr::value(problem))
        .filter(Id.eq(row.id))
        .filter(State.eq("running"));
    update.exec(tx).await.map(drop).map_err(failure::plain)
}
