//! The rows of a file, written: all of them in one transaction, or one part in its own.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use serde_json::json;

use crate::crud::bulk::part::{All, Part, Prepared};
use crate::crud::bulk::{CHUNK, WAITING};
use crate::crud::work::{Job, Step, Work};
use crate::crud::{Context, Engine, Written};
use crate::error::{Error, Fault, Kind};
use crate::model::patch::Purpose;
use crate::model::{FieldId, ModelId, ModelMeta, Verb, value};
use crate::store::{failure, sequence};

use super::cells::Spelling;
use super::columns::Columns;
use super::options::Mode;
use super::report::{Report, Whole};
use super::rows::{Position, Row, Source};
use super::sheet::too_many;

/// What is to be imported, and how.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) model: ModelId,
    pub(super) source: Source,
    pub(super) columns: Columns,
    pub(super) mode: Mode,
    pub(super) keep: bool,
    pub(super) atomic: bool,
}

/// What a look at every row has found, before any statement.
#[derive(Debug, Default)]
pub(super) struct Checked {
    pub(super) rows: u64,
    pub(super) coerced: BTreeMap<String, u64>,
    pub(super) report: Report,
}

/// A row that is ready to be written: its number, its line, and what to do.
pub(super) struct Ready {
    at: (usize, u64),
    part: Part,
}

/// How the values of a row were spelt.
type Spelt = Vec<(FieldId, Spelling)>;

impl Plan {
    /// What a file's record is for.
    pub(super) fn purpose(&self) -> Purpose {
        match self.keep {
            true => Purpose::Keep,
            false => Purpose::Create,
        }
    }

    /// Looks at every row.
    pub(super) async fn check(
        &self,
        engine: &Engine,
        ctx: &Context,
        most: usize,
    ) -> Result<Checked, Error> {
        let meta = engine.registry.model(self.model);
        let mut checked = Checked::default();
        for (index, row) in self.source.rows().enumerate() {
            if index == most {
                return Err(too_many(most));
            }
            if index % CHUNK == 0 {
                tokio::task::yield_now().await;
            }
            checked.rows += 1;
            let (ready, spelt) = self.prepare(engine, ctx, (index, row))?;
            if let Some(changes) = ready.part.changes() {
                let of = (&spelt[..], &changes.values[..]);
                self.columns.count(meta, of, &mut checked.coerced);
            }
            if let Prepared::Refused(error) = &ready.part.prepared {
                self.refuse(meta, (ready.at, error), &mut checked.report);
            }
        }
        Ok(checked)
    }

    fn refuse(&self, meta: &ModelMeta, (at, error): ((usize, u64), &Error), report: &mut Report) {
        let located = self.columns.located(meta, at, error);
        report.refuse(error, located);
    }

    /// Prepares a row. What is wrong with it alone is kept in it.
    pub(super) fn prepare(
        &self,
        engine: &Engine,
        ctx: &Context,
        (index, row): (usize, Row),
    ) -> Result<(Ready, Spelt), Error> {
        let meta = engine.registry.model(self.model);
        let at = (index, row.line);
        let refused = |error| Part {
            verb: "create",
            prepared: Prepared::Refused(error),
        };
        let body = match self.columns.body(meta, row) {
            Ok(body) => body,
            Err(fault) => {
                let part = refused(Error::invalid(vec![fault]));
                return Ok((Ready { at, part }, Vec::new()));
            }
        };
        let model = self.model;
        let prepared = match &self.mode {
            Mode::Create => {
                let item =
                    engine.item_for(ctx, (model, Verb::Create, self.purpose()), None, body.input);
                item.map(Prepared::Change)
            }
            Mode::Upsert(on) => {
                let upsert = engine.upsert(ctx, (model, self.purpose()), (on, body.input));
                upsert.map(|u| Prepared::Upsert(Box::new(u)))
            }
        };
        let prepared = together(prepared, body.faults);
        let part = match prepared {
            Ok(prepared) => Part {
                verb: "create",
                prepared,
            },
            Err(error) if matches!(error.kind, Kind::Invalid | Kind::Conflict) => refused(error),
            Err(error) => return Err(error),
        };
        Ok((
            Ready {
                at,
                part: zero_key(engine, meta, part),
            },
            body.spelt,
        ))
    }

    /// Writes some rows together; if any fails, one by one, so that each failure is known and the
    /// others stand. What only lacks a record of the same file goes to `later`.
    async fn chunk(
        &self,
        engine: &Engine,
        work: &mut Work<'_>,
        ready: Vec<Ready>,
        (report, later): (&mut Report, &mut Vec<Ready>),
    ) -> Result<(), Step> {
        let meta = engine.registry.model(self.model);
        let (places, parts): (Vec<_>, Vec<_>) = ready.into_iter().map(|r| (r.at, r.part)).unzip();
        if parts.len() > 1
            && !parts.iter().any(Part::is_refused)
            && let Ok(done) = work.attempt(engine, All(&parts)).await?
        {
            let new = done.iter().filter(|d| d.new).count() as u64;
            report.created += new;
            report.updated += done.len() as u64 - new;
            return self.spare(engine, work).await;
        }
        for (at, part) in places.into_iter().zip(parts) {
            let one = std::slice::from_ref(&part);
            match work.attempt(engine, All(one)).await? {
                Ok(done) if done.iter().all(|d| d.new) => report.created += 1,
                Ok(_) => report.updated += 1,
                Err(error) if error.code == "foreign_key" && points_at_itself(meta) => {
                    later.push(Ready { at, part });
                }
                Err(error) => self.refuse(meta, (at, &error), report),
            }
        }
        self.spare(engine, work).await
    }

    /// Does not let what is to be noted of the rows grow with the file.
    async fn spare(&self, engine: &Engine, work: &mut Work<'_>) -> Result<(), Step> {
        if work.ledger.len() < WAITING {
            return Ok(());
        }
        if work.trial.is_some() {
            work.ledger.forget(0);
            return Ok(());
        }
        let models = engine.registry.models();
        work.ledger.write(work.tx, work.ctx, models, true).await?;
        Ok(())
    }

    /// Tries again what pointed at a record that was not there yet, as long as that helps.
    async fn later(
        &self,
        engine: &Engine,
        work: &mut Work<'_>,
        mut later: Vec<Ready>,
        report: &mut Report,
    ) -> Result<(), Step> {
        let meta = engine.registry.model(self.model);
        loop {
            let before = later.len();
            let mut still = Vec::new();
            while !later.is_empty() {
                let rest = later.split_off(later.len().min(CHUNK));
                let now = std::mem::replace(&mut later, rest);
                self.chunk(engine, work, now, (report, &mut still)).await?;
            }
            if still.is_empty() || still.len() == before {
                for Ready { at, part } in &still {
                    let one = std::slice::from_ref(part);
                    if let Err(error) = work.attempt(engine, All(one)).await? {
                        self.refuse(meta, (*at, &error), report);
                    }
                }
                return Ok(());
            }
            later = still;
        }
    }

    /// Where keys come from the file, nobody else makes records meanwhile, and the next key that the
    /// database assigns is past all of them.
    async fn begin_keys(&self, engine: &Engine, work: &Work<'_>) -> Result<(), Step> {
        if self.keep {
            let meta = engine.registry.model(self.model);
            sequence::lock(work.tx, meta)
                .await
                .map_err(failure::plain)?;
        }
        Ok(())
    }

    async fn end_keys(&self, engine: &Engine, work: &Work<'_>) -> Result<(), Step> {
        if self.keep {
            let meta = engine.registry.model(self.model);
            sequence::advance(work.tx, meta)
                .await
                .map_err(failure::plain)?;
        }
        Ok(())
    }
}

/// A part with the faults that were found before it was prepared: they come first, and what the
/// others say of the same fields is said already.
fn together(prepared: Result<Prepared, Error>, mut faults: Vec<Fault>) -> Result<Prepared, Error> {
    if faults.is_empty() {
        return prepared;
    }
    let others = match prepared {
        Err(error) if error.kind != Kind::Invalid => return Err(error),
        Err(error) => error.faults,
        Ok(_) => Vec::new(),
    };
    let named: Vec<_> = faults.iter().map(Fault::field_name).collect();
    faults.extend(
        others
            .into_iter()
            .filter(|f| !named.contains(&f.field_name())),
    );
    Err(Error::invalid(faults))
}

/// MariaDB takes a key of 0 for one that it is to assign.
fn zero_key(engine: &Engine, meta: &ModelMeta, part: Part) -> Part {
    let zero = part.changes().and_then(|changes| {
        let mut values = changes.values.iter();
        let is_zero = |v| value::to_text(v).as_deref() == Some("0");
        values.find(|(id, v)| meta.fields[*id].generated && is_zero(v))
    });
    match zero {
        Some((id, _)) if engine.db.backend() == sea_orm::DbBackend::MySql => {
            let name = &meta.fields[*id].name;
            let detail = format!("{name} must not be 0 on this database.");
            let error = Error::invalid(vec![Fault::field(name, "out_of_range", detail)]);
            Part {
                prepared: Prepared::Refused(error),
                ..part
            }
        }
        _ => part,
    }
}

/// Whether a record may point at another of its model.
fn points_at_itself(meta: &ModelMeta) -> bool {
    let mut relations = meta.relations.iter();
    relations.any(|r| r.owns_key && r.target == meta.id)
}

/// The whole file, in one transaction.
pub(super) struct File {
    pub(super) plan: Arc<Plan>,
    pub(super) checked: Checked,
}

#[async_trait]
impl Job for File {
    async fn run(&self, engine: &Engine, work: &mut Work<'_>) -> Result<Option<Written>, Step> {
        let Self { plan, checked } = self;
        // What is refused before any statement is all that it comes to.
        if plan.atomic && checked.report.found > 0 {
            return self.end(work, checked.report.clone());
        }
        let mut report = Report::default();
        let (mut ready, mut later) = (Vec::with_capacity(CHUNK), Vec::new());
        plan.begin_keys(engine, work).await?;
        for row in plan.source.rows().enumerate() {
            let number = row.0;
            ready.push(plan.prepare(engine, work.ctx, row)?.0);
            if ready.len() == CHUNK {
                let now = std::mem::replace(&mut ready, Vec::with_capacity(CHUNK));
                plan.chunk(engine, work, now, (&mut report, &mut later))
                    .await?;
                work.reached(number + 1)?;
            }
        }
        plan.chunk(engine, work, ready, (&mut report, &mut later))
            .await?;
        plan.later(engine, work, later, &mut report).await?;
        plan.end_keys(engine, work).await?;
        work.reached(usize::try_from(checked.rows).unwrap_or(usize::MAX))?;
        self.end(work, report)
    }
}

impl File {
    fn end(&self, work: &mut Work<'_>, report: Report) -> Result<Option<Written>, Step> {
        let Checked { rows, coerced, .. } = &self.checked;
        if let Some(trial) = &mut work.trial {
            trial.stand_against(report.faults());
            trial.members = vec![
                ("rows", json!(rows)),
                ("coerced", json!(coerced)),
                ("error_count", json!(report.found)),
            ];
            return Ok(None);
        }
        let told = report.to_json();
        if let Some(error) = report.error(*rows).filter(|_| self.plan.atomic) {
            return Err(error.into());
        }
        let mut whole = Whole::new(self.plan.atomic, *rows, coerced);
        whole.add(&told);
        Ok(Some(Written {
            body: whole.into_bytes(),
            ..Written::default()
        }))
    }
}

/// Some rows, in a transaction of their own; the answer is what is told of them.
pub(super) struct Piece {
    pub(super) plan: Arc<Plan>,
    /// The number of the first row, and where it is.
    pub(super) from: (usize, Position),
}

#[async_trait]
impl Job for Piece {
    async fn run(&self, engine: &Engine, work: &mut Work<'_>) -> Result<Option<Written>, Step> {
        let Self { plan, from } = self;
        let (mut ready, mut later) = (Vec::with_capacity(CHUNK), Vec::new());
        let mut report = Report::default();
        let rows = plan.source.rows_from(from.1).take(CHUNK);
        for (row, index) in rows.zip(from.0..) {
            ready.push(plan.prepare(engine, work.ctx, (index, row))?.0);
        }
        let count = ready.len();
        plan.begin_keys(engine, work).await?;
        plan.chunk(engine, work, ready, (&mut report, &mut later))
            .await?;
        plan.later(engine, work, later, &mut report).await?;
        plan.end_keys(engine, work).await?;
        if let Some(progress) = &work.ctx.operation {
            progress.keep_lot(work.tx, from.0 + count).await?;
        }
        Ok(Some(Written {
            body: report.to_json().to_string().into_bytes(),
            ..Written::default()
        }))
    }
}
