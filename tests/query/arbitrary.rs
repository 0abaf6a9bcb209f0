//! Whatever is asked, the parsers answer and the compiler compiles: no panic, no name in the SQL.

use proptest::prelude::*;

use super::bodies::{NAMES, list, search};
use crate::house::cases;

/// Texts that are nearly a parameter's name or value.
fn text() -> BoxedStrategy<String> {
    const TEXT_NAMES: &[&str] = &[
        "title",
        "author.name",
        "price",
        "published_on",
        "categories.name",
        "sort",
        "q",
        "fields",
        "expand",
        "limit",
        "cursor",
        "page",
        "offset",
        "count",
        "where",
        "and",
        "or",
        "not",
    ];
    const OPS: &[&str] = &[
        "",
        "__eq",
        "__in",
        "__between",
        "__isnull",
        "__icontains",
        "__lt",
        "__zz",
    ];
    let near = (
        proptest::sample::select(TEXT_NAMES),
        proptest::sample::select(OPS),
    );
    prop_oneof![
        4 => near.prop_map(|(name, op)| format!("{name}{op}")),
        2 => "[0-9,.eE+-]{0,12}",
        2 => "\\PC{0,12}",
        1 => any::<String>(),
        1 => proptest::sample::select(NAMES).prop_map(|n| format!("{n}qd_canary")),
        1 => Just("99999999999999999999999999999999999999".to_owned()),
    ]
    .boxed()
}

/// JSON that is nearly a search.
fn json() -> BoxedStrategy<serde_json::Value> {
    use serde_json::Value as Json;
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<f64>().prop_map(Json::from),
        text().prop_map(Json::from),
    ];
    leaf.prop_recursive(6, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Json::from),
            prop::collection::vec((text(), inner), 0..5)
                .prop_map(|members| Json::Object(members.into_iter().collect())),
        ]
    })
    .boxed()
}

proptest! {
    #![proptest_config(cases(2000))]

    #[test]
    fn a66_no_parameters_whatever_panic(parameters in prop::collection::vec((text(), text()), 0..6)) {
        list(&parameters);
    }

    #[test]
    fn a66_no_search_whatever_panics(body in json()) {
        search(body.to_string().as_bytes());
        let inside = serde_json::json!({"where": body, "limit": 3});
        search(inside.to_string().as_bytes());
    }

    #[test]
    fn a66_no_bytes_whatever_panic(body in prop::collection::vec(any::<u8>(), 0..200)) {
        search(&body);
    }
}
