//! What a token may do, as a form asks for it and as a list tells it.

use serde_json::Value as Json;

use crate::auth::wanted::Scopes;
use crate::http::Call;
use crate::model::Verb;
use crate::page::words::t;

/// A token that somebody is about to make.
#[derive(Debug)]
pub(crate) struct Draft {
    /// What it is called.
    pub(super) name: String,
    /// Days that it lives; empty for ever.
    pub(super) days: String,
    /// Whether it may do whatever its owner may.
    pub(super) all: bool,
    /// Otherwise: models and verbs.
    pub(super) scopes: Vec<(String, Verb)>,
}

impl Default for Draft {
    fn default() -> Self {
        Self {
            name: String::new(),
            days: "90".to_owned(),
            all: true,
            scopes: Vec::new(),
        }
    }
}

/// A model and what a token may do there.
#[derive(Debug)]
pub(crate) struct ScopeRow {
    pub(super) slug: String,
    pub(super) label: String,
    /// Each verb: its name, its words, whether the caller has it, whether it is ticked.
    pub(super) verbs: Vec<(&'static str, &'static str, bool, bool)>,
}

impl Draft {
    /// What was sent.
    pub(super) fn of(fields: &[(String, String)]) -> Self {
        let sent = |name: &str| {
            let found = fields.iter().find(|(n, _)| n == name);
            found.map_or("", |(_, v)| v.trim()).to_owned()
        };
        let scope = |(name, value): &(String, String)| {
            let slug = name.strip_prefix("scope.")?;
            Some((slug.to_owned(), Verb::named(value)?))
        };
        Self {
            name: sent("name"),
            days: sent("days"),
            all: sent("scopes") != "some",
            scopes: fields.iter().filter_map(scope).collect(),
        }
    }

    /// The scopes by model.
    pub(super) fn scopes(&self) -> Scopes {
        if self.all {
            return None;
        }
        let mut all: Vec<(String, Vec<Verb>)> = Vec::new();
        for (slug, verb) in &self.scopes {
            match all.iter_mut().find(|(of, _)| of == slug) {
                Some((_, verbs)) => verbs.push(*verb),
                None => all.push((slug.clone(), vec![*verb])),
            }
        }
        Some(all)
    }

    /// The lives that a token can have: days, and their words.
    pub(super) fn lives(&self) -> [(&'static str, &'static str, bool); 5] {
        let life = |days, words| (days, words, self.days == days);
        [
            life("7", t("7 days")),
            life("30", t("30 days")),
            life("90", t("90 days")),
            life("365", t("1 year")),
            life("", t("No end")),
        ]
    }
}

/// The models on which the caller may do something.
pub(super) fn rows(call: &Call, draft: &Draft) -> Vec<ScopeRow> {
    let (engine, ctx) = (&call.engine, &call.ctx);
    let models = engine.registry().models().iter();
    let row = |model: &crate::model::ModelMeta| {
        let ticked = |verb| {
            draft
                .scopes
                .iter()
                .any(|(s, v)| *s == model.slug && *v == verb)
        };
        let verb = |verb: Verb| {
            let may = engine.may(ctx, verb, model.id);
            (verb.name(), verb_word(verb), may, ticked(verb))
        };
        ScopeRow {
            slug: model.slug.clone(),
            label: model.label_plural.clone(),
            verbs: Verb::ALL.map(verb).to_vec(),
        }
    };
    models
        .map(row)
        .filter(|row| row.verbs.iter().any(|v| v.2))
        .collect()
}

/// A verb for people.
pub(crate) fn verb_word(verb: Verb) -> &'static str {
    match verb {
        Verb::List => t("List"),
        Verb::Read => t("Read"),
        Verb::Create => t("Create"),
        Verb::Replace => t("Replace"),
        Verb::Patch => t("Change"),
        Verb::Delete => t("Delete"),
    }
}

/// `book: List, Read · author: List`
pub(super) fn words(stored: &Json) -> String {
    if stored == "all" {
        return t("everything you may").to_owned();
    }
    let scope = |scope: &Json| {
        let verbs = scope["verbs"].as_array().into_iter().flatten();
        let named = verbs.filter_map(|v| Verb::named(v.as_str()?));
        let verbs: Vec<&str> = named.map(verb_word).collect();
        let model = scope["model"].as_str().unwrap_or_default();
        format!("{model}: {}", verbs.join(", "))
    };
    let all = stored.as_array().into_iter().flatten().map(scope);
    all.collect::<Vec<_>>().join(" · ")
}
