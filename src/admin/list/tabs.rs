//! What stands over a list: the saved views of it that the caller may see, and the ways to see it as a
//! table, as a chart, or what is in its trash.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use poem::Response;

use crate::crud::{Context, Engine, ListRequest, Target};
use crate::error::{Error, Fault};
use crate::http::{Call, answer};
use crate::model::{Input, ModelId, ModelMeta, Verb};
use crate::page::form::posted;

use super::columns;
use super::place::Place;
use crate::admin::address::{POSITION, Query};
use crate::admin::value::row::{self, Row};
use crate::admin::view::View;

/// The model of the saved views.
const VIEWS: &str = "qd_saved_view";
/// Most tabs.
const MOST: &str = "50";
/// Callers whose views are kept in memory.
const CALLERS: usize = 10_000;

/// What stands over a list.
#[derive(Debug)]
pub(crate) struct Tabs {
    /// The list as it is without any of them.
    pub(crate) plain: String,
    /// Whether it is shown so.
    pub(crate) is_plain: bool,
    pub(crate) views: Vec<Tab>,
    /// These records as a table, and as a chart.
    pub(crate) table: String,
    pub(crate) chart: String,
    /// Whether the chart is shown.
    pub(crate) charting: bool,
    /// The trash; empty where there is none for the caller.
    pub(crate) trash: String,
    pub(crate) in_trash: bool,
    /// Where views are saved; empty for those who may not.
    pub(crate) save: String,
    /// What would be saved.
    pub(crate) rest: String,
}

/// A saved view.
#[derive(Debug)]
pub(crate) struct Tab {
    pub(crate) name: String,
    pub(crate) href: String,
    pub(crate) here: bool,
    pub(crate) shared: bool,
    /// Where it is renamed or deleted; empty where it is not shown.
    pub(crate) own: String,
}

/// A saved view as it is stored.
#[derive(Debug, Clone)]
struct Saved {
    key: String,
    name: String,
    query: String,
    shared: bool,
}

/// Whom views were read for: a user, a token, a model.
type Caller = (Option<i64>, Option<i64>, Option<i64>, ModelId);

/// What was read for them, and at which version of the policy.
type Seen = HashMap<Caller, (i64, Arc<Vec<Saved>>)>;

/// The views that callers have seen lately. They are read again when any of them may have changed: a
/// write of a system model raises the version of the policy, on every node.
#[derive(Debug, Default)]
pub(crate) struct Known(Mutex<Seen>);

impl Tabs {
    /// The tabs over a list; `shown` is its address, without what is the page's own.
    pub(crate) async fn of(
        call: &Call,
        model: &ModelMeta,
        shown: &Query,
        charting: bool,
    ) -> Result<Self, Error> {
        let (engine, ctx) = (&call.engine, &call.ctx);
        let start = shown.without(&POSITION);
        let list = |query: &Query| query.list(&model.slug);
        let tab = |view: &Saved| {
            let query = Query::parse(&view.query).unwrap_or_default();
            let here = query == start && !charting;
            Tab {
                href: list(&query),
                own: if here {
                    crate::admin::address::record(VIEWS, &view.key)
                } else {
                    String::new()
                },
                here,
                name: view.name.clone(),
                shared: view.shared,
            }
        };
        let views: Vec<Tab> = views(call, model).await?.iter().map(tab).collect();
        let place = Place::of(&start);
        let conditions = place.conditions(model);
        let in_trash = place.in_trash(model);
        let trash = model.trash.is_some() && engine.may(ctx, Verb::Delete, model.id);
        let saves = engine.model(VIEWS);
        let saves = saves.is_ok_and(|views| engine.may(ctx, Verb::Create, views.id));
        Ok(Self {
            plain: Query::default().list(&model.slug),
            is_plain: !charting && !in_trash && !views.iter().any(|v| v.here),
            views,
            table: list(&if charting {
                conditions.clone()
            } else {
                start.clone()
            }),
            chart: {
                let text = conditions.text();
                let mark = if text.is_empty() { "" } else { "?" };
                format!("/admin/{}/_chart{mark}{text}", model.slug)
            },
            charting,
            trash: if trash {
                Query(vec![("trash".into(), "only".into())]).list(&model.slug)
            } else {
                String::new()
            },
            in_trash,
            save: if saves && !charting {
                format!("/admin/{}/_views", model.slug)
            } else {
                String::new()
            },
            rest: start.text(),
        })
    }
}

/// The views of a model that the caller may see.
async fn views(call: &Call, model: &ModelMeta) -> Result<Arc<Vec<Saved>>, Error> {
    let (engine, ctx) = (&call.engine, &call.ctx);
    let Ok(views) = engine.model(VIEWS) else {
        return Ok(Arc::default());
    };
    if !engine.may(ctx, Verb::List, views.id) {
        return Ok(Arc::default());
    }
    let who = &ctx.principal;
    let user = who.user.as_ref().map(|user| user.id);
    let token = who.token.as_ref().map(|token| token.id);
    let caller = (user, token, who.session, model.id);
    let version = engine.policy_version();
    let known = call.request.data::<Arc<Known>>();
    if let Some(found) = known.and_then(|known| known.get(&caller, version)) {
        return Ok(found);
    }
    let parameters = [
        ("model__eq", model.slug.as_str()),
        ("sort", "name"),
        ("limit", MOST),
        ("count", "none"),
    ];
    let parameters = parameters.map(|(n, v)| (n.to_owned(), v.to_owned()));
    let request = ListRequest::Parameters(&parameters);
    let found = match engine.list(ctx, views.id, request).await {
        Ok(page) => Row::page(&page.body[page.data.clone()])?,
        // Who may not read what a view is made of has none.
        Err(error) if error.kind == crate::error::Kind::Malformed => Vec::new(),
        Err(error) => return Err(error),
    };
    let view = |row: &Row| {
        Some(Saved {
            key: row::key(views, row)?,
            name: row.text("name")?,
            query: row.text("query")?,
            shared: row.json("shared") == Some("true"),
        })
    };
    let seen = View::of(engine, ctx, Verb::List, model.id)?;
    // A view that names what its reader does not see would tell its name, and leads nowhere.
    let understood = |view: &Saved| {
        let query = Query::parse(&view.query).unwrap_or_default();
        let asked = columns::without_computed(&query, &seen);
        engine.understands(ctx, model.id, &asked.0)
    };
    let found = found.iter().filter_map(view).filter(understood);
    let found: Arc<Vec<Saved>> = Arc::new(found.collect());
    if let Some(known) = known {
        known.put(caller, (version, Arc::clone(&found)));
    }
    Ok(found)
}

impl Known {
    fn get(&self, caller: &Caller, version: i64) -> Option<Arc<Vec<Saved>>> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (then, views) = all.get(caller)?;
        (*then == version).then(|| Arc::clone(views))
    }

    fn put(&self, caller: Caller, views: (i64, Arc<Vec<Saved>>)) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= CALLERS {
            all.clear();
        }
        all.insert(caller, views);
    }
}

/// `POST /admin/{model}/_views`: saves the list as it is shown under a name; one's own view of that name
/// is another one from then on.
pub(crate) async fn save(mut call: Call) -> Result<Response, Error> {
    let engine = call.engine.clone();
    let model = engine.model(&call.param("model"))?;
    engine.scope(&call.ctx, Verb::List, model.id)?;
    let views = engine.model(VIEWS)?;
    engine.scope(&call.ctx, Verb::Create, views.id)?;
    let sent = Query(posted(&mut call).await?);
    let name = sent.get("name").unwrap_or_default().trim().to_owned();
    if name.is_empty() {
        let detail = "A view needs a name.";
        return Err(Error::invalid(vec![Fault::field(
            "name", "required", detail,
        )]));
    }
    let query = Query::parse(sent.get("_rest").unwrap_or_default())?;
    let query = Place::of(&query).api.without(&POSITION);
    let text = |text: &str| Input::String(text.to_owned());
    let what = vec![
        ("query".to_owned(), text(&query.text())),
        (
            "shared".to_owned(),
            Input::Bool(sent.get("shared").is_some()),
        ),
    ];
    let identity = vec![
        ("model".to_owned(), text(&model.slug)),
        ("name".to_owned(), text(&name)),
    ];
    match own(&engine, &call.ctx, (views, model), &name).await? {
        Some(key) => {
            let condition = &crate::crud::IfMatch::Exists;
            let target = Target {
                key: &key,
                condition,
            };
            let of = (views.id, Verb::Patch);
            engine
                .update(&call.ctx, of, target, Input::Object(what))
                .await?;
        }
        None => {
            let body = [identity, what].concat();
            engine
                .create(&call.ctx, views.id, Input::Object(body))
                .await?;
        }
    }
    Ok(answer::see_other(&query.list(&model.slug)))
}

/// The key of the caller's own view of that name.
async fn own(
    engine: &Engine,
    ctx: &Context,
    (views, model): (&ModelMeta, &ModelMeta),
    name: &str,
) -> Result<Option<String>, Error> {
    let patches = [Verb::List, Verb::Patch]
        .into_iter()
        .all(|v| engine.may(ctx, v, views.id));
    let Some(user) = ctx.principal.user.as_ref().filter(|_| patches) else {
        return Ok(None);
    };
    let user = user.id.to_string();
    let parameters = [
        ("model__eq", model.slug.as_str()),
        ("name__eq", name),
        ("owner_id__eq", &user),
        ("limit", "1"),
        ("count", "none"),
    ];
    let parameters = parameters.map(|(n, v)| (n.to_owned(), v.to_owned()));
    let page = engine
        .list(ctx, views.id, ListRequest::Parameters(&parameters))
        .await?;
    let rows = Row::page(&page.body[page.data.clone()])?;
    Ok(rows.first().and_then(|row| row::key(views, row)))
}
