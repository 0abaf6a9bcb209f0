//! The documents of three callers: a superuser, one with narrow grants, and nobody.

mod models;
mod whole;

use quarterdeck_entity::{demo, system};
use serde_json::{Map, Value, json};

use crate::acl::rule::{Grant, Policy, Rows};
use crate::acl::{Access, Principal, User};
use crate::model::describe::describe;
use crate::model::{FieldOptions, Input, ModelOptions, Registry, Verb};
use crate::query::Limits;

use super::{Operation, View, document};

macro_rules! models {
    ($($entity:path $(=> $options:expr)?;)*) => {
        vec![$({
            use $entity as entity;
            let options = ModelOptions::<entity::Entity>::new();
            $(let options = $options(options);)?
            (describe::<entity::Entity>(), options.into_options())
        }),*]
    };
}

fn registry() -> Registry {
    let parts = models! {
        demo::publisher;
        demo::author => |m: ModelOptions<demo::author::Entity>| m
            .search([demo::author::Column::Name]);
        demo::book => |m: ModelOptions<demo::book::Entity>| m
            .search([demo::book::Column::Title, demo::book::Column::Isbn])
            .display("{title} ({isbn})")
            .ordering("-published_on,title")
            .readonly([demo::book::Column::CreatedAt, demo::book::Column::UpdatedAt])
            .field(demo::book::Column::Title, |f: FieldOptions| f
                .help("As on the cover.")
                .rule(crate::model::Rule::MinLength(1)))
            .field(demo::book::Column::Price, |f: FieldOptions| f.min(0.0))
            .field(demo::book::Column::Pages, |f: FieldOptions| f.min(1.0).max(20_000.0))
            .many_to_many::<demo::category::Entity>("categories");
        demo::book_category;
        demo::book_detail;
        demo::category;
        demo::customer;
        demo::address;
        demo::order;
        demo::order_line;
        demo::price_list;
        demo::review;
        demo::staff_note;
        demo::stock_event;
        system::user => |m: ModelOptions<system::user::Entity>| m
            .secret([system::user::Column::PasswordHash]).system();
        system::role;
        system::user_role;
        system::grant;
        system::session => |m: ModelOptions<system::session::Entity>| m
            .secret([system::session::Column::TokenHash]).system();
        system::token => |m: ModelOptions<system::token::Entity>| m
            .secret([system::token::Column::TokenHash]).system();
        system::audit => |m: ModelOptions<system::audit::Entity>| m
            .verbs([Verb::List, Verb::Read]);
    };
    let (registry, findings) = Registry::build(&parts);
    let errors: Vec<_> = findings.iter().filter(|f| f.id.contains(".E")).collect();
    assert!(errors.is_empty(), "{errors:?}");
    registry
}

fn user(superuser: bool) -> Principal {
    Principal {
        user: Some(User {
            id: 7,
            username: "ann".into(),
            email: None,
            superuser,
            roles: vec![1],
        }),
        ..Principal::default()
    }
}

fn grant(verbs: &[Verb], rows: Rows, readable: &[&str], writable: &[&str]) -> Grant {
    let names = |names: &[&str]| Some(names.iter().map(|n| (*n).to_owned()).collect());
    Grant {
        role: 1,
        verbs: verbs.to_vec(),
        rows,
        readable: names(readable),
        writable: names(writable),
    }
}

/// Reads some fields of books and authors, one more field of cheap books, patches a title.
fn narrow(registry: &Registry) -> Policy {
    let id = |slug: &str| registry.by_slug(slug).unwrap().id;
    let reading = [Verb::List, Verb::Read];
    let cheap = Rows::Where(Input::parse(br#"{"price__lt": "5"}"#).unwrap());
    Policy::new(
        1,
        [
            (
                id("book"),
                grant(&reading, Rows::All, &["title", "price", "author_id"], &[]),
            ),
            (id("book"), grant(&reading, cheap, &["language"], &[])),
            (
                id("book"),
                grant(&[Verb::Patch], Rows::All, &[], &["title"]),
            ),
            (
                id("author"),
                grant(&[Verb::List], Rows::All, &["name"], &[]),
            ),
            (
                id("review"),
                grant(&[Verb::Create], Rows::All, &[], &["book_id", "body"]),
            ),
        ],
    )
}

/// As `src/api/fixed.json` writes it.
fn fixed() -> Value {
    json!({
        "openapi": "3.0.0",
        "info": { "title": "", "version": "9.8.7" },
        "tags": [{ "name": "session", "description": "Login and logout." }],
        "paths": {
            "/auth/login": { "post": {
                "tags": ["session"], "operationId": "login", "summary": "Log in",
                "description": "Begins a session.",
                "requestBody": { "required": true, "content": { "application/json": {
                    "schema": { "$ref": "#/components/schemas/Login" } } } },
                "responses": { "200": { "description": "Logged in" } },
            } },
            "/auth/sessions": { "get": {
                "tags": ["session"], "operationId": "sessions", "summary": "List own sessions",
                "description": "Your sessions.",
                "security": [{ "session": [] }],
                "responses": { "200": { "description": "Your sessions", "content": {
                    "application/json": { "schema": {
                        "type": "array", "items": { "$ref": "#/components/schemas/OwnSession" },
                    } } } } },
            } },
        },
        "components": { "schemas": {
            "Login": { "type": "object", "properties": { "username": { "type": "string" } } },
            "OwnSession": { "type": "object", "properties": { "since": { "type": "string" } } },
        } },
    })
}

fn plugins() -> Vec<Operation> {
    let operation = |path: &str, description: &str, open| Operation {
        plugin: "hooks".into(),
        method: "POST".into(),
        path: path.into(),
        summary: "Take an event".into(),
        description: description.into(),
        open,
        body: None,
        responses: Map::from_iter([("204".into(), json!({ "description": "Stored" }))]),
    };
    vec![
        operation("/api/hooks/:source", "Verifies it and stores it.", true),
        operation("/api/hooks/{source}/replay", "", false),
    ]
}

fn document_of(registry: &Registry, policy: &Policy, principal: &Principal) -> Value {
    let access = Access::new(registry, policy, principal);
    document(&View {
        registry,
        access: &access,
        anonymous: principal.is_anonymous(),
        limits: &Limits::default(),
        fixed: &fixed(),
        plugins: &plugins(),
        title: "Shop",
        version: "9.8.7",
        cookie: "quarterdeck_session",
    })
}

fn of_superuser() -> Value {
    document_of(&registry(), &Policy::default(), &user(true))
}

fn of_reader() -> Value {
    let registry = registry();
    document_of(&registry, &narrow(&registry), &user(false))
}

fn of_nobody() -> Value {
    document_of(&registry(), &Policy::default(), &Principal::anonymous())
}

fn operations(doc: &Value) -> Vec<(String, &Value)> {
    let items = doc["paths"].as_object().unwrap().iter();
    items
        .flat_map(|(path, item)| {
            let members = item.as_object().unwrap().iter();
            let methods = members.filter(|(name, _)| *name != "parameters");
            methods.map(move |(method, operation)| (format!("{method} {path}"), operation))
        })
        .collect()
}

fn names(value: &Value) -> Vec<&str> {
    value
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect()
}

fn parameter<'a>(doc: &'a Value, name: &str) -> &'a Value {
    &doc["components"]["parameters"][name]
}
