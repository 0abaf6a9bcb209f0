//! The list of a model's records: `GET /admin/{model}`, whose query string is the API's.

pub(crate) mod arrange;
pub(crate) mod builder;
pub(crate) mod cells;
pub(crate) mod chart;
mod choice;
mod columns;
pub(crate) mod conditions;
mod drill;
pub(crate) mod filter_form;
pub(crate) mod many;
pub(crate) mod matching;
pub(crate) mod place;
mod selection;
pub(crate) mod tabs;
mod tree;

use askama::Template;
use poem::Response;
use poem::http::StatusCode;

use crate::crud::{ListRequest, Page};
use crate::error::Error;
use crate::http::Call;
use crate::model::Verb;

use self::arrange::Arrange;
use self::columns::{Column, Columns};
use self::conditions::Chip;
use self::drill::Drill;
use self::filter_form::Form;
use self::place::Place;
use self::selection::{Bar, Line};
use self::tabs::Tabs;
use crate::admin::address::Query;
use crate::admin::filters;
use crate::admin::shell::Shell;
use crate::admin::value::count;
use crate::admin::value::row::Row;
use crate::admin::view::View;
use crate::page;
use crate::page::words::{noun, t};

/// The page.
#[derive(Debug, Template)]
#[template(path = "admin/list.html")]
struct ListPage<'a> {
    shell: Shell,
    slug: &'a str,
    title: &'a str,
    label: String,
    count: String,
    may_create: bool,
    searchable: bool,
    q: &'a str,
    tabs: Tabs,
    arrange: Arrange,
    drill: Option<Drill>,
    /// The fields whose dates can be walked through.
    dates: Vec<(String, String)>,
    /// Where each cell that can be changed says so, and where none does; empty where none can be.
    cells: String,
    /// Whether they say so now.
    open: bool,
    /// The builder of conditions.
    build: String,
    /// Where the list becomes a file, and a file records; empty for who may not.
    export: String,
    import: String,
    filters: Form,
    chips: Vec<Chip>,
    /// The list without its conditions.
    all: String,
    columns: &'a [Column<'a>],
    rows: Vec<Line>,
    bar: Bar,
    pages: Pages,
}

/// The ways to the neighbouring pages; empty where there is none.
#[derive(Debug)]
struct Pages {
    first: String,
    prev: String,
    next: String,
    /// Rows on a page: the number, its address, whether it is in force.
    sizes: Vec<(u64, String, bool)>,
}

/// `GET /admin/{model}`
pub(crate) async fn page(call: Call) -> Result<Response, Error> {
    show(call, "").await
}

/// `GET /admin/{model}/_deleted`: the list, after a record has gone.
pub(crate) async fn deleted(call: Call) -> Result<Response, Error> {
    show(call, t("The record was deleted.")).await
}

async fn show(call: Call, flash: &str) -> Result<Response, Error> {
    let (engine, ctx) = (&call.engine, &call.ctx);
    let model = engine.model(&call.param("model"))?;
    let view = View::of(engine, ctx, Verb::List, model.id)?;
    let place = Place::of(&Query(call.query()?));
    let query = &place.here;
    // What is in the trash has no page of its own.
    let opens = columns::opens(engine, ctx, &view) && !place.in_trash(model);
    let mut columns = Columns::of(&view, query, opens);
    if !place.in_trash(model) {
        columns.open(&cells::open(engine, ctx, &view));
    }
    let parameters = columns.parameters(&place.api);
    let page = engine
        .list(ctx, model.id, ListRequest::Parameters(&parameters))
        .await?;
    let rows = Row::page(&page.body[page.data.clone()])?;
    let api = columns::without_computed(&place.api, &view).list(&model.slug);
    let flash = selection::flash(&place, model).unwrap_or_else(|| flash.to_owned());
    let shell = Shell::of_model(engine, ctx, model)
        .saying(flash)
        .doing("GET", &api.replacen("/admin/", "/api/v1/", 1));
    let counted = page.count.map(|c| count::words(c.rows, c.kind));
    let mut rows = selection::lines(&mut columns, &rows, &place);
    cells::edited(&call, (&columns, &place), &mut rows).await?;
    let titles = conditions::titles((engine, ctx), &view, query).await?;
    let limits = (engine.limits().default_limit, engine.limits().max_limit);
    page::render(
        StatusCode::OK,
        &ListPage {
            shell,
            slug: &model.slug,
            title: &model.label_plural,
            label: noun(&model.label),
            bar: Bar::of((engine, ctx), model, &place, (&rows, counted.as_deref())),
            count: page
                .count
                .map_or_else(String::new, |c| count::records(model, (c.rows, c.kind))),
            may_create: engine.may(ctx, Verb::Create, model.id),
            searchable: model.search.iter().any(|&f| view.sees(f)),
            q: query.get("q").unwrap_or_default(),
            tabs: Tabs::of(&call, model, &place.api, false).await?,
            arrange: Arrange::of(&view, &place),
            drill: Drill::of(&call, &view, &place).await?,
            dates: drill::fields(&view, &place),
            cells: selection::switch(&columns, &place),
            open: place.cells,
            export: many::exported(&view, &place, (&[], true)),
            import: if engine.may(ctx, Verb::Create, model.id) {
                format!("/admin/{}/_import", model.slug)
            } else {
                String::new()
            },
            build: builder::address(model, &place.here.without(&crate::admin::address::POSITION)),
            filters: Form::of((engine, ctx), &view, (query, &titles)),
            chips: conditions::chips(engine.registry(), &view, (query, &titles), &|q| {
                q.list(&model.slug)
            }),
            all: Query::default().list(&model.slug),
            rows,
            pages: pages(&page, query, &model.slug, limits),
            columns: &columns.all,
        },
    )
}

fn pages(page: &Page, query: &Query, slug: &str, (default, most): (u64, u64)) -> Pages {
    let start = query.without(&crate::admin::address::POSITION);
    let at = |cursor: &Option<String>| match cursor {
        Some(cursor) => {
            let mut there = start.clone();
            there.0.push(("cursor".into(), cursor.clone()));
            there.list(slug)
        }
        None => String::new(),
    };
    let mut sizes = vec![default, 50, most];
    sizes.retain(|&n| n <= most);
    sizes.sort_unstable();
    sizes.dedup();
    let sized = |n: u64| {
        (
            n,
            query.with("limit", &n.to_string()).list(slug),
            n == page.limit,
        )
    };
    Pages {
        first: if page.prev.is_some() {
            start.list(slug)
        } else {
            String::new()
        },
        prev: at(&page.prev),
        next: at(&page.next),
        sizes: sizes.into_iter().map(sized).collect(),
    }
}
