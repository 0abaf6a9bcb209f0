//! The pages that show something of a model's records, for those who look for what is hidden.

use serde_json::Value;

use super::page::escape;
use super::stage::{Client, Probe, get};
use crate::acl::probes::{leading_to, searchable};
use crate::api::sample::{World, list, text};

/// The texts of records that a search might look for.
pub(super) fn texts(records: &[&Value]) -> Vec<String> {
    records.iter().flat_map(|r| searchable(r)).collect()
}

/// The pages that show records of a model, or titles of them.
pub(super) fn pages(world: &World<'_>, slug: &str, texts: &[String]) -> Vec<Probe> {
    let here = format!("/admin/{slug}");
    let mut all = vec![
        get("/admin"),
        get(format!("{here}/new")),
        get(format!("{here}/_deleted")),
    ];
    let own = list(&world.models[slug]["relations"]);
    let own: Vec<String> = own.iter().map(|r| text(&r["name"])).collect();
    for query in [
        "limit=100",
        "limit=1",
        "limit=2&offset=1",
        "limit=1&page=2",
        "count=exact",
        "count=none",
    ] {
        all.push(get(format!("{here}?{query}")));
    }
    let own = own.join(",");
    all.push(get(format!("{here}?limit=100&expand={own}")));
    for field in world.fields(slug) {
        let name = text(&field["name"]);
        if field["sortable"] == true {
            all.push(get(format!("{here}?sort=-{name}&limit=2")));
        }
        if !list(&field["operators"]).is_empty() {
            all.push(get(format!("{here}?{name}__isnull=true&count=exact")));
        }
    }
    // The words of a search are told apart by the API's own test; here it is that there is one.
    all.extend(
        texts
            .iter()
            .take(4)
            .map(|t| get(format!("{here}?q={}", escape(t)))),
    );
    for (from, relation) in leading_to(world, slug) {
        let there = format!("/admin/{from}?limit=100&count=exact");
        all.push(get(format!("{there}&expand={relation}")));
        let key = world.key(slug).remove(0);
        all.push(get(format!("{there}&{relation}.{key}__isnull=false")));
    }
    all
}

/// The fields whose dates a list can walk through.
pub(super) fn seen_dates(world: &World<'_>, slug: &str) -> Vec<String> {
    let fields = world.fields(slug);
    let dated = fields
        .iter()
        .filter(|f| matches!(text(&f["type"]).as_str(), "date" | "datetime" | "timestamp"));
    dated.map(|f| text(&f["name"])).collect()
}

/// Every page of a list, one row each, forwards.
pub(super) async fn walk(client: Client<'_>, slug: &str) -> Vec<String> {
    let mut all = Vec::new();
    let mut path = format!("/admin/{slug}?limit=1");
    while all.len() < 40 {
        let page = client.ask(&get(path)).await;
        all.push(page.reply.shape());
        match page.link("Next ›") {
            Some(next) => path = next,
            None => break,
        }
    }
    all
}
