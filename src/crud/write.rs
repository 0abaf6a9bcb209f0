//! `create`, `replace`, `patch` and `delete`: validate, begin, load, before, store, after, commit.

use std::sync::Arc;

use sea_orm::sea_query::{Expr, ExprTrait as _, Query as Sql};
use sea_orm::{ConnectionTrait as _, Value};

use crate::acl::Scope;
use crate::error::{Error, Fault, Kind};
use crate::hook::Write;
use crate::model::patch::{Changes, Purpose, validate};
use crate::model::{FieldId, Input, ModelId, ModelMeta, Verb, value};
use crate::query::sql::{Compiler, table};
use crate::query::{Filter, Sight};
use crate::store::typed::Record as Stored;
use crate::store::{Tx, failure};

use super::read::etag;
use super::{Context, Engine, audit, conflict};

/// How often a write that lost a race is tried in all.
const ATTEMPTS: u32 = 5;

/// A finished write.
#[derive(Debug)]
pub struct Written {
    /// The record as the caller may read it.
    pub body: Vec<u8>,
    /// Its entity tag.
    pub etag: String,
    /// The text of its key.
    pub key: String,
}

/// A write as it is asked for.
#[derive(Debug, Clone)]
struct Request {
    ctx: Context,
    model: ModelId,
    verb: Verb,
    key: Vec<Value>,
    changes: Changes,
    scope: Arc<Scope>,
}

impl Engine {
    /// Creates a record.
    ///
    /// # Errors
    /// 401, 403, 404 for the caller; 422 with every fault; 409; 403 when the new row would be
    /// outside the caller's rows.
    pub async fn create(
        self: &Arc<Self>,
        ctx: &Context,
        model: ModelId,
        body: Input,
    ) -> Result<Written, Error> {
        let request = self.request(ctx, (model, Verb::Create), Vec::new(), body)?;
        self.run(request).await?.ok_or_else(Error::not_found)
    }

    /// Changes a record: `patch` the fields of the body, `replace` every writable one.
    ///
    /// # Errors
    /// As [`Self::create`]; 404 for a row that the caller may not see.
    pub async fn update(
        self: &Arc<Self>,
        ctx: &Context,
        (model, verb): (ModelId, Verb),
        key: &str,
        body: Input,
    ) -> Result<Written, Error> {
        self.scope(ctx, verb, model)?;
        let key = self.registry.model(model).parse_key(key)?;
        let request = self.request(ctx, (model, verb), key, body)?;
        self.run(request).await?.ok_or_else(Error::not_found)
    }

    /// Deletes a record.
    ///
    /// # Errors
    /// 401, 403, 404 for the caller; 409 when other records point at it.
    pub async fn delete(
        self: &Arc<Self>,
        ctx: &Context,
        model: ModelId,
        key: &str,
    ) -> Result<(), Error> {
        let scope = self.scope(ctx, Verb::Delete, model)?;
        let key = self.registry.model(model).parse_key(key)?;
        let changes = Changes::default();
        let ctx = ctx.clone();
        self.run(Request {
            ctx,
            model,
            verb: Verb::Delete,
            key,
            changes,
            scope,
        })
        .await?;
        Ok(())
    }

    fn request(
        &self,
        ctx: &Context,
        (model, verb): (ModelId, Verb),
        key: Vec<Value>,
        body: Input,
    ) -> Result<Request, Error> {
        let scope = self.scope(ctx, verb, model)?;
        let purpose = match verb {
            Verb::Create => Purpose::Create,
            Verb::Replace => Purpose::Replace,
            Verb::Patch | Verb::List | Verb::Read | Verb::Delete => Purpose::Patch,
        };
        let changes = validate(self.registry.model(model), body, purpose, &*scope)?;
        Ok(Request {
            ctx: ctx.clone(),
            model,
            verb,
            key,
            changes,
            scope,
        })
    }

    /// Runs a write to its end even if the caller goes away (D16), and again when it lost a race.
    async fn run(self: &Arc<Self>, request: Request) -> Result<Option<Written>, Error> {
        let engine = Arc::clone(self);
        let work = tokio::spawn(async move {
            let mut attempt = 1;
            loop {
                match engine.attempt(request.clone()).await {
                    Err(e) if e.code == "busy" && attempt < ATTEMPTS => {
                        let pause = 5 * u64::from(attempt * attempt);
                        tokio::time::sleep(std::time::Duration::from_millis(pause)).await;
                        attempt += 1;
                    }
                    other => break other,
                }
            }
        });
        work.await
            .unwrap_or_else(|panic| Err(Error::internal(panic)))
    }

    async fn attempt(&self, request: Request) -> Result<Option<Written>, Error> {
        let meta = self.registry.model(request.model);
        let tx = self.db.begin().await?;
        let outcome = self.within(&tx, &request).await;
        match outcome {
            Ok(written) => {
                tx.commit().await.map_err(failure::plain)?;
                self.hooks.committed(meta, request.verb);
                Ok(written)
            }
            Err(Step::Links { before, source }) => {
                // The transaction is over; only now can another connection look.
                let _ = tx.rollback().await;
                let model = (meta, &*request.scope);
                let error = self
                    .explain_links(model, &request.changes, before.as_deref())
                    .await;
                Err(error.because(source))
            }
            Err(Step::Failed(error)) => {
                let _ = tx.rollback().await;
                Err(error)
            }
        }
    }

    async fn within(&self, tx: &Tx, request: &Request) -> Result<Option<Written>, Step> {
        let Request {
            ctx,
            model,
            verb,
            scope,
            ..
        } = request;
        let meta = self.registry.model(*model);
        let store = &self.stores[model.0];
        let loaded = match verb {
            Verb::Create => None,
            _ => Some(self.load(tx, request).await?),
        };
        let before = loaded.as_ref().map(|r| r.values.clone());
        let mut changes = request.changes.clone();
        if let Some(before) = &before {
            self.check_fields(tx, request, before).await?;
            changes.values.retain(|(f, v)| !same(&before[*f], v));
        }
        let write = Write {
            registry: &self.registry,
            model: meta,
            verb: *verb,
            principal: &ctx.principal,
            before: before.as_deref(),
            after: None,
        };
        for hook in self.hooks.of(meta) {
            hook.before(tx, &write, &mut changes).await?;
        }
        let of_model = (meta, &**scope);
        self.check_links(ctx, tx, of_model, &changes, before.as_deref())
            .await?;
        let unchanged = changes.values.is_empty() && changes.defaults.is_empty();
        let refused = |e: sea_orm::DbErr| Step::of(meta, scope, e, before.clone());
        let after = match (verb, loaded) {
            (Verb::Delete, Some(row)) => {
                store
                    .delete(tx, row)
                    .await
                    .map_err(|e| match failure::classify(&e) {
                        failure::Failure::ForeignKey => {
                            Step::Failed(conflict::referenced().because(e))
                        }
                        _ => refused(e),
                    })?;
                None
            }
            (_, Some(row)) if unchanged => return Ok(Some(self.written(tx, request, row).await?)),
            (_, Some(row)) => Some(store.update(tx, row, changes).await.map_err(refused)?),
            (_, None) => Some(store.insert(tx, changes).await.map_err(refused)?),
        };
        let values = after.as_ref().map(|r| r.values.as_slice());
        if let Some(values) = values {
            self.check_row(tx, request, values).await?;
        }
        let write = Write {
            after: values,
            ..write
        };
        for hook in self.hooks.of(meta) {
            hook.after(tx, &write).await?;
        }
        audit::record(tx, ctx, (meta, *verb), before.as_deref(), values).await?;
        match after {
            Some(row) => Ok(Some(self.written(tx, request, row).await?)),
            None => Ok(None),
        }
    }

    async fn load(&self, tx: &Tx, request: &Request) -> Result<Stored, Error> {
        let mut compiler = Compiler::new(&self.registry, self.db.backend());
        let root = compiler.root(request.model);
        let mut condition = compiler.by_key(&root, &request.key);
        if request.scope.rows != Filter::All {
            condition = condition.and(compiler.condition(&root, &request.scope.rows));
        }
        let found = self.stores[request.model.0].load(tx, condition).await;
        found.map_err(failure::plain)?.ok_or_else(Error::not_found)
    }

    /// Before the write: the changed fields must be writable on this very row.
    async fn check_fields(&self, tx: &Tx, request: &Request, row: &[Value]) -> Result<(), Error> {
        let changed = request
            .changes
            .values
            .iter()
            .filter(|(f, v)| !same(&row[*f], v));
        let fields: Vec<FieldId> = changed.map(|(f, _)| *f).collect();
        self.check_writable(tx, request, row, &fields).await
    }

    /// After the write: the row must still be one of the caller's, and the fields still writable.
    async fn check_row(&self, tx: &Tx, request: &Request, row: &[Value]) -> Result<(), Error> {
        let rows = &request.scope.rows;
        if *rows != Filter::All && !self.matches(tx, request.model, row, &[rows]).await?[0] {
            return Err(Error::new(
                Kind::Forbidden,
                "row_rule",
                "The record would no longer be one that you may write.",
            ));
        }
        let fields: Vec<FieldId> = request.changes.values.iter().map(|(f, _)| *f).collect();
        self.check_writable(tx, request, row, &fields).await
    }

    async fn check_writable(
        &self,
        tx: &Tx,
        request: &Request,
        row: &[Value],
        fields: &[FieldId],
    ) -> Result<(), Error> {
        let guarded: Vec<(FieldId, &Filter)> = fields
            .iter()
            .filter_map(|&f| match &request.scope.writable[f] {
                Sight::When(filter) => Some((f, filter)),
                Sight::Always | Sight::Never => None,
            })
            .collect();
        if guarded.is_empty() {
            return Ok(());
        }
        let filters: Vec<&Filter> = guarded.iter().map(|(_, f)| *f).collect();
        let open = self.matches(tx, request.model, row, &filters).await?;
        let meta = self.registry.model(request.model);
        let shut = guarded.iter().zip(open).filter(|(_, open)| !open);
        let faults: Vec<Fault> = shut
            .map(|((f, _), _)| {
                let name = &meta.fields[*f].name;
                Fault::field(name, "read_only", format!("{name} cannot be written."))
            })
            .collect();
        if faults.is_empty() {
            Ok(())
        } else {
            Err(Error::invalid(faults))
        }
    }

    /// For each filter, whether the stored row matches it; one statement for all.
    async fn matches(
        &self,
        tx: &Tx,
        model: ModelId,
        row: &[Value],
        filters: &[&Filter],
    ) -> Result<Vec<bool>, Error> {
        let meta = self.registry.model(model);
        let key: Vec<Value> = meta.key.iter().map(|&k| row[k].clone()).collect();
        let mut compiler = Compiler::new(&self.registry, self.db.backend());
        let root = compiler.root(model);
        let mut select = Sql::select();
        select
            .from(table(meta))
            .and_where(compiler.by_key(&root, &key));
        for filter in filters {
            let condition = compiler.condition(&root, filter);
            let case = sea_orm::sea_query::CaseStatement::new()
                .case(condition, Expr::cust("1"))
                .finally(Expr::cust("0"));
            select.expr(case);
        }
        let found = tx.query_one(&select).await.map_err(failure::plain)?;
        let Some(found) = found else {
            return Ok(vec![false; filters.len()]);
        };
        let int = crate::model::Kind::Int(crate::model::IntSize::I64);
        (0..filters.len())
            .map(|i| {
                let value = crate::store::row::value(&found, i, &int)?;
                Ok(value::to_text(&value).as_deref() == Some("1"))
            })
            .collect()
    }

    /// The record as the caller may read it: nothing but its key to one who may only write.
    async fn written(&self, tx: &Tx, request: &Request, row: Stored) -> Result<Written, Error> {
        let meta = self.registry.model(request.model);
        let scope = self.scope(&request.ctx, Verb::Read, request.model).ok();
        let key: Vec<Value> = meta.key.iter().map(|&k| row.values[k].clone()).collect();
        let shown = match scope {
            Some(scope) => self.shown(tx, request.model, &scope, &row.values).await?,
            None => vec![Shown::Absent; meta.fields.len()],
        };
        let mut body = vec![b'{'];
        for (id, field) in meta.fields.iter().enumerate() {
            if shown[id] == Shown::Absent && !meta.key.contains(&id) {
                continue;
            }
            if body.len() > 1 {
                body.push(b',');
            }
            value::write_string(&mut body, &field.name);
            body.push(b':');
            match shown[id] {
                Shown::Null => body.extend_from_slice(b"null"),
                Shown::Value | Shown::Absent => {
                    value::write_field(&mut body, &field.kind, &row.values[id]);
                }
            }
        }
        body.push(b'}');
        Ok(Written {
            etag: etag(&body),
            body,
            key: meta.key_text(&key),
        })
    }

    /// How each field of a row is shown to a reader with this scope.
    async fn shown(
        &self,
        tx: &Tx,
        model: ModelId,
        scope: &Scope,
        row: &[Value],
    ) -> Result<Vec<Shown>, Error> {
        let mut filters: Vec<&Filter> = vec![&scope.rows];
        filters.extend(scope.readable.iter().filter_map(|s| match s {
            Sight::When(filter) => Some(filter),
            Sight::Always | Sight::Never => None,
        }));
        let open = if filters == [&Filter::All] {
            vec![true]
        } else {
            self.matches(tx, model, row, &filters).await?
        };
        let (visible, mut guards) = (open[0], open[1..].iter());
        Ok(scope
            .readable
            .iter()
            .map(|sight| match sight {
                Sight::Never => Shown::Absent,
                _ if !visible => Shown::Absent,
                Sight::Always => Shown::Value,
                // Hidden on this row: null, as a read shows it.
                Sight::When(_) if guards.next() == Some(&true) => Shown::Value,
                Sight::When(_) => Shown::Null,
            })
            .collect())
    }
}

/// How a field of a written row is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shown {
    Value,
    Null,
    Absent,
}

/// Whether two values are the same to a reader.
fn same(a: &Value, b: &Value) -> bool {
    a == b || value::to_text(a) == value::to_text(b)
}

/// How an attempt ended without success.
enum Step {
    /// With this error.
    Failed(Error),
    /// The database refused a foreign key; which one is found out after the rollback.
    Links {
        before: Option<Vec<Value>>,
        source: sea_orm::DbErr,
    },
}

impl Step {
    fn of(
        meta: &ModelMeta,
        scope: &Scope,
        error: sea_orm::DbErr,
        before: Option<Vec<Value>>,
    ) -> Self {
        match failure::classify(&error) {
            failure::Failure::ForeignKey => Self::Links {
                before,
                source: error,
            },
            _ => Self::Failed(conflict::of_write(meta, scope, error)),
        }
    }
}

impl From<Error> for Step {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}
