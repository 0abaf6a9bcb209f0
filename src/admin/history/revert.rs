//! Back to what a record was: the question, which shows what would change, and the deed.

use askama::Template;
use poem::Response;
use poem::http::StatusCode;

use crate::crud::{IfMatch, Target};
use crate::error::{Error, Kind};
use crate::http::{Call, answer};
use crate::model::{Input, ModelMeta, Verb};

use crate::admin::address::{self, Query};
use crate::admin::record::Subject;
use crate::admin::shell::Shell;
use crate::admin::trial::{self, Trial};
use crate::admin::value::row;
use crate::page::form::posted;
use crate::page::words::{reasons, t};
use crate::page::{self, filters};

/// The page.
#[derive(Debug, Template)]
#[template(path = "admin/revert.html")]
struct RevertPage<'a> {
    shell: Shell,
    title: String,
    label: &'a str,
    action: String,
    back: String,
    to: i64,
    /// The entity tag of the record that is asked about; empty for one that is not there.
    version: String,
    problem: &'a str,
    trial: Trial,
}

/// `GET /admin/{model}/{id}/revert?to=…`
pub(crate) async fn question(call: Call) -> Result<Response, Error> {
    let query = Query(call.query()?);
    let to = match &query.0[..] {
        [(name, text)] if name == "to" => number(text)?,
        _ => {
            return Err(Error::parameter(
                "to",
                "required",
                "Say to which change set.",
            ));
        }
    };
    ask(&call, to, (StatusCode::OK, "")).await
}

/// `POST /admin/{model}/{id}/revert`
pub(crate) async fn done(mut call: Call) -> Result<Response, Error> {
    let engine = call.engine.clone();
    let model = engine.model(&call.param("model"))?;
    engine.scope(&call.ctx, Verb::Patch, model.id)?;
    let form = Query(posted(&mut call).await?);
    let to = number(form.get("to").unwrap_or_default())?;
    let condition = IfMatch::parse(form.get("_if_match").filter(|tag| !tag.is_empty()))?;
    let target = Target {
        key: call.raw_param("id"),
        condition: &condition,
    };
    let reverted = engine
        .revert(&call.ctx, model.id, target, (None, point(to)))
        .await;
    match reverted {
        Ok(written) => {
            let there = address::record(&model.slug, &written.key);
            Ok(answer::see_other(&format!("{there}?saved=changed")))
        }
        Err(error)
            if matches!(
                error.kind,
                Kind::Conflict | Kind::PreconditionFailed | Kind::Invalid
            ) =>
        {
            let status = StatusCode::from_u16(error.kind.status()).unwrap_or(StatusCode::CONFLICT);
            ask(&call, to, (status, &reasons(&error).join(" "))).await
        }
        Err(error) => Err(error),
    }
}

fn number(text: &str) -> Result<i64, Error> {
    text.parse()
        .map_err(|_| Error::parameter("to", "type", "A change set is known by its number."))
}

/// The body of the request that goes back to right after a change set.
fn point(to: i64) -> Input {
    Input::Object(vec![(
        "change_set".to_owned(),
        Input::Number(to.to_string()),
    )])
}

async fn ask(
    call: &Call,
    to: i64,
    (status, problem): (StatusCode, &str),
) -> Result<Response, Error> {
    let (engine, ctx, key) = (&call.engine, &call.ctx, call.raw_param("id"));
    let model: &ModelMeta = engine.model(&call.param("model"))?;
    engine.scope(ctx, Verb::Patch, model.id)?;
    let (title, version) = match Subject::read(engine, ctx, model, key).await {
        Ok(subject) => (subject.title(), subject.version),
        Err(error) if error.kind == Kind::NotFound => (row::number(key), String::new()),
        Err(error) => return Err(error),
    };
    let target = Target {
        key,
        condition: &IfMatch::Unconditional,
    };
    let tried = engine
        .revert(&trial::of(ctx), model.id, target, (None, point(to)))
        .await?;
    let own = address::record(&model.slug, key);
    let there = if version.is_empty() {
        String::new()
    } else {
        own.clone()
    };
    let api = format!("{own}/_revert").replacen("/admin/", "/api/v1/", 1);
    page::render(
        status,
        &RevertPage {
            shell: Shell::of_model(engine, ctx, model)
                .through(title.clone(), there)
                .through(t("History"), format!("{own}/history"))
                .here(t("Go back"))
                .doing("POST", &api)
                .sending(&format!("{{\"change_set\": {to}}}")),
            title,
            label: &model.label,
            action: format!("{own}/revert"),
            back: format!("{own}/history"),
            to,
            version,
            problem,
            trial: Trial::read(engine, ctx, &tried).await?,
        },
    )
}
