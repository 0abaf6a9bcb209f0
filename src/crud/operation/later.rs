//! Operations begun by a door that does not wait for them. Each answers at once with the operation as
//! [`Engine::operation`] shows it, or says why it may not begin: what the caller may not do at all, and
//! what is wrong with the request itself. All else is told by the operation at its end.

use std::sync::Arc;

use serde_json::Value as Json;

use crate::crud::idempotency::{self, digest};
use crate::crud::{Context, Engine, Import, undo};
use crate::error::Error;
use crate::model::{Input, ModelId, Verb};

use super::Of;

impl Engine {
    /// Begins an import.
    ///
    /// # Errors
    /// As [`Engine::import`] for the caller and the parameters; 503 when as many operations wait as
    /// may.
    pub async fn import_later(
        self: &Arc<Self>,
        ctx: &Context,
        model: ModelId,
        import: Import,
    ) -> Result<Json, Error> {
        check_key(import.key.as_deref())?;
        let atomic = self.check_import(ctx, model, &import.parameters)?;
        let of = self.of(("import", Some(model)), atomic);
        self.begun(ctx, of, move |engine, ctx| async move {
            engine.import(&ctx, model, import).await
        })
        .await
    }

    /// Begins a change of many records; `key` is an `Idempotency-Key`.
    ///
    /// # Errors
    /// As [`Engine::bulk`] for the caller; 503 when as many operations wait as may.
    pub async fn bulk_later(
        self: &Arc<Self>,
        ctx: &Context,
        model: ModelId,
        (key, body): (Option<String>, Input),
    ) -> Result<Json, Error> {
        self.may_change(ctx, model)?;
        check_key(key.as_deref())?;
        self.check_bulk(ctx, model, body.clone())?;
        let of = self.of(("bulk", Some(model)), true);
        self.begun(ctx, of, move |engine, ctx| async move {
            engine.bulk(&ctx, model, (key.as_deref(), body)).await
        })
        .await
    }

    /// Begins an undo; `key` is an `Idempotency-Key`.
    ///
    /// # Errors
    /// 401; 503 when as many operations wait as may.
    pub async fn undo_later(
        self: &Arc<Self>,
        ctx: &Context,
        (key, body): (Option<String>, Input),
    ) -> Result<Json, Error> {
        if ctx.principal.is_anonymous() {
            return Err(Error::unauthenticated());
        }
        check_key(key.as_deref())?;
        undo::check(body.clone())?;
        let of = self.of(("undo", None), true);
        self.begun(ctx, of, move |engine, ctx| async move {
            engine.undo(&ctx, (key.as_deref(), body)).await
        })
        .await
    }

    /// Begins an export into a file, which [`Engine::operation_file`] gives out when it is `done`. What
    /// is in it is what the caller may see now.
    ///
    /// # Errors
    /// As [`Engine::export`]; 503 when as many operations wait as may.
    pub async fn export_later(
        self: &Arc<Self>,
        ctx: &Context,
        model: ModelId,
        parameters: &[(String, String)],
    ) -> Result<Json, Error> {
        if ctx.principal.is_anonymous() {
            return Err(Error::unauthenticated());
        }
        let export = self.export(ctx, model, parameters)?;
        let of = Of {
            rights: Some(self.rights_to_read(ctx, model)?),
            ..self.of(("export", Some(model)), true)
        };
        self.begun(ctx, of, move |engine, ctx| async move {
            engine.export_to_file(&ctx, export).await
        })
        .await
    }

    /// What the caller may see of a model's list, in short: another text when that is not the same.
    pub(super) fn rights_to_read(&self, ctx: &Context, model: ModelId) -> Result<String, Error> {
        let scope = self.scope(ctx, Verb::List, model)?;
        let seen = (&scope.rows, &scope.ruled, &scope.readable);
        Ok(digest(format!("{seen:?}")))
    }

    fn of(&self, (kind, model): (&'static str, Option<ModelId>), atomic: bool) -> Of {
        Of {
            kind,
            model: model.map(|id| self.registry.model(id).slug.clone()),
            atomic,
            rights: None,
        }
    }
}

/// Nobody waits for an operation whose key could not be one.
fn check_key(key: Option<&str>) -> Result<(), Error> {
    key.map_or(Ok(()), idempotency::check)
}
