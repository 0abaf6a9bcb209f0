//! Strict JSON from outside: [`Input`].
//!
//! `serde_json::Value` keeps the last of two equal keys and turns numbers into floats; a request
//! body must do neither. This tree keeps numbers as their text (so decimals stay exact), refuses
//! duplicate keys, and bounds depth and the number of members (R50). It knows nothing of models.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use serde_json::value::RawValue;

use crate::error::{Error, Fault, escape_pointer};

use super::members::members;

/// Deepest nesting of arrays and objects in a body.
pub const MAX_DEPTH: usize = 64;
/// Most object members in a body, all levels together.
pub const MAX_MEMBERS: usize = 10_000;
/// Most object members in a body of many records.
const MANY_MEMBERS: usize = 500_000;
/// Longest text of one number.
const MAX_NUMBER: usize = 128;
/// Members of an object that are compared each with each: a hash of each costs more.
const FEW: usize = 16;

/// A JSON value as it was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// A number, by its text.
    Number(String),
    /// A string.
    String(String),
    /// An array.
    Array(Vec<Input>),
    /// An object, in the order sent, keys unique.
    Object(Vec<(String, Input)>),
}

impl Input {
    /// Parses a request body.
    ///
    /// # Errors
    /// A 400 with a pointer to the first fault: not UTF-8, not JSON, a key twice, too deep, too many
    /// members, or a number whose text is longer than any column could hold.
    pub fn parse(body: &[u8]) -> Result<Self, Error> {
        Self::parse_within(body, MAX_MEMBERS)
    }

    /// Parses the body of a request that is about many records.
    ///
    /// # Errors
    /// As [`Self::parse`], but for fifty times as many members in all.
    pub fn parse_many(body: &[u8]) -> Result<Self, Error> {
        Self::parse_within(body, MANY_MEMBERS)
    }

    fn parse_within(body: &[u8], most: usize) -> Result<Self, Error> {
        let text = std::str::from_utf8(body)
            .map_err(|_| fault(At::Whole, "invalid_utf8", "The body is not valid UTF-8."))?;
        let raw: &RawValue = serde_json::from_str(text).map_err(|e| {
            fault(
                At::Whole,
                "invalid_json",
                format!("The body is not valid JSON: {e}."),
            )
        })?;
        Reader { members: 0, most }.read(raw, At::Whole, 0)
    }

    /// The object's members.
    ///
    /// # Errors
    /// What `refuse` makes of the fault that it is not an object: a record that breaks its rules is
    /// a 422, a query that cannot be understood a 400.
    pub fn into_object(
        self,
        refuse: impl FnOnce(Vec<Fault>) -> Error,
    ) -> Result<Vec<(String, Input)>, Error> {
        match self {
            Self::Object(members) => Ok(members),
            _ => Err(refuse(vec![Fault::pointer(
                String::new(),
                "type",
                "The body must be a JSON object.",
            )])),
        }
    }

    /// The member of that name, when this is an object that has it.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Input> {
        match self {
            Self::Object(members) => members.iter().find(|(k, _)| k == name).map(|(_, v)| v),
            _ => None,
        }
    }

    /// The word for this JSON type, for messages.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::String(_) => "a string",
            Self::Array(_) => "an array",
            Self::Object(_) => "an object",
        }
    }

    /// The same value for a JSON column.
    ///
    /// # Errors
    /// The text of a number that JSON columns could not keep exactly.
    pub fn to_json(&self) -> Result<serde_json::Value, String> {
        use serde_json::Value as Json;
        Ok(match self {
            Self::Null => Json::Null,
            Self::Bool(b) => Json::Bool(*b),
            Self::Number(text) => Json::Number(exact_number(text).ok_or_else(|| text.clone())?),
            Self::String(s) => Json::String(s.clone()),
            Self::Array(items) => {
                Json::Array(items.iter().map(Self::to_json).collect::<Result<_, _>>()?)
            }
            Self::Object(members) => Json::Object(
                members
                    .iter()
                    .map(|(k, v)| Ok((k.clone(), v.to_json()?)))
                    .collect::<Result<_, String>>()?,
            ),
        })
    }

    /// Whether any string or key in it contains NUL, which PostgreSQL cannot store.
    #[must_use]
    pub fn contains_nul(&self) -> bool {
        match self {
            Self::String(s) => s.contains('\0'),
            Self::Array(items) => items.iter().any(Self::contains_nul),
            Self::Object(m) => m.iter().any(|(k, v)| k.contains('\0') || v.contains_nul()),
            Self::Null | Self::Bool(_) | Self::Number(_) => false,
        }
    }
}

impl From<&serde_json::Value> for Input {
    fn from(value: &serde_json::Value) -> Self {
        use serde_json::Value as Json;
        match value {
            Json::Null => Self::Null,
            Json::Bool(b) => Self::Bool(*b),
            Json::Number(n) => Self::Number(n.to_string()),
            Json::String(s) => Self::String(s.clone()),
            Json::Array(items) => Self::Array(items.iter().map(Into::into).collect()),
            Json::Object(m) => Self::Object(m.iter().map(|(k, v)| (k.clone(), v.into())).collect()),
        }
    }
}

/// A JSON number that keeps every digit of `text`, if there is one.
fn exact_number(text: &str) -> Option<serde_json::Number> {
    if let Ok(n) = text.parse::<i64>() {
        return Some(n.into());
    }
    if let Ok(n) = text.parse::<u64>() {
        return Some(n.into());
    }
    if !text.contains(['.', 'e', 'E']) {
        return None;
    }
    let mantissa = text.split(['e', 'E']).next().unwrap_or(text);
    let digits = mantissa
        .trim_start_matches(['-', '0', '.'])
        .chars()
        .filter(char::is_ascii_digit);
    let float: f64 = text.parse().ok()?;
    // Up to 17 significant digits survive the way through a double (IEEE 754, section 5.12.2).
    if digits.count() > 17 {
        None
    } else {
        serde_json::Number::from_f64(float)
    }
}

/// Where in a body a value is: the way to it from the whole. It is written only for a fault.
#[derive(Clone, Copy)]
enum At<'a> {
    Whole,
    Member(&'a At<'a>, &'a str),
    Item(&'a At<'a>, usize),
}

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole => Ok(()),
            Self::Member(of, name) => write!(f, "{of}/{}", escape_pointer(name)),
            Self::Item(of, index) => write!(f, "{of}/{index}"),
        }
    }
}

fn fault(at: At<'_>, code: &'static str, detail: impl Into<String>) -> Error {
    Error::malformed(vec![Fault::pointer(at.to_string(), code, detail)])
}

struct Reader {
    members: usize,
    most: usize,
}

impl Reader {
    /// One level at a time: the raw text of each member is kept by `RawValue` and read in its turn,
    /// so that a number is seen as text and a bomb of brackets is met with a counter, not a stack.
    fn read(&mut self, raw: &RawValue, at: At<'_>, depth: usize) -> Result<Input, Error> {
        let text = raw.get();
        match text.as_bytes().first() {
            Some(b'{') => self.object(text, at, depth + 1),
            Some(b'[') => self.array(text, at, depth + 1),
            Some(b'"') => serde_json::from_str(text)
                .map(Input::String)
                .map_err(|e| fault(at, "invalid_string", format!("Not a valid string: {e}."))),
            Some(b't') => Ok(Input::Bool(true)),
            Some(b'f') => Ok(Input::Bool(false)),
            Some(b'n') => Ok(Input::Null),
            _ if text.len() > MAX_NUMBER => Err(fault(
                at,
                "number_too_long",
                format!("A number may have at most {MAX_NUMBER} characters."),
            )),
            _ => Ok(Input::Number(text.to_owned())),
        }
    }

    fn object(&mut self, text: &str, at: At<'_>, depth: usize) -> Result<Input, Error> {
        check_depth(at, depth)?;
        let members = members(text, MAX_MEMBERS)
            .map_err(|e| fault(at, "invalid_json", format!("Not a valid object: {e}.")))?;
        self.members += members.len();
        if self.members > self.most {
            let detail = format!("A body may have at most {} members.", self.most);
            return Err(fault(at, "too_many_members", detail));
        }
        if let Some(name) = twice(&members) {
            let at = At::Member(&at, name);
            let detail = format!("The key {name:?} is twice.");
            return Err(fault(at, "duplicate_key", detail));
        }
        let mut out = Vec::with_capacity(members.len());
        for (name, raw) in members {
            let value = self.read(raw, At::Member(&at, &name), depth)?;
            out.push((name.into_owned(), value));
        }
        Ok(Input::Object(out))
    }

    fn array(&mut self, text: &str, at: At<'_>, depth: usize) -> Result<Input, Error> {
        check_depth(at, depth)?;
        let items: Vec<&RawValue> = serde_json::from_str(text)
            .map_err(|e| fault(at, "invalid_json", format!("Not a valid array: {e}.")))?;
        let items = items.into_iter().enumerate();
        items
            .map(|(index, raw)| self.read(raw, At::Item(&at, index), depth))
            .collect::<Result<_, _>>()
            .map(Input::Array)
    }
}

/// A name that comes twice.
fn twice<'m>(members: &'m [(Cow<'_, str>, &RawValue)]) -> Option<&'m str> {
    let mut names = members.iter().map(|(name, _)| &**name);
    if members.len() <= FEW {
        let mut rest = members;
        return names.find(|name| {
            rest = &rest[1..];
            rest.iter().any(|(other, _)| other == name)
        });
    }
    let mut seen = HashSet::with_capacity(members.len());
    names.find(|name| !seen.insert(*name))
}

fn check_depth(at: At<'_>, depth: usize) -> Result<(), Error> {
    if depth > MAX_DEPTH {
        let detail = format!("At most {MAX_DEPTH} levels are read.");
        // The pointer itself would be as long as the bomb: name its beginning.
        let mut pointer = at.to_string();
        pointer.truncate(pointer.floor_char_boundary(100));
        let fault = Fault::pointer(pointer, "too_deep", detail);
        return Err(Error::malformed(vec![fault]));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Place;

    fn code(body: &[u8]) -> &'static str {
        Input::parse(body).unwrap_err().faults[0].code
    }

    #[test]
    fn numbers_keep_their_digits() {
        let input = Input::parse(br#"{"price":10.10,"n":18446744073709551615}"#).unwrap();
        assert_eq!(input.get("price"), Some(&Input::Number("10.10".into())));
        assert_eq!(
            input.get("n"),
            Some(&Input::Number("18446744073709551615".into()))
        );
    }

    #[test]
    fn r50_duplicate_keys_depth_and_bad_text_are_refused() {
        assert_eq!(code(br#"{"a":1,"a":2}"#), "duplicate_key");
        let many: Vec<_> = (0..30).map(|i| format!("\"k{}\":1", i % 29)).collect();
        let many = format!("{{\"x\":[0,{{{}}}]}}", many.join(","));
        let refused = Input::parse(many.as_bytes()).unwrap_err();
        assert_eq!(refused.faults[0].code, "duplicate_key");
        let place = Place::Pointer("/x/1/k0".to_owned());
        assert_eq!(refused.faults[0].place, place);
        assert_eq!(code(br#"{"x":[{"a":1,"\u0061":2}]}"#), "duplicate_key");
        assert_eq!(code(b"{\"a\":\"\xff\"}"), "invalid_utf8");
        assert_eq!(code(br#"{"a":"\ud800"}"#), "invalid_string");
        assert_eq!(code(br#"{"a":1"#), "invalid_json");
        assert_eq!(code(b""), "invalid_json");
        let at_limit = format!("{}1{}", "[".repeat(64), "]".repeat(64));
        assert!(Input::parse(at_limit.as_bytes()).is_ok());
        let over = format!("{}1{}", "[".repeat(65), "]".repeat(65));
        assert_eq!(code(over.as_bytes()), "too_deep");
    }

    #[test]
    fn d14_bombs_are_refused_without_a_deep_stack() {
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(code(deep.as_bytes()), "too_deep");
        let unclosed = "{\"a\":".repeat(100_000);
        assert_eq!(code(unclosed.as_bytes()), "invalid_json");
        let wide = (0..20_000)
            .map(|i| format!("\"k{i}\":1"))
            .collect::<Vec<_>>()
            .join(",");
        assert!(matches!(
            code(format!("{{{wide}}}").as_bytes()),
            "too_many_members" | "invalid_json"
        ));
        assert_eq!(
            code(format!("{{\"n\":{}}}", "9".repeat(1_000_000)).as_bytes()),
            "number_too_long"
        );
    }

    #[test]
    fn a66_json_columns_refuse_numbers_they_cannot_keep() {
        let json = |text: &str| Input::Number(text.into()).to_json();
        assert!(json("0.1").is_ok() && json("1e3").is_ok() && json("-9007199254740993").is_ok());
        assert!(json("1e1000000").is_err());
        assert!(json("123456789012345678901234567890").is_err());
        assert!(json("3.14159265358979323846264").is_err());
    }
}
