//! Whatever is asked, the parsers answer and the compiler compiles: no panic, no name in the SQL.

use proptest::prelude::*;

use super::bodies::{NAMES, list, search};
use super::readers::{cursor, form, framing, json, key, signature, text};
use crate::house::cases;

/// Texts that are nearly a parameter's name or value.
fn word() -> BoxedStrategy<String> {
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
        "group_by",
        "bucket",
        "distinct",
        "sum",
        "avg",
        "min",
        "month(published_on)",
        "having.count",
        "having.sum_price",
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

/// Texts that are nearly a value of some kind, or a key.
fn value() -> BoxedStrategy<String> {
    prop_oneof![
        "-?[0-9]{1,30}(\\.[0-9]{1,30})?([eE][+-]?[0-9]{1,3})?",
        "[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9:.]{5,12}(Z|[+-][0-9]{2}:[0-9]{2})?)?",
        "[0-9]{2}:[0-9]{2}(:[0-9]{2}(\\.[0-9]{1,9})?)?",
        "[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}",
        "([A-Za-z0-9+/]{4}){0,4}(==)?",
        "[0-9]{1,3}(,|%2[cC])[0-9]{1,3}",
        document().prop_map(|json| json.to_string()),
        word(),
    ]
    .boxed()
}

/// Lines that are nearly HTTP/1, as they come in pieces of some length.
fn connection() -> BoxedStrategy<Vec<u8>> {
    const GET: &str = "GET / HTTP/1.1\r\n";
    let line = prop_oneof![
        Just(GET.to_owned()),
        Just("\r\n".to_owned()),
        " {0,150}(Content-Length|Transfer-Encoding|X):( {0,150}|0{0,150})(chunked|[0-9]{0,3})( {0,150}|x{0,150})\r\n",
        "0{0,150}[0-9a-f]{1,2}(;x{0,150})?\r?\n",
        "\\PC{0,9}",
    ];
    let lines =
        prop::collection::vec(line, 0..9).prop_map(|lines| GET.to_owned() + &lines.concat());
    (any::<u8>(), lines)
        .prop_map(|(size, lines)| [vec![size], lines.into_bytes()].concat())
        .boxed()
}

/// JSON that is nearly a search.
fn document() -> BoxedStrategy<serde_json::Value> {
    use serde_json::Value as Json;
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<f64>().prop_map(Json::from),
        word().prop_map(Json::from),
    ];
    leaf.prop_recursive(6, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Json::from),
            prop::collection::vec((word(), inner), 0..5)
                .prop_map(|members| Json::Object(members.into_iter().collect())),
        ]
    })
    .boxed()
}

proptest! {
    #![proptest_config(cases(2000))]

    #[test]
    fn a66_no_parameters_whatever_panic(parameters in prop::collection::vec((word(), word()), 0..6)) {
        list(&parameters);
    }

    #[test]
    fn a66_no_search_whatever_panics(body in document()) {
        search(body.to_string().as_bytes());
        let inside = serde_json::json!({"where": body, "limit": 3});
        search(inside.to_string().as_bytes());
    }

    #[test]
    fn a66_no_bytes_whatever_panic(body in prop::collection::vec(any::<u8>(), 0..200)) {
        search(&body);
    }

    #[test]
    fn a66_no_json_whatever_panics_and_what_it_holds_comes_back(body in document(), value in value()) {
        json(body.to_string().as_bytes());
        json(serde_json::Value::from(value).to_string().as_bytes());
    }

    #[test]
    fn a66_no_value_or_key_whatever_panics_and_what_it_holds_comes_back(value in value()) {
        text(value.as_bytes());
        key(value.as_bytes());
        json(value.as_bytes());
    }

    #[test]
    fn a66_no_cursor_opens_but_ours_and_with_what_was_in_it(texts in prop::collection::vec(value(), 0..6)) {
        cursor(texts.join("\n").as_bytes());
    }

    #[test]
    fn a66_no_form_whatever_panics(parameters in prop::collection::vec((word(), value()), 0..6)) {
        let pairs = parameters.iter().map(|(name, value)| format!("{name}={value}"));
        list(&form(pairs.collect::<Vec<_>>().join("&").as_bytes()));
    }

    #[test]
    fn r45_no_signature_holds_but_one_of_the_key(lines in prop::collection::vec(value(), 0..5)) {
        signature(lines.join("\n").as_bytes());
    }

    #[test]
    fn r54_the_pieces_of_a_connection_say_what_the_whole_says(bytes in connection()) {
        framing(&bytes);
    }
}
