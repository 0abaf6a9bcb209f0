//! What a rule means, in words.

use serde_json::Value as Json;

use crate::model::{ModelMeta, Op, Verb};
use crate::page::words::{fill, t};

use super::rule::{Fields, Rule};

/// Fields that are named; of more their number is told.
const NAMED: usize = 6;

/// What a rule means; empty for one that allows nothing.
pub(super) fn of(model: &ModelMeta, rule: &Rule) -> String {
    if rule.verbs.is_empty() {
        return String::new();
    }
    if everything(model, rule) {
        return t("everything").to_owned();
    }
    let rows = match &rule.rows {
        None => t("on every row").to_owned(),
        Some(text) => match serde_json::from_str(text) {
            Ok(tree) => fill("on rows where {}", &[&tell(&tree)]),
            Err(_) => t("on no row: its rule is no JSON").to_owned(),
        },
    };
    let mut parts = vec![format!(
        "{} {rows}",
        deeds(&|verb| rule.verbs.contains(&verb))
    )];
    let reads = [Verb::List, Verb::Read];
    if rule.verbs.iter().any(|v| reads.contains(v)) {
        parts.push(fields(
            model,
            &rule.readable,
            (t("sees every field"), t("sees {}")),
        ));
    }
    let writes = [Verb::Create, Verb::Replace, Verb::Patch];
    if rule.verbs.iter().any(|v| writes.contains(v)) {
        parts.push(fields(
            model,
            &rule.writable,
            (t("writes every field"), t("writes {}")),
        ));
    }
    parts.join("; ")
}

/// Whether a rule allows whatever the model has, without a limit.
fn everything(model: &ModelMeta, rule: &Rule) -> bool {
    let unlimited = rule.rows.is_none() && rule.readable.is_none() && rule.writable.is_none();
    unlimited && model.verbs.iter().all(|verb| rule.verbs.contains(verb))
}

/// `see, create, change`
pub(super) fn deeds(has: &dyn Fn(Verb) -> bool) -> String {
    let mut words = Vec::new();
    match (has(Verb::List), has(Verb::Read)) {
        (true, true) => words.push(t("see")),
        (true, false) => words.push(t("list")),
        (false, true) => words.push(t("open")),
        (false, false) => {}
    }
    if has(Verb::Create) {
        words.push(t("create"));
    }
    if has(Verb::Patch) || has(Verb::Replace) {
        words.push(t("change"));
    }
    if has(Verb::Delete) {
        words.push(t("delete"));
    }
    words.join(", ")
}

fn fields(model: &ModelMeta, fields: &Fields, (all, some): (&str, &str)) -> String {
    let Some(names) = fields else {
        return all.to_owned();
    };
    let label = |name: &String| {
        let field = model.field(name).map(|f| model.fields[f].label.clone());
        field.unwrap_or_else(|| name.clone())
    };
    let told = match names.len() {
        0 => t("no field").to_owned(),
        n if n <= NAMED => names.iter().map(label).collect::<Vec<_>>().join(", "),
        n => fill("{} of {} fields", &[&n, &model.fields.len()]),
    };
    some.replacen("{}", &told, 1)
}

/// A filter tree in words.
fn tell(tree: &Json) -> String {
    let Some(members) = tree.as_object() else {
        return tree.to_string();
    };
    let member = |(name, value): (&String, &Json)| match (name.as_str(), value) {
        ("and", Json::Array(all)) => joined(all, t("and")),
        ("or", Json::Array(all)) => joined(all, t("or")),
        ("not", tree) => fill("not ({})", &[&tell(tree)]),
        _ => condition(name, value),
    };
    let all: Vec<String> = members.iter().map(member).collect();
    all.join(&format!(" {} ", t("and")))
}

fn joined(all: &[Json], word: &str) -> String {
    let all: Vec<String> = all.iter().map(tell).collect();
    match all.as_slice() {
        [one] => one.clone(),
        _ => format!("({})", all.join(&format!(" {word} "))),
    }
}

fn condition(name: &str, value: &Json) -> String {
    let (path, op) = name.rsplit_once("__").unwrap_or((name, "eq"));
    let value = match value {
        Json::String(text) => text.clone(),
        Json::Array(all) => {
            let one = |v: &Json| v.as_str().map_or_else(|| v.to_string(), ToOwned::to_owned);
            all.iter().map(one).collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    };
    let sign = match Op::named(op) {
        Some(Op::Eq) => "=",
        Some(Op::Ne) => "≠",
        Some(Op::Lt) => "<",
        Some(Op::Lte) => "≤",
        Some(Op::Gt) => ">",
        Some(Op::Gte) => "≥",
        Some(Op::In) => return format!("{path} ∈ {{{value}}}"),
        Some(Op::Nin) => return format!("{path} ∉ {{{value}}}"),
        _ => op,
    };
    format!("{path} {sign} {value}")
}

#[cfg(test)]
mod tests {
    use super::tell;
    use serde_json::json;

    #[test]
    fn a_filter_is_told_in_words() {
        let tree =
            json!({"or": [{"owner_id": "$user.id"}, {"total__gte": 5}, {"state__in": ["a", "b"]}]});
        assert_eq!(
            tell(&tree),
            "(owner_id = $user.id or total ≥ 5 or state ∈ {a, b})"
        );
        assert_eq!(
            tell(&json!({"not": {"name__isnull": true}})),
            "not (name isnull true)"
        );
    }
}
