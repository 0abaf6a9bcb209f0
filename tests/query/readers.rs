//! Bodies of properties about the smallest readers of outside input: JSON, values, keys, cursors,
//! forms, signatures, the framing of HTTP/1. Like `bodies`, they are called by `arbitrary` and by the
//! fuzz targets, which include this file.

use hmac::{Hmac, KeyInit as _, Mac as _};
use quarterdeck::acl;
use quarterdeck::app::framing::Framing;
use quarterdeck::http::body;
use quarterdeck::model::patch::{Purpose, validate};
use quarterdeck::model::{Input, IntSize, Kind, value};
use quarterdeck::plugins::webhooks::signature::{Key, github, standard};
use quarterdeck::query::cursor::{Cursors, digest};
use quarterdeck::query::{Filter, Mark, Position, SortKey};
use sea_orm::Value;
use sha2::Sha256;

use super::bodies::registry;

/// Every kind of field that reads its input in a way of its own.
fn kinds() -> Vec<Kind> {
    let mut kinds = vec![
        Kind::Bool,
        Kind::Float,
        Kind::Double,
        Kind::Decimal(None),
        Kind::Decimal(Some((10, 2))),
        Kind::Text(None),
        Kind::Text(Some(5)),
        Kind::Uuid,
        Kind::Date,
        Kind::Time,
        Kind::DateTime,
        Kind::Timestamp,
        Kind::Bytes(None),
        Kind::Json,
    ];
    kinds.extend([IntSize::I8, IntSize::I64, IntSize::U64].map(Kind::Int));
    let lists = kinds.clone().into_iter().map(|k| Kind::Array(Box::new(k)));
    kinds.extend(lists.collect::<Vec<_>>());
    kinds
}

/// What was read from outside is the same when it comes back as we write it.
fn returns(kind: &Kind, value: &Value) {
    let mut json = Vec::new();
    value::write_json(&mut json, value);
    let shown = || format!("{kind}: {value:?} as {}", String::from_utf8_lossy(&json));
    let input = Input::parse(&json).unwrap_or_else(|e| panic!("{} {e:?}", shown()));
    let again = value::from_input(kind, &input).unwrap_or_else(|e| panic!("{} {e:?}", shown()));
    assert_eq!(&again, value, "{}", shown());
    if let Some(text) = value::to_text(value) {
        let again = value::from_text(kind, &text).unwrap_or_else(|e| panic!("{text:?} {e:?}"));
        assert_eq!(&again, value, "{text:?} {}", shown());
    }
}

/// Reads strict JSON, as a value of every kind and as the body of every write.
pub fn json(bytes: &[u8]) {
    let input = match Input::parse(bytes) {
        Ok(input) => input,
        Err(error) => return assert_eq!(error.kind.status(), 400, "{error:?}"),
    };
    if let Ok(json) = input.to_json() {
        let again = Input::parse(json.to_string().as_bytes()).map(|i| i.to_json());
        assert!(matches!(&again, Ok(Ok(a)) if *a == json), "{again:?}");
    }
    for kind in kinds() {
        if let Ok(value) = value::from_input(&kind, &input) {
            returns(&kind, &value);
        }
    }
    for model in registry().models() {
        let scope = acl::Scope::full(model);
        for purpose in [Purpose::Create, Purpose::Replace, Purpose::Patch] {
            match validate(model, input.clone(), purpose, &scope) {
                Ok(changes) => {
                    for (field, value) in changes.values {
                        returns(&model.fields[field].kind, &value);
                    }
                }
                Err(error) => {
                    assert_eq!(error.kind.status(), 422, "{error:?}");
                    assert!(!error.faults.is_empty(), "{error:?}");
                }
            }
        }
    }
}

/// Reads a text of an address or a form as a value of every kind.
pub fn text(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    for kind in kinds() {
        if let Ok(value) = value::from_text(&kind, text) {
            returns(&kind, &value);
        }
    }
}

/// Reads the key of a record in an address: one row, one address.
pub fn key(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    for model in registry().models() {
        let Ok(key) = model.parse_key(text) else {
            continue;
        };
        let written = model.key_text(&key);
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.~,%".contains(&b);
        assert!(written.bytes().all(plain), "{written:?}");
        assert_eq!(model.parse_key(&written).ok(), Some(key), "{written:?}");
    }
}

/// Opens what is no cursor of ours; and one that is, whatever texts are in it.
pub fn cursor(bytes: &[u8]) {
    let given = String::from_utf8_lossy(bytes);
    let cursors = Cursors::new(&[7; 64]);
    let model = &registry().models()[0];
    let sort: Vec<SortKey> = ["title", "price", "published_on", "rating", "id"]
        .into_iter()
        .filter_map(|name| model.field(name))
        .map(|field| SortKey {
            field,
            descending: field % 2 == 0,
            guard: None,
        })
        .collect();
    let binding = digest(model, &Filter::All, &sort);
    assert_eq!(cursors.open(&given, &binding, model, &sort), None);
    let pieces = given.split('\n').chain(std::iter::repeat(""));
    let values: Vec<Value> = sort
        .iter()
        .zip(pieces)
        .map(|(key, piece)| {
            let kind = &model.fields[key.field].kind;
            value::from_text(kind, piece).unwrap_or_else(|_| value::null(kind))
        })
        .collect();
    let forward = bytes.len().is_multiple_of(2);
    let values: Vec<Mark> = values.into_iter().map(Mark::from).collect();
    let sealed = cursors.seal(&binding, forward, &values);
    let position = if forward {
        Position::After(values)
    } else {
        Position::Before(values)
    };
    let opened = cursors.open(&sealed, &binding, model, &sort);
    assert_eq!(opened, Some(position), "{sealed}");
    let other = digest(model, &Filter::Never, &sort);
    assert_eq!(cursors.open(&sealed, &other, model, &sort), None);
    for at in [0, sealed.len() / 2, sealed.len() - 1] {
        let mut forged = sealed.clone().into_bytes();
        forged[at] = if forged[at] == b'A' { b'B' } else { b'A' };
        let forged = String::from_utf8_lossy(&forged);
        assert_eq!(cursors.open(&forged, &binding, model, &sort), None);
    }
}

/// Reads a form or a query string; the fields of one, or nothing.
pub fn form(bytes: &[u8]) -> Vec<(String, String)> {
    let Ok(fields) = body::form(bytes) else {
        return Vec::new();
    };
    let encode = quarterdeck::model::encode_key_part;
    let pairs = fields
        .iter()
        .map(|(name, value)| format!("{}={}", encode(name), encode(value)));
    let written = pairs.collect::<Vec<_>>().join("&");
    let again = body::form(written.as_bytes()).unwrap_or_default();
    assert_eq!(again, fields, "{written}");
    fields
}

/// Takes `id`, timestamp, signatures and body, each on its line: nothing holds that was not made with
/// the key, and what was made with it holds whatever stands beside it.
pub fn signature(bytes: &[u8]) {
    let mut parts = bytes.splitn(4, |b| *b == b'\n');
    let mut line = || String::from_utf8_lossy(parts.next().unwrap_or_default()).into_owned();
    let (id, timestamp, signatures) = (line(), line(), line());
    let body = parts.next().unwrap_or_default();
    let (right, wrong) = (Key(vec![1; 64]), Key(vec![2; 64]));
    let now = timestamp.parse().unwrap_or(0_i64);
    let holds = |keys: &[&Key], signatures: &str| {
        standard(keys, (&id, &timestamp), body, (signatures, now)).is_ok()
    };
    assert!(!holds(&[&right, &wrong], &signatures));
    assert!(github(&[&right, &wrong], body, &signatures).is_err());

    let tag = |parts: &[&[u8]]| {
        let mut mac = Hmac::<Sha256>::new(&[1; 64].into());
        for part in parts {
            mac.update(part);
        }
        mac.finalize().into_bytes().to_vec()
    };
    let message = tag(&[id.as_bytes(), b".", timestamp.as_bytes(), b".", body]);
    let mut made = Vec::new();
    value::write_base64(&mut made, &message);
    let among = format!("{signatures} v1,{}", String::from_utf8_lossy(&made));
    let dated = timestamp.parse::<i64>().is_ok();
    assert_eq!(holds(&[&wrong, &right], &among), dated, "{among}");
    assert!(!holds(&[&wrong], &among));

    let hex: String = tag(&[body]).iter().map(|b| format!("{b:02x}")).collect();
    let signed = format!("sha256={hex}");
    assert!(github(&[&wrong, &right], body, &signed).is_ok());
    assert!(github(&[&wrong], body, &signed).is_err());
}

/// Follows a connection: its pieces say what the whole says. The first byte is their length.
pub fn framing(bytes: &[u8]) {
    let Some((size, stream)) = bytes.split_first() else {
        return;
    };
    let (mut whole, mut pieces) = (Framing::new(), Framing::new());
    let outcome = whole.look(stream);
    if let Err(refused) = &outcome {
        assert!(refused.at < stream.len());
    }
    let all = stream.chunks(usize::from(*size).max(1));
    let piecewise = all.into_iter().try_for_each(|piece| pieces.look(piece));
    assert_eq!(outcome.is_ok(), piecewise.is_ok());
    if outcome.is_ok() {
        let state = |f: &Framing| (f.has_begun(), f.is_in_head(), f.is_in_request());
        assert_eq!(state(&whole), state(&pieces));
    }
}
