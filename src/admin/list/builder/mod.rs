//! `GET /admin/{model}/_build`: every condition of a list in its group, and a form for one more: a field of
//! the records or of what they point at, an operator that its kind has, and a value. Each step is an
//! address; what is chosen is tried by the list before it is taken.

mod ask;
mod ways;

use askama::Template;
use poem::Response;
use poem::http::StatusCode;

use crate::crud::ListRequest;
use crate::error::{Error, Kind as Failure};
use crate::http::{Call, answer};
use crate::model::{ModelMeta, Verb};
use crate::query::parse::{GROUPS, RESERVED};

use self::ask::{Ask, ask, condition};
use self::ways::{Found, ways};
use super::conditions;
use super::place::Place;
use super::tree::{self, Spot};
use crate::admin::address::{POSITION, Query};
use crate::admin::shell::Shell;
use crate::admin::value::count;
use crate::page::words::{fill, noun, reasons, t};
use crate::page::{self, filters};

#[derive(Debug, Template)]
#[template(path = "admin/list_build.html")]
struct BuildPage<'a> {
    shell: Shell,
    slug: &'a str,
    title: &'a str,
    /// The list as it is now, for forms and links.
    rest: String,
    nodes: Vec<Node>,
    /// How many records match; empty where it cannot be known.
    count: String,
    list: String,
    step: Step,
    problem: String,
}

/// A line of the tree.
#[derive(Debug)]
struct Node {
    /// What begins or ends here.
    part: Part,
    /// The condition, or what the group demands.
    text: String,
    /// Where it is, as the links have it.
    at: String,
}

#[derive(Debug, PartialEq, Eq)]
enum Part {
    Condition,
    Begin,
    End,
}

/// What the form asks for next.
#[derive(Debug)]
enum Step {
    /// Nothing.
    None,
    /// The field.
    Field {
        at: String,
        edit: bool,
        /// The relations walked so far: words.
        through: String,
        fields: Vec<(String, String)>,
        /// The relations that lead on.
        onward: Vec<(String, String)>,
    },
    /// The operator and the value.
    Value(Ask),
}

/// `GET /admin/{model}/_build`
pub(crate) async fn page(call: Call) -> Result<Response, Error> {
    let engine = call.engine.clone();
    let model = engine.model(&call.param("model"))?;
    engine.scope(&call.ctx, Verb::List, model.id)?;
    let sent = Query(call.query()?);
    let rest = Query::parse(sent.get("_rest").unwrap_or_default())?;
    let rest = Place::of(&rest).here.without(&POSITION);
    let spot = Spot::named(sent.get("_at").unwrap_or_default())?;
    let edit = sent.get("_edit").is_some();
    let to = |query: &Query| Ok(answer::see_other(&address(model, query)));
    match sent.get("_do") {
        Some("remove") => return to(&tree::put(&rest, &spot, None)?),
        Some(group) if GROUPS.contains(&group) => {
            return to(&tree::add(&rest, &spot, (group.into(), String::new()))?);
        }
        _ => {}
    }
    let mut problem = String::new();
    let chosen = ways::chosen(&call, model, &sent)?;
    if let (Some((name, field)), Some(op)) = (&chosen, sent.get("_op")) {
        let pair = condition(name, field.field, op, &sent);
        let next = if edit {
            tree::put(&rest, &spot, Some(pair))?
        } else {
            tree::add(&rest, &spot, pair)?
        };
        match tried(&call, model, &next).await {
            Ok(_) => return to(&next),
            Err(error) if error.kind == Failure::Malformed => problem = reasons(&error).join(" "),
            Err(error) => return Err(error),
        }
    }
    let step = step(&call, model, (&rest, &sent), (&spot, edit, chosen))?;
    show(&call, model, (&rest, step), problem).await
}

async fn show(
    call: &Call,
    model: &ModelMeta,
    (rest, step): (&Query, Step),
    mut problem: String,
) -> Result<Response, Error> {
    let (engine, ctx) = (&call.engine, &call.ctx);
    let count = match tried(call, model, rest).await {
        Ok(count) => count,
        Err(error) if error.kind == Failure::Malformed => {
            if problem.is_empty() {
                problem = reasons(&error).join(" ");
            }
            String::new()
        }
        Err(error) => return Err(error),
    };
    let mut nodes = Vec::new();
    branches(call, model, (rest, &Spot::default()), &mut nodes);
    let api = Place::of(rest).api.list(&model.slug);
    let status = if problem.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::BAD_REQUEST
    };
    page::render(
        status,
        &BuildPage {
            shell: Shell::of_model(engine, ctx, model)
                .here(t("Filter"))
                .doing("GET", &api.replacen("/admin/", "/api/v1/", 1)),
            slug: &model.slug,
            title: &model.label_plural,
            rest: rest.text(),
            nodes,
            count,
            list: rest.list(&model.slug),
            step,
            problem,
        },
    )
}

/// The page for a list.
pub(super) fn address(model: &ModelMeta, rest: &Query) -> String {
    let query = Query(vec![("_rest".to_owned(), rest.text())]);
    format!("/admin/{}/_build?{}", model.slug, query.text())
}

/// How many records a list has; or what is wrong with it.
async fn tried(call: &Call, model: &ModelMeta, rest: &Query) -> Result<String, Error> {
    let mut parameters = Place::of(rest)
        .api
        .without(&["limit", "count", "fields", "expand"])
        .0;
    parameters.push(("limit".into(), "1".into()));
    let request = ListRequest::Parameters(&parameters);
    let page = call.engine.list(&call.ctx, model.id, request).await?;
    let counted = page.count.map(|c| count::words(c.rows, c.kind));
    Ok(counted.unwrap_or_default())
}

/// The lines of the tree.
fn branches(call: &Call, model: &ModelMeta, (query, spot): (&Query, &Spot), nodes: &mut Vec<Node>) {
    for (i, (name, value)) in query.0.iter().enumerate() {
        let here = spot.branch(i);
        let at = here.name();
        let outer = spot.name().is_empty();
        if GROUPS.contains(&name.as_str()) {
            let text = match name.as_str() {
                "or" => t("Any of these"),
                "not" => t("Not all of these"),
                _ => t("All of these"),
            };
            nodes.push(Node {
                part: Part::Begin,
                text: text.to_owned(),
                at: at.clone(),
            });
            let inner = Query::parse(value).unwrap_or_default();
            branches(call, model, (&inner, &here), nodes);
            nodes.push(Node {
                part: Part::End,
                text: String::new(),
                at,
            });
        } else if outer && (RESERVED.contains(&name.as_str()) || name.starts_with('_')) {
            // What is no condition stays as it is.
        } else {
            let registry = call.engine.registry();
            let known = ways::seen(call, model, name);
            let words = conditions::words(registry, model, name, value).filter(|_| known);
            nodes.push(Node {
                part: Part::Condition,
                text: words.unwrap_or_else(|| format!("{name}={value}")),
                at,
            });
        }
    }
}

/// What the form asks for next.
fn step(
    call: &Call,
    model: &ModelMeta,
    (rest, sent): (&Query, &Query),
    (spot, edit, chosen): (&Spot, bool, Option<(String, Found<'_>)>),
) -> Result<Step, Error> {
    let at = spot.name();
    if let Some((path, found)) = chosen {
        return Ok(Step::Value(ask(&path, &found, (&at, edit), sent)));
    }
    if edit {
        let (name, value) = tree::at(rest, spot)?;
        let (path, op) = name.rsplit_once("__").unwrap_or((&name, "eq"));
        let mut asked = Query(vec![
            ("_field".into(), path.to_owned()),
            ("_op".into(), op.to_owned()),
        ]);
        if let Some((path, found)) = ways::chosen(call, model, &asked)? {
            let value = ask::shown(found.field, op, &value);
            asked.0.push(("_value".into(), value));
            return Ok(Step::Value(ask(&path, &found, (&at, edit), &asked)));
        }
    }
    // Where there is no condition yet, one is what was come for.
    let first = Place::of(rest).conditions(model).0.is_empty();
    if sent.get("_do") != Some("add") && sent.get("_field").is_none() && !first {
        return Ok(Step::None);
    }
    let prefix = sent.get("_field").unwrap_or_default();
    let steps: Vec<&str> = prefix.split('.').filter(|s| !s.is_empty()).collect();
    ways(call, model, &steps, |paths, here, through| {
        let dotted = |name: &str| [&steps[..], &[name]].concat().join(".");
        let visible = paths.visible_fields(here.id).into_iter();
        let usable = visible.filter(|&f| !here.fields[f].operators().is_empty());
        let fields = usable.map(|f| (dotted(&here.fields[f].name), here.fields[f].label.clone()));
        let deep = steps.len() >= paths.limits.max_steps;
        let relations = here.relations.iter().enumerate().filter(|_| !deep);
        let onward = relations
            .filter(|(i, _)| paths.sees(here.id, *i).is_some())
            .map(|(_, r)| (format!("{}.", dotted(&r.name)), r.label.clone()));
        Step::Field {
            at: at.clone(),
            edit,
            through: through.join(" › "),
            fields: fields.collect(),
            onward: onward.collect(),
        }
    })
}

impl BuildPage<'_> {
    /// The address of a step at a place.
    fn link(&self, what: &str, at: &str) -> String {
        let mut query = vec![
            ("_rest".to_owned(), self.rest.clone()),
            ("_at".into(), at.into()),
        ];
        match what {
            "edit" => query.push(("_edit".into(), "1".into())),
            what => query.push(("_do".into(), what.into())),
        }
        format!("/admin/{}/_build?{}", self.slug, Query(query).text())
    }

    fn show(&self) -> String {
        match self.count.as_str() {
            "" => t("Show them").to_owned(),
            n => fill("Show {}", &[&format!("{n} {}", noun(self.title))]),
        }
    }
}
