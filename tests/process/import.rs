//! `quarterdeck import`.

use serde_json::Value;

use super::Place;

const FILE: &str = "Who,slug,country\nAda,ada,GB\nBob,bob,GB\n";

#[test]
fn a_file_is_imported_from_a_path_or_from_standard_input() {
    let place = Place::new();
    std::fs::write(place.path().join("authors.csv"), FILE).unwrap();
    let run = |more: &[&str]| {
        let mut all = vec![
            "import",
            "author",
            "authors.csv",
            "--demo",
            "--map",
            "Who:name",
        ];
        all.extend(more);
        place.run(&all)
    };
    let tried = run(&["--dry-run"]);
    assert_eq!(tried.code, 0, "{tried:?}");
    assert!(
        tried.out.contains("2 rows, 2 changes; nothing was written"),
        "{tried:?}"
    );
    let done = run(&["--keep-keys"]);
    assert!(
        done.code == 0 && done.out.contains("2 rows: 2 created, 0 updated, 0 refused"),
        "{done:?}"
    );
    let again = run(&[]);
    assert!(again.code == 1 && again.out.is_empty(), "{again:?}");
    assert!(again.err.contains("Line 3, column \"slug\""), "{again:?}");
    let again = run(&["--good-rows"]);
    assert!(
        again.code == 1 && again.out.contains("2 refused"),
        "{again:?}"
    );
    assert!(again.err.contains("Line 3, column \"slug\""), "{again:?}");
    let again = run(&["--mode", "upsert", "--on", "slug"]);
    assert!(
        again.code == 0 && again.out.contains("0 created, 2 updated"),
        "{again:?}"
    );
    let lines = r#"{"name":"Eve","slug":"eve","country":"GB"}"#;
    let from = ["import", "author", "-", "--format", "ndjson", "--demo"];
    let done = place.feed(&from, lines);
    assert!(done.code == 0 && done.out.contains("1 created"), "{done:?}");
    for arguments in [
        &["import", "author", "absent.csv"][..],
        &["import", "author", "-"],
        &["import", "nothing", "authors.csv"],
    ] {
        let ran = place.run(arguments);
        assert!(
            ran.code == 1 && ran.out.is_empty() && !ran.err.is_empty(),
            "{ran:?}"
        );
    }
}

#[tokio::test]
async fn d02_d25_a_killed_server_says_how_far_an_import_came_and_goes_on_from_there_when_asked() {
    let place = Place::new();
    let token = place.token();
    let mut rows = String::from("name,slug,country\n");
    for i in 0..20_000 {
        rows.push_str(&format!("A,a{i},GB\n"));
    }
    let client = reqwest::Client::new();
    let get = async |served: &super::Served, path: &str| -> Value {
        let request = client.get(served.url(path)).header("x-api-key", &token);
        request.send().await.unwrap().json().await.unwrap()
    };
    for query in ["atomic=true", "atomic=false"] {
        let served = place.serve(&[], &["--demo"]);
        let begin = async |served: &super::Served| -> String {
            let begun = client
                .post(served.url(&format!("/api/v1/author/_import?{query}")))
                .header("x-api-key", &token)
                .header("idempotency-key", query)
                .header("content-type", "text/csv")
                .header("prefer", "respond-async")
                .body(rows.clone());
            let begun = begun.send().await.unwrap();
            assert_eq!(begun.status(), 202);
            begun.headers()["location"].to_str().unwrap().to_owned()
        };
        let path = begin(&served).await;
        while get(&served, &path).await["progress"]["done"].as_u64() < Some(500) {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        served.signal("-KILL");
        served.end();
        let served = place.serve(&[], &["--demo"]);
        let ended = async |path: &str| loop {
            let operation = get(&served, path).await;
            if operation["state"] != "running" {
                break operation;
            }
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        };
        let count = async || {
            let authors = get(&served, "/api/v1/author?count=exact&limit=1").await;
            authors["page"]["count"].as_u64().unwrap()
        };
        let operation = ended(&path).await;
        assert_eq!(operation["state"], "failed", "{operation}");
        assert_eq!(operation["result"]["code"], "interrupted", "{operation}");
        let written = count().await;
        if query == "atomic=true" {
            assert_eq!(written, 0, "nothing of it was written");
            continue;
        }
        assert!((500..20_000).contains(&written), "{written}");
        assert_eq!(operation["progress"]["done"], written, "{operation}");
        // The same file with the same key: every row is there once.
        let operation = ended(&begin(&served).await).await;
        assert_eq!(operation["state"], "done", "{operation}");
        assert_eq!(operation["result"]["created"], 20_000, "{operation}");
        assert_eq!(count().await, 20_000);
        let audited = get(
            &served,
            "/api/v1/qd_audit?model=author&verb=create&count=exact",
        )
        .await;
        assert_eq!(audited["page"]["count"], 20_000, "none was written twice");
    }
}
