//! Records for any model, made from what `/api/v1/_models` tells of it: the way of a client that
//! knows no model by name. Targets of foreign keys are made first.

use std::cell::Cell;
use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use quarterdeck::model::encode_key_part;
use reqwest::{Method, header::HeaderMap};
use serde_json::{Map, Value, json};

use crate::house::app::{Session, TestApp};

/// An answer, whole.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or(Value::Null)
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.and_then(|v| v.to_str().ok()).unwrap_or_default()
    }

    /// The faults of a problem, as `place code`, sorted.
    pub(crate) fn faults(&self) -> Vec<String> {
        let json = self.json();
        let errors = json["errors"].as_array().cloned().unwrap_or_default();
        let text = |e: &Value| {
            let place = e["pointer"].as_str().or(e["parameter"].as_str());
            let code = e["code"].as_str().unwrap_or_default();
            format!("{} {code}", place.unwrap_or_default())
        };
        let mut faults: Vec<String> = errors.iter().map(text).collect();
        faults.sort();
        faults
    }
}

impl Reply {
    /// All that a client can tell two answers apart by: the status, the headers but those that
    /// change with every request, and the body but the id of the request.
    pub(crate) fn shape(&self) -> String {
        const CHANGING: [&str; 8] = [
            "date",
            "x-request-id",
            "x-ratelimit-limit",
            "x-ratelimit-remaining",
            "x-ratelimit-reset",
            "ratelimit",
            "ratelimit-policy",
            "retry-after",
        ];
        let mut headers: Vec<String> = self
            .headers
            .iter()
            .filter(|(name, _)| !CHANGING.contains(&name.as_str()))
            .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap_or("?")))
            .collect();
        headers.sort();
        let id = self.header("x-request-id");
        let body = if id.is_empty() {
            self.text.clone()
        } else {
            self.text.replace(id, "…")
        };
        format!("{}\n{}\n\n{body}", self.status, headers.join("\n"))
    }
}

/// Sends a request; `body` is JSON unless `headers` say otherwise.
pub(crate) async fn call(
    session: &Session<'_>,
    (method, path): (&str, &str),
    headers: &[(&str, &str)],
    body: Option<&Value>,
) -> Reply {
    let method: Method = method.parse().expect("a method");
    let mut request = session.request(method, path);
    let typed = headers.iter().any(|(name, _)| *name == "content-type");
    if let Some(body) = body {
        request = request.body(body.to_string());
        if !typed {
            request = request.header("content-type", "application/json");
        }
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = request.send().await.expect("an answer");
    Reply {
        status: response.status().as_u16(),
        headers: response.headers().clone(),
        text: response.text().await.expect("a body of text"),
    }
}

/// The models as one client may see them.
pub(crate) struct World<'a> {
    pub(crate) session: &'a Session<'a>,
    pub(crate) models: BTreeMap<String, Value>,
    next: Cell<u32>,
}

impl<'a> World<'a> {
    pub(crate) async fn look(session: &'a Session<'a>) -> Self {
        let all = call(session, ("GET", "/api/v1/_models"), &[], None).await;
        assert_eq!(all.status, 200, "{}", all.text);
        let mut models = BTreeMap::new();
        for heading in all.json()["data"].as_array().expect("an array") {
            let slug = heading["slug"].as_str().expect("a slug");
            let path = format!("/api/v1/_models/{slug}");
            let one = call(session, ("GET", &path), &[], None).await;
            assert_eq!(one.status, 200, "{path}: {}", one.text);
            models.insert(slug.to_owned(), one.json());
        }
        Self {
            session,
            models,
            next: Cell::new(1),
        }
    }

    pub(crate) fn slugs(&self) -> Vec<String> {
        self.models.keys().cloned().collect()
    }

    pub(crate) fn has(&self, slug: &str, verb: &str) -> bool {
        names(&self.models[slug]["verbs"]).contains(&verb.to_owned())
    }

    pub(crate) fn fields(&self, slug: &str) -> Vec<Value> {
        list(&self.models[slug]["fields"])
    }

    /// The names of the fields that a body for `verb` may hold.
    pub(crate) fn writable(&self, slug: &str, verb: &str) -> Vec<Value> {
        let fields = self.fields(slug).into_iter();
        fields
            .filter(|f| names(&f["writable"]).contains(&verb.to_owned()))
            .collect()
    }

    pub(crate) fn key(&self, slug: &str) -> Vec<String> {
        names(&self.models[slug]["key"])
    }

    /// The address of a record.
    pub(crate) fn path(&self, slug: &str, record: &Value) -> String {
        let parts = self.key(slug).into_iter().map(|k| text(&record[k]));
        let parts: Vec<String> = parts.map(|p| encode_key_part(&p).to_string()).collect();
        format!("/api/v1/{slug}/{}", parts.join(","))
    }

    /// Conditions that only this record meets.
    pub(crate) fn only(&self, slug: &str, record: &Value) -> String {
        let one = |k: String| format!("{k}__eq={}", encode_key_part(&text(&record[&k])));
        let all: Vec<String> = self.key(slug).into_iter().map(one).collect();
        all.join("&")
    }

    fn number(&self) -> u32 {
        let n = self.next.get();
        self.next.set(n + 1);
        n
    }

    /// A body that `verb` accepts, with a value in every field it may hold.
    pub(crate) async fn body(&self, slug: &str, verb: &str) -> Value {
        let n = self.number();
        let mut body = Map::new();
        for field in self.writable(slug, verb) {
            let name = field["name"].as_str().expect("a name");
            body.insert(name.to_owned(), value(&field, n));
        }
        // The one model whose values mean something: a grant that could not be read is refused.
        if slug == "qd_grant" {
            for (name, value) in [
                ("model", json!("qd_role")),
                ("verbs", json!(["list"])),
                ("rows", json!({"name__ne": format!("role {n}")})),
                ("readable", json!(["name"])),
                ("writable", json!("all")),
            ] {
                body.insert(name.to_owned(), value);
            }
        }
        for relation in list(&self.models[slug]["relations"]) {
            let own = names(&relation["fields"]);
            let holds = relation["owns_key"] == true && own.iter().all(|f| body.contains_key(f));
            let target = relation["model"].as_str().expect("a model");
            if !holds {
                continue;
            }
            // A tree begins somewhere.
            let made = if target == slug {
                Value::Null
            } else {
                Box::pin(self.make(target)).await
            };
            for (field, key) in own.into_iter().zip(self.key(target)) {
                body.insert(field, made[key].clone());
            }
        }
        Value::Object(body)
    }

    /// Makes a record.
    pub(crate) async fn make(&self, slug: &str) -> Value {
        let body = self.body(slug, "create").await;
        let path = format!("/api/v1/{slug}");
        let made = call(self.session, ("POST", &path), &[], Some(&body)).await;
        assert_eq!(made.status, 201, "{slug} {body}: {}", made.text);
        made.json()
    }
}

/// The statements since the last call, but those that find out who is asking.
pub(crate) fn statements(app: &TestApp) -> Vec<String> {
    const IDENTITY: [&str; 5] = ["qd_user", "qd_session", "qd_token", "qd_grant", "qd_role"];
    let mut ran = app.statements();
    ran.retain(|sql| !IDENTITY.iter().any(|table| sql.contains(table)));
    ran
}

/// An array of strings.
pub(crate) fn names(value: &Value) -> Vec<String> {
    list(value).iter().map(text).collect()
}

pub(crate) fn list(value: &Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or_default()
}

/// A JSON value as a query string has it.
pub(crate) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The `n`th valid value of a field; different for different `n` as far as the type allows.
pub(crate) fn value(field: &Value, n: u32) -> Value {
    let limits = &field["limits"];
    if let Some(choices) = field["choices"].as_array().filter(|c| !c.is_empty()) {
        return choices[n as usize % choices.len()]["value"].clone();
    }
    match field["type"].as_str().expect("a type") {
        "boolean" => json!(n.is_multiple_of(2)),
        "integer" => {
            let bound = |name, none| limit(limits, name).unwrap_or(none);
            let low = bound("min", 0.0).max(0.0);
            let span = (bound("max", 1e9) - low).clamp(0.0, 1e9);
            json!(low as i64 + i64::from(n) % (span as i64 + 1))
        }
        "number" => json!(f64::from(n) + 0.5),
        "decimal" => json!(format!("{n}.25")),
        "uuid" => json!(uuid::Uuid::from_u128(0xABCD_EF00 << 96 | u128::from(n))),
        "date" => json!(format!("20{:02}-1{}-2{}", n / 30 % 100, n / 10 % 3, n % 10)),
        "time" => json!(format!("{:02}:{:02}:07", n / 60 % 24, n % 60)),
        "datetime" | "timestamp" => json!(format!(
            "20{:02}-11-2{}T{:02}:{:02}:06.789012Z",
            n / 14400 % 100,
            n / 1440 % 10,
            n / 60 % 24,
            n % 60
        )),
        "bytes" => json!(BASE64.encode([0, 255, n.to_be_bytes()[3]])),
        "json" => json!({"n": n, "list": [1, null, true, "ß"], "big": 9_007_199_254_740_993_i64}),
        "array" => {
            let item = json!({"type": limits["items"], "limits": {}});
            json!([value(&item, n), value(&item, n + 1)])
        }
        "text" | "enum" => json!(words(limits, n)),
        other => panic!("a type that the samples do not know: {other}"),
    }
}

fn words(limits: &Value, n: u32) -> String {
    let most = limit(limits, "max_length").unwrap_or(1e6) as usize;
    let least = limit(limits, "min_length").unwrap_or(1.0) as usize;
    let plain = format!("{n:0>least$}");
    let long = format!("Nr {n:0>least$} 50%_\\ O'Brien, \"ß\" 書");
    match limits["format"].as_str() {
        Some("email") => format!("n{n}@example.org"),
        Some("url") => format!("https://example.org/{n}"),
        _ if long.chars().count() <= most => long,
        // Two characters hold a thousand numbers in base 36.
        _ if plain.len() > most => [n / 36 % 36, n % 36]
            .into_iter()
            .filter_map(|d| char::from_digit(d, 36))
            .skip(2 - most.min(2))
            .collect(),
        _ => plain,
    }
}

pub(crate) fn limit(limits: &Value, name: &str) -> Option<f64> {
    let value = &limits[name];
    value.as_f64().or_else(|| value.as_str()?.parse().ok())
}
