//! What a delete takes with it. What an entity's relations declare (`on_delete`) is done here, row by
//! row, so that hooks hear of it, the audit has it, a dry run shows it and an undo brings it back; a
//! constraint of the database that no entity speaks of does its work unseen.
//!
//! Rows that go with another one must be the caller's to delete, as in Django. Those of Quarterdeck's
//! own models (a user's sessions), and of models that nobody deletes from (a log), go with it as the
//! schema says.

use std::collections::{HashSet, VecDeque};

use sea_orm::sea_query::{Expr, ExprTrait as _, Query as Sql};
use sea_orm::{ConnectionTrait as _, Value};

use crate::error::{Error, Kind};
use crate::hook::Write;
use crate::model::patch::Changes;
use crate::model::{
    IntSize, Kind as FieldKind, ModelId, ModelMeta, OnDelete, Relation, Verb, value,
};
use crate::query::Filter;
use crate::query::sql::{Compiler, table};
use crate::store::writes::Record as Stored;
use crate::store::{failure, row as stored};

use super::trial::Reached;
use super::work::{Step, Work};
use super::{Engine, conflict};

/// Most rows that one request deletes or unlinks beside those that it names.
const MOST: usize = 10_000;

/// How many rows one statement looks for the referrers of.
const CHUNK: usize = 500;

/// What is found on the way down.
#[derive(Default)]
struct Found {
    seen: HashSet<(ModelId, String)>,
    /// In the order found: what points at a row stands after it.
    deleted: Vec<(ModelId, Stored)>,
    unlinked: Vec<(ModelId, Stored, Changes)>,
}

impl Engine {
    /// Takes away what points at a row that is about to be deleted, or lets it point at nothing. With
    /// a time the row goes to the trash: then what would be deleted with it goes there too, if it
    /// can, and stays as it is otherwise; what would forbid the delete, forbids this.
    pub(super) async fn release(
        &self,
        work: &mut Work<'_>,
        meta: &ModelMeta,
        (row, trashed_at): (&[Value], Option<&Value>),
    ) -> Result<(), Step> {
        if self.registry.referrers(meta.id).next().is_none() {
            return Ok(());
        }
        if let Some(trial) = &mut work.trial {
            trial.begins_at(meta.id);
        }
        let mut found = Found::default();
        found
            .seen
            .insert((meta.id, meta.key_text(&meta.key_of(row))));
        let mut level = VecDeque::from([(meta.id, vec![row.to_vec()])]);
        while let Some((target, rows)) = level.pop_front() {
            for (child, relation) in self.registry.referrers(target) {
                let more = self
                    .referring(work, (child, relation), (&rows, trashed_at), &mut found)
                    .await?;
                if !more.is_empty() {
                    level.push_back((child.id, more));
                }
            }
        }
        for (model, record, changes) in found.unlinked {
            let meta = self.registry.model(model);
            let key = meta.key_text(&meta.key_of(&record.values));
            // A row that goes as well is not unlinked before.
            let goes = found.seen.contains(&(model, key));
            if !goes {
                self.follow(work, (model, Verb::Patch), record, changes)
                    .await?;
            }
        }
        for (model, record) in found.deleted.into_iter().rev() {
            let trash = self.registry.model(model).trash;
            let values = match (trash, trashed_at) {
                (Some(trash), Some(at)) => vec![(trash.since, at.clone())],
                _ => Vec::new(),
            };
            let changes = Changes {
                values,
                defaults: Vec::new(),
            };
            self.follow(work, (model, Verb::Delete), record, changes)
                .await?;
        }
        Ok(())
    }

    /// The rows of `child` that point at any of `rows`: notes what is to be done with them, and gives
    /// those that are deleted, for what points at them in turn.
    async fn referring(
        &self,
        work: &mut Work<'_>,
        (child, relation): (&ModelMeta, &Relation),
        (rows, trashed_at): (&[Vec<Value>], Option<&Value>),
        found: &mut Found,
    ) -> Result<Vec<Vec<Value>>, Step> {
        let mut deleted = Vec::new();
        let discards = trashed_at.is_some();
        let stays = relation.on_delete == OnDelete::SetNull
            || relation.on_delete == OnDelete::Cascade && child.trash.is_none();
        if discards && stays {
            return Ok(deleted);
        }
        for chunk in rows.chunks(CHUNK) {
            let Some(mut condition) = self.pointing_at(child, relation, chunk) else {
                continue;
            };
            if let (true, Some(trash)) = (discards, child.trash) {
                let compiler = Compiler::new(&self.registry, self.db.backend());
                let root = compiler.root(child.id);
                condition = condition.and(compiler.column(&root, trash.since).is_null());
            }
            if relation.on_delete == OnDelete::Restrict && discards {
                self.count_in_trial(work, child, relation, condition.clone())
                    .await?;
                if self.count_of(work, child, condition, &Filter::All).await? > 0 {
                    return Err(conflict::referenced().into());
                }
                continue;
            }
            if relation.on_delete == OnDelete::Restrict {
                self.count_in_trial(work, child, relation, condition)
                    .await?;
                continue;
            }
            let store = &self.stores[child.id.0];
            let loaded = store
                .load_all(work.tx, condition.clone(), MOST as u64 + 1)
                .await;
            let loaded = loaded.map_err(failure::plain)?;
            if loaded.is_empty() {
                continue;
            }
            let all = loaded.len() as u64;
            if relation.on_delete == OnDelete::Cascade {
                self.check_deletable(work, child, (condition.clone(), all))
                    .await?;
            }
            self.count_in_trial(work, child, relation, condition)
                .await?;
            for record in loaded {
                if relation.on_delete == OnDelete::SetNull {
                    let null = |&f: &usize| (f, value::null(&child.fields[f].kind));
                    let changes = Changes {
                        values: relation.from.iter().map(null).collect(),
                        defaults: Vec::new(),
                    };
                    found.unlinked.push((child.id, record, changes));
                    continue;
                }
                let key = child.key_text(&child.key_of(&record.values));
                if found.seen.insert((child.id, key)) {
                    deleted.push(record.values.clone());
                    found.deleted.push((child.id, record));
                }
            }
            if found.deleted.len() + found.unlinked.len() > MOST {
                return Err(Step::Failed(Error::new(
                    Kind::Conflict,
                    "cascade_too_large",
                    "More than 10000 records go with this one; delete them in parts first.",
                )));
            }
        }
        Ok(deleted)
    }

    /// Deletes one of the rows found, or changes it: unlinks it, or moves it to the trash. The row as
    /// it then is.
    pub(super) async fn follow(
        &self,
        work: &mut Work<'_>,
        (model, verb): (ModelId, Verb),
        Stored { values, row }: Stored,
        mut changes: Changes,
    ) -> Result<Option<Vec<Value>>, Step> {
        let meta = self.registry.model(model);
        let deletes = changes.values.is_empty();
        let write = Write {
            registry: &self.registry,
            model: meta,
            verb,
            principal: &work.ctx.principal,
            before: Some(&values),
            after: None,
            cascade: true,
        };
        for hook in self.hooks.of(meta) {
            hook.before(work.tx, &write, &mut changes).await?;
        }
        let store = &self.stores[model.0];
        let done = if deletes {
            store.delete(work.tx, row).await.map(|()| None)
        } else {
            store.update(work.tx, row, changes).await.map(Some)
        };
        let after = done.map_err(conflict::of_cascade)?;
        let both = (Some(values.as_slice()), after.as_deref());
        self.after(work, (meta, verb, true), both).await?;
        Ok(after)
    }

    /// Whether all of the rows may be deleted by the caller. That some may not is told as a constraint
    /// that forbids it, as it is where the caller may not even know of them.
    pub(super) async fn check_deletable(
        &self,
        work: &Work<'_>,
        child: &ModelMeta,
        (condition, all): (Expr, u64),
    ) -> Result<(), Error> {
        if child.system || !child.verbs.contains(&Verb::Delete) {
            return Ok(());
        }
        let scope = self
            .scope(work.ctx, Verb::Delete, child.id)
            .map_err(|_| conflict::referenced())?;
        if scope.is_unruled() {
            return Ok(());
        }
        if self.count_of(work, child, condition, &scope.ruled).await? < all {
            return Err(conflict::referenced());
        }
        Ok(())
    }

    /// In a dry run, notes how many of the rows that the caller may see are reached.
    async fn count_in_trial(
        &self,
        work: &mut Work<'_>,
        child: &ModelMeta,
        relation: &Relation,
        condition: Expr,
    ) -> Result<(), Error> {
        if work.trial.is_none() {
            return Ok(());
        }
        let visible = self.with_access(work.ctx, |access| access.visible_rows(child.id));
        if visible == Filter::Never {
            return Ok(());
        }
        let rows = self.count_of(work, child, condition, &visible).await?;
        if let Some(trial) = &mut work.trial {
            trial.reaches(Reached {
                under: relation.target,
                model: child.id,
                effect: relation.on_delete,
                rows,
            });
        }
        Ok(())
    }

    async fn count_of(
        &self,
        work: &Work<'_>,
        model: &ModelMeta,
        condition: Expr,
        rows: &Filter,
    ) -> Result<u64, Error> {
        let mut compiler = Compiler::new(&self.registry, self.db.backend());
        let root = compiler.root(model.id);
        let mut select = Sql::select();
        select
            .from(table(model))
            .expr(Expr::cust("COUNT(*)"))
            .and_where(condition);
        if *rows != Filter::All {
            select.and_where(compiler.condition(&root, rows));
        }
        let found = work.tx.query_one(&select).await.map_err(failure::plain)?;
        let found = found.ok_or_else(|| Error::internal("a count without a row"))?;
        let count = stored::value(&found, 0, &FieldKind::Int(IntSize::I64))?;
        let text = value::to_text(&count).unwrap_or_default();
        text.parse().map_err(Error::internal)
    }

    /// `child.from` is one of the `to` of the rows; `None` when none of them can be pointed at.
    pub(super) fn pointing_at(
        &self,
        child: &ModelMeta,
        relation: &Relation,
        rows: &[Vec<Value>],
    ) -> Option<Expr> {
        let target = self.registry.model(relation.target);
        let compiler = Compiler::new(&self.registry, self.db.backend());
        let root = compiler.root(child.id);
        let one = |row: &Vec<Value>| -> Option<Expr> {
            let pairs = relation.from.iter().zip(&relation.to);
            let equal = pairs.map(|(&from, &to)| {
                value::to_text(&row[to])?;
                let bound = compiler.bound(&target.fields[to].kind, row[to].clone());
                Some(compiler.column(&root, from).eq(bound))
            });
            equal
                .collect::<Option<Vec<_>>>()?
                .into_iter()
                .reduce(|a, b| a.and(b))
        };
        if let ([from], [to]) = (&relation.from[..], &relation.to[..]) {
            let known = rows
                .iter()
                .filter(|row| value::to_text(&row[*to]).is_some());
            let values: Vec<Expr> = known
                .map(|row| compiler.bound(&target.fields[*to].kind, row[*to].clone()))
                .collect();
            return (!values.is_empty()).then(|| compiler.column(&root, *from).is_in(values));
        }
        rows.iter().filter_map(one).reduce(|a, b| a.or(b))
    }
}
