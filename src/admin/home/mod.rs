//! The first page: the models by group with honest counts, what has been going on ([`charts`]), the
//! last changes, and to superusers how the server fares.

mod charts;

use std::sync::Arc;

use askama::Template;
use poem::Response;
use poem::http::StatusCode;

use crate::crud::{Context, Engine, ListRequest};
use crate::error::Error;
use crate::http::Call;
use crate::metrics::Metrics;
use crate::model::{ModelMeta, Verb};

use crate::admin::changes::{self, Set};
use crate::admin::shell::Shell;
use crate::admin::value::count;
use crate::admin::value::titles::Titles;
use crate::page::chart::Chart;
use crate::page::words::noun;
use crate::page::{self, clock, filters};

/// Past so many models their counts would cost more than they tell.
const COUNTED: usize = 60;

/// So many changes are shown.
const RECENT: &str = "8";

/// The page.
#[derive(Debug, Template)]
#[template(path = "admin/home.html")]
struct HomePage {
    shell: Shell,
    groups: Vec<(String, Vec<Tile>)>,
    charts: Vec<Chart>,
    changes: Vec<Set>,
    health: Option<Health>,
}

/// A model on the page.
#[derive(Debug, Default)]
struct Tile {
    href: String,
    label: String,
    singular: String,
    count: String,
    /// Where one more is made; empty for who may not.
    new: String,
}

/// How this server fares.
#[derive(Debug)]
struct Health {
    database: &'static str,
    connected: bool,
    version: &'static str,
    since: String,
}

/// `GET /admin`
pub(crate) async fn page(call: Call) -> Result<Response, Error> {
    let (engine, ctx) = (&call.engine, &call.ctx);
    let shell = Shell::new(engine, ctx).doing("GET", "/api/v1/_models");
    let groups = tiles(engine, ctx, &shell).await?;
    let mut charts = charts::timelines(engine, ctx).await?;
    let metrics = call.request.data::<Arc<Metrics>>();
    let metrics = metrics.filter(|_| ctx.principal.is_superuser());
    charts.extend(metrics.into_iter().flat_map(|m| charts::traffic(m)));
    let health = match metrics {
        Some(metrics) => Some(Health {
            database: engine.db().kind(),
            connected: engine.db().ping().await.is_ok(),
            version: env!("CARGO_PKG_VERSION"),
            since: clock::text(metrics.started()),
        }),
        None => None,
    };
    let changes = recent(engine, ctx).await?;
    page::render(
        StatusCode::OK,
        &HomePage {
            shell,
            groups,
            charts,
            changes,
            health,
        },
    )
}

/// The models of each group.
async fn tiles(
    engine: &Engine,
    ctx: &Context,
    shell: &Shell,
) -> Result<Vec<(String, Vec<Tile>)>, Error> {
    let counted = shell.groups.iter().map(|g| g.models.len()).sum::<usize>() <= COUNTED;
    let mut groups = Vec::new();
    for group in &shell.groups {
        let mut tiles = Vec::new();
        for entry in &group.models {
            // A page of the project stands among the models.
            let Ok(model) = engine.model(&entry.slug) else {
                tiles.push(Tile {
                    href: entry.href.clone(),
                    label: entry.label.clone(),
                    ..Tile::default()
                });
                continue;
            };
            let count = if counted {
                count_of(engine, ctx, model).await?
            } else {
                String::new()
            };
            tiles.push(Tile {
                href: entry.href.clone(),
                label: entry.label.clone(),
                singular: noun(&model.label),
                count,
                new: if engine.may(ctx, Verb::Create, model.id) {
                    entry.new_page()
                } else {
                    String::new()
                },
            });
        }
        groups.push((group.name.clone(), tiles));
    }
    Ok(groups)
}

/// How many records the caller may list; counted no further than is cheap.
async fn count_of(engine: &Engine, ctx: &Context, model: &ModelMeta) -> Result<String, Error> {
    let key = model
        .key
        .iter()
        .map(|&f| model.fields[f].name.as_str())
        .collect::<Vec<_>>();
    let mut parameters = vec![
        ("fields".to_owned(), key.join(",")),
        ("limit".to_owned(), "1".to_owned()),
    ];
    // The model's own order may need a sort of the whole table; the key's never does.
    if model.key.iter().all(|&f| model.fields[f].sortable()) {
        parameters.push(("sort".to_owned(), key.join(",")));
    }
    let page = engine
        .list(ctx, model.id, ListRequest::Parameters(&parameters))
        .await?;
    Ok(page
        .count
        .map(|c| count::words(c.rows, c.kind))
        .unwrap_or_default())
}

/// The last changes that the caller may know of.
async fn recent(engine: &Engine, ctx: &Context) -> Result<Vec<Set>, Error> {
    let most = ("limit".to_owned(), RECENT.to_owned());
    let told = engine.changes(ctx, &[most]).await?;
    let listed = told["data"].as_array().cloned().unwrap_or_default();
    let records = listed.iter().flat_map(|set| changes::keys(&set["records"]));
    let titles = Titles::of(engine, ctx, records).await?;
    let sets = listed.iter();
    Ok(sets
        .map(|set| changes::of_json(engine, ctx, set, &titles))
        .collect())
}
