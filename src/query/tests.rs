//! What the parsers accept and what they say. That compiled queries find the right rows is proven on
//! real databases, in `tests/query`.

mod groups;
mod shop;

use std::fmt::Write as _;

use sea_orm::{DbBackend, Value};
use serde_json::json;

use self::shop::{BOOK, Hiding, registry};
use super::cursor::{Cursors, digest};
use super::path::{Scope, split_list};
use super::sql::Compiler;
use super::{Lens, Limits, Mark, Position, Query, SortKey, parse};
use crate::acl::rule::Unlimited;
use crate::error::{Error, Kind, Place as At};
use crate::model::{Input, IntSize, Kind as ValueKind, value};

fn cursors() -> Cursors {
    Cursors::new(&[3; 64])
}

fn with<T>(lens: &dyn Lens, run: impl FnOnce(&mut Scope<'_>) -> T) -> T {
    run(&mut Scope {
        registry: registry(),
        lens,
        limits: &Limits::default(),
        conditions: 0,
    })
}

fn list_as(lens: &dyn Lens, query: &[(&str, &str)]) -> Result<Query, Error> {
    let query: Vec<(String, String)> = query
        .iter()
        .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
        .collect();
    with(lens, |scope| parse::list(scope, BOOK, &query, &cursors()))
}

fn list(query: &[(&str, &str)]) -> Result<Query, Error> {
    list_as(&Unlimited(registry()), query)
}

fn search(body: &serde_json::Value) -> Result<Query, Error> {
    with(&Unlimited(registry()), |scope| {
        parse::search(scope, BOOK, body.into(), &cursors())
    })
}

/// The faults of a 400, as `place code` each.
fn faults(outcome: Result<Query, Error>) -> Vec<String> {
    let error = outcome.unwrap_err();
    assert_eq!(error.kind, Kind::Malformed);
    let one = |f: &crate::error::Fault| match &f.place {
        At::Pointer(place) | At::Parameter(place) => format!("{place} {}", f.code),
    };
    error.faults.iter().map(one).collect()
}

#[test]
fn a03_every_fault_of_a_query_string_is_reported_at_once() {
    let found = faults(list(&[
        ("nope", "1"),
        ("price__icontains", "x"),
        ("price__lt", "cheap"),
        ("author.nope", "1"),
        ("nobody.name", "1"),
        ("in_print", "yes"),
        ("published_on", "2026-13-01"),
        ("sort", "nope,title,-title"),
        ("fields", "title,nope,author.name"),
        ("expand", "nobody"),
        ("limit", "0"),
        ("count", "many"),
        ("q", "x"),
        ("page", "1"),
        ("offset", "2"),
    ]));
    assert_eq!(
        found,
        [
            "nope unknown_field",
            "price__icontains unknown_operator",
            "price__lt type",
            "author.nope unknown_field",
            "nobody.name unknown_relation",
            "in_print type",
            "published_on type",
            "q too_short",
            "sort unknown_field",
            "sort duplicate",
            "fields not_expanded",
            "fields unknown_field",
            "expand unknown_relation",
            "limit out_of_range",
            "count choice",
            "offset exclusive",
        ]
    );
}

#[test]
fn a03_an_empty_name_among_others_is_a_400_and_an_empty_list_is_none() {
    for (text, name) in [
        ("title,,id", "sort"),
        ("-", "sort"),
        (",", "fields"),
        ("author,", "expand"),
    ] {
        let found = faults(list(&[(name, text)]));
        assert!(!found.is_empty(), "{name}={text}");
        assert!(
            found.iter().all(|f| f.starts_with(&format!("{name} "))),
            "{found:?}"
        );
    }
    for name in ["sort", "fields", "expand"] {
        assert!(list(&[(name, "")]).is_ok(), "{name}");
    }
}

#[test]
fn a03_a_search_body_that_is_no_object_is_a_400_as_every_query_that_cannot_be_understood() {
    for body in [json!(null), json!([]), json!([{"where": {}}]), json!("x")] {
        assert_eq!(faults(search(&body)), [" type"], "{body}");
    }
}

#[test]
fn a03_a_member_of_a_search_body_has_the_type_that_the_document_gives_it() {
    let wrong = [
        ("q", json!(42), "/q"),
        ("q", json!(["war"]), "/q"),
        ("cursor", json!(["x"]), "/cursor"),
        ("count", json!(["none"]), "/count"),
        ("count", json!(true), "/count"),
        ("limit", json!("25"), "/limit"),
        ("page", json!(["1"]), "/page"),
        ("offset", json!("0"), "/offset"),
        ("sort", json!(5), "/sort"),
        ("sort", json!(["title", "id,price"]), "/sort/1"),
        ("fields", json!([""]), "/fields/0"),
        ("expand", json!(["author", null]), "/expand/1"),
    ];
    for (member, value, place) in wrong {
        let found = faults(search(&json!({ member: value })));
        assert_eq!(found, [format!("{place} type")], "{member} {value}");
    }
    for (member, value) in [
        ("sort", json!("title,-id")),
        ("sort", json!(["title", "-id"])),
        ("fields", json!([])),
        ("expand", json!("author")),
        ("limit", json!(7)),
        ("q", json!(null)),
    ] {
        assert!(search(&json!({ member: value })).is_ok(), "{member}");
    }
}

#[test]
fn a03_every_fault_of_a_search_body_is_reported_at_its_pointer() {
    let found = faults(search(&json!({
        "where": {
            "nope": 1,
            "or": [{"price": "cheap"}, {"not": {"title": null}}, 3],
            "and": {},
            "pages__in": 5,
            "a/b~c": 1,
        },
        "filter": {},
        "sort": true,
        "limit": 1000,
        "cursor": "x",
    })));
    assert_eq!(
        found,
        [
            "/where/nope unknown_field",
            "/where/or/0/price type",
            "/where/or/1/not/title null",
            "/where/or/2 type",
            "/where/and type",
            "/where/pages__in type",
            "/where/a~1b~0c unknown_field",
            "/filter unknown_member",
            "/sort type",
            "/limit out_of_range",
            "/cursor invalid_cursor",
        ]
    );
}

#[test]
fn a_parameter_that_is_no_condition_can_be_given_once() {
    for name in parse::RESERVED {
        let found = faults(list(&[(name, "1"), (name, "1")]));
        assert!(found.contains(&format!("{name} duplicate")), "{found:?}");
    }
    // A condition may be repeated: both must hold.
    assert!(list(&[("pages__gte", "1"), ("pages__gte", "2")]).is_ok());
}

/// What a caller reads when `name` is asked for in every place that takes a name.
fn answers(lens: &dyn Lens, name: &str) -> String {
    let mut all = String::new();
    let owned = |key: &str| key.replace("NAME", name);
    for (key, value) in [
        ("NAME", "1"),
        ("NAME__lt", "1"),
        ("NAME__isnull", "true"),
        ("NAME__zz", "1"),
        ("author.books.NAME", "1"),
        ("sort", "NAME"),
        ("sort", "-NAME,title"),
        ("fields", "NAME"),
        ("fields", "author.books.NAME"),
        ("expand", "NAME"),
        ("expand", "author.NAME"),
        ("NAME.name", "x"),
        ("or", "title=x&NAME=1"),
        ("not", "and=or%3DNAME__lt%253D1"),
    ] {
        let (key, value) = (owned(key), owned(value));
        let mut query = vec![(key.as_str(), value.as_str())];
        if key != "expand" {
            query.push(("expand", "author.books"));
        }
        let outcome = list_as(lens, &query);
        let error = outcome.map(|q| q.filter).unwrap_err();
        let _ = writeln!(all, "{}", error.problem("id"));
    }
    for tree in [
        json!({"where": {owned("NAME"): 1}}),
        json!({"where": {"not": {owned("NAME__lt"): 1}}}),
        json!({"sort": [owned("NAME")]}),
    ] {
        let outcome = with(lens, |scope| {
            parse::search(scope, BOOK, Input::from(&tree), &cursors())
        });
        let _ = writeln!(all, "{}", outcome.unwrap_err().problem("id"));
    }
    all
}

#[test]
fn r36_a_hidden_field_or_relation_answers_as_one_that_does_not_exist_byte_for_byte() {
    let hiding = Hiding::of(&["price", "publisher_id"]);
    let absent = answers(&hiding, "zzzzz");
    assert_eq!(answers(&hiding, "price"), absent.replace("zzzzz", "price"));
    // A relation is as hidden as the field that holds its link.
    let publisher = absent.replace("zzzzz", "publisher");
    assert_eq!(answers(&hiding, "publisher"), publisher);
    assert!(
        !absent.contains("price") && !absent.contains("publisher"),
        "{absent}"
    );
}

#[test]
fn a19_a_search_without_readable_fields_answers_as_one_without_fields() {
    let hiding = Hiding::of(&["title", "subtitle"]);
    let error = list_as(&hiding, &[("q", "secret")]).unwrap_err();
    assert_eq!(error.faults[0].code, "not_searchable");
    let partly = Hiding::of(&["title"]);
    let query = list_as(&partly, &[("q", "secret")]).unwrap();
    let title = registry().model(BOOK).field("title").unwrap();
    assert!(!format!("{:?}", query.filter).contains(&format!("field: {title},")));
}

#[test]
fn r51_every_limit_is_a_400_that_names_it() {
    let many = |n: usize| vec![("pages__gte", "1"); n];
    assert!(list(&many(20)).is_ok());
    let words = vec!["word"; 21].join(" ");
    let values = vec!["1"; 501].join(",");
    let paths = vec!["author"; 21].join(",");
    let table: Vec<(Vec<(&str, &str)>, &str)> = vec![
        (many(21), "max_conditions"),
        (vec![("q", &words)], "max_conditions"),
        (vec![("expand", &paths)], "max_conditions"),
        (vec![("pages__in", &values)], "max_in"),
        (vec![("author.books.author.books.title", "x")], "3"),
        (vec![("expand", "author.books.author.books")], "3"),
        (vec![("limit", "101")], "max_limit"),
        (vec![("limit", "-1")], "max_limit"),
        (vec![("page", "401")], "max_offset"),
        (vec![("offset", "9976")], "max_offset"),
        (vec![("offset", "18446744073709551615")], "max_offset"),
    ];
    for (query, name) in table {
        let error = list(&query).unwrap_err();
        assert_eq!(error.kind, Kind::Malformed);
        assert!(
            error.faults[0].detail.contains(name),
            "{query:?}: {error:?}"
        );
    }
    assert!(list(&[("page", "400")]).is_ok() && list(&[("offset", "9975")]).is_ok());
    let mut deep = json!({"pages": 1});
    for _ in 0..9 {
        deep = json!({"not": deep});
    }
    let found = faults(search(&json!({"where": deep})));
    assert!(found[0].ends_with("too_deep"), "{found:?}");
    let many: Vec<_> = (0..21).map(|n| json!({"pages": n})).collect();
    let found = faults(search(&json!({"where": {"or": many}})));
    assert!(found[0].ends_with("too_many_conditions"), "{found:?}");
}

#[test]
fn the_order_is_total_and_the_key_follows_the_last_direction() {
    let keys = |sort: &[(&str, &str)]| -> Vec<(String, bool)> {
        let keys = list(sort).unwrap().sort;
        let fields = &registry().model(BOOK).fields;
        keys.iter()
            .map(|k| (fields[k.field].name.clone(), k.descending))
            .collect()
    };
    let key = |name: &str, down| (name.to_owned(), down);
    assert_eq!(keys(&[]), [key("id", false)]);
    assert_eq!(
        keys(&[("sort", "-price")]),
        [key("price", true), key("id", true)]
    );
    let both = [("sort", "-id,price")];
    assert_eq!(keys(&both), [key("id", true), key("price", false)]);
}

#[test]
fn commas_and_backslashes_are_escaped_within_a_list() {
    assert_eq!(split_list(r"a,b"), ["a", "b"]);
    assert_eq!(split_list(r"a\,b,\\"), ["a,b", r"\"]);
    assert_eq!(split_list(r"a,,b\"), ["a", "", r"b\"]);
}

#[test]
fn a_cursor_keeps_every_kind_of_value_and_null() {
    let texts = [
        ("id", "9007199254740993"),
        ("title", "\u{2028}\"\\,\u{1f600}"),
        ("price", "12345678.91"),
        ("in_print", "true"),
        ("rating", "0.30000000000000004"),
        ("published_on", "2024-02-29"),
        ("created_at", "2026-11-22T07:08:09.000001Z"),
    ];
    let meta = registry().model(BOOK);
    let sort: Vec<SortKey> = texts
        .iter()
        .map(|(name, _)| SortKey {
            field: meta.field(name).unwrap(),
            descending: false,
            guard: None,
        })
        .collect();
    let values: Vec<Value> = texts
        .iter()
        .zip(&sort)
        .map(|((_, text), key)| value::from_text(&meta.fields[key.field].kind, text).unwrap())
        .collect();
    let nulls: Vec<Value> = values.iter().map(Value::as_null).collect();
    let binding = digest(meta, &super::Filter::All, &sort);
    for values in [values, nulls] {
        let values: Vec<Mark> = values.into_iter().map(Mark::from).collect();
        let sealed = cursors().seal(&binding, true, &values);
        let opened = cursors().open(&sealed, &binding, meta, &sort);
        assert_eq!(opened, Some(Position::After(values.clone())));
        let back = cursors().seal(&binding, false, &values);
        assert_eq!(
            cursors().open(&back, &binding, meta, &sort),
            Some(Position::Before(values))
        );
        // Another installation's key, and a cursor turned around.
        assert_eq!(
            Cursors::new(&[4; 64]).open(&sealed, &binding, meta, &sort),
            None
        );
        assert_ne!(sealed, back);
    }
}

/// The drivers panic on a number past 64 bits signed; such a one is compared as a larger type.
#[test]
fn a_number_past_the_databases_own_is_bound_as_a_larger_type() {
    let registry = registry();
    let kind = ValueKind::Int(IntSize::U64);
    for backend in [DbBackend::Sqlite, DbBackend::Postgres, DbBackend::MySql] {
        let compiler = Compiler::new(registry, backend);
        let bound = |n: u64| format!("{:?}", compiler.bound(&kind, n.into()));
        let largest = i64::MAX.unsigned_abs();
        assert!(bound(largest).contains("BigUnsigned"));
        let past = bound(largest + 1).contains("BigUnsigned");
        assert_eq!(past, backend == DbBackend::MySql, "{backend:?}");
    }
}
