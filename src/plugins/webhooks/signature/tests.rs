//! Signatures of both schemes, right and wrong.

use standardwebhooks::Webhook;

use super::*;

const NOW: i64 = 1_700_000_000;
const BODY: &[u8] = br#"{"type":"invoice.paid","data":{"id":7}}"#;
const SECRET: &str = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const GITHUB: &str = "It's a Secret to Everybody";

fn key(secret: &str) -> Key {
    Key(BASE64.decode(secret).unwrap())
}

fn signed(id: &str, at: i64, body: &[u8]) -> String {
    let webhook = Webhook::new(&format!("whsec_{SECRET}")).unwrap();
    webhook.sign(id, at, body).unwrap()
}

fn holds(id: &str, at: &str, body: &[u8], signatures: &str) -> Result<(), Refusal> {
    standard(&[&key(SECRET)], (id, at), body, (signatures, NOW))
}

/// Every text that differs from `text` in one byte, one bit of it turned.
fn tampered(text: &str) -> impl Iterator<Item = String> {
    (0..text.len()).flat_map(move |at| {
        (0..8).filter_map(move |bit| {
            let mut bytes = text.as_bytes().to_vec();
            bytes[at] ^= 1 << bit;
            String::from_utf8(bytes).ok()
        })
    })
}

#[test]
fn r45_a_message_that_the_reference_library_signed_is_believed() {
    let signature = signed("msg_1", NOW, BODY);
    let at = NOW.to_string();
    assert_eq!(holds("msg_1", &at, BODY, &signature), Ok(()));
    let empty = signed("msg_2", NOW, b"");
    assert_eq!(holds("msg_2", &at, b"", &empty), Ok(()));
}

#[test]
fn r45_a_message_that_we_sign_is_believed_by_the_reference_library() {
    let at = chrono::Utc::now().timestamp().to_string();
    let mac = authenticate(&key(SECRET), &[b"msg_1.", at.as_bytes(), b".", BODY]);
    let mut headers = poem::http::HeaderMap::new();
    let signature = format!("v1,{}", BASE64.encode(mac));
    for (name, value) in [
        ("webhook-id", "msg_1"),
        ("webhook-timestamp", &at),
        ("webhook-signature", &signature),
    ] {
        headers.insert(name, value.parse().unwrap());
    }
    let webhook = Webhook::new(SECRET).unwrap();
    webhook.verify(BODY, &headers).unwrap();
}

#[test]
fn r45_each_byte_of_body_id_timestamp_and_signature_counts() {
    let (id, at) = ("msg_1", NOW.to_string());
    let signature = signed(id, NOW, BODY);
    let body = std::str::from_utf8(BODY).unwrap();
    for other in tampered(body) {
        assert!(
            holds(id, &at, other.as_bytes(), &signature).is_err(),
            "{other}"
        );
    }
    for other in tampered(id) {
        assert!(holds(&other, &at, BODY, &signature).is_err(), "{other}");
    }
    for other in tampered(&at) {
        assert!(holds(id, &other, BODY, &signature).is_err(), "{other}");
    }
    for other in tampered(&signature) {
        assert!(holds(id, &at, BODY, &other).is_err(), "{other}");
    }
    for short in 0..BODY.len() {
        assert!(holds(id, &at, &BODY[..short], &signature).is_err());
    }
    for short in 0..signature.len() {
        assert!(holds(id, &at, BODY, &signature[..short]).is_err());
    }
}

#[test]
fn r45_a_list_is_believed_for_any_one_signature_of_version_1() {
    let (id, at) = ("msg_1", NOW.to_string());
    let good = signed(id, NOW, BODY);
    let other = format!("v1,{}", BASE64.encode([0; 32]));
    assert!(holds(id, &at, BODY, &format!("v1a,xyz {other} {good}")).is_ok());
    let asymmetric = good.replacen("v1,", "v1a,", 1);
    for bad in ["", " ", "v1", "v1,", &other, &asymmetric, &good[3..]] {
        let refused = holds(id, &at, BODY, bad);
        assert_eq!(refused, Err(Refusal::Signature), "{bad:?}");
    }
}

#[test]
fn r45_while_a_secret_is_replaced_both_are_good() {
    let (old, new) = (key(SECRET), Key(vec![9; 32]));
    let signature = signed("msg_1", NOW, BODY);
    let at = NOW.to_string();
    let check = |keys: &[&Key]| standard(keys, ("msg_1", &at), BODY, (&signature, NOW));
    assert_eq!(check(&[&new, &old]), Ok(()));
    assert_eq!(check(&[&old, &new]), Ok(()));
    assert_eq!(check(&[&new]), Err(Refusal::Signature));
    assert_eq!(check(&[]), Err(Refusal::Signature));
}

#[test]
fn r45_a_message_is_good_for_five_minutes_around_its_timestamp() {
    for (off, outcome) in [
        (-301, Err(Refusal::Stale)),
        (-300, Ok(())),
        (300, Ok(())),
        (301, Err(Refusal::Stale)),
        (i64::MAX - NOW, Err(Refusal::Stale)),
    ] {
        let at = NOW + off;
        let signature = signed("msg_1", at, BODY);
        assert_eq!(
            holds("msg_1", &at.to_string(), BODY, &signature),
            outcome,
            "{off}"
        );
    }
}

/// The example of GitHub's documentation, "Validating webhook deliveries".
#[test]
fn r45_githubs_own_example_is_believed_and_nothing_beside_it() {
    let body = "Hello, World!";
    let signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
    let secret = Key(GITHUB.as_bytes().to_vec());
    let check = |body: &str, signature: &str| github(&[&secret], body.as_bytes(), signature);
    assert_eq!(check(body, signature), Ok(()));
    for other in tampered(body) {
        assert!(check(&other, signature).is_err(), "{other}");
    }
    for other in tampered(signature) {
        assert!(check(body, &other).is_err(), "{other}");
    }
    for bad in ["", "sha256=", &signature[7..], &signature[..70], "sha1=00"] {
        assert!(check(body, bad).is_err(), "{bad}");
    }
    let new = Key(vec![1; 16]);
    assert!(github(&[&new, &secret], body.as_bytes(), signature).is_ok());
    assert!(github(&[&new], body.as_bytes(), signature).is_err());
}
