//! Titles of records of several models, known by their addresses: one question for each model, and
//! the key itself where the caller may not ask, or where the record is gone.

use std::collections::HashMap;

use crate::crud::{Context, Engine, ListRequest};
use crate::error::Error;
use crate::model::{Kind, ModelMeta, Verb};

use crate::admin::value::row::{self, Row};
use crate::admin::view::View;

/// The titles that were found, by model and key.
#[derive(Debug, Default)]
pub(crate) struct Titles(HashMap<(String, String), String>);

impl Titles {
    /// Asks for the titles of these records.
    pub(crate) async fn of(
        engine: &Engine,
        ctx: &Context,
        records: impl Iterator<Item = (&str, &str)>,
    ) -> Result<Self, Error> {
        let mut wanted: HashMap<&str, Vec<&str>> = HashMap::new();
        for (slug, key) in records {
            let keys = wanted.entry(slug).or_default();
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        let mut titles = HashMap::new();
        for (slug, keys) in wanted {
            let Ok(model) = engine.model(slug) else {
                continue;
            };
            if !engine.may(ctx, Verb::List, model.id) {
                continue;
            }
            for row in rows(engine, ctx, model, &keys).await? {
                if let Some(key) = row::key(model, &row) {
                    titles.insert((slug.to_owned(), key), row::title(model, &row));
                }
            }
        }
        Ok(Self(titles))
    }

    /// The title of one; `#` and its key where it is not known.
    pub(crate) fn get(&self, slug: &str, key: &str) -> String {
        let found = self.0.get(&(slug.to_owned(), key.to_owned()));
        found.cloned().unwrap_or_else(|| row::number(key))
    }

    /// Whether the record is there, as far as that is known.
    pub(crate) fn has(&self, slug: &str, key: &str) -> bool {
        self.0.contains_key(&(slug.to_owned(), key.to_owned()))
    }
}

async fn rows(
    engine: &Engine,
    ctx: &Context,
    model: &ModelMeta,
    keys: &[&str],
) -> Result<Vec<Row>, Error> {
    let view = View::of(engine, ctx, Verb::List, model.id)?;
    // Of a key of several fields, and of one that may hold a comma, there is no list.
    let [key] = model.key[..] else {
        return Ok(Vec::new());
    };
    if !matches!(model.fields[key].kind, Kind::Int(_) | Kind::Uuid) || !view.sees(key) {
        return Ok(Vec::new());
    }
    let shown = (0..model.fields.len()).filter(|&f| view.sees(f) && model.names_records(f));
    let mut fields: Vec<&str> = shown.map(|f| model.fields[f].name.as_str()).collect();
    let name = &model.fields[key].name;
    if !fields.contains(&name.as_str()) {
        fields.push(name);
    }
    let most = usize::try_from(engine.limits().max_limit).unwrap_or(usize::MAX);
    let keys = &keys[..keys.len().min(most)];
    let parameters = [
        (format!("{name}__in"), keys.join(",")),
        ("fields".to_owned(), fields.join(",")),
        ("limit".to_owned(), keys.len().to_string()),
        ("count".to_owned(), "none".to_owned()),
    ];
    let page = engine
        .list(ctx, model.id, ListRequest::Parameters(&parameters))
        .await?;
    Row::page(&page.body[page.data.clone()])
}
