//! Out of the trash: back to where it was, or gone for good. A dry run says first what comes or goes
//! with it.

use askama::Template;
use poem::Response;
use poem::http::StatusCode;

use crate::crud::{IfMatch, Target};
use crate::error::{Error, Kind};
use crate::http::{Call, answer};
use crate::model::Verb;

use crate::admin::address;
use crate::admin::shell::Shell;
use crate::admin::trial::{self, Trial};
use crate::page::form::posted;
use crate::page::words::{t, told};
use crate::page::{self, filters};

/// The page.
#[derive(Debug, Template)]
#[template(path = "admin/leave.html")]
struct LeavePage<'a> {
    shell: Shell,
    title: String,
    label: &'a str,
    action: String,
    back: String,
    /// Whether it is to be deleted for good.
    purges: bool,
    problem: &'a str,
    trial: Trial,
}

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Back,
    Gone,
}

/// `GET /admin/{model}/{id}/restore`
pub(crate) async fn back(call: Call) -> Result<Response, Error> {
    ask(&call, Way::Back, (StatusCode::OK, "")).await
}

/// `GET /admin/{model}/{id}/purge`
pub(crate) async fn gone(call: Call) -> Result<Response, Error> {
    ask(&call, Way::Gone, (StatusCode::OK, "")).await
}

/// `POST /admin/{model}/{id}/restore`
pub(crate) async fn restore(call: Call) -> Result<Response, Error> {
    go(call, Way::Back).await
}

/// `POST /admin/{model}/{id}/purge`
pub(crate) async fn purge(call: Call) -> Result<Response, Error> {
    go(call, Way::Gone).await
}

async fn go(mut call: Call, way: Way) -> Result<Response, Error> {
    let engine = call.engine.clone();
    super::subject(&call)?;
    let model = engine.model(&call.param("model"))?;
    posted(&mut call).await?;
    let target = Target {
        key: call.raw_param("id"),
        condition: &IfMatch::Exists,
    };
    let done = match way {
        Way::Back => engine.restore(&call.ctx, model.id, target).await.map(drop),
        Way::Gone => engine.purge(&call.ctx, model.id, target).await.map(drop),
    };
    match done {
        Ok(()) if engine.may(&call.ctx, Verb::List, model.id) => {
            let said = match way {
                Way::Back => "restored",
                Way::Gone => "purged",
            };
            let there = format!("/admin/{}/_trash?done={said}", model.slug);
            Ok(answer::see_other(&there))
        }
        Ok(()) => Ok(answer::see_other("/admin")),
        Err(error) if error.kind == Kind::Conflict => {
            ask(&call, way, (StatusCode::CONFLICT, &told(&error.detail))).await
        }
        Err(error) => Err(error),
    }
}

async fn ask(
    call: &Call,
    way: Way,
    (status, problem): (StatusCode, &str),
) -> Result<Response, Error> {
    let (engine, ctx, key) = (&call.engine, &call.ctx, call.raw_param("id"));
    let (model, _) = super::subject(call)?;
    let target = Target {
        key,
        condition: &IfMatch::Exists,
    };
    let trial = trial::of(ctx);
    let tried = match way {
        Way::Back => engine.restore(&trial, model.id, target).await?,
        Way::Gone => {
            let tried = engine.purge(&trial, model.id, target).await?;
            tried.ok_or_else(Error::not_found)?
        }
    };
    let title = super::title(call, model).await?;
    let lists = engine.may(ctx, Verb::List, model.id);
    let trash = match lists {
        true => format!("/admin/{}/_trash", model.slug),
        false => String::new(),
    };
    let own = address::record(&model.slug, key);
    let api = own.replacen("/admin/", "/api/v1/", 1);
    let shell = Shell::of_model(engine, ctx, model).through(t("Trash"), trash.clone());
    let (shell, deed) = match way {
        Way::Back => (
            shell
                .here(t("Restore"))
                .doing("POST", &format!("{api}/_restore")),
            "restore",
        ),
        Way::Gone => (
            shell
                .here(t("Delete for good"))
                .doing("DELETE", &format!("{api}?trash=only")),
            "purge",
        ),
    };
    page::render(
        status,
        &LeavePage {
            shell,
            title,
            label: &model.label,
            action: format!("{own}/{deed}"),
            back: match lists {
                true => trash,
                false => "/admin".to_owned(),
            },
            purges: way == Way::Gone,
            problem,
            trial: Trial::read(engine, ctx, &tried).await?,
        },
    )
}
