//! Taking back a change set: the question, with what would be undone and what forbids it, and the
//! deed. A large one is not tried for the question, which would take as long and hold up other writes
//! as the deed does; it is begun as an operation, which undoes nothing and says why when it cannot.

use askama::Template;
use poem::Response;
use poem::http::StatusCode;
use serde_json::Value as Json;

use crate::crud::LARGE;
use crate::error::{Error, Kind};
use crate::http::{Call, answer};
use crate::model::Input;

use crate::admin::address::Query;
use crate::admin::changes::set;
use crate::admin::operations;
use crate::admin::shell::Shell;
use crate::admin::trial::{self, Trial};
use crate::admin::value::count;
use crate::page::form::posted;
use crate::page::words::{t, told};
use crate::page::{self, filters};

/// The page.
#[derive(Debug, Template)]
#[template(path = "admin/undo.html")]
struct UndoPage {
    shell: Shell,
    id: i64,
    problem: String,
    trial: Trial,
    /// Of more records than how many it is, when they are too many to be waited for; else empty.
    large: String,
}

/// `GET /admin/_changes/{id}/undo`
pub(crate) async fn question(call: Call) -> Result<Response, Error> {
    if let Some((name, _)) = call.query()?.first() {
        let detail = format!("There is no parameter {name:?} here.");
        return Err(Error::parameter(name, "unknown_parameter", detail));
    }
    ask(&call, (StatusCode::OK, String::new())).await
}

/// `POST /admin/_changes/{id}/undo`
pub(crate) async fn done(mut call: Call) -> Result<Response, Error> {
    let id = set::id(&call)?;
    let form = Query(posted(&mut call).await?);
    let skip = form.get("conflicts") == Some("skip");
    if form.get("later").is_some() {
        let request = (None, body(id, skip));
        let begun = call.engine.undo_later(&call.ctx, request).await?;
        return Ok(answer::see_other(&operations::address(&begun)));
    }
    match call.engine.undo(&call.ctx, (None, body(id, skip))).await {
        Ok(written) => {
            let told: Json = serde_json::from_slice(&written.body).map_err(Error::internal)?;
            let there = format!("/admin/_changes/{id}?undone={}", told["undone"]);
            Ok(answer::see_other(&there))
        }
        Err(error) if error.kind == Kind::Conflict => {
            let problem = told(&error.detail);
            ask(&call, (StatusCode::CONFLICT, problem)).await
        }
        Err(error) => Err(error),
    }
}

fn body(id: i64, skip: bool) -> Input {
    let mut members = vec![("change_set".to_owned(), Input::Number(id.to_string()))];
    if skip {
        members.push(("conflicts".to_owned(), Input::String("skip".to_owned())));
    }
    Input::Object(members)
}

async fn ask(call: &Call, (status, problem): (StatusCode, String)) -> Result<Response, Error> {
    let (engine, ctx, id) = (&call.engine, &call.ctx, set::id(call)?);
    let first = [("limit".to_owned(), "1".to_owned())];
    engine.change_set(ctx, id, &first).await?;
    let large = engine.is_large_undo(id).await?;
    let trial = if large {
        Trial::default()
    } else {
        let request = (None, body(id, false));
        let tried = engine.undo(&trial::of(ctx), request).await?;
        Trial::read(engine, ctx, &tried).await?
    };
    page::render(
        status,
        &UndoPage {
            shell: Shell::new(engine, ctx)
                .through(t("Changes"), "/admin/_changes".to_owned())
                .through(format!("#{id}"), format!("/admin/_changes/{id}"))
                .here(t("Undo"))
                .doing("POST", "/api/v1/_undo")
                .sending(&format!("{{\"change_set\": {id}}}")),
            id,
            problem,
            large: if large {
                count::words(LARGE as u64, "exact")
            } else {
                String::new()
            },
            trial,
        },
    )
}
