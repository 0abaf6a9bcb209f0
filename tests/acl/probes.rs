//! Every way there is now to ask about a field or a row without being shown it.

use quarterdeck::model::encode_key_part;
use serde_json::{Value, json};

use crate::api::sample::{Reply, World, call, list, names, text};
use crate::house::app::Session;

/// A request.
#[derive(Debug, Clone)]
pub(crate) struct Probe {
    pub(crate) method: &'static str,
    pub(crate) path: String,
    pub(crate) body: Option<Value>,
    /// Whether it is only to be tried.
    pub(crate) dry_run: bool,
}

pub(super) fn get(path: String) -> Probe {
    Probe {
        method: "GET",
        path,
        body: None,
        dry_run: false,
    }
}

pub(super) fn send(method: &'static str, path: String, body: Value) -> Probe {
    Probe {
        method,
        path,
        body: Some(body),
        dry_run: false,
    }
}

/// A write that is only to be tried.
pub(super) fn dry(method: &'static str, path: String, body: Value) -> Probe {
    Probe {
        dry_run: true,
        ..send(method, path, body)
    }
}

impl Probe {
    pub(crate) async fn ask(&self, client: &Session<'_>) -> Reply {
        let headers: &[(&str, &str)] = if self.dry_run {
            &[("prefer", "dry-run")]
        } else {
            &[]
        };
        call(
            client,
            (self.method, &self.path),
            headers,
            self.body.as_ref(),
        )
        .await
    }
}

/// The relations that lead to `slug`: the model, the relation's name.
pub(crate) fn leading_to(world: &World<'_>, slug: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (from, model) in &world.models {
        for relation in list(&model["relations"]) {
            if relation["model"] == slug {
                found.push((from.clone(), text(&relation["name"])));
            }
        }
    }
    found
}

/// Requests that name a field, from its own model and from the models that lead to it. `values` are
/// the values it has, one after the other.
pub(super) fn of_field(
    world: &World<'_>,
    (slug, path): (&str, &str),
    name: &str,
    values: &[Value],
) -> Vec<Probe> {
    const OPERATORS: [&str; 17] = [
        "eq",
        "ne",
        "lt",
        "lte",
        "gt",
        "gte",
        "in",
        "nin",
        "between",
        "isnull",
        "contains",
        "icontains",
        "startswith",
        "istartswith",
        "endswith",
        "iendswith",
        "regex",
    ];
    let here = format!("/api/v1/{slug}");
    let key = world.key(slug).remove(0);
    let mut all = Vec::new();
    for (i, value) in values.iter().enumerate() {
        let operand = encode_key_part(&text(value)).to_string();
        // A refused name is refused whatever it is compared with: the first value tries them all.
        for operator in OPERATORS.into_iter().filter(|_| i == 0) {
            all.push(get(format!("{here}?{name}__{operator}={operand}")));
        }
        all.push(get(format!("{here}?{name}={operand}")));
        // Names as SQL would qualify or quote them (A2).
        for spelling in [
            format!("{slug}.{name}"),
            format!("t0.{name}"),
            format!("main.{slug}.{name}"),
            format!("%22{name}%22"),
            format!("%60{name}%60"),
            name.to_uppercase(),
            format!("{name}%20"),
        ] {
            all.push(get(format!("{here}?{spelling}={operand}")));
            all.push(get(format!("{here}?sort={spelling}")));
        }
        let search = format!("{here}/_search");
        let condition = json!({name: value});
        for tree in [
            condition.clone(),
            json!({"not": condition}),
            json!({"or": [condition, {format!("{key}__isnull"): false}]}),
            json!({"and": [{"not": {"or": [condition]}}]}),
        ] {
            all.push(send("POST", search.clone(), json!({"where": tree})));
        }
        for (method, at) in [("POST", here.as_str()), ("PATCH", path), ("PUT", path)] {
            all.push(send(method, at.to_owned(), json!({name: value})));
            all.push(dry(method, at.to_owned(), json!({name: value})));
        }
        let bulk = format!("{here}/_bulk");
        for body in [
            json!({"verb": "patch", "where": condition, "data": {}, "max_affected": 100}),
            json!({"verb": "patch", "where": {"not": condition}, "data": {}, "max_affected": 100}),
            json!({"verb": "patch", "where": {}, "data": {name: value}, "max_affected": 100}),
            json!({"operations": [{"verb": "upsert", "on": [name], "data": {name: value}}]}),
            json!({"operations": [{"verb": "create", "data": {name: value}}]}),
        ] {
            all.push(dry("POST", bulk.clone(), body.clone()));
            all.push(send("POST", bulk.clone(), body));
        }
        all.push(get(format!("{here}/_aggregate?count=*&{name}={operand}")));
        all.push(get(format!("{here}/_export?{name}={operand}")));
        for (from, relation) in leading_to(world, slug).into_iter().filter(|_| i == 0) {
            let there = format!("/api/v1/{from}");
            let condition = format!("{relation}.{name}={operand}");
            all.push(get(format!("{there}/_aggregate?count=*&{condition}")));
            for operator in ["eq", "ne", "lt", "isnull", "icontains", "in"] {
                let condition = format!("{relation}.{name}__{operator}={operand}");
                all.push(get(format!("{there}?{condition}")));
            }
            let tree = json!({"not": {format!("{relation}.{name}"): value}});
            all.push(send(
                "POST",
                format!("{there}/_search"),
                json!({"where": tree}),
            ));
            for (before, first) in leading_to(world, &from) {
                let condition = format!("{first}.{relation}.{name}={operand}");
                all.push(get(format!("/api/v1/{before}?{condition}")));
            }
        }
    }
    for asked in ["sort", "fields", "expand"] {
        all.push(get(format!("{here}?{asked}={name}")));
        all.push(get(format!("{here}?{asked}={key},-{name}")));
        all.push(send(
            "POST",
            format!("{here}/_search"),
            json!({asked: [name]}),
        ));
        all.push(get(format!("{path}?{asked}={name}")));
    }
    for asked in ["sort", "fields"] {
        for format in ["csv", "ndjson", "xlsx"] {
            let path = format!("{here}/_export?format={format}&{asked}={name}");
            all.push(get(path));
        }
    }
    let groups = format!("{here}/_aggregate");
    for asked in ["group_by", "count", "distinct", "sum", "avg", "min", "max"] {
        all.push(get(format!("{groups}?{asked}={name}")));
        all.push(get(format!("{groups}?count=*&sort={asked}_{name}")));
        all.push(get(format!("{groups}?count=*&having.{asked}_{name}__gt=1")));
    }
    for unit in ["year", "month", "hour"] {
        all.push(get(format!("{groups}?bucket={unit}({name})")));
    }
    all.push(get(format!("{here}?sort=-{name}")));
    all.push(get(format!("{path}/_history?fields={name}")));
    for (from, relation) in leading_to(world, slug) {
        let there = format!("/api/v1/{from}");
        all.push(get(format!(
            "{there}?expand={relation}&fields={relation}.{name}"
        )));
        all.push(get(format!("{there}?sort={relation}.{name}")));
    }
    all
}

/// Requests that answer with rows, and so must not depend on what is hidden in them. `texts` are
/// searched for.
pub(super) fn of_rows(world: &World<'_>, slug: &str, texts: &[String]) -> Vec<Probe> {
    let here = format!("/api/v1/{slug}");
    let mut all = vec![
        get("/api/openapi.json".to_owned()),
        get("/api/v1/_models".to_owned()),
        get(format!("/api/v1/_models/{slug}")),
    ];
    for query in [
        "limit=100",
        "limit=1",
        "limit=2&offset=1",
        "limit=1&page=2",
        "count=exact",
        "count=none",
        "count=estimated",
    ] {
        all.push(get(format!("{here}?{query}")));
    }
    for format in ["csv", "ndjson", "xlsx"] {
        all.push(get(format!("{here}/_export?format={format}")));
    }
    all.push(send(
        "POST",
        format!("{here}/_search"),
        json!({"count": "exact"}),
    ));
    all.push(dry(
        "POST",
        format!("{here}/_bulk"),
        json!({"verb": "patch", "where": {}, "data": {}, "max_affected": 100}),
    ));
    for field in world.fields(slug) {
        let name = text(&field["name"]);
        if field["sortable"] == true {
            let by = format!("{here}/_aggregate?group_by={name}&count=*&sort=-count");
            all.push(get(by));
            let ends = format!("distinct={name}&min={name}&max={name}");
            all.push(get(format!("{here}/_aggregate?count=*,{name}&{ends}")));
            if matches!(&*text(&field["type"]), "integer" | "decimal" | "number") {
                let sums = format!("sum={name}&avg={name}&having.sum_{name}__gt=0");
                all.push(get(format!("{here}/_aggregate?{sums}")));
            }
            all.push(get(format!("{here}?sort={name}&limit=2")));
            all.push(get(format!("{here}?sort=-{name}&limit=2")));
        }
        if !list(&field["operators"]).is_empty() {
            all.push(get(format!("{here}?{name}__isnull=true&count=exact")));
        }
    }
    for text in texts {
        let path = format!("{here}/_export?format=ndjson&q={}", encode_key_part(text));
        all.push(get(path));
        all.push(get(format!("{here}?q={}", encode_key_part(text))));
    }
    let own = list(&world.models[slug]["relations"]);
    let own: Vec<String> = own.iter().map(|r| text(&r["name"])).collect();
    for relation in &own {
        all.push(get(format!("{here}?limit=100&expand={relation}")));
    }
    for (from, relation) in leading_to(world, slug) {
        let there = format!("/api/v1/{from}?limit=100&count=exact");
        all.push(get(format!("{there}&expand={relation}")));
        for inner in &own {
            all.push(get(format!("{there}&expand={relation}.{inner}")));
        }
        let key = world.key(slug).remove(0);
        all.push(get(format!("{there}&{relation}.{key}__isnull=false")));
        let tree = json!({"not": {format!("{relation}.{key}__isnull"): false}});
        all.push(send(
            "POST",
            format!("/api/v1/{from}/_search"),
            json!({"where": tree}),
        ));
    }
    all
}

/// Every page of a list, one row each, forwards.
pub(super) async fn pages(client: &Session<'_>, slug: &str) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    let mut path = format!("/api/v1/{slug}?limit=1");
    while all.len() < 40 {
        let page = get(path.clone()).ask(client).await;
        all.push(page.shape());
        match page.json()["page"]["next"].as_str() {
            Some(cursor) => path = format!("/api/v1/{slug}?limit=1&cursor={cursor}"),
            None => break,
        }
    }
    all
}

/// The texts of a record that a search might look for.
pub(crate) fn searchable(record: &Value) -> Vec<String> {
    let members = record.as_object().expect("an object").values();
    let texts = members.filter_map(Value::as_str);
    texts
        .filter(|t| t.len() > 1)
        .map(ToOwned::to_owned)
        .collect()
}

/// The models of the demo, and no system model.
pub(crate) fn demo_models(world: &World<'_>) -> Vec<String> {
    let all = world.slugs().into_iter();
    all.filter(|slug| !slug.starts_with("qd_")).collect()
}

/// The fields of a model but its key and what only the server sets.
pub(crate) fn own_fields(world: &World<'_>, slug: &str) -> Vec<String> {
    let key = world.key(slug);
    let fields = world.writable(slug, "patch").into_iter();
    let names = fields.map(|f| text(&f["name"]));
    names.filter(|name| !key.contains(name)).collect()
}

/// What the caller of a list knows of a model: its verbs.
pub(super) fn verbs(world: &World<'_>, slug: &str) -> Value {
    json!(names(&world.models[slug]["verbs"]))
}
