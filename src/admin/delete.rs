//! Deleting a record: the question, and the deed.

use askama::Template;
use poem::Response;
use poem::http::StatusCode;

use crate::error::{Error, Kind};
use crate::http::{Call, answer, body};
use crate::model::Verb;

use super::address;
use super::record::Subject;
use super::row;
use super::shell::{self, Shell};

/// The page.
#[derive(Debug, Template)]
#[template(path = "admin/delete.html")]
struct DeletePage<'a> {
    shell: Shell,
    title: String,
    label: String,
    action: String,
    back: String,
    problem: &'a str,
}

/// `GET /admin/{model}/{id}/delete`
pub(super) async fn question(call: Call) -> Result<Response, Error> {
    ask(&call, StatusCode::OK, "").await
}

/// `POST /admin/{model}/{id}/delete`
pub(super) async fn done(mut call: Call) -> Result<Response, Error> {
    let engine = call.engine.clone();
    let model = engine.model(&call.param("model"))?;
    engine.scope(&call.ctx, Verb::Delete, model.id)?;
    if let Some((name, _)) = body::form_body(&mut call.request).await?.first() {
        let detail = format!("There is no field {name} in this form.");
        return Err(Error::parameter(name, "unknown_field", detail));
    }
    match engine
        .delete(&call.ctx, model.id, call.raw_param("id"))
        .await
    {
        Ok(()) if engine.may(&call.ctx, Verb::List, model.id) => Ok(answer::see_other(&format!(
            "/admin/{}/_deleted",
            model.slug
        ))),
        Ok(()) => Ok(answer::see_other("/admin")),
        Err(error) if error.kind == Kind::Conflict => {
            let problem = format!("It was not deleted. {}", error.detail);
            ask(&call, StatusCode::CONFLICT, &problem).await
        }
        Err(error) => Err(error),
    }
}

async fn ask(call: &Call, status: StatusCode, problem: &str) -> Result<Response, Error> {
    let (engine, ctx, key) = (&call.engine, &call.ctx, call.raw_param("id"));
    let model = engine.model(&call.param("model"))?;
    engine.scope(ctx, Verb::Delete, model.id)?;
    let reads = engine.may(ctx, Verb::Read, model.id);
    let title = if reads {
        Subject::read(engine, ctx, model, key).await?.title()
    } else {
        model.parse_key(key)?;
        row::number(key)
    };
    let own = address::record(&model.slug, key);
    let back = if reads {
        own.clone()
    } else {
        "/admin".to_owned()
    };
    shell::render(
        status,
        &DeletePage {
            shell: Shell::of_model(engine, ctx, model)
                .through(
                    title.clone(),
                    if reads { own.clone() } else { String::new() },
                )
                .here("Delete"),
            title,
            label: model.label.to_lowercase(),
            action: format!("{own}/delete"),
            back,
            problem,
        },
    )
}
