//! Form texts as JSON, kind by kind.

use super::*;
use crate::model::IntSize;
use crate::model::describe::describe;

/// A field of `kind`, from any entity, since a field is only made by describing one.
fn field(kind: Kind, nullable: bool) -> Field {
    let of = describe::<crate::entity::system::role::Entity>();
    let any = of.fields.into_iter().next().unwrap();
    Field {
        name: "f".into(),
        kind,
        nullable,
        generated: false,
        ..any
    }
}

fn sent(pairs: &[(&str, &str)]) -> Sent {
    let pairs = pairs
        .iter()
        .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
        .collect();
    Sent::of(pairs, |name| name == "f").unwrap()
}

fn json(kind: Kind, nullable: bool, pairs: &[(&str, &str)]) -> Input {
    let field = field(kind, nullable);
    input(&field.kind, sent(pairs).record().state(&field), None).unwrap()
}

const INT: Kind = Kind::Int(IntSize::I64);

#[test]
fn what_is_left_empty_is_null_whatever_its_kind() {
    let kinds = [
        INT,
        Kind::Double,
        Kind::Decimal(None),
        Kind::Uuid,
        Kind::Date,
        Kind::Time,
        Kind::DateTime,
        Kind::Timestamp,
        Kind::Bytes(None),
        Kind::Json,
        Kind::Array(Box::new(INT)),
        Kind::Enum {
            native: None,
            variants: vec!["a".into()],
        },
    ];
    for kind in kinds {
        assert_eq!(
            json(kind.clone(), true, &[("f", " ")]),
            Input::Null,
            "{kind}"
        );
        assert_eq!(
            json(kind.clone(), false, &[("f", "")]),
            Input::Null,
            "{kind}"
        );
    }
    assert_eq!(json(Kind::Bool, true, &[("f", "")]), Input::Null);
}

#[test]
fn a_text_keeps_null_and_empty_apart() {
    let text = || Kind::Text(None);
    assert_eq!(json(text(), true, &[("f", "")]), Input::Null);
    assert_eq!(
        json(text(), true, &[("f", ""), ("empty.f", "1")]),
        Input::String(String::new())
    );
    assert_eq!(
        json(text(), false, &[("f", "")]),
        Input::String(String::new())
    );
    assert_eq!(
        json(text(), true, &[("f", " "), ("empty.f", "1")]),
        Input::String(" ".into())
    );
}

#[test]
fn a_checkbox_that_is_not_sent_is_false() {
    assert_eq!(json(Kind::Bool, false, &[]), Input::Bool(false));
    assert_eq!(json(Kind::Bool, false, &[("f", "true")]), Input::Bool(true));
    assert_eq!(
        json(Kind::Bool, true, &[("f", "false")]),
        Input::Bool(false)
    );
}

#[test]
fn numbers_keep_every_digit() {
    let number = |text: &str| Input::Number(text.to_owned());
    assert_eq!(
        json(INT, false, &[("f", " 9007199254740993 ")]),
        number("9007199254740993")
    );
    assert_eq!(json(Kind::Double, false, &[("f", "0.10")]), number("0.10"));
    assert_eq!(
        json(Kind::Decimal(None), false, &[("f", "10.10")]),
        Input::String("10.10".into())
    );
}

#[test]
fn instants_are_in_utc_unless_they_say_otherwise() {
    let at = |text: &str| json(Kind::Timestamp, false, &[("f", text)]);
    let string = |text: &str| Input::String(text.to_owned());
    assert_eq!(at("2026-11-22T07:08"), string("2026-11-22T07:08:00Z"));
    assert_eq!(
        at("2026-11-22T07:08:09.120"),
        string("2026-11-22T07:08:09.12Z")
    );
    assert_eq!(
        at("2026-11-22T07:08:09+01:00"),
        string("2026-11-22T07:08:09+01:00")
    );
    assert_eq!(at("tomorrow"), string("tomorrow"));
    assert_eq!(
        json(Kind::Time, false, &[("f", "07:08")]),
        string("07:08:00")
    );
}

#[test]
fn lines_end_in_one_character() {
    assert_eq!(
        json(Kind::Text(None), false, &[("f", "a\r\nb\rc")]),
        Input::String("a\nb\nc".into())
    );
    assert_eq!(
        json(Kind::Bytes(None), false, &[("f", "AAEC\r\nAwQ=")]),
        Input::String("AAECAwQ=".into())
    );
}

#[test]
fn json_is_parsed_exactly_or_refused_here() {
    let Input::Object(members) = json(Kind::Json, true, &[("f", "{\"x\": 1.10}")]) else {
        panic!("no object");
    };
    assert_eq!(members, [("x".to_owned(), Input::Number("1.10".into()))]);
    let misfit = input(&Kind::Json, Some("{oops".into()), None).unwrap_err();
    assert_eq!(misfit.code, "type");
    assert_eq!(json(Kind::Json, true, &[("f", "null")]), Input::Null);
}

#[test]
fn what_comes_back_as_it_was_shown_is_no_change() {
    let cases = [
        (Kind::Text(None), "a\r\nb", "a\r\nb"),
        (Kind::Timestamp, "2026-11-22T07:08:00Z", "2026-11-22T07:08"),
        (
            Kind::Timestamp,
            "2026-11-22T07:08:09.5Z",
            "2026-11-22T07:08:09.500",
        ),
        (Kind::Time, "07:00:00", "07:00"),
        (Kind::Decimal(None), "1.50", "1.50"),
        (
            Kind::Json,
            r#"{"a":[1]}"#,
            "{\r\n  \"a\": [\r\n    1\r\n  ]\r\n}",
        ),
        (Kind::Bool, "true", "true"),
    ];
    for (kind, stored, back) in cases {
        let field = field(kind, false);
        let was = digest(&shown(&field, Some(stored), None));
        assert!(
            !sent(&[("f", back), ("was.f", &was)])
                .record()
                .changed(&field),
            "{stored}"
        );
        assert!(
            sent(&[("f", "other"), ("was.f", &was)])
                .record()
                .changed(&field),
            "{stored}"
        );
        assert!(sent(&[("f", back)]).record().changed(&field), "{stored}");
    }
    let text = field(Kind::Text(None), true);
    let was = digest(&shown(&text, Some(""), None));
    assert!(
        sent(&[("f", ""), ("was.f", &was)]).record().changed(&text),
        "from empty to null"
    );
    assert!(
        !sent(&[("f", ""), ("empty.f", "1"), ("was.f", &was)])
            .record()
            .changed(&text)
    );
}

#[test]
fn a_form_holds_nothing_else_and_nothing_twice() {
    let refused = |pairs: &[(&str, &str)]| {
        let pairs = pairs
            .iter()
            .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
            .collect();
        Sent::of(pairs, |name| name == "f").unwrap_err().faults[0].code
    };
    assert_eq!(refused(&[("f", ""), ("g", "")]), "unknown_field");
    assert_eq!(refused(&[("was.g", "")]), "unknown_field");
    assert_eq!(refused(&[("f", ""), ("f", "")]), "duplicate");
}

#[test]
fn a_list_of_plain_texts_is_lines_and_any_other_is_json() {
    let texts = || Kind::Array(Box::new(Kind::Text(None)));
    let string = |text: &str| Input::String(text.to_owned());
    let back = |text: &str| json(texts(), true, &[("f", text)]);
    let list = field(texts(), true);
    for (stored, text) in [
        (r#"["a","b c"]"#, "a\nb c"),
        (r#"["a",null]"#, "[\n  \"a\",\n  null\n]"),
        (r#"["[a"]"#, "[\n  \"[a\"\n]"),
        (r#"["a\nb"]"#, "[\n  \"a\\nb\"\n]"),
        (r#"[""]"#, "[\n  \"\"\n]"),
        ("[]", "[]"),
    ] {
        assert_eq!(shown(&list, Some(stored), None).as_deref(), Some(text));
        assert_eq!(back(text), Input::parse(stored.as_bytes()).unwrap());
    }
    assert_eq!(
        back("a\r\n b "),
        Input::Array(vec![string("a"), string(" b")])
    );
}
