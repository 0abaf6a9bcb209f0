//! One change set, record by record: `GET /admin/_changes/{id}`.

use askama::Template;
use poem::Response;
use poem::http::StatusCode;
use serde_json::Map;

use crate::error::Error;
use crate::http::Call;
use crate::model::Verb;

use crate::admin::address::Query;
use crate::admin::changes::{self, Named, Set};
use crate::admin::shell::Shell;
use crate::admin::value::change::{self, Change};
use crate::admin::value::titles::Titles;
use crate::admin::view::View;
use crate::page::words::{fill, t};
use crate::page::{self, filters};

/// The page.
#[derive(Debug, Template)]
#[template(path = "admin/change-set.html")]
struct SetPage {
    shell: Shell,
    set: Set,
    records: Vec<Changed>,
    next: String,
    first: String,
}

/// A record and what was changed of it.
#[derive(Debug)]
struct Changed {
    named: Named,
    changes: Vec<Change>,
    /// Whether only the names of the fields are told.
    names_only: bool,
}

/// The change set that the address names.
pub(crate) fn id(call: &Call) -> Result<i64, Error> {
    let text = call.param("id");
    let id: i64 = text.parse().map_err(|_| Error::not_found())?;
    if id.to_string() == text {
        Ok(id)
    } else {
        Err(Error::not_found())
    }
}

/// `GET /admin/_changes/{id}`
pub(crate) async fn page(call: Call) -> Result<Response, Error> {
    let (engine, ctx, id) = (&call.engine, &call.ctx, id(&call)?);
    let mut query = Query(call.query()?);
    let undone = query.get("undone").map(ToOwned::to_owned);
    query = query.without(&["undone"]);
    let told = engine.change_set(ctx, id, &query.0).await?;
    let titles = Titles::of(engine, ctx, changes::keys(&told["data"])).await?;
    let mut records = Vec::new();
    for record in told["data"].as_array().into_iter().flatten() {
        let Some(named) = changes::named(engine, ctx, record, &titles) else {
            continue;
        };
        let model = engine.model(record["model"].as_str().unwrap_or_default())?;
        let view = View::of(engine, ctx, Verb::Read, model.id)?;
        let nothing = Map::new();
        let told = record["changes"].as_object().unwrap_or(&nothing);
        records.push(Changed {
            named,
            changes: change::told(&view, told),
            names_only: !view.scope.is_unruled(),
        });
    }
    let changed = records.iter_mut().flat_map(|record| &mut record.changes);
    change::entitle(engine, ctx, changed).await?;
    let own = format!("/admin/_changes/{id}");
    let next = told["page"]["next"].as_str();
    page::render(
        StatusCode::OK,
        &SetPage {
            shell: Shell::new(engine, ctx)
                .through(t("Changes"), "/admin/_changes".to_owned())
                .here(format!("#{id}"))
                .saying(
                    undone.map_or_else(String::new, |n| fill("{} changes were taken back.", &[&n])),
                )
                .doing("GET", &format!("/api/v1/_changes/{id}")),
            set: changes::of_json(engine, ctx, &told, &titles),
            records,
            next: next
                .map(|next| format!("{own}?cursor={next}"))
                .unwrap_or_default(),
            first: match query.get("cursor") {
                Some(_) => own,
                None => String::new(),
            },
        },
    )
}
