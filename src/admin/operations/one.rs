//! One operation: how far it is, what came of it, and stopping it.

use askama::Template;
use poem::Response;
use poem::http::StatusCode;
use serde_json::Value as Json;

use crate::error::{Error, Kind};
use crate::http::{Call, answer};
use crate::model::Verb;

use crate::admin::address::Query;
use crate::admin::operations::outcome::Outcome;
use crate::admin::operations::{self, Operation};
use crate::admin::shell::Shell;
use crate::page::form::posted;
use crate::page::words::t;
use crate::page::{self, filters};

/// The page.
#[derive(Debug, Template)]
#[template(path = "admin/operation.html")]
struct OperationPage {
    shell: Shell,
    operation: Operation,
    outcome: Outcome,
    /// The list that it is about, and what that is called; `None` for who may not see it.
    list: Option<(String, String)>,
    /// The change sets that it made, by which it can be undone.
    sets: Vec<i64>,
}

fn id(call: &Call) -> Result<i64, Error> {
    let text = call.param("id");
    let id: i64 = text.parse().map_err(|_| Error::not_found())?;
    if id.to_string() == text {
        Ok(id)
    } else {
        Err(Error::not_found())
    }
}

/// `GET /admin/_operations/{id}`
pub(crate) async fn page(call: Call) -> Result<Response, Error> {
    let (engine, ctx, id) = (&call.engine, &call.ctx, id(&call)?);
    if let Some((name, _)) = call.query()?.first() {
        let detail = format!("There is no parameter {name:?} here.");
        return Err(Error::parameter(name, "unknown_parameter", detail));
    }
    let told = engine.operation(ctx, id).await?;
    let operation = operations::of_json(engine, &told);
    let sets = if operation.state.running {
        Vec::new()
    } else {
        sets(&call, &told).await?
    };
    page::render(
        StatusCode::OK,
        &OperationPage {
            shell: Shell::new(engine, ctx)
                .through(t("Operations"), "/admin/_operations".to_owned())
                .here(operation.title.clone())
                .doing("GET", &format!("/api/v1/_operations/{id}")),
            operation,
            outcome: Outcome::of(&told["result"]),
            list: list(&call, &told),
            sets,
        },
    )
}

fn list(call: &Call, told: &Json) -> Option<(String, String)> {
    let model = call.engine.model(told["model"].as_str()?).ok()?;
    let lists = call.engine.may(&call.ctx, Verb::List, model.id);
    lists.then(|| {
        let href = Query::default().list(&model.slug);
        (href, model.label_plural.clone())
    })
}

/// The change sets of the request that began the operation.
async fn sets(call: &Call, told: &Json) -> Result<Vec<i64>, Error> {
    let text = |name: &str| told[name].as_str().unwrap_or_default().to_owned();
    if text("kind") == "export" {
        return Ok(Vec::new());
    }
    let asked = [
        ("request".to_owned(), text("request_id")),
        ("since".to_owned(), text("started_at")),
    ];
    let found = call.engine.changes(&call.ctx, &asked).await?;
    let all = found["data"].as_array().into_iter().flatten();
    Ok(all.filter_map(|set| set["change_set"].as_i64()).collect())
}

/// `POST /admin/_operations/{id}/cancel`
pub(crate) async fn cancel(mut call: Call) -> Result<Response, Error> {
    let id = id(&call)?;
    posted(&mut call).await?;
    match call.engine.cancel(&call.ctx, id).await {
        Ok(_) => {}
        // It has ended meanwhile: its page says how.
        Err(error) if error.kind == Kind::Conflict => {}
        Err(error) => return Err(error),
    }
    Ok(answer::see_other(&format!("/admin/_operations/{id}")))
}
