//! `/admin/_roles/{id}`: one role, its rules as a form, and what becomes of it.

use askama::Template;
use poem::Response;
use poem::http::StatusCode;
use serde_json::json;

use crate::admin::account::verb_word;
use crate::admin::address::Query;
use crate::admin::shell::Shell;
use crate::error::{Error, Fault, Kind, Place};
use crate::http::{Call, answer};
use crate::model::{Field, Input, ModelMeta, Verb};
use crate::page::form::posted;
use crate::page::words::{fill, t, told};
use crate::page::{self, filters};

use super::form::{self, Plan, handle};
use super::rule::{Fields, Rule};
use super::stored::{self, Role};
use super::{grouped, may_edit, meaning};

/// The page.
#[derive(Debug, Template)]
#[template(path = "admin/role.html")]
struct RolePage {
    shell: Shell,
    role: Role,
    members: Option<usize>,
    verbs: Vec<(&'static str, &'static str)>,
    groups: Vec<(String, Vec<Line>)>,
    editable: bool,
    /// What is wrong: where, and what.
    faults: Vec<(String, String)>,
}

/// A rule on the page.
#[derive(Debug)]
struct Line {
    /// How its controls begin.
    at: String,
    slug: String,
    label: String,
    /// Whether it is the model's first.
    first: bool,
    /// Where another rule for the model can be made; empty where there is an empty one.
    more: String,
    /// Each verb: its name, its words, whether the model has it, whether it is ticked.
    verbs: Vec<(&'static str, &'static str, bool, bool)>,
    meaning: String,
    rows: Option<String>,
    reads: Vec<Tick>,
    some_read: bool,
    writes: Vec<Tick>,
    some_written: bool,
    tag: String,
    /// What it means by now, where somebody else has changed it meanwhile.
    now: String,
    open: bool,
    faults: Vec<String>,
}

/// A field in a list of fields.
#[derive(Debug)]
struct Tick {
    name: String,
    label: String,
    on: bool,
}

/// What was refused, and why.
struct Refused {
    status: StatusCode,
    sent: Vec<Rule>,
    faults: Vec<(String, String)>,
}

/// `GET /admin/_roles/{id}`
pub(crate) async fn page(call: Call) -> Result<Response, Error> {
    let query = Query(call.query()?);
    let flash = match query.get("done") {
        Some("saved") => t("The role was saved. It is in force from now on."),
        Some("same") => t("Nothing was changed."),
        _ => "",
    };
    show(&call, flash, query.get("more").unwrap_or_default(), None).await
}

/// `POST /admin/_roles/{id}`: one bulk of writes, all or none.
pub(crate) async fn save(mut call: Call) -> Result<Response, Error> {
    let fields = posted(&mut call).await?;
    let (engine, ctx) = (call.engine.clone(), call.ctx.clone());
    let role = stored::one(&engine, &ctx, call.raw_param("id")).await?;
    let before = stored::rules(&engine, &ctx, Some(&role.id)).await?;
    let sent = form::sent(&fields, (&role.id, &before), engine.registry().models());
    let Plan {
        operations,
        of,
        faults,
    } = form::plan(&role.id, &sent, &before);
    let there = |done: &str| answer::see_other(&format!("/admin/_roles/{}?done={done}", role.id));
    if !faults.is_empty() {
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        let refused = Refused {
            status,
            sent,
            faults,
        };
        return show(&call, "", "", Some(refused)).await;
    }
    if operations.is_empty() {
        return Ok(there("same"));
    }
    let body = Input::from(&json!({"atomic": true, "operations": operations}));
    let grants = engine.model("qd_grant")?.id;
    match engine.bulk(&ctx, grants, (None, body)).await {
        Ok(_) => Ok(there("saved")),
        Err(error) if is_mendable(&error) => {
            let status = StatusCode::from_u16(error.kind.status());
            let faults = error.faults.iter().map(|f| named(f, &of)).collect();
            let refused = Refused {
                status: status.unwrap_or(StatusCode::UNPROCESSABLE_ENTITY),
                sent,
                faults,
            };
            show(&call, "", "", Some(refused)).await
        }
        Err(error) => Err(error),
    }
}

fn is_mendable(error: &Error) -> bool {
    let of_rules = matches!(
        error.kind,
        Kind::Invalid | Kind::PreconditionFailed | Kind::Conflict | Kind::NotFound
    );
    of_rules && !error.faults.is_empty()
}

/// A fault of an operation as one of its rule.
fn named(fault: &Fault, of: &[String]) -> (String, String) {
    let place = match &fault.place {
        Place::Pointer(at) => at.strip_prefix("/operations/"),
        Place::Parameter(_) => None,
    };
    let index = place.and_then(|at| at.split('/').next()?.parse::<usize>().ok());
    let at = index.and_then(|i| of.get(i)).cloned().unwrap_or_default();
    let detail = match fault.code {
        "precondition_failed" => {
            t("Somebody else has changed this rule since you opened the page.").to_owned()
        }
        "not_found" => t("Somebody else has deleted this rule meanwhile.").to_owned(),
        _ => told(&fault.detail),
    };
    (at, detail)
}

async fn show(
    call: &Call,
    flash: &str,
    more: &str,
    refused: Option<Refused>,
) -> Result<Response, Error> {
    let (engine, ctx) = (&call.engine, &call.ctx);
    let role = stored::one(engine, ctx, call.raw_param("id")).await?;
    let stored = stored::rules(engine, ctx, Some(&role.id)).await?;
    let (status, sent, faults) = match refused {
        Some(r) => (r.status, r.sent, r.faults),
        None => (StatusCode::OK, Vec::new(), Vec::new()),
    };
    let scene = Scene {
        role: &role.id,
        stored,
        sent,
        faults: &faults,
        more,
    };
    let groups = grouped(engine.registry())
        .into_iter()
        .map(|(name, models)| {
            (
                name,
                models.into_iter().flat_map(|m| scene.lines(m)).collect(),
            )
        })
        .collect();
    let shell = Shell::new(engine, ctx)
        .through(t("Roles"), "/admin/_roles".to_owned())
        .here(role.name.clone())
        .saying(flash)
        .doing("GET", &format!("/api/v1/qd_grant?role_id={}", role.id));
    let role_page = RolePage {
        members: stored::members(engine, ctx, &role.id).await,
        verbs: Verb::ALL.map(|v| (v.name(), verb_word(v))).to_vec(),
        editable: may_edit(call),
        shell,
        role,
        groups,
        faults,
    };
    page::render(status, &role_page)
}

/// What the lines of a page are made of.
struct Scene<'a> {
    role: &'a str,
    stored: Vec<Rule>,
    /// What was sent and refused.
    sent: Vec<Rule>,
    faults: &'a [(String, String)],
    /// The model that an empty rule is wanted for.
    more: &'a str,
}

impl Scene<'_> {
    /// The lines of a model: its rules as they were sent, or else as they are stored, and an empty one
    /// where it has none.
    fn lines(&self, model: &ModelMeta) -> Vec<Line> {
        let of_model = |r: &&Rule| r.slug == model.slug;
        let mut rules: Vec<Rule> = self.stored.iter().filter(of_model).cloned().collect();
        let sent = |id: &str| {
            let mut sent = self.sent.iter().filter(of_model);
            sent.find(|s| s.id == id)
        };
        let mut lines: Vec<Line> = Vec::new();
        for rule in &mut rules {
            let Some(mine) = sent(&rule.id) else {
                lines.push(Line::of(model, rule, self.faults));
                continue;
            };
            // The form comes back as it was left, and knows of what is stored now.
            let tag = rule.tag.clone();
            let mut line = Line::of(
                model,
                &Rule {
                    tag,
                    ..mine.clone()
                },
                self.faults,
            );
            if mine.tag != rule.tag {
                line.now = meaning::of(model, rule);
            }
            lines.push(line);
        }
        match sent("") {
            Some(new) => lines.push(Line::of(model, new, self.faults)),
            None if lines.is_empty() || self.more == model.slug => {
                let blank = Rule::blank(self.role, &model.slug);
                let mut line = Line::of(model, &blank, self.faults);
                line.open = self.more == model.slug;
                lines.push(line);
            }
            None => {
                lines[0].more = format!("/admin/_roles/{}?more={}", self.role, model.slug);
            }
        }
        for line in lines.iter_mut().skip(1) {
            line.first = false;
        }
        lines
    }
}

impl Line {
    fn of(model: &ModelMeta, rule: &Rule, faults: &[(String, String)]) -> Self {
        let at = handle(rule);
        let verb = |v: Verb| {
            let has = model.verbs.contains(&v);
            (v.name(), verb_word(v), has, rule.verbs.contains(&v))
        };
        let mine: Vec<String> = faults
            .iter()
            .filter(|(of, _)| *of == at)
            .map(|(_, detail)| detail.clone())
            .collect();
        Self {
            slug: model.slug.clone(),
            label: model.label_plural.clone(),
            first: true,
            more: String::new(),
            verbs: Verb::ALL.map(verb).to_vec(),
            meaning: meaning::of(model, rule),
            rows: rule.rows.clone(),
            reads: ticks(model, &rule.readable, false),
            some_read: rule.readable.is_some(),
            writes: ticks(model, &rule.writable, true),
            some_written: rule.writable.is_some(),
            tag: rule.tag.clone(),
            now: String::new(),
            open: !mine.is_empty(),
            faults: mine,
            at,
        }
    }

    fn named(&self, verb: &str) -> String {
        fill("{}: {}", &[&self.label, &verb])
    }
}

/// The fields that a rule can name; all of them ticked where it names none.
fn ticks(model: &ModelMeta, fields: &Fields, written: bool) -> Vec<Tick> {
    let stored = |name: &String| fields.as_ref().is_some_and(|names| names.contains(name));
    let fits = |f: &&Field| !f.secret && (!written || f.accepted() || stored(&f.name));
    let open = model.fields.iter().filter(fits);
    open.map(|f| Tick {
        name: f.name.clone(),
        label: f.label.clone(),
        on: fields.as_ref().is_none_or(|names| names.contains(&f.name)),
    })
    .collect()
}
