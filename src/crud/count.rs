//! Honest counts: exact where that is cheap, an estimate or a lower bound where it is not, and never
//! an unbounded COUNT that nobody asked for.

use sea_orm::{ConnectionTrait as _, DbBackend, Statement};

use crate::error::Error;
use crate::model::{ModelId, ModelMeta};
use crate::query::sql::Compiler;
use crate::query::{CountMode, Filter};
use crate::store::failure;

use super::{Context, Engine, ListRequest};

/// How many rows match, and how well that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// The number.
    pub rows: u64,
    /// `exact`, `estimated` or `at_least`.
    pub kind: &'static str,
}

impl Count {
    /// So many.
    #[must_use]
    pub fn exact(rows: u64) -> Self {
        Self {
            rows,
            kind: "exact",
        }
    }
}

impl Engine {
    /// How many records a list has in all, if they are no more than `most`: no more than one beyond them
    /// is looked at.
    ///
    /// # Errors
    /// As [`Engine::list`].
    pub async fn count_to(
        &self,
        ctx: &Context,
        model: ModelId,
        (request, most): (ListRequest<'_>, u64),
    ) -> Result<Count, Error> {
        let (rows, query) = self.parse_list(ctx, model, request)?;
        let filter = rows.and(query.filter);
        self.count_within(model, &filter, most).await
    }

    pub(super) async fn count(
        &self,
        model: ModelId,
        filter: &Filter,
        mode: CountMode,
    ) -> Result<Option<Count>, Error> {
        match mode {
            CountMode::None => Ok(None),
            CountMode::Exact => self
                .count_up_to(model, filter, None)
                .await
                .map(|n| Some(Count::exact(n))),
            CountMode::Auto | CountMode::Estimated => {
                self.count_cheaply(model, filter).await.map(Some)
            }
        }
    }

    async fn count_cheaply(&self, model: ModelId, filter: &Filter) -> Result<Count, Error> {
        let bound = self.limits.count_limit;
        let whole_table = *filter == Filter::All;
        if whole_table {
            let estimate = self.estimate(self.registry.model(model)).await?;
            // Statistics may be old; only a table well past the bound is taken at their word.
            if let Some(rows) = estimate.filter(|&n| n > bound.saturating_mul(2)) {
                return Ok(Count {
                    rows,
                    kind: "estimated",
                });
            }
        }
        self.count_within(model, filter, bound).await
    }

    async fn count_within(
        &self,
        model: ModelId,
        filter: &Filter,
        bound: u64,
    ) -> Result<Count, Error> {
        let rows = self.count_up_to(model, filter, Some(bound + 1)).await?;
        Ok(if rows <= bound {
            Count::exact(rows)
        } else {
            Count {
                rows: bound,
                kind: "at_least",
            }
        })
    }

    async fn count_up_to(
        &self,
        model: ModelId,
        filter: &Filter,
        bound: Option<u64>,
    ) -> Result<u64, Error> {
        let select = Compiler::new(&self.registry, self.db.backend()).count(model, filter, bound);
        let rows = self.db.select(&select).await?;
        let count: i64 = match rows.first() {
            Some(row) => row.try_get_by_index(0).map_err(failure::plain)?,
            None => 0,
        };
        Ok(u64::try_from(count).unwrap_or(0))
    }

    /// The number of rows by the database's own statistics, if it has them for this table.
    async fn estimate(&self, model: &ModelMeta) -> Result<Option<u64>, Error> {
        let sql = match self.db.backend() {
            DbBackend::Postgres => {
                "SELECT c.reltuples::bigint FROM pg_class c JOIN pg_namespace n ON n.oid = \
                 c.relnamespace WHERE c.relname = $1 AND n.nspname = COALESCE($2, current_schema())"
            }
            DbBackend::MySql => {
                "SELECT CAST(table_rows AS SIGNED) FROM information_schema.tables WHERE \
                 table_name = ? AND table_schema = COALESCE(?, DATABASE())"
            }
            _ => return Ok(None),
        };
        let values = [model.table.clone().into(), model.schema.clone().into()];
        let statement = Statement::from_sql_and_values(self.db.backend(), sql, values);
        let row = self
            .db
            .reader()
            .query_one_raw(statement)
            .await
            .map_err(failure::plain)?;
        let rows: Option<i64> = row
            .map(|r| r.try_get_by_index(0))
            .transpose()
            .map_err(failure::plain)?;
        Ok(rows.and_then(|n| u64::try_from(n).ok()))
    }
}
