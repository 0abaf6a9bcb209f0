//! Deleting a record: the question, and the deed.

use askama::Template;
use poem::Response;
use poem::http::StatusCode;

use crate::error::{Error, Kind};
use crate::http::{Call, answer, body};
use crate::model::Verb;

use crate::crud::Target;

use super::address;
use super::form::Sent;
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
    /// The entity tag of the record that is asked about; empty when the caller may not read it.
    version: String,
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
    let form = body::form_body(&mut call.request).await?;
    let sent = Sent::of(form, |_| false)?;
    let target = Target {
        key: call.raw_param("id"),
        condition: &sent.condition()?,
    };
    match engine.delete(&call.ctx, model.id, target).await {
        Ok(_) if engine.may(&call.ctx, Verb::List, model.id) => Ok(answer::see_other(&format!(
            "/admin/{}/_deleted",
            model.slug
        ))),
        Ok(_) => Ok(answer::see_other("/admin")),
        Err(error) if matches!(error.kind, Kind::Conflict | Kind::PreconditionFailed) => {
            let problem = format!("It was not deleted. {}", error.detail);
            let status = StatusCode::from_u16(error.kind.status()).unwrap_or(StatusCode::CONFLICT);
            ask(&call, status, &problem).await
        }
        Err(error) => Err(error),
    }
}

async fn ask(call: &Call, status: StatusCode, problem: &str) -> Result<Response, Error> {
    let (engine, ctx, key) = (&call.engine, &call.ctx, call.raw_param("id"));
    let model = engine.model(&call.param("model"))?;
    engine.scope(ctx, Verb::Delete, model.id)?;
    let reads = engine.may(ctx, Verb::Read, model.id);
    let (title, version) = if reads {
        let subject = Subject::read(engine, ctx, model, key).await?;
        (subject.title(), subject.version)
    } else {
        model.parse_key(key)?;
        (row::number(key), String::new())
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
            version,
            problem,
        },
    )
}
