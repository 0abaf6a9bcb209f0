//! Deleting a record: the question, and the deed.

use askama::Template;
use poem::Response;
use poem::http::StatusCode;
use serde_json::Value as Json;

use crate::crud::{Context, IfMatch, Target};
use crate::error::{Error, Kind};
use crate::http::{Call, answer};
use crate::model::{ModelMeta, Verb};

use crate::admin::address;
use crate::admin::record::Subject;
use crate::admin::record::form::Sent;
use crate::admin::shell::Shell;
use crate::admin::value::row;
use crate::page::form::posted;
use crate::page::{self, filters};

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
    /// What would go with it, and what would lose its link.
    effects: Vec<String>,
    /// What stands against it.
    obstacles: Vec<String>,
}

/// `GET /admin/{model}/{id}/delete`
pub(crate) async fn question(call: Call) -> Result<Response, Error> {
    ask(&call, StatusCode::OK, "").await
}

/// `POST /admin/{model}/{id}/delete`
pub(crate) async fn done(mut call: Call) -> Result<Response, Error> {
    let engine = call.engine.clone();
    let model = engine.model(&call.param("model"))?;
    engine.scope(&call.ctx, Verb::Delete, model.id)?;
    let form = posted(&mut call).await?;
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
    let (effects, obstacles) = foreseen(call, model, key).await?;
    let own = address::record(&model.slug, key);
    let back = if reads {
        own.clone()
    } else {
        "/admin".to_owned()
    };
    page::render(
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
            effects,
            obstacles,
        },
    )
}

/// What a dry run says of the delete: effects, and what stands against it.
async fn foreseen(
    call: &Call,
    model: &ModelMeta,
    key: &str,
) -> Result<(Vec<String>, Vec<String>), Error> {
    let trial = Context {
        dry_run: true,
        ..call.ctx.clone()
    };
    let target = Target {
        key,
        condition: &IfMatch::Exists,
    };
    let Some(tried) = call.engine.delete(&trial, model.id, target).await? else {
        return Ok((Vec::new(), Vec::new()));
    };
    let tried: Json = serde_json::from_slice(&tried.body).map_err(Error::internal)?;
    let (mut effects, mut obstacles) = (Vec::new(), Vec::new());
    effects.extend(model.trash.map(|trash| match trash.days {
        Some(days) => format!("It goes to the trash, and is gone for good after {days} days."),
        None => "It goes to the trash.".to_owned(),
    }));
    for reached in tried["cascade"].as_array().into_iter().flatten() {
        let count = reached["count"].as_u64().unwrap_or_default();
        let slug = reached["model"].as_str().unwrap_or_default();
        let Ok(other) = call.engine.model(slug) else {
            continue;
        };
        let label = match count {
            1 => other.label.to_lowercase(),
            _ => other.label_plural.to_lowercase(),
        };
        match reached["effect"].as_str() {
            Some("delete") => effects.push(format!("{count} {label} will be deleted with it.")),
            Some("set_null") => effects.push(format!("{count} {label} will lose the link to it.")),
            _ => obstacles.push(format!("{count} {label} must not lose it.")),
        }
    }
    for violation in tried["violations"].as_array().into_iter().flatten() {
        obstacles.extend(violation["detail"].as_str().map(ToOwned::to_owned));
    }
    Ok((effects, obstacles))
}
