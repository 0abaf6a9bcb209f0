//! `quarterdeck import`.

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
