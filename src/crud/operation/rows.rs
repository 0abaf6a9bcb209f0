//! Operations as their owners see them, and may stop them.

use quarterdeck_entity::system::operation;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
};
use serde_json::{Value as Json, json};

use crate::crud::{Context, Engine, history};
use crate::error::{Error, Kind};
use crate::model::{Verb, value};
use crate::store::failure;

use super::progress::Stop;

impl Engine {
    /// The caller's own operations, newest first, as [`Self::operation`] shows them but without their
    /// results. `parameters` may hold `limit` and `cursor`.
    ///
    /// # Errors
    /// 401; 400 for other parameters.
    pub async fn operations(
        &self,
        ctx: &Context,
        parameters: &[(String, String)],
    ) -> Result<Json, Error> {
        use operation::Column::{Id, TokenId, UserId};
        if ctx.principal.is_anonymous() {
            return Err(Error::unauthenticated());
        }
        let (limit, cursor) = history::page(parameters, self.limits.max_limit)?;
        let mut own = operation::Entity::find()
            .filter(UserId.eq(user(ctx)))
            .order_by_desc(Id)
            .limit(limit + 1);
        if let Some(token) = token(ctx) {
            own = own.filter(TokenId.eq(token));
        }
        if let Some(cursor) = cursor {
            own = own.filter(Id.lt(cursor));
        }
        let found = own.all(self.db.reader()).await;
        let mut found = found.map_err(failure::plain)?;
        let more = found.len() as u64 > limit;
        found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let next = found.last().filter(|_| more).map(|row| row.id.to_string());
        let data: Vec<Json> = found
            .iter()
            .map(|row| {
                let mut shown = self.described(row);
                if let Some(members) = shown.as_object_mut() {
                    members.remove("result");
                }
                shown
            })
            .collect();
        Ok(json!({ "data": data, "page": { "limit": limit, "next": next } }))
    }

    /// An operation of the caller's own, or any for who may read them all.
    ///
    /// # Errors
    /// 401; 404 for what is not there or not the caller's.
    pub async fn operation(&self, ctx: &Context, id: i64) -> Result<Json, Error> {
        let row = self.found(ctx, id).await?;
        Ok(self.described(&row))
    }

    /// Lets an operation stop: what is all or nothing is taken back, what is written in lots stops
    /// between two of them.
    ///
    /// # Errors
    /// As [`Self::operation`]; 403 for another's, unless the caller is a superuser; 409 when it has
    /// ended.
    pub async fn cancel(&self, ctx: &Context, id: i64) -> Result<Json, Error> {
        let row = self.found(ctx, id).await?;
        if !owns(ctx, &row) && !ctx.principal.is_superuser() {
            return Err(Error::forbidden("cancel operations of others"));
        }
        if row.state != "running" {
            let detail = format!("The operation has ended: it is {}.", row.state);
            return Err(Error::new(Kind::Conflict, "ended", detail));
        }
        let here = self.operations.under_way.lock().get(&id).cloned();
        match here {
            Some(progress) => progress.stop(Stop::Cancelled),
            None => {
                // Another node works on it, and looks.
                let tx = self.db.begin().await?;
                let update = operation::Entity::update_many()
                    .col_expr(operation::Column::Cancel, Expr::value(true))
                    .filter(operation::Column::Id.eq(id));
                update.exec(&tx).await.map_err(failure::plain)?;
                tx.commit().await.map_err(failure::plain)?;
            }
        }
        Ok(self.described(&row))
    }

    /// An operation that the caller began itself: of its token, or of its user without one.
    pub(super) async fn own(&self, ctx: &Context, id: i64) -> Result<operation::Model, Error> {
        let row = self.found(ctx, id).await?;
        match owns(ctx, &row) && token(ctx) == row.token_id {
            true => Ok(row),
            false => Err(Error::not_found()),
        }
    }

    async fn found(&self, ctx: &Context, id: i64) -> Result<operation::Model, Error> {
        let model = self.model("qd_operation")?.id;
        if ctx.principal.is_anonymous() {
            return Err(Error::unauthenticated());
        }
        let found = operation::Entity::find_by_id(id);
        let found = found.one(self.db.reader()).await.map_err(failure::plain)?;
        let row = found.ok_or_else(Error::not_found)?;
        let all = || {
            let read = self.scope(ctx, Verb::Read, model);
            read.is_ok_and(|s| s.is_unruled())
        };
        match owns(ctx, &row) || all() {
            true => Ok(row),
            false => Err(Error::not_found()),
        }
    }

    fn described(&self, row: &operation::Model) -> Json {
        let here = self.operations.under_way.lock().get(&row.id).cloned();
        let progress = here.filter(|_| row.state == "running");
        let (done, total) = progress.map_or((row.done, row.total), |p| p.numbers());
        json!({
            "id": row.id,
            "kind": row.kind,
            "request_id": row.request_id,
            "model": row.model,
            "state": row.state,
            "atomic": row.atomic,
            "progress": { "done": done, "total": total },
            "started_at": value::to_text(&row.started_at.into()),
            "ended_at": row.ended_at.and_then(|at| value::to_text(&at.into())),
            "result": row.result,
        })
    }
}

/// A token is told what it began itself, a session all that its user did.
fn owns(ctx: &Context, row: &operation::Model) -> bool {
    let token = token(ctx);
    row.user_id.is_some() && row.user_id == user(ctx) && (token.is_none() || token == row.token_id)
}

fn user(ctx: &Context) -> Option<i64> {
    ctx.principal.user.as_ref().map(|u| u.id)
}

fn token(ctx: &Context) -> Option<i64> {
    ctx.principal.token.as_ref().map(|t| t.id)
}
