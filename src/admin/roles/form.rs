//! The form of a role: what was sent of each rule, and the operations that it comes to. Controls of a
//! rule begin with `g.` and its key, or with `n.` and the model of one that is new.

use serde_json::{Map, Value as Json, json};

use crate::model::{ModelMeta, Verb};
use crate::page::words::fill;

use super::rule::{Fields, Rule};

/// The operations that a form comes to, each with the rule that it is of.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) operations: Vec<Json>,
    pub(super) of: Vec<String>,
    /// What cannot even be tried: a rule, and what is wrong with it.
    pub(super) faults: Vec<(String, String)>,
}

/// How the controls of a rule begin.
pub(super) fn handle(rule: &Rule) -> String {
    if rule.id.is_empty() {
        format!("n.{}", rule.slug)
    } else {
        format!("g.{}", rule.id)
    }
}

/// The rules as they were sent: those of `stored` and one new one for each of `models` at most.
pub(super) fn sent(
    fields: &[(String, String)],
    (role, stored): (&str, &[Rule]),
    models: &[ModelMeta],
) -> Vec<Rule> {
    let mut all: Vec<Rule> = stored.to_vec();
    all.extend(models.iter().map(|m| Rule::blank(role, &m.slug)));
    let mut rules = Vec::new();
    for rule in all {
        let at = format!("{}.", handle(&rule));
        let mine: Vec<(&str, &str)> = fields
            .iter()
            .filter_map(|(name, value)| Some((name.strip_prefix(&at)?, value.as_str())))
            .collect();
        // Every rule of a page sends at least its row rule.
        if mine.iter().any(|(name, _)| *name == "where") {
            rules.push(read(rule, &mine));
        }
    }
    rules
}

fn read(rule: Rule, mine: &[(&str, &str)]) -> Rule {
    let all = |wanted: &str| {
        let of = mine.iter().filter(move |(name, _)| *name == wanted);
        of.map(|(_, value)| (*value).to_owned()).collect::<Vec<_>>()
    };
    let limits = all("limit");
    let limited = |what: &str| limits.iter().any(|l| l == what);
    let text = all("where").remove(0).replace("\r\n", "\n");
    let fields = |what: &str, name: &str| -> Fields { limited(what).then(|| all(name)) };
    Rule {
        verbs: all("verb").iter().filter_map(|v| Verb::named(v)).collect(),
        rows: limited("rows").then(|| text.trim().to_owned()),
        readable: fields("read", "readable"),
        writable: fields("write", "writable"),
        tag: all("tag").pop().unwrap_or_default(),
        ..rule
    }
}

/// What has to be done so that `stored` becomes what was sent.
pub(super) fn plan(role: &str, sent: &[Rule], stored: &[Rule]) -> Plan {
    let mut plan = Plan::default();
    for rule in sent {
        if rule.verbs.is_empty() && rule.id.is_empty() {
            continue;
        }
        let members = match rule.members() {
            Ok(members) => members,
            Err(error) => {
                let detail = fill("The condition is no JSON: {}", &[&error]);
                plan.faults.push((handle(rule), detail));
                continue;
            }
        };
        let operation = if rule.id.is_empty() {
            let mut data = members;
            data["role_id"] = role.parse::<i64>().map_or(Json::Null, Json::from);
            data["model"] = rule.slug.clone().into();
            json!({"verb": "create", "data": data})
        } else if rule.verbs.is_empty() {
            json!({"verb": "delete", "id": rule.id, "if_match": rule.tag})
        } else {
            let before = stored.iter().find(|s| s.id == rule.id);
            let before = before.and_then(|s| s.members().ok()).unwrap_or_default();
            let changed = changed(members, &before);
            if changed.is_empty() {
                continue;
            }
            json!({"verb": "patch", "id": rule.id, "if_match": rule.tag, "data": changed})
        };
        plan.operations.push(operation);
        plan.of.push(handle(rule));
    }
    plan
}

fn changed(members: Json, before: &Json) -> Map<String, Json> {
    let Json::Object(members) = members else {
        return Map::new();
    };
    let differs = |name: &str, value: &Json| match (before.get(name), value) {
        // The order of verbs and of fields means nothing.
        (Some(Json::Array(old)), Json::Array(new)) => {
            old.len() != new.len() || !new.iter().all(|v| old.contains(v))
        }
        (old, new) => old != Some(new),
    };
    members
        .into_iter()
        .filter(|(name, value)| differs(name, value))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(id: &str, verbs: &[Verb]) -> Rule {
        Rule {
            id: id.to_owned(),
            verbs: verbs.to_vec(),
            tag: format!("\"{id}\""),
            ..Rule::blank("1", "book")
        }
    }

    #[test]
    fn only_what_differs_is_written_and_a_rule_without_a_verb_is_deleted() {
        let stored = [
            rule("1", &[Verb::List, Verb::Read]),
            rule("2", &[Verb::List]),
            rule("3", &[Verb::List]),
        ];
        let sent = [
            rule("1", &[Verb::Read, Verb::List]),
            rule("2", &[]),
            Rule {
                rows: Some("{\"id\": 1}".to_owned()),
                ..rule("3", &[Verb::List])
            },
            rule("", &[]),
            rule("", &[Verb::Create]),
        ];
        let plan = plan("1", &sent, &stored);
        assert_eq!(plan.of, ["g.2", "g.3", "n.book"]);
        assert_eq!(plan.operations[0]["verb"], "delete");
        assert_eq!(
            plan.operations[1],
            json!({"verb": "patch", "id": "3", "if_match": "\"3\"", "data": {"rows": {"id": 1}}})
        );
        assert_eq!(plan.operations[2]["data"]["role_id"], 1);
    }

    #[test]
    fn a_condition_that_is_no_json_is_told_at_its_rule() {
        let sent = [Rule {
            rows: Some("owner_id = 1".to_owned()),
            ..rule("3", &[Verb::List])
        }];
        let plan = plan("1", &sent, &[]);
        assert_eq!((plan.operations.len(), plan.faults.len()), (0, 1));
        assert_eq!(plan.faults[0].0, "g.3");
    }
}
