//! `GET /admin/{model}/_chart`: the records of a list, measured in groups. Its address has the grammar of
//! `_aggregate`; what it leaves out is chosen here. `_plot` leads from its form to that address.

mod choices;
mod points;

use askama::Template;
use poem::Response;
use poem::http::StatusCode;

use crate::error::Error;
use crate::http::{Call, answer};
use crate::model::{Field, FieldId, ModelMeta, Verb};
use crate::query::aggregate::{Function, Unit};
use crate::query::parse::AGGREGATE;

use self::choices::{groupings, measures};
use self::points::drawn;
pub(super) use self::points::next;
use super::conditions::{self, Chip};
use super::place::Place;
use super::tabs::Tabs;
use crate::admin::address::Query;
use crate::admin::shell::Shell;
use crate::admin::value::row::Row;
use crate::admin::value::zone;
use crate::admin::view::View;
use crate::page::chart::Chart;
use crate::page::words::t;
use crate::page::{self, filters};

/// Groups of a chart: more are no picture.
const GROUPS: &str = "20";
const BUCKETS: &str = "60";

#[derive(Debug, Template)]
#[template(path = "admin/list_chart.html")]
struct ChartPage<'a> {
    shell: Shell,
    slug: &'a str,
    title: &'a str,
    tabs: Tabs,
    chips: Vec<Chip>,
    all: String,
    /// What the form does not change.
    rest: String,
    groups: Vec<(String, String, bool)>,
    measures: Vec<(String, String, bool)>,
    chart: Chart,
    truncated: bool,
}

/// What a chart shows: groups of a field, or of periods of it, and what is measured in them.
#[derive(Debug)]
struct Asked<'a> {
    field: &'a Field,
    id: FieldId,
    unit: Option<Unit>,
    function: Function,
    of: Option<FieldId>,
}

/// `GET /admin/{model}/_chart`
pub(crate) async fn page(call: Call) -> Result<Response, Error> {
    let (engine, ctx) = (&call.engine, &call.ctx);
    let model = engine.model(&call.param("model"))?;
    let view = View::of(engine, ctx, Verb::List, model.id)?;
    let place = Place::of(&Query(call.query()?));
    let query = completed(&view, &place.api);
    let body = engine.aggregate(ctx, model.id, &query.0).await?;
    let (groups, truncated) = Row::groups(&body)?;
    let conditions = place.api.without(&OWN);
    let chart = match asked(&view, &query) {
        Some(asked) => drawn(&call, &view, (&asked, &conditions), groups).await?,
        // Two keys, or several measures: a table of the API, and no picture.
        None => return Err(unpictured()),
    };
    let titles = conditions::titles((engine, ctx), &view, &place.api).await?;
    let to = |query: &Query| address(model, query);
    let (by, what) = (current(&query, &BY), current(&query, &measure_names()));
    page::render(
        StatusCode::OK,
        &ChartPage {
            shell: Shell::of_model(engine, ctx, model).here(t("Chart")).doing(
                "GET",
                &address(model, &query)
                    .replace("/_chart", "/_aggregate")
                    .replacen("/admin/", "/api/v1/", 1),
            ),
            slug: &model.slug,
            title: &model.label_plural,
            tabs: Tabs::of(&call, model, &conditions, true).await?,
            chips: conditions::chips(engine.registry(), &view, (&place.api, &titles), &to),
            all: address(model, &place.api.without(&[]).kept(&OWN)),
            rest: conditions.text(),
            groups: groupings(&view)
                .into_iter()
                .map(|(name, words)| (name.clone(), words, Some(&name) == by.as_ref()))
                .collect(),
            measures: measures(&view)
                .into_iter()
                .map(|(name, words)| (name.clone(), words, Some(&name) == what.as_ref()))
                .collect(),
            chart,
            truncated,
        },
    )
}

/// The parameters that are no conditions; `q` is one to people.
const OWN: [&str; 11] = [
    "group_by", "bucket", "zone", "count", "distinct", "sum", "avg", "min", "max", "sort", "limit",
];
const BY: [&str; 2] = ["group_by", "bucket"];

fn measure_names() -> [&'static str; 6] {
    Function::ALL.map(Function::name)
}

fn address(model: &ModelMeta, query: &Query) -> String {
    format!("/admin/{}/_chart?{}", model.slug, query.text())
}

/// `bucket=month(at)`, from those of these names.
fn current(query: &Query, names: &[&str]) -> Option<String> {
    let mut all = query.0.iter();
    let (name, value) = all.find(|(name, _)| names.contains(&name.as_str()))?;
    Some(format!("{name}={value}"))
}

fn unpictured() -> Error {
    Error::parameter(
        "group_by",
        "no_picture",
        "A chart has one group_by or one bucket, and one measure.",
    )
}

/// The parameters, with what they leave out.
fn completed(view: &View<'_>, given: &Query) -> Query {
    let mut query = given.without(&["zone"]);
    query.0.extend(zone::parameter());
    let add = |query: &mut Query, pair: (&str, &str)| {
        query.0.push((pair.0.to_owned(), pair.1.to_owned()));
    };
    if current(&query, &BY).is_none()
        && let Some((first, _)) = groupings(view).first()
        && let Some(pair) = first.split_once('=')
    {
        add(&mut query, pair);
    }
    if current(&query, &measure_names()).is_none() {
        add(&mut query, ("count", "*"));
    }
    let Some(asked) = asked(view, &query) else {
        return query;
    };
    if query.get("sort").is_none() {
        let sort = match asked.unit {
            Some(_) => asked.key(),
            None => asked.measure(view),
        };
        add(&mut query, ("sort", &format!("-{sort}")));
    }
    if query.get("limit").is_none() {
        let most = if asked.unit.is_some() {
            BUCKETS
        } else {
            GROUPS
        };
        add(&mut query, ("limit", most));
    }
    query
}

/// What the parameters ask for, where that is one picture.
fn asked<'a>(view: &View<'a>, query: &Query) -> Option<Asked<'a>> {
    let model = view.model;
    let field = |name: &str| model.field(name).filter(|&f| view.sees(f));
    let (id, unit) = match (query.get("group_by"), query.get("bucket")) {
        (Some(name), None) => (field(name)?, None),
        (None, Some(text)) => {
            let (unit, name) = text.strip_suffix(')')?.split_once('(')?;
            let unit = Unit::ALL.into_iter().find(|u| u.name() == unit)?;
            (field(name)?, Some(unit))
        }
        _ => return None,
    };
    let mut given = Function::ALL
        .into_iter()
        .filter_map(|f| Some((f, query.get(f.name())?)));
    let (function, of) = given.next()?;
    if given.next().is_some() {
        return None;
    }
    let of = match of {
        "*" => None,
        name => Some(field(name)?),
    };
    Some(Asked {
        field: &model.fields[id],
        id,
        unit,
        function,
        of,
    })
}

impl Asked<'_> {
    /// The member of the answer that a group is known by.
    fn key(&self) -> String {
        match self.unit {
            Some(unit) => format!("{}_{}", unit.name(), self.field.name),
            None => self.field.name.clone(),
        }
    }

    /// The member of the answer that is measured.
    fn measure(&self, view: &View<'_>) -> String {
        match self.of {
            Some(of) => format!("{}_{}", self.function.name(), view.model.fields[of].name),
            None => self.function.name().to_owned(),
        }
    }
}

/// `GET /admin/{model}/_plot`: from the form of a chart to its address.
pub(crate) async fn plot(call: Call) -> Result<Response, Error> {
    let model = call.engine.model(&call.param("model"))?;
    call.engine.scope(&call.ctx, Verb::List, model.id)?;
    let sent = Query(call.query()?);
    let mut query = Query::parse(sent.get("_rest").unwrap_or_default())?.without(&OWN);
    for name in ["by", "measure"] {
        let pair = sent.get(name).and_then(|text| text.split_once('='));
        let known = pair.filter(|(name, _)| AGGREGATE.contains(name));
        query
            .0
            .extend(known.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }
    Ok(answer::see_other(&address(model, &query)))
}
