//! `_import`: the rows of a file, each written as by a create or an upsert: the same checks, hooks,
//! permissions and audit. The inverse of `_export`.
//!
//! Here: how an import is begun. Its parameters are read in `options`, a file becomes rows in `rows`
//! (`csv`, `sheet`), a row a body in `columns` and `cells`; `job` writes, `report` tells.

mod cells;
mod columns;
mod csv;
mod job;
mod options;
mod peek;
mod report;
mod rows;
mod sheet;

use std::sync::Arc;

use crate::error::{Error, Kind};
use crate::model::patch::Purpose;
use crate::model::{ModelId, Verb};
use crate::query::parse::Format;

pub use self::peek::Peek;

use self::columns::Columns;
use self::job::{Checked, Piece, Plan};
use self::options::{Mode, Options};
use self::report::Whole;
use self::rows::Source;
use super::bulk::CHUNK;
use super::idempotency::{Once, digest};
use super::operation::Of;
use super::{Context, Engine, Written, precondition};

/// A file that was sent.
#[derive(Debug)]
pub struct File {
    /// What it is.
    pub format: Format,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// A file to be imported.
#[derive(Debug)]
pub struct Import {
    /// The file.
    pub file: File,
    /// The parameters of the request.
    pub parameters: Vec<(String, String)>,
    /// The request's `Idempotency-Key`.
    pub key: Option<String>,
    /// Most rows.
    pub most: usize,
}

impl Import {
    /// Most rows of a file that comes over the network.
    pub const MOST: usize = 100_000;
}

impl Engine {
    /// Imports a file, see `docs/api.md`.
    ///
    /// # Errors
    /// 401, 403, 404 for the caller; 400 for parameters and for what is no such file; 413 for too
    /// many rows; 422 for the columns; when all rows or none are written, every fault of every row.
    pub async fn import(
        self: &Arc<Self>,
        ctx: &Context,
        model: ModelId,
        import: Import,
    ) -> Result<Written, Error> {
        let Import {
            file,
            parameters,
            key,
            most,
        } = import;
        let options = options::read(&parameters)?;
        self.may_import(ctx, model, &options)?;
        let meta = self.registry.model(model);
        let once = key.map(|key| {
            let request = format!(
                "{} import {} {parameters:?} {}",
                meta.slug,
                file.format.name(),
                digest(&file.bytes)
            );
            Once::of_digest((&ctx.principal, None), &key, digest(request.as_bytes()))
        });
        let once = once.transpose()?;
        let source = Source::take(file.format, file.bytes, most).await?;
        let plan = self.plan(ctx, model, (source, options))?;
        let checked = plan.check(self, ctx, most).await?;
        let of = Of {
            kind: "import",
            model: Some(meta.slug.clone()),
            atomic: plan.atomic,
            rights: None,
        };
        let rows = usize::try_from(checked.rows).unwrap_or(usize::MAX);
        let plan = Arc::new(plan);
        self.recorded(ctx, (of, rows), |engine, ctx| async move {
            if plan.atomic || ctx.dry_run {
                let file = job::File { plan, checked };
                let written = engine.transact(&ctx, once, file).await?;
                return written.ok_or_else(Error::not_found);
            }
            engine.in_pieces(&ctx, once, (plan, checked)).await
        })
        .await
    }

    /// Whether the caller may begin an import with these parameters, and whether it is of all rows or
    /// none.
    pub(super) fn check_import(
        &self,
        ctx: &Context,
        model: ModelId,
        parameters: &[(String, String)],
    ) -> Result<bool, Error> {
        let options = options::read(parameters)?;
        self.may_import(ctx, model, &options)?;
        Ok(options.atomic)
    }

    fn may_import(&self, ctx: &Context, model: ModelId, options: &Options) -> Result<(), Error> {
        let creates = self.scope(ctx, Verb::Create, model)?;
        if options.mode != Mode::Create {
            self.scope(ctx, Verb::Patch, model)?;
            if self.registry.model(model).if_match {
                return Err(precondition::required());
            }
        }
        if options.keep && !creates.is_unruled() {
            let detail = "Keys can be kept by those alone who may create any record.";
            return Err(Error::new(Kind::Forbidden, "keys", detail));
        }
        Ok(())
    }

    fn plan(
        &self,
        ctx: &Context,
        model: ModelId,
        (source, options): (Source, Options),
    ) -> Result<Plan, Error> {
        let scope = self.scope(ctx, Verb::Create, model)?;
        let of = (self.registry.model(model), &*scope);
        let purpose = if options.keep {
            Purpose::Keep
        } else {
            Purpose::Create
        };
        let creates = (purpose, options.mode == Mode::Create);
        let columns = Columns::read(&source, options.map, of, creates)?;
        Ok(Plan {
            model,
            source,
            columns,
            mode: options.mode,
            keep: options.keep,
            atomic: options.atomic,
        })
    }

    /// Writes some rows after the others, each lot in a transaction of its own. With an
    /// `Idempotency-Key` those that were written before are not written again: what broke off goes
    /// on where it was.
    async fn in_pieces(
        self: &Arc<Self>,
        ctx: &Context,
        once: Option<Once>,
        (plan, checked): (Arc<Plan>, Checked),
    ) -> Result<Written, Error> {
        let mut whole = Whole::new(false, checked.rows, &checked.coerced);
        let mut again = true;
        let mut from = (0, plan.source.rows().position());
        loop {
            let mut rows = plan.source.rows_from(from.1);
            let count = rows.by_ref().take(CHUNK).count();
            if count == 0 {
                break;
            }
            if let Some(progress) = &ctx.operation
                && let Err(why) = progress.reached(from.0)
            {
                let told = serde_json::from_slice(&whole.into_bytes()).map_err(Error::internal)?;
                let members = [("report".to_owned(), told)];
                return Err(why.with(members.into_iter().collect()));
            }
            let next = (from.0 + count, rows.position());
            let part = once.as_ref().map(|once| once.part(from.0));
            let plan = Arc::clone(&plan);
            let done = self.transact(ctx, part, Piece { plan, from }).await?;
            let done = done.ok_or_else(Error::not_found)?;
            again &= done.again;
            whole.add(&serde_json::from_slice(&done.body).map_err(Error::internal)?);
            from = next;
        }
        if let Some(progress) = &ctx.operation {
            progress.done(from.0);
        }
        Ok(Written {
            body: whole.into_bytes(),
            again: again && from.0 > 0,
            ..Written::default()
        })
    }
}
