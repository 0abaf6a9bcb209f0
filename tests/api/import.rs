//! `POST /api/v1/{model}/_import`.

mod chunks;
mod faults;
mod files;
mod rights;
mod round_trip;
pub(crate) mod workbook;

use reqwest::Method;
use serde_json::Value;

use super::sample::Reply;
use crate::house::app::{Session, TestApp};

pub(crate) const CSV: &str = "text/csv";
pub(crate) const NDJSON: &str = "application/x-ndjson";
pub(crate) const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// Sends a file to a model's `_import` with these parameters.
pub(crate) async fn import(
    session: &Session<'_>,
    to: &str,
    media_type: &str,
    body: impl Into<Vec<u8>>,
    headers: &[(&str, &str)],
) -> Reply {
    let (model, query) = to.split_once('?').unwrap_or((to, ""));
    let path = format!("/api/v1/{model}/_import?{query}");
    let mut request = session.request(Method::POST, &path).body(body.into());
    request = request.header("content-type", media_type);
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

/// A csv file to the authors.
async fn authors(session: &Session<'_>, query: &str, body: &str) -> Reply {
    import(session, &format!("author?{query}"), CSV, body, &[]).await
}

/// The slugs of all authors, in their order.
async fn slugs(app: &TestApp) -> Vec<String> {
    let admin = app.login("admin").await;
    let path = "/api/v1/author?sort=slug&limit=100&fields=slug";
    let list = admin.get(path).await.1;
    let rows = list["data"].as_array().expect("rows").iter();
    rows.filter_map(|r| r["slug"].as_str().map(ToOwned::to_owned))
        .collect()
}

/// The first author with this slug.
async fn author(session: &Session<'_>, slug: &str) -> Value {
    let list = session.get(&format!("/api/v1/author?slug={slug}")).await.1;
    list["data"][0].clone()
}
