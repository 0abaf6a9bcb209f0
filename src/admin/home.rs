//! The first page: the models by group, with honest counts.

use askama::Template;
use poem::Response;
use poem::http::StatusCode;

use crate::crud::{Context, Engine, ListRequest};
use crate::error::Error;
use crate::http::Call;
use crate::model::{ModelMeta, Verb};

use crate::admin::shell::Shell;
use crate::admin::value::count;
use crate::page::{self, filters};

/// Past so many models their counts would cost more than they tell.
const COUNTED: usize = 60;

/// The page.
#[derive(Debug, Template)]
#[template(path = "admin/home.html")]
struct HomePage {
    shell: Shell,
    groups: Vec<(String, Vec<Tile>)>,
}

/// A model on the page.
#[derive(Debug)]
struct Tile {
    slug: String,
    label: String,
    singular: String,
    count: String,
    may_create: bool,
}

/// `GET /admin`
pub(crate) async fn page(call: Call) -> Result<Response, Error> {
    let (engine, ctx) = (&call.engine, &call.ctx);
    let shell = Shell::new(engine, ctx);
    let counted = shell.groups.iter().map(|g| g.models.len()).sum::<usize>() <= COUNTED;
    let mut groups = Vec::new();
    for group in &shell.groups {
        let mut tiles = Vec::new();
        for entry in &group.models {
            let model = engine.model(&entry.slug)?;
            let count = if counted {
                count_of(engine, ctx, model).await?
            } else {
                String::new()
            };
            tiles.push(Tile {
                slug: model.slug.clone(),
                label: model.label_plural.clone(),
                singular: model.label.to_lowercase(),
                count,
                may_create: engine.may(ctx, Verb::Create, model.id),
            });
        }
        groups.push((group.name.clone(), tiles));
    }
    page::render(StatusCode::OK, &HomePage { shell, groups })
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
