//! Deleting a record: the question, and the deed.

use askama::Template;
use poem::Response;
use poem::http::StatusCode;

use crate::crud::{IfMatch, Target};
use crate::error::{Error, Kind};
use crate::http::{Call, answer};
use crate::model::{ModelMeta, Verb};

use crate::admin::address::{self, Query};
use crate::admin::record::Subject;
use crate::admin::record::form::Sent;
use crate::admin::shell::Shell;
use crate::admin::trial::{self, Trial};
use crate::admin::value::reach::{Reach, TYPED};
use crate::admin::value::row;
use crate::page::form::posted;
use crate::page::words::{fill, noun, t, told};
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
    /// What becomes of it.
    fate: String,
    trial: Trial,
    /// The number that has to be typed; empty for none.
    typed: String,
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
    let (typed, form): (Vec<_>, Vec<_>) = form
        .into_iter()
        .partition(|(name, _)| matches!(name.as_str(), "_typed" | "_records"));
    let typed = Query(typed);
    if typed.get("_records") != typed.get("_typed").map(str::trim) {
        let problem = fill(
            "Type {} to confirm",
            &[&typed.get("_records").unwrap_or_default()],
        );
        return ask(&call, StatusCode::UNPROCESSABLE_ENTITY, &problem).await;
    }
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
            let problem = fill("It was not deleted. {}", &[&told(&error.detail)]);
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
    let trial = foreseen(call, model, key).await?;
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
                .here(t("Delete"))
                .doing("DELETE", &own.replacen("/admin/", "/api/v1/", 1)),
            title,
            label: noun(&model.label),
            action: format!("{own}/delete"),
            back,
            version,
            problem,
            fate: model
                .trash
                .map_or_else(String::new, |trash| match trash.days {
                    Some(days) => fill(
                        "It goes to the trash, and is gone for good after {} days.",
                        &[&days],
                    ),
                    None => t("It goes to the trash.").to_owned(),
                }),
            typed: typed(&trial),
            trial,
        },
    )
}

/// What has to be typed where many records go: how many. Empty where few do.
fn typed(trial: &Trial) -> String {
    let records = 1 + trial.reached.iter().map(Reach::deleted).sum::<u64>();
    match records > TYPED {
        true => records.to_string(),
        false => String::new(),
    }
}

/// What a dry run says of the delete.
async fn foreseen(call: &Call, model: &ModelMeta, key: &str) -> Result<Trial, Error> {
    let (engine, ctx) = (&call.engine, &call.ctx);
    let target = Target {
        key,
        condition: &IfMatch::Exists,
    };
    let tried = engine.delete(&trial::of(ctx), model.id, target).await?;
    let Some(tried) = tried else {
        return Ok(Trial::default());
    };
    let mut trial = Trial::read(engine, ctx, &tried).await?;
    let reached = trial.reached.into_iter();
    trial.reached = reached
        .map(|reach| reach.leading((engine, ctx), (model, key)))
        .collect();
    Ok(trial)
}
