//! What is wrong with a file is said by line and column, all of it, and then nothing is written.

use serde_json::json;

use super::super::sample::call;
use super::{CSV, NDJSON, author, authors, import, slugs};
use crate::house::app::on_each_app;

#[tokio::test]
async fn every_fault_is_named_by_its_line_and_its_column() {
    let name = "every_fault_is_named_by_its_line_and_its_column";
    on_each_app(
        name,
        |b| b,
        async |app| {
            let admin = app.login("admin").await;
            let file = "Full name,slug,country,born\n\
            Ada,ada,GB,1815-12-10\n\
            \"Two\nlines\",two,GBR,1815-13-10\n\
            ,three,GB,\n\
            Four,four\n\
            Five,\"fi\"ve,GB,\n";
            let refused = authors(&admin, "map=Full%20name:name", file).await;
            let wanted = [
                "/rows/1/born type",
                "/rows/1/country too_long",
                "/rows/2/name required",
                "/rows/3 cells",
                "/rows/4 quote",
            ];
            assert_eq!(
                (refused.status, refused.faults()),
                (422, wanted.map(String::from).to_vec())
            );
            let told = refused.json();
            assert_eq!(
                (&told["rows"], &told["error_count"]),
                (&json!(5), &json!(5))
            );
            let details = told["errors"].to_string();
            // The fourth row is at the sixth line: the second goes over two.
            for words in [
                r#"Line 3, column \"country\": country can have at most 2 characters."#,
                r#"Line 5, column \"Full name\": name is required."#,
                "Line 6: It has 2 cells, the first line 4.",
                "Line 7: ",
            ] {
                assert!(details.contains(words), "{words}: {details}");
            }
            assert!(slugs(app).await.is_empty());
        },
    )
    .await;
}

#[tokio::test]
async fn what_the_database_refuses_is_named_like_what_is_wrong_before() {
    let name = "what_the_database_refuses_is_named_like_what_is_wrong_before";
    on_each_app(
        name,
        |b| b,
        async |app| {
            let admin = app.login("admin").await;
            assert_eq!(
                authors(&admin, "", "name,slug,country\nA,a,GB\n")
                    .await
                    .status,
                200
            );
            let file = "name,slug,country\nB,b,GB\nC,a,GB\nD,d,GB\nE,b,GB\n";
            let refused = authors(&admin, "", file).await;
            let wanted = ["/rows/1/slug unique", "/rows/3/slug unique"];
            assert_eq!(
                (refused.status, refused.faults()),
                (409, wanted.map(String::from).to_vec())
            );
            assert!(refused.text.contains("Line 3, column"), "{}", refused.text);
            assert_eq!(slugs(app).await, ["a"]);
            let book = "isbn,title,price,pages,author_id\n9780000000001,T,1.00,1,99999\n";
            let refused = import(&admin, "book", CSV, book, &[]).await;
            assert_eq!(
                refused.faults(),
                ["/rows/0/author_id foreign_key"],
                "{}",
                refused.text
            );
        },
    )
    .await;
}

#[tokio::test]
async fn columns_and_parameters_are_never_ignored() {
    let name = "columns_and_parameters_are_never_ignored";
    on_each_app(
        name,
        |b| b,
        async |app| {
            let admin = app.login("admin").await;
            let row = "Ada,ada,GB";
            for (query, names, status, fault) in [
                (
                    "",
                    "name,slug,nonsense",
                    422,
                    "/columns/nonsense unknown_field",
                ),
                ("", "name,slug,name", 422, "/columns/name duplicate"),
                ("", "id,slug,country", 422, "/columns/id read_only"),
                (
                    "map=slug:name",
                    "name,slug,country",
                    422,
                    "/columns/slug duplicate",
                ),
                ("map=x:name", "name,slug,country", 422, "map unknown_column"),
                ("map=name", "name,slug,country", 400, "map map"),
                ("map=a:b,a:c", "name,slug,country", 400, "map duplicate"),
                (
                    "map=country:",
                    "name,slug,country",
                    422,
                    "/columns/country required",
                ),
                ("", "name,,country", 400, "/columns columns"),
                ("mode=replace", "name,slug,country", 400, "mode choice"),
                ("mode=upsert", "name,slug,country", 400, "on required"),
                ("on=slug", "name,slug,country", 400, "on required"),
                (
                    "mode=upsert&on=name",
                    "name,slug,country",
                    400,
                    "/on unknown_field",
                ),
                ("atomic=yes", "name,slug,country", 400, "atomic choice"),
                (
                    "keys=keep&keys=new",
                    "name,slug,country",
                    400,
                    "keys duplicate",
                ),
                (
                    "dry_run=true",
                    "name,slug,country",
                    400,
                    "dry_run unknown_parameter",
                ),
            ] {
                let refused = authors(&admin, query, &format!("{names}\n{row}\n")).await;
                assert_eq!(refused.status, status, "{query} {names}: {}", refused.text);
                assert!(
                    refused.faults().contains(&fault.to_owned()),
                    "{fault}: {}",
                    refused.text
                );
            }
            assert_eq!(authors(&admin, "", "").await.status, 400);
            let empty = authors(&admin, "", "name,slug,country\r\n").await;
            assert_eq!((empty.status, &empty.json()["rows"]), (200, &json!(0)));
            for media_type in ["application/json", "text/csv; charset=latin1", ""] {
                let refused = import(&admin, "author", media_type, "x", &[]).await;
                assert_eq!(refused.status, 415, "{media_type}");
            }
            let gzip = [("content-encoding", "gzip")];
            assert_eq!(import(&admin, "author", CSV, "x", &gzip).await.status, 415);
            assert!(slugs(app).await.is_empty());
        },
    )
    .await;
}

#[tokio::test]
async fn a_line_of_ndjson_has_its_faults_to_itself() {
    let name = "a_line_of_ndjson_has_its_faults_to_itself";
    on_each_app(
        name,
        |b| b,
        async |app| {
            let admin = app.login("admin").await;
            let file = "{\"name\":\"A\",\"slug\":\"a\",\"country\":\"GB\"}\n\n\
            [1]\n\
            {\"name\":1,\"name\":2}\n\
            {\"name\":\n\
            {\"name\":7,\"slug\":\"b\",\"country\":\"GB\",\"nonsense\":1}\n";
            let refused = import(&admin, "author", NDJSON, file, &[]).await;
            let wanted = [
                "/rows/1 type",
                "/rows/2 duplicate_key",
                "/rows/3 invalid_json",
                "/rows/4/name type",
                "/rows/4/nonsense unknown_field",
            ];
            assert_eq!(
                (refused.status, refused.faults()),
                (422, wanted.map(String::from).to_vec())
            );
            assert!(
                refused.text.contains("Line 6, column \\\"name\\\""),
                "{}",
                refused.text
            );
            let file = "{\"Who\":\"A\",\"slug\":\"a\",\"country\":\"GB\",\"note\":\"x\"}";
            let done = import(&admin, "author?map=Who:name,note:", NDJSON, file, &[]).await;
            assert_eq!(done.json()["created"], 1, "{}", done.text);
            assert_eq!(author(&admin, "a").await["name"], "A");
        },
    )
    .await;
}

#[tokio::test]
async fn a_dry_run_is_the_same_document_and_writes_nothing() {
    let name = "a_dry_run_is_the_same_document_and_writes_nothing";
    on_each_app(
        name,
        |b| b,
        async |app| {
            let admin = app.login("admin").await;
            let dry = [("prefer", "dry-run")];
            let good = "name,slug,country,born\nA,a,GB,\nB,b,GB,1815-12-10\n";
            let tried = import(&admin, "author", CSV, good, &dry).await;
            assert_eq!(
                (tried.status, tried.header("preference-applied")),
                (200, "dry-run")
            );
            let told = tried.json();
            assert_eq!(
                (&told["rows"], &told["total"]),
                (&json!(2), &json!(2)),
                "{told}"
            );
            assert_eq!(told["changes"][1]["after"]["born"], "1815-12-10");
            assert_eq!(
                (&told["violations"], &told["coerced"]),
                (&json!([]), &json!({}))
            );
            let bad = "name,slug,country\nA,a,GB\nB,b,GBR\nC,a,GB\n";
            let tried = import(&admin, "author", CSV, bad, &dry).await.json();
            assert_eq!(
                tried["violations"][0]["pointer"], "/rows/1/country",
                "{tried}"
            );
            assert_eq!(
                (&tried["error_count"], &tried["total"]),
                (&json!(1), &json!(0))
            );
            let tried = import(&admin, "author?atomic=false", CSV, bad, &dry)
                .await
                .json();
            assert_eq!(
                (&tried["error_count"], &tried["total"]),
                (&json!(2), &json!(1))
            );
            assert!(slugs(app).await.is_empty());
            let audit = call(&admin, ("GET", "/api/v1/qd_audit?model=author"), &[], None).await;
            assert_eq!(audit.json()["data"], json!([]));
        },
    )
    .await;
}

#[tokio::test]
async fn r48_a_file_has_a_most_of_rows_and_an_answer_a_most_of_faults() {
    let name = "r48_a_file_has_a_most_of_rows_and_an_answer_a_most_of_faults";
    on_each_app(
        name,
        |b| b,
        async |app| {
            let admin = app.login("admin").await;
            let rows = |n: usize| format!("name,slug,country\n{}", "A,a,GBR\n".repeat(n));
            let refused = authors(&admin, "", &rows(100_001)).await;
            assert_eq!(
                (refused.status, &refused.json()["code"]),
                (413, &json!("too_many_rows"))
            );
            let refused = authors(&admin, "", &rows(1_200)).await;
            let told = refused.json();
            assert_eq!(told["errors"].as_array().map(Vec::len), Some(1_000));
            assert_eq!((refused.status, &told["error_count"]), (422, &json!(1_200)));
            let large = "x".repeat(11_000_000);
            assert_eq!(authors(&admin, "", &large).await.status, 413);
        },
    )
    .await;
}
