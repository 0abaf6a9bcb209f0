//! The conditions of a list in words: one chip for each, with the address of the list without it.

use crate::model::{Field, FieldId, Kind, ModelMeta, Op, Registry};
use crate::query::parse::{GROUPS, RESERVED};
use crate::query::path::split_list;

use crate::admin::address::Query;
use crate::admin::value::titles::Titles;
use crate::admin::value::{cell, zone};
use crate::admin::view::View;
use crate::crud::{Context, Engine};
use crate::error::Error;
use crate::page::words::{fill, t};

/// A condition that is in force.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Chip {
    /// The condition in words.
    pub(crate) text: String,
    /// The address of the list without it.
    pub(crate) without: String,
}

/// The titles of the records that conditions compare a foreign key with.
pub(crate) async fn titles(
    (engine, ctx): (&Engine, &Context),
    view: &View<'_>,
    query: &Query,
) -> Result<Titles, Error> {
    let pointed = |(name, value): &'_ (String, String)| {
        let (_, target) = compared(view, name)?;
        Some((target.slug.clone(), value.clone()))
    };
    let records: Vec<(String, String)> = query.0.iter().filter_map(pointed).collect();
    let records = records
        .iter()
        .map(|(slug, key)| (slug.as_str(), key.as_str()));
    Titles::of(engine, ctx, records).await
}

/// The foreign key that the condition says to be some value, and the model whose key it is.
fn compared<'a>(view: &View<'a>, name: &str) -> Option<(FieldId, &'a ModelMeta)> {
    let field = view
        .model
        .field(name.strip_suffix("__eq").unwrap_or(name))?;
    let link = view.link(field)?;
    (link.relation.to == link.target.key).then_some((field, link.target))
}

/// A condition on a foreign key in words, with the title of the record.
fn titled(view: &View<'_>, name: &str, (value, titles): (&str, &Titles)) -> Option<String> {
    let (field, target) = compared(view, name)?;
    let known = titles.has(&target.slug, value);
    let title = || titles.get(&target.slug, value);
    known.then(|| format!("{} {} {}", view.label(field), verb(Op::Eq), title()))
}

/// The conditions of a list that the operations have accepted: every name in it is one that the
/// caller may see.
pub(crate) fn chips(
    registry: &Registry,
    view: &View<'_>,
    (query, titles): (&Query, &Titles),
    to: &dyn Fn(&Query) -> String,
) -> Vec<Chip> {
    let model = view.model;
    let chip = |(i, (name, value)): (usize, &(String, String))| {
        let text = match name.as_str() {
            "q" => fill("Search “{}”", &[value]),
            group if GROUPS.contains(&group) => grouped(registry, model, group, value)?,
            reserved if RESERVED.contains(&reserved) => return None,
            _ => match titled(view, name, (value, titles)) {
                Some(words) => words,
                None => words(registry, model, name, value)?,
            },
        };
        Some(Chip {
            text,
            without: to(&query.without_at(i)),
        })
    };
    query.0.iter().enumerate().filter_map(chip).collect()
}

/// A group of conditions as `Price is less than 5 or Status is “paid”`.
fn grouped(registry: &Registry, model: &ModelMeta, group: &str, inner: &str) -> Option<String> {
    let parts = Query::parse(inner).ok()?;
    let part = |(name, value): &(String, String)| match name.as_str() {
        group if GROUPS.contains(&group) => {
            grouped(registry, model, group, value).map(|text| format!("({text})"))
        }
        _ => words(registry, model, name, value),
    };
    let parts: Vec<String> = parts.0.iter().filter_map(part).collect();
    let between = if group == "or" { t("or") } else { t("and") };
    let text = parts.join(&format!(" {between} "));
    Some(match group {
        "not" => fill("not ({})", &[&text]),
        _ => text,
    })
}

/// `author.name__icontains=le` as `Author › Name contains le`.
pub(super) fn words(
    registry: &Registry,
    model: &ModelMeta,
    name: &str,
    value: &str,
) -> Option<String> {
    let (path, op) = name.rsplit_once("__").unwrap_or((name, "eq"));
    let mut steps: Vec<&str> = path.split('.').collect();
    let last = steps.pop()?;
    let mut labels = Vec::new();
    let mut here = model;
    for step in steps {
        let relation = here.relation(step)?;
        labels.push(relation.label.as_str());
        here = registry.model(relation.target);
    }
    let field = &here.fields[here.field(last)?];
    labels.push(&field.label);
    let op = Op::named(op)?;
    let label = labels.join(" › ");
    Some(match op {
        Op::IsNull if value == "true" => fill("{} is empty", &[&label]),
        Op::IsNull => fill("{} is not empty", &[&label]),
        Op::In | Op::Nin => {
            let values: Vec<String> = split_list(value).iter().map(|v| shown(field, v)).collect();
            format!("{label} {} {}", verb(op), values.join(", "))
        }
        Op::Between => {
            let ends: Vec<String> = split_list(value).iter().map(|v| shown(field, v)).collect();
            format!(
                "{label} {} {}",
                verb(op),
                ends.join(&format!(" {} ", t("and")))
            )
        }
        _ => format!("{label} {} {}", verb(op), shown(field, value)),
    })
}

fn shown(field: &Field, value: &str) -> String {
    match &field.kind {
        Kind::Bool => if value == "true" { t("Yes") } else { t("No") }.to_owned(),
        Kind::Enum { .. } => cell::choice_label(field, value),
        Kind::Text(_) => format!("“{value}”"),
        Kind::DateTime | Kind::Timestamp => zone::words(field, value),
        Kind::Int(_)
        | Kind::Float
        | Kind::Double
        | Kind::Decimal(_)
        | Kind::Uuid
        | Kind::Date
        | Kind::Time
        | Kind::Bytes(_)
        | Kind::Json
        | Kind::Array(_) => value.to_owned(),
    }
}

/// The words between a field and a value.
pub(crate) fn verb(op: Op) -> &'static str {
    match op {
        Op::Eq => t("is"),
        Op::Ne => t("is not"),
        Op::Lt => t("is less than"),
        Op::Lte => t("is at most"),
        Op::Gt => t("is more than"),
        Op::Gte => t("is at least"),
        Op::In => t("is one of"),
        Op::Nin => t("is none of"),
        Op::Between => t("is between"),
        Op::IsNull => t("is empty (true or false)"),
        Op::Contains => t("contains (same case)"),
        Op::IContains => t("contains"),
        Op::StartsWith => t("starts with (same case)"),
        Op::IStartsWith => t("starts with"),
        Op::EndsWith => t("ends with (same case)"),
        Op::IEndsWith => t("ends with"),
    }
}
