//! Values by kind, from JSON and from text, and back.

use super::*;
use crate::model::kind::{IntSize, Kind};

fn code(kind: &Kind, json: &str) -> Result<Value, &'static str> {
    let input = Input::parse(json.as_bytes()).map_err(|_| "not json")?;
    from_input(kind, &input).map_err(|m| m.code)
}

fn json(value: &Value) -> String {
    let mut out = Vec::new();
    write_json(&mut out, value);
    String::from_utf8(out).unwrap()
}

#[test]
fn integers_are_exact_to_their_size() {
    let i64s = Kind::Int(IntSize::I64);
    assert_eq!(
        json(&code(&i64s, "9223372036854775807").unwrap()),
        "9223372036854775807"
    );
    assert_eq!(code(&i64s, "9223372036854775808"), Err("out_of_range"));
    assert_eq!(code(&i64s, "5.0").unwrap(), 5i64.into());
    assert_eq!(code(&i64s, "5.5"), Err("type"));
    assert_eq!(code(&i64s, "\"5\""), Err("type"));
    assert_eq!(code(&Kind::Int(IntSize::I16), "40000"), Err("out_of_range"));
    assert_eq!(from_text(&i64s, "+5").map_err(|m| m.code), Err("type"));
}

#[test]
fn a66_huge_numbers_are_refused() {
    assert_eq!(code(&Kind::Double, "1e1000000"), Err("out_of_range"));
    assert_eq!(code(&Kind::Float, "1e40"), Err("out_of_range"));
    assert_eq!(code(&Kind::Int(IntSize::I64), "1e1000000"), Err("type"));
    assert!(code(&Kind::Decimal(None), "1e1000000").is_err());
    assert_eq!(
        from_text(&Kind::Double, "NaN").map_err(|m| m.code),
        Err("type")
    );
    assert_eq!(
        from_text(&Kind::Double, "inf").map_err(|m| m.code),
        Err("type")
    );
}

#[test]
fn decimals_are_refused_rather_than_rounded() {
    let money = Kind::Decimal(Some((10, 2)));
    assert_eq!(json(&code(&money, "\"10.10\"").unwrap()), "\"10.10\"");
    assert_eq!(json(&code(&money, "10.10").unwrap()), "\"10.10\"");
    assert!(code(&money, "\"10.100\"").is_ok());
    assert_eq!(code(&money, "\"10.101\""), Err("inexact"));
    assert_eq!(code(&money, "\"100000000\""), Err("out_of_range"));
    assert_eq!(code(&money, "\"ten\""), Err("type"));
    assert_eq!(code(&money, "\"\""), Err("type"));
    assert_eq!(code(&money, "true"), Err("type"));
    assert!(code(&Kind::Decimal(None), &format!("\"0.{}1\"", "0".repeat(40))).is_err());
}

#[test]
fn instants_are_utc_with_microseconds() {
    let at = code(&Kind::Timestamp, "\"2024-05-06T09:08:09.5+02:00\"").unwrap();
    assert_eq!(json(&at), "\"2024-05-06T07:08:09.5Z\"");
    assert_eq!(
        code(&Kind::Timestamp, "\"2024-05-06T07:08:09.1234567Z\""),
        Err("inexact")
    );
    assert_eq!(
        code(&Kind::Timestamp, "\"2024-05-06T23:59:60Z\""),
        Err("type")
    );
    assert_eq!(
        json(&from_text(&Kind::Timestamp, "2024-05-06").unwrap()),
        "\"2024-05-06T00:00:00Z\""
    );
    assert_eq!(
        json(&from_text(&Kind::DateTime, "2009-01-01 00:00:00").unwrap()),
        "\"2009-01-01T00:00:00Z\""
    );
}

#[test]
fn d14_nul_is_refused_in_text_and_in_json() {
    assert_eq!(code(&Kind::Text(None), r#""a\u0000b""#), Err("nul"));
    assert_eq!(code(&Kind::Json, r#"{"a":["\u0000"]}"#), Err("nul"));
}

#[test]
fn a78_types_are_never_guessed() {
    for json in ["null", "[null]", "1", "{}", "[]", "true"] {
        let got = code(&Kind::Text(None), json);
        assert!(json == "null" || got == Err("type"), "{json}: {got:?}");
    }
}

#[test]
fn text_is_measured_in_characters() {
    assert!(code(&Kind::Text(Some(3)), "\"éçñ\"").is_ok());
    assert_eq!(code(&Kind::Text(Some(3)), "\"abcd\""), Err("too_long"));
}

#[test]
fn every_value_reads_back_from_its_text() {
    let samples = [
        (Kind::Bool, "true"),
        (Kind::Int(IntSize::I32), "-7"),
        (Kind::Double, "0.1"),
        (Kind::Decimal(None), "12345.6700"),
        (Kind::Uuid, "0190b5a0-1111-7aaa-8bbb-123456789abc"),
        (Kind::Date, "2024-02-29"),
        (Kind::Time, "07:08:09.25"),
        (Kind::DateTime, "2024-05-06T07:08:09Z"),
        (Kind::Timestamp, "2024-05-06T07:08:09.000001Z"),
        (Kind::Bytes(None), "AAEC"),
    ];
    for (kind, text) in samples {
        let value = from_text(&kind, text).unwrap();
        assert_eq!(to_text(&value).as_deref(), Some(text), "{kind}");
        assert_eq!(to_text(&null(&kind)), None);
    }
}
