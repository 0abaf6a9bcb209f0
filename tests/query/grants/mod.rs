//! Grants on a real database: the permission algebra against brute force, and what really comes out
//! of a list under it.

mod cells;
mod links;
mod written;

use std::collections::BTreeMap;
use std::sync::Arc;

use quarterdeck::acl::{Principal, User};
use quarterdeck::crud::{Context, Door, Engine, ListRequest};
use quarterdeck::error::Kind;
use serde_json::Value as Json;

use super::world::THING;

/// A user with these roles.
pub(crate) fn user(roles: &[i64]) -> Principal {
    Principal {
        user: Some(User {
            id: 3,
            username: "mary".into(),
            email: Some("mary@example.org".into()),
            superuser: false,
            roles: roles.to_vec(),
        }),
        ..Principal::default()
    }
}

pub(crate) fn context(principal: Principal) -> Context {
    Context {
        principal: Arc::new(principal),
        door: Door::Rest,
        request_id: "test".into(),
        address: None,
        dry_run: false,
        reason: None,
        operation: None,
    }
}

/// The records of a list, by key.
async fn listed(engine: &Engine, principal: Principal, query: &[(&str, &str)]) -> Option<Json> {
    let query: Vec<(String, String)> = query
        .iter()
        .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
        .collect();
    let request = ListRequest::Parameters(&query);
    let page = match engine.list(&context(principal), THING, request).await {
        Err(e) if e.kind == Kind::Internal => panic!("{e:?}"),
        outcome => outcome.ok()?,
    };
    Some(serde_json::from_slice(&page.body).expect("JSON"))
}

fn by_id(list: &Json) -> BTreeMap<i64, Json> {
    let records = list["data"].as_array().expect("records").iter();
    records
        .map(|r| (r["id"].as_i64().expect("an id"), r.clone()))
        .collect()
}
