//! Groups of conditions in a query string.

use serde_json::json;

use super::{faults, list, search};

#[test]
fn a_query_string_groups_conditions_as_a_tree_does() {
    let filter = |query: &[(&str, &str)]| list(query).unwrap().filter;
    let tree = |where_: serde_json::Value| search(&json!({ "where": where_ })).unwrap().filter;
    assert_eq!(
        filter(&[("or", "pages__lt=5&author.name=a%26b+c"), ("title", "x")]),
        tree(json!({"or": [{"pages__lt": 5}, {"author.name": "a&b c"}], "title": "x"}))
    );
    assert_eq!(
        filter(&[("not", "title=x&or=pages%3D1%26pages%3D2")]),
        tree(json!({"not": {"title": "x", "or": [{"pages": 1}, {"pages": 2}]}}))
    );
    assert_eq!(filter(&[("or", "")]), tree(json!({"or": []})));
    assert_eq!(filter(&[("and", "")]), tree(json!({})));
    let mut deep = "title=x".to_owned();
    for _ in 0..8 {
        let escaped: String =
            percent_encoding::utf8_percent_encode(&deep, percent_encoding::NON_ALPHANUMERIC)
                .collect();
        deep = format!("and={escaped}");
    }
    assert_eq!(faults(list(&[("and", &deep)])), ["and too_deep"]);
    for (bad, code) in [
        ("nope=1", "unknown_field"),
        ("pages=x", "type"),
        ("sort=title", "unknown_field"),
        ("title=%FF", "encoding"),
        ("title=%00", "encoding"),
    ] {
        assert_eq!(
            faults(list(&[("or", bad)])),
            [format!("or {code}")],
            "{bad}"
        );
    }
}
