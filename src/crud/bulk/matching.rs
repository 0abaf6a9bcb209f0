//! One change of every record that matches a filter.

use async_trait::async_trait;

use crate::crud::change::Item;
use crate::crud::precondition::IfMatch;
use crate::crud::trash::Shelf;
use crate::crud::work::{Job, Step, Work};
use crate::crud::{Context, Engine, Written, precondition};
use crate::error::{Error, Kind};
use crate::model::patch::{Changes, Purpose, validate};
use crate::model::{ModelId, Verb};
use crate::query::sql::Compiler;
use crate::query::{Filter, parse};
use crate::store::failure;

use super::parse::{Kind as Change, OfMatching};

/// See the module.
pub(super) struct Matching {
    item: Item,
    restores: bool,
    filter: Filter,
    most: usize,
}

impl Matching {
    /// Reads the filter as a list would, and the change as a write of one record would.
    pub(super) fn prepare(
        engine: &Engine,
        ctx: &Context,
        model: ModelId,
        of: OfMatching,
    ) -> Result<Self, Error> {
        let meta = engine.registry.model(model);
        let restores = of.kind == Change::Restore;
        let verb = match of.kind {
            Change::Verb(verb) => verb,
            Change::Upsert(_) | Change::Restore => Verb::Delete,
        };
        let scope = engine.scope(ctx, verb, model)?;
        let shelf = if restores {
            Shelf::Only
        } else {
            Shelf::Exclude
        };
        let filter = engine.through_lens(ctx, (Verb::List, model), |paths, seen| {
            let asked = parse::matching(paths, model, &of.filter).map_err(Error::malformed)?;
            Ok(seen.rows(shelf)?.and(asked))
        })?;
        if meta.if_match {
            return Err(precondition::required());
        }
        let changes = match verb {
            Verb::Delete => Changes::default(),
            _ => validate(meta, of.data, Purpose::Patch, &*scope).map_err(|error| Error {
                faults: error.faults.iter().map(|f| f.within("/data")).collect(),
                ..error
            })?,
        };
        let filter = if restores {
            scope.trashed(meta).and(filter)
        } else {
            scope.rows.clone().and(filter)
        };
        Ok(Self {
            item: Item {
                model,
                verb,
                key: Vec::new(),
                condition: IfMatch::Unconditional,
                changes,
                scope,
                purge: false,
            },
            restores,
            filter,
            most: of.max_affected,
        })
    }
}

#[async_trait]
impl Job for Matching {
    async fn run(&self, engine: &Engine, work: &mut Work<'_>) -> Result<Option<Written>, Step> {
        let Self {
            item, filter, most, ..
        } = self;
        let mut compiler = Compiler::new(&engine.registry, engine.db.backend());
        let root = compiler.root(item.model);
        let condition = compiler.condition(&root, filter);
        let store = &engine.stores[item.model.0];
        // Loaded and locked under the filter: what somebody else has changed meanwhile is judged anew.
        let found = store.load_all(work.tx, condition, *most as u64 + 1).await;
        let found = found.map_err(failure::plain)?;
        if found.len() > *most {
            let detail = format!("More than {most} records match (max_affected).");
            return Err(Error::new(Kind::Conflict, "too_many_affected", detail).into());
        }
        let mut affected = 0;
        let before = work.ledger.noted();
        for record in found {
            match item.verb {
                Verb::Delete => {
                    let meta = engine.registry.model(item.model);
                    // One that an earlier one has taken with it is gone already.
                    let one = item.of_key(meta.key_of(&record.values));
                    let done = if self.restores {
                        engine.take_out(work, &one).await.map(drop)
                    } else {
                        engine.perform(work, &one).await.map(drop)
                    };
                    match done {
                        Err(Step::Failed(gone)) if gone.kind == Kind::NotFound => continue,
                        done => done?,
                    }
                }
                _ => {
                    let loaded = (record.values, record.row);
                    engine.alter(work, item, loaded).await?;
                }
            }
            affected += 1;
            work.reached(affected)?;
        }
        let changed = work.ledger.noted() - before;
        let body = serde_json::json!({ "matched": affected, "changed": changed });
        Ok(Some(Written {
            body: body.to_string().into_bytes(),
            ..Written::default()
        }))
    }
}
