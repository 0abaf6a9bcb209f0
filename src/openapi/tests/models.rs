//! The schemas and parameters of a model.

use serde_json::json;

use super::{names, of_reader, of_superuser, parameter};

#[test]
fn bodies_hold_what_may_be_written_and_require_what_must_be() {
    let doc = of_superuser();
    let schemas = &doc["components"]["schemas"];
    let create = &schemas["book.create"];
    assert_eq!(create["additionalProperties"], false);
    assert_eq!(
        create["required"],
        json!(["isbn", "title", "author_id", "price", "pages"])
    );
    for absent in ["id", "created_at", "author"] {
        assert!(create["properties"].get(absent).is_none(), "{absent}");
    }
    assert!(schemas["book.patch"].get("required").is_none());
    assert_eq!(schemas["book.replace"]["required"], create["required"]);
    // A natural key is for the create alone.
    assert_eq!(
        schemas["book_category.create"]["required"],
        json!(["book_id", "category_id"])
    );
    assert_eq!(schemas["book_category.patch"]["properties"], json!({}));
    let reader = of_reader();
    let patch = &reader["components"]["schemas"]["book.patch"]["properties"];
    assert_eq!(names(patch), ["title"]);
}

#[test]
fn values_have_the_types_of_their_kinds() {
    let doc = of_superuser();
    let schemas = &doc["components"]["schemas"];
    let (record, create) = (
        &schemas["book"]["properties"],
        &schemas["book.create"]["properties"],
    );
    assert_eq!(
        record["id"],
        json!({
            "type": "integer", "format": "int64", "title": "Id", "readOnly": true,
        })
    );
    assert_eq!(record["price"]["type"], "string");
    assert_eq!(record["created_at"]["format"], "date-time");
    assert_eq!(record["metadata"], json!({ "title": "Metadata" }));
    assert_eq!(record["subtitle"]["nullable"], true);
    assert_eq!(
        create["price"],
        json!({
            "oneOf": [
                { "type": "string", "pattern": r"^-?[0-9]{1,8}(\.[0-9]{1,2})?$" },
                { "type": "number", "minimum": 0 },
            ],
            "title": "Price",
        })
    );
    assert_eq!(
        create["pages"],
        json!({
            "type": "integer", "format": "int32", "minimum": 1, "maximum": 20_000, "title": "Pages",
        })
    );
    assert_eq!(
        create["title"],
        json!({
            "type": "string", "maxLength": 200, "minLength": 1, "title": "Title",
            "description": "As on the cover.",
        })
    );
    assert_eq!(create["publisher_id"]["nullable"], true);
    assert_eq!(
        schemas["order.create"]["properties"]["status"]["enum"][0],
        "pending"
    );
    assert_eq!(
        schemas["book_detail"]["properties"]["cover"]["format"],
        "byte"
    );
}

#[test]
fn a_field_that_is_hidden_on_some_rows_is_nullable() {
    let doc = of_reader();
    let record = &doc["components"]["schemas"]["book"]["properties"];
    assert_eq!(
        names(record),
        ["id", "title", "author_id", "price", "language", "author"]
    );
    assert_eq!(record["language"]["nullable"], true);
    assert!(record["title"].get("nullable").is_none());
}

#[test]
fn relations_are_embedded_where_both_ends_are_visible() {
    let doc = of_superuser();
    let schemas = &doc["components"]["schemas"];
    let book = &schemas["book"]["properties"];
    assert_eq!(
        book["author"],
        json!({
            "oneOf": [
                { "$ref": "#/components/schemas/author" }, { "$ref": "#/components/schemas/Null" },
            ],
            "title": "Author",
        })
    );
    assert_eq!(
        book["categories"]["allOf"][0]["$ref"],
        "#/components/schemas/category.many"
    );
    assert!(schemas["category.many"]["properties"]["page"].is_object());
    // The reader lists authors but does not see the key of books that they own.
    let reader = of_reader();
    assert!(
        reader["components"]["schemas"]
            .get("book.relation")
            .is_none_or(|r| { r["enum"] == json!(["author"]) })
    );
}

#[test]
fn each_field_and_operator_is_a_parameter_of_its_own() {
    let doc = of_superuser();
    assert_eq!(
        parameter(&doc, "book.title__icontains"),
        &json!({
            "name": "title__icontains", "in": "query", "schema": { "type": "string" },
        })
    );
    assert_eq!(parameter(&doc, "book.id__in")["explode"], false);
    assert_eq!(
        parameter(&doc, "book.price__between")["schema"]["maxItems"],
        2
    );
    assert_eq!(
        parameter(&doc, "book.rating__isnull")["schema"]["type"],
        "boolean"
    );
    assert_eq!(
        parameter(&doc, "book.author.country__in")["name"],
        "author.country__in"
    );
    assert!(parameter(&doc, "book.metadata").is_null());
    let list = doc["paths"]["/api/v1/book"]["get"]["parameters"]
        .as_array()
        .unwrap();
    let asked: Vec<&str> = list.iter().filter_map(|p| p["$ref"].as_str()).collect();
    for name in [
        "q",
        "limit",
        "cursor",
        "count",
        "book.title",
        "book.author.name__icontains",
    ] {
        let wanted = format!("#/components/parameters/{name}");
        assert!(asked.contains(&wanted.as_str()), "{name}");
    }
    let category = doc["paths"]["/api/v1/category"]["get"]["parameters"].to_string();
    assert!(
        !category.contains("parameters/q\""),
        "category has nothing to search"
    );
}

#[test]
fn a_field_with_the_name_of_a_parameter_is_filtered_by_its_operator() {
    use crate::model::Op;
    use crate::openapi::filters::member;
    assert_eq!(member("count", Op::Eq, true), "count__eq");
    assert_eq!(member("a__b", Op::Eq, false), "a__b__eq");
    assert_eq!(member("total", Op::Eq, false), "total");
    assert_eq!(member("total", Op::Gte, false), "total__gte");
}

#[test]
fn the_key_in_a_path_has_the_type_of_the_key() {
    let doc = of_superuser();
    let parameter = |slug: &str| &doc["paths"][format!("/api/v1/{slug}/{{id}}")]["parameters"][0];
    assert_eq!(parameter("book")["schema"]["format"], "int64");
    assert_eq!(parameter("customer")["schema"]["format"], "uuid");
    // `1,22`, with a comma that no client encodes.
    assert_eq!(parameter("book_category")["style"], "simple");
    let both = &parameter("book_category")["schema"];
    let formats = both["items"]["anyOf"].as_array().unwrap().iter();
    let formats: Vec<_> = formats.map(|part| part["format"].as_str()).collect();
    assert_eq!(formats, [Some("int64"), Some("int32")]);
    assert_eq!(
        (&both["minItems"], &both["maxItems"]),
        (&json!(2), &json!(2))
    );
}

#[test]
fn what_changes_a_record_takes_if_match_and_what_makes_one_does_not() {
    let doc = of_superuser();
    let known = |operation: &serde_json::Value| {
        let all = operation["parameters"].as_array().unwrap().iter();
        let found = all
            .map(|p| match p["$ref"].as_str() {
                Some(pointer) => doc.pointer(pointer.trim_start_matches('#')).unwrap(),
                None => p,
            })
            .find(|p| p["name"] == "If-Match");
        let status = |status: &str| operation["responses"].get(status).is_some();
        let required = found.map(|p| p["required"] == true);
        (required, status("412"), status("428"))
    };
    for method in ["put", "patch", "delete"] {
        let of = |slug: &str| known(&doc["paths"][format!("/api/v1/{slug}/{{id}}")][method]);
        assert_eq!(of("book"), (Some(false), true, false), "{method}");
        // Demands it.
        assert_eq!(of("price_list"), (Some(true), true, true), "{method}");
    }
    let create = known(&doc["paths"]["/api/v1/price_list"]["post"]);
    assert_eq!(create, (None, false, false));
}

/// Every text of up to six of the characters that matter. White space around a header's value is no
/// part of it.
#[test]
fn the_pattern_of_if_match_is_what_the_operations_take() {
    use crate::crud::IfMatch;
    let doc = of_superuser();
    let pattern = &doc["components"]["parameters"]["If-Match"]["schema"]["pattern"];
    let pattern = regex::Regex::new(pattern.as_str().unwrap()).unwrap();
    let mut texts = vec![String::new()];
    let mut taken = 0;
    for _ in 0..6 {
        let longer = texts.iter().flat_map(|text| {
            let characters = ["*", "\"", "W/", "a", ",", " ", "\t"];
            characters.map(|character| format!("{text}{character}"))
        });
        texts = longer.collect();
        for text in texts.iter().filter(|text| text.trim() == *text) {
            let takes = IfMatch::parse([text.as_str()]).is_ok();
            assert_eq!(pattern.is_match(text), takes, "{text:?}");
            taken += u32::from(takes);
        }
    }
    assert!(taken > 50, "{taken}");
}

#[test]
fn the_filter_tree_knows_its_members_and_closes_where_no_relation_leads_on() {
    let doc = of_superuser();
    let tree = &doc["components"]["schemas"]["book.where"];
    assert_eq!(tree["properties"]["title"]["type"], "string");
    assert_eq!(
        tree["properties"]["not"]["$ref"],
        "#/components/schemas/book.where"
    );
    assert!(tree["additionalProperties"].is_object());
    let alone = &doc["components"]["schemas"]["price_list.where"];
    assert_eq!(alone["additionalProperties"], false);
}
