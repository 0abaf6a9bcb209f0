//! Who asks for pages, and what they send.

use quarterdeck::auth::tokens::{self, NewToken};
use quarterdeck::model::Verb;
use serde_json::Value;

use super::page::{Form, Page, whole};
use crate::api::sample::text;
use crate::house::app::{Session, TestApp};

/// A token of a user, as a header has it.
pub(super) async fn token(app: &TestApp, user_id: i64, scopes: Vec<(String, Vec<Verb>)>) -> String {
    let new = NewToken {
        user_id,
        name: "a token".into(),
        scopes: Some(scopes),
        expires_at: None,
    };
    let made = tokens::create(app.app.engine.db(), new).await;
    format!("Bearer {}", made.expect("a token").expose())
}

/// A browser, or a script that reads pages with a token.
#[derive(Clone, Copy)]
pub(super) struct Client<'a> {
    pub(super) session: &'a Session<'a>,
    pub(super) token: Option<&'a str>,
}

/// A request for a page.
#[derive(Debug, Clone)]
pub(super) struct Probe {
    pub(super) method: &'static str,
    pub(super) path: String,
    pub(super) fields: Vec<(String, String)>,
}

pub(super) fn get(path: impl Into<String>) -> Probe {
    Probe {
        method: "GET",
        path: path.into(),
        fields: Vec::new(),
    }
}

pub(super) fn post(path: impl Into<String>, fields: Vec<(String, String)>) -> Probe {
    Probe {
        method: "POST",
        path: path.into(),
        fields,
    }
}

impl Client<'_> {
    pub(super) async fn ask(&self, probe: &Probe) -> Page {
        let method = probe.method.parse().expect("a method");
        let mut request = self.session.request(method, &probe.path);
        request = request.header("accept", "text/html,*/*;q=0.8");
        if let Some(token) = self.token {
            request = request.header("authorization", token);
        }
        if probe.method == "POST" {
            request = request.header("sec-fetch-site", "same-origin");
            request = request.form(&probe.fields);
        }
        let mut page = whole(request).await;
        page.reply.text = same(&page.reply.text);
        page
    }

    /// The answers, as far as a client can tell two of them apart.
    pub(super) async fn shapes(&self, probes: &[Probe]) -> Vec<String> {
        let mut all = Vec::new();
        for probe in probes {
            all.push(self.ask(probe).await.reply.shape());
        }
        all
    }
}

/// A page without the key of its form, which is another one each time.
fn same(html: &str) -> String {
    const KEY: &str = "name=\"_once\" value=\"";
    match html.split_once(KEY) {
        Some((before, after)) => {
            let end = after.find('"').expect("the end of the key");
            format!("{before}{KEY}{}", &after[end..])
        }
        None => html.to_owned(),
    }
}

/// The text that stands for a JSON value in a form.
fn typed(field: &Value, value: &Value) -> String {
    match (text(&field["type"]).as_str(), value) {
        (_, Value::Null) => String::new(),
        ("json", _) => value.to_string(),
        ("datetime" | "timestamp", _) => text(value).trim_end_matches('Z').to_owned(),
        _ => text(value),
    }
}

/// A form with a record's fields filled in, ticked or chosen.
pub(super) fn filled(mut form: Form, fields: &[Value], body: &Value) -> Form {
    for (name, value) in typed_fields(fields, body) {
        form = if form.value(&name).is_some() {
            form.with(&name, &value)
        } else if value == "true" {
            form.and(&name, "true")
        } else {
            form
        };
    }
    form
}

/// The fields of a form that stand for a record.
pub(super) fn typed_fields(fields: &[Value], body: &Value) -> Vec<(String, String)> {
    let one = |field: &Value| {
        let name = text(&field["name"]);
        let value = typed(field, body.get(&name)?);
        Some((name, value))
    };
    fields.iter().filter_map(one).collect()
}
