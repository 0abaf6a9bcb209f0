//! The sealer: a task of the server that comes after the writers and seals what they wrote.
//!
//! Of many nodes any may seal. A seal's number is its predecessor's plus one, so of two that seal at
//! once one fails, and goes on after the other's. What a seal holds is read before its transaction,
//! which is short: on SQLite nobody else writes meanwhile.

use std::time::Duration;

use chrono::{DateTime, Utc};
use quarterdeck_entity::system::audit_seal;
use sea_orm::{
    ColumnTrait as _, Condition, EntityTrait as _, IntoActiveModel as _, QueryFilter as _,
    QuerySelect as _,
};
use tokio::time::Instant;

use crate::auth::state;
use crate::error::Error;
use crate::store::{Db, Tx, failure, now};

use super::chain::{Chain, Fold, Link, SealKey, hex};
use super::ids::{Ids, since};
use super::rows;

/// How often new rows are looked for.
const EVERY: Duration = Duration::from_secs(2);
/// At the end of the server the last rows are sealed too, but nobody waits longer than this.
const LAST: Duration = Duration::from_secs(1);
/// How often the same complaint is logged.
const COMPLAIN_EVERY: Duration = Duration::from_secs(60);
/// Rows of one seal.
const BATCH: i64 = 1000;
/// Gaps in which late rows are looked for at one time.
const GAPS: usize = 200;
/// Seals that are read at once.
const LINKS: u64 = 1000;

/// The name of the chain's end in the state: so that the last seals cannot be cut off.
pub(super) const RECORDED: &str = "audit_head";

/// Seals audit rows.
#[derive(Debug)]
pub struct Sealer {
    db: Db,
    key: SealKey,
    /// Where the chain ended when this node looked last.
    chain: Option<Chain>,
    turn: i64,
    complained: Option<(Instant, String)>,
    clock: fn() -> DateTime<Utc>,
}

/// How an attempt to seal one batch ended.
enum Step {
    /// There was nothing to seal.
    Idle,
    /// So many rows were sealed.
    Sealed(i64),
    /// Another node was faster.
    Behind,
}

impl Sealer {
    /// A sealer of this database. Its time begins with [`Self::run`].
    #[must_use]
    pub fn new(db: Db, key: SealKey) -> Self {
        Self {
            db,
            key,
            chain: None,
            turn: 0,
            complained: None,
            clock: now,
        }
    }

    /// The same by another clock, for tests in which hours pass.
    #[must_use]
    pub fn with_clock(self, clock: fn() -> DateTime<Utc>) -> Self {
        Self { clock, ..self }
    }

    /// Seals again and again until `stop` is ready.
    pub async fn run(mut self, stop: impl Future<Output = ()>) {
        let mut stop = std::pin::pin!(stop);
        loop {
            tokio::select! {
                () = &mut stop => break,
                () = self.round() => {}
            }
            tokio::select! {
                () = &mut stop => break,
                () = tokio::time::sleep(EVERY) => {}
            }
        }
        if tokio::time::timeout(LAST, self.round()).await.is_err() {
            tracing::info!("the last audit rows are sealed at the next start");
        }
    }

    /// Seals, and logs what came of it.
    async fn round(&mut self) {
        match self.seal().await {
            Ok(0) => self.complained = None,
            Ok(rows) => {
                self.complained = None;
                if let Some(chain) = &self.chain {
                    // Kept where the database's owner cannot write, it proves what came before it.
                    tracing::info!(
                        rows,
                        seal = chain.id,
                        head = hex(&chain.head),
                        "audit sealed"
                    );
                }
            }
            Err(error) => self.complain(&error),
        }
    }

    fn complain(&mut self, error: &Error) {
        let text = error.source.as_ref().map(ToString::to_string);
        let text = text.unwrap_or_else(|| error.detail.to_string());
        let is_new =
            |(at, last): &(Instant, String)| *last != text || at.elapsed() > COMPLAIN_EVERY;
        if self.complained.as_ref().is_none_or(is_new) {
            tracing::error!(error = text, "the audit cannot be sealed");
            self.complained = Some((Instant::now(), text));
        }
    }

    /// Seals every row that is not sealed yet; how many there were.
    ///
    /// # Errors
    /// What the database said; a chain that does not end as the state remembers it.
    pub async fn seal(&mut self) -> Result<i64, Error> {
        let mut sum = 0;
        loop {
            match self.step().await {
                Ok(Step::Idle) => return Ok(sum),
                Ok(Step::Sealed(rows)) => sum += rows,
                Ok(Step::Behind) => {}
                Err(error) => {
                    self.chain = None;
                    return Err(error);
                }
            }
        }
    }

    async fn step(&mut self) -> Result<Step, Error> {
        let mut chain = match self.chain.take() {
            Some(chain) => chain,
            None => self.load().await?,
        };
        let mut awaited = chain.clone();
        awaited.close();
        let late = awaited.open.some(GAPS, &mut self.turn);
        let batch = self.batch(&chain, &late).await?;
        if batch.ids.is_empty() {
            self.chain = Some(chain);
            return Ok(Step::Idle);
        }
        let behind = self.catch_up(&mut chain).await?;
        let outcome = match behind {
            true => Step::Behind,
            false => self.append(&mut chain, batch).await?,
        };
        self.chain = Some(chain);
        Ok(outcome)
    }

    /// The chain as it ends now, with the gaps that are still open.
    async fn load(&self) -> Result<Chain, Error> {
        use audit_seal::Column::{At, Id};
        let Some(last) = rows::last(&self.db).await? else {
            return Ok(Chain::start());
        };
        let mut chain = Chain::start();
        let mut reached = 0;
        loop {
            let young = Condition::all()
                .add(At.gt(since(last.at)))
                .add(Id.gt(reached))
                .add(Id.lte(last.id));
            let links = rows::links(&self.db, young, LINKS).await?;
            let Some(end) = links.last() else { break };
            reached = end.id;
            for link in &links {
                chain.follow(link);
            }
        }
        // The last one is among them, unless somebody has turned back its clock.
        match chain.id == last.id {
            true => Ok(chain),
            false => Ok(Chain::at(&last)),
        }
    }

    /// Goes on to the seals of other nodes; whether there were any.
    async fn catch_up(&self, chain: &mut Chain) -> Result<bool, Error> {
        let mut behind = false;
        loop {
            let newer = audit_seal::Column::Id.gt(chain.id).into();
            let links = rows::links(&self.db, newer, LINKS).await?;
            if links.is_empty() {
                return Ok(behind);
            }
            behind = true;
            for link in &links {
                chain.close();
                chain.follow(link);
            }
        }
    }

    /// The late rows, then the new ones: in the order of their numbers, for a gap is below them.
    async fn batch(&self, chain: &Chain, late: &Ids) -> Result<Batch, Error> {
        let mut batch = Batch {
            ids: Ids::default(),
            gaps: Ids::default(),
            highest: chain.highest,
            fold: Fold::after(chain.head),
        };
        if !late.is_empty() {
            for row in rows::among(&self.db, late).await? {
                batch.ids.push(row.id);
                batch.fold.push(&row.canonical);
            }
        }
        loop {
            let room = (BATCH - batch.ids.count()).min(rows::AT_ONCE);
            let found = match room {
                1.. => rows::after(&self.db, batch.highest, room).await?,
                _ => Vec::new(),
            };
            for row in &found {
                batch.gaps.push_run(batch.highest + 1, row.id - 1);
                batch.ids.push(row.id);
                batch.fold.push(&row.canonical);
                batch.highest = row.id;
            }
            if found.len() as i64 != rows::AT_ONCE {
                return Ok(batch);
            }
        }
    }

    async fn append(&self, chain: &mut Chain, batch: Batch) -> Result<Step, Error> {
        let rows = batch.ids.count();
        // A clock that was turned back must not close a gap later than a seal that comes after.
        let seal = batch.seal(&self.key, chain, (self.clock)().max(chain.at));
        let link = Link {
            id: seal.id,
            at: seal.at,
            highest: seal.highest,
            ranges: batch.ids,
            gaps: batch.gaps,
            head: batch.fold.head,
        };
        let tx = self.db.begin().await?;
        let inserted = audit_seal::Entity::insert(seal.into_active_model())
            .exec_without_returning(&tx)
            .await;
        if let Err(error) = inserted {
            let _ = tx.rollback().await;
            return match failure::classify(&error) {
                failure::Failure::Unique(_)
                | failure::Failure::Retry
                | failure::Failure::Locked => Ok(Step::Behind),
                _ => Err(failure::plain(error)),
            };
        }
        if let Err(error) = ends_there(&tx, chain).await {
            let _ = tx.rollback().await;
            return Err(error);
        }
        chain.close();
        chain.follow(&link);
        state::set(&tx, RECORDED, &chain.recorded()).await?;
        tx.commit().await.map_err(failure::plain)?;
        Ok(Step::Sealed(rows))
    }
}

/// Whether the seal before the new one is there as it was, and is the one that the state remembers.
/// Sealing on over a chain that was cut would cover the cut.
async fn ends_there(tx: &Tx, chain: &Chain) -> Result<(), Error> {
    let recorded = state::get(tx, RECORDED).await?;
    let head: Option<String> = audit_seal::Entity::find()
        .select_only()
        .column(audit_seal::Column::Head)
        .filter(audit_seal::Column::Id.eq(chain.id))
        .into_tuple()
        .one(tx)
        .await
        .map_err(failure::plain)?;
    let expected = (chain.id > 0).then(|| (chain.recorded(), hex(&chain.head)));
    if (recorded, head) == expected.unzip() {
        return Ok(());
    }
    Err(Error::internal(
        "the last audit seal is not the one that was recorded; run `audit verify`",
    ))
}

/// What the next seal will hold.
#[derive(Debug)]
struct Batch {
    ids: Ids,
    gaps: Ids,
    highest: i64,
    fold: Fold,
}

impl Batch {
    fn seal(&self, key: &SealKey, chain: &Chain, at: DateTime<Utc>) -> audit_seal::Model {
        let mut seal = audit_seal::Model {
            id: chain.id + 1,
            at,
            rows: self.ids.count(),
            highest: self.highest,
            ranges: self.ids.to_string(),
            gaps: Some(self.gaps.to_string()).filter(|text| !text.is_empty()),
            digests: self.fold.digests.clone(),
            head: hex(&self.fold.head),
            signature: String::new(),
        };
        seal.signature = key.sign(&chain.head, &seal);
        seal
    }
}
