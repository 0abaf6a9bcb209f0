//! The conditions of a list in words: one chip for each, with the address of the list without it.

use crate::model::{Field, Kind, ModelMeta, Op, Registry};
use crate::query::parse::RESERVED;
use crate::query::path::split_list;

use crate::admin::address::Query;
use crate::admin::value::cell;

/// A condition that is in force.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Chip {
    /// The condition in words.
    pub(crate) text: String,
    /// The address of the list without it.
    pub(crate) without: String,
}

/// The conditions of a list that the operations have accepted: every name in it is one that the
/// caller may see.
pub(crate) fn chips(registry: &Registry, model: &ModelMeta, query: &Query) -> Vec<Chip> {
    let chip = |(i, (name, value)): (usize, &(String, String))| {
        let text = match name.as_str() {
            "q" => format!("Search “{value}”"),
            reserved if RESERVED.contains(&reserved) => return None,
            _ => words(registry, model, name, value)?,
        };
        Some(Chip {
            text,
            without: query.without_at(i).list(&model.slug),
        })
    };
    query.0.iter().enumerate().filter_map(chip).collect()
}

/// `author.name__icontains=le` as `Author › Name contains le`.
fn words(registry: &Registry, model: &ModelMeta, name: &str, value: &str) -> Option<String> {
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
        Op::IsNull if value == "true" => format!("{label} is empty"),
        Op::IsNull => format!("{label} is not empty"),
        Op::In | Op::Nin => {
            let values: Vec<String> = split_list(value).iter().map(|v| shown(field, v)).collect();
            format!("{label} {} {}", verb(op), values.join(", "))
        }
        Op::Between => format!("{label} {} {}", verb(op), split_list(value).join(" and ")),
        _ => format!("{label} {} {}", verb(op), shown(field, value)),
    })
}

fn shown(field: &Field, value: &str) -> String {
    match &field.kind {
        Kind::Bool => if value == "true" { "Yes" } else { "No" }.to_owned(),
        Kind::Enum { .. } => cell::choice_label(field, value),
        Kind::Text(_) => format!("“{value}”"),
        Kind::Int(_)
        | Kind::Float
        | Kind::Double
        | Kind::Decimal(_)
        | Kind::Uuid
        | Kind::Date
        | Kind::Time
        | Kind::DateTime
        | Kind::Timestamp
        | Kind::Bytes(_)
        | Kind::Json
        | Kind::Array(_) => value.to_owned(),
    }
}

/// The words between a field and a value.
pub(crate) fn verb(op: Op) -> &'static str {
    match op {
        Op::Eq => "is",
        Op::Ne => "is not",
        Op::Lt => "is less than",
        Op::Lte => "is at most",
        Op::Gt => "is more than",
        Op::Gte => "is at least",
        Op::In => "is one of",
        Op::Nin => "is none of",
        Op::Between => "is between",
        Op::IsNull => "is empty (true or false)",
        Op::Contains => "contains (same case)",
        Op::IContains => "contains",
        Op::StartsWith => "starts with (same case)",
        Op::IStartsWith => "starts with",
        Op::EndsWith => "ends with (same case)",
        Op::IEndsWith => "ends with",
    }
}
