//! What holds for a whole document, whoever it is for; and that the catalog agrees with it.

use std::collections::BTreeSet;

use serde_json::json;

use crate::acl::Access;
use crate::catalog::{self, Catalog};
use crate::query::Limits;

use super::{names, narrow, of_nobody, of_reader, of_superuser, operations, registry, user};

#[test]
fn every_reference_leads_somewhere() {
    for doc in [of_superuser(), of_reader(), of_nobody()] {
        for pointer in crate::openapi::merge::references(&doc) {
            let found = doc.pointer(pointer.strip_prefix('#').unwrap());
            assert!(found.is_some(), "{pointer}");
        }
    }
}

#[test]
fn every_operation_has_an_id_of_its_own_a_known_tag_and_its_path_parameters() {
    for doc in [of_superuser(), of_reader(), of_nobody()] {
        let mut ids = BTreeSet::new();
        for (at, operation) in operations(&doc) {
            let id = operation["operationId"].as_str().unwrap();
            assert!(ids.insert(id.to_owned()), "{id} is there twice");
            let tag = &operation["tags"][0];
            let tags = doc["tags"].as_array().unwrap();
            assert!(tags.iter().any(|t| &t["name"] == tag), "{at}: {tag}");
            let path = at.split_once(' ').unwrap().1;
            for name in path.split('{').skip(1).filter_map(|p| p.split('}').next()) {
                let of_item = doc["paths"][path]["parameters"]
                    .as_array()
                    .into_iter()
                    .flatten();
                let own = operation["parameters"].as_array().into_iter().flatten();
                let declared = of_item
                    .chain(own)
                    .any(|p| p["in"] == "path" && p["name"] == name);
                assert!(declared, "{at}: {name}");
            }
            for status in ["429", "500", "503"] {
                let known = operation["responses"].get(status).is_some();
                assert!(
                    known || operation["responses"].get("default").is_some(),
                    "{at}"
                );
            }
        }
    }
}

#[test]
fn a_plugin_that_has_no_more_to_say_has_no_empty_description() {
    let doc = of_superuser();
    let post = |path: &str| &doc["paths"][path]["post"];
    let said = &post("/api/hooks/{source}")["description"];
    assert_eq!(said, "Verifies it and stores it.");
    let silent = post("/api/hooks/{source}/replay");
    assert!(silent["summary"].is_string());
    assert!(silent.get("description").is_none(), "{silent}");
}

#[test]
fn what_a_caller_may_not_see_is_nowhere_in_its_document() {
    let text = of_reader().to_string();
    for hidden in [
        "isbn",
        "subtitle",
        "publisher",
        "published_on",
        "in_print",
        "metadata",
        "biography",
        "born",
        "customer",
        "category",
        "stock_event",
        "staff_note",
        "qd_",
        "rating",
    ] {
        assert!(!text.contains(hidden), "{hidden}");
    }
    let text = of_superuser().to_string();
    for secret in ["password_hash", "token_hash"] {
        assert!(!text.contains(secret), "{secret}");
    }
}

#[test]
fn verbs_that_a_caller_lacks_are_absent() {
    let doc = of_reader();
    let at = |path: &str| names(&doc["paths"][path]).join(" ");
    assert_eq!(at("/api/v1/book"), "get head");
    assert_eq!(at("/api/v1/book/{id}"), "get head patch parameters");
    assert_eq!(at("/api/v1/author"), "get head");
    assert_eq!(at("/api/v1/review"), "post");
    for absent in [
        "/api/v1/author/{id}",
        "/api/v1/review/{id}",
        "/api/v1/review/_search",
    ] {
        assert!(doc["paths"].get(absent).is_none(), "{absent}");
    }
    let superuser = of_superuser();
    assert_eq!(
        names(&superuser["paths"]["/api/v1/book/{id}"]).join(" "),
        "get head put patch delete parameters"
    );
    assert_eq!(
        names(&superuser["paths"]["/api/v1/qd_audit"]).join(" "),
        "get head"
    );
}

#[test]
fn a37_nobody_sees_the_open_endpoints_and_no_version() {
    let doc = of_nobody();
    assert_eq!(names(&doc["paths"]), ["/auth/login", "/api/hooks/{source}"]);
    let text = doc.to_string();
    for hidden in ["9.8.7", "OwnSession", "replay", "book", "_models"] {
        assert!(!text.contains(hidden), "{hidden}");
    }
    assert_eq!(doc["paths"]["/auth/login"]["post"]["security"], json!([]));
    assert!(of_superuser()["paths"]["/auth/sessions"]["get"]["security"][0]["session"].is_array());
}

#[test]
fn names_become_component_names() {
    assert_eq!(crate::openapi::component("a.b_c-d"), "a.b_c-d");
    assert_eq!(crate::openapi::component("größe/$"), "gr-f6-dfe-2f-24");
}

#[test]
fn the_catalog_tells_what_the_document_tells() {
    let registry = registry();
    let (policy, principal) = (narrow(&registry), user(false));
    let access = Access::new(&registry, &policy, &principal);
    let limits = Limits::default();
    let catalog = Catalog {
        registry: &registry,
        access: &access,
        limits: &limits,
    };
    let models = catalog::models(catalog);
    let slugs: Vec<&str> = models["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| m["slug"].as_str().unwrap())
        .collect();
    assert_eq!(slugs, ["author", "book", "review"]);
    let book = registry.by_slug("book").unwrap().id;
    let book = catalog::model(catalog, book).unwrap();
    assert_eq!(book["verbs"], json!(["list", "read", "patch"]));
    assert_eq!(book["display"], "{id}");
    assert_eq!(book["ordering"], json!(["title"]));
    assert_eq!(book["search"], json!(["title"]));
    let title = &book["fields"][1];
    assert_eq!(title["name"], "title");
    assert_eq!(title["writable"], json!(["patch"]));
    assert_eq!(
        title["limits"],
        json!({ "max_length": 200, "min_length": 1 })
    );
    for hidden in ["isbn", "subtitle", "publisher", "categor"] {
        assert!(!book.to_string().contains(hidden), "{hidden}");
    }
    let customer = registry.by_slug("customer").unwrap().id;
    assert!(catalog::model(catalog, customer).is_none());
    let review = registry.by_slug("review").unwrap().id;
    let review = catalog::model(catalog, review).unwrap();
    assert_eq!(review["fields"][0]["name"], "id");
    assert_eq!(review["fields"][1]["readable"], false);
    assert_eq!(review["fields"][1]["operators"], json!([]));
}
