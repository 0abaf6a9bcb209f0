//! The one error type of the operations, and how it becomes a problem document (RFC 9457).
//!
//! Policy:
//! * An [`Error`] says what the *caller* may know: a kind (which fixes the HTTP status), a stable
//!   machine-readable code, one sentence, and every fault at its place. It never holds SQL, a path
//!   or a value the caller did not send.
//! * What only the operator may know travels as the `source` and is logged once, at the door.
//! * A row that the caller may not see is [`Error::not_found`], built without arguments, so that it
//!   cannot differ from a row that does not exist.
//!
//! No HTML lives here: the pages render an `Error` themselves.

use std::borrow::Cow;

use serde_json::{Map, Value, json};

/// Result of an operation.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What kind of failure this is; each kind is one HTTP status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// 400: the request cannot be understood, or names something that does not exist.
    Malformed,
    /// 401: nobody is logged in.
    Unauthenticated,
    /// 403: the caller has other verbs on this model, not this one.
    Forbidden,
    /// 404: unknown, or invisible to the caller.
    NotFound,
    /// 405: the path exists, the method does not.
    MethodNotAllowed,
    /// 409: a unique or foreign key stands against the write.
    Conflict,
    /// 412: the record is not as the caller demanded.
    PreconditionFailed,
    /// 413: the body is larger than allowed.
    TooLarge,
    /// 415: the body has a media type that is not accepted.
    UnsupportedMedia,
    /// 422: the body is well formed, its values are not acceptable.
    Invalid,
    /// 428: the model demands that the caller says which state of the record it knows.
    PreconditionRequired,
    /// 429: a rate limit was reached.
    TooManyRequests,
    /// 500: our fault.
    Internal,
    /// 503: the database or a queue cannot take the request now.
    Unavailable,
}

impl Kind {
    /// The HTTP status code.
    #[must_use]
    pub fn status(self) -> u16 {
        match self {
            Self::Malformed => 400,
            Self::Unauthenticated => 401,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::Conflict => 409,
            Self::PreconditionFailed => 412,
            Self::TooLarge => 413,
            Self::UnsupportedMedia => 415,
            Self::Invalid => 422,
            Self::PreconditionRequired => 428,
            Self::TooManyRequests => 429,
            Self::Internal => 500,
            Self::Unavailable => 503,
        }
    }

    /// The short human title, the same for every problem of this kind.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Malformed => "Bad request",
            Self::Unauthenticated => "Authentication required",
            Self::Forbidden => "Not permitted",
            Self::NotFound => "Not found",
            Self::MethodNotAllowed => "Method not allowed",
            Self::Conflict => "Conflict",
            Self::PreconditionFailed => "Precondition failed",
            Self::TooLarge => "Content too large",
            Self::UnsupportedMedia => "Unsupported media type",
            Self::Invalid => "Validation failed",
            Self::PreconditionRequired => "Precondition required",
            Self::TooManyRequests => "Too many requests",
            Self::Internal => "Internal error",
            Self::Unavailable => "Temporarily unavailable",
        }
    }
}

/// Where in the request a fault is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A JSON pointer (RFC 6901) into the body; empty for the whole body.
    Pointer(String),
    /// A query parameter, header or path parameter by name.
    Parameter(String),
}

/// One thing that is wrong with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where it is.
    pub place: Place,
    /// A stable code such as `required` or `too_long`.
    pub code: &'static str,
    /// One sentence for a person.
    pub detail: String,
}

impl Fault {
    /// A fault at one member of the body's top-level object.
    #[must_use]
    pub fn field(name: &str, code: &'static str, detail: impl Into<String>) -> Self {
        Self::pointer(format!("/{}", escape_pointer(name)), code, detail)
    }

    /// A fault at a JSON pointer.
    #[must_use]
    pub fn pointer(pointer: String, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            place: Place::Pointer(pointer),
            code,
            detail: detail.into(),
        }
    }

    /// A fault at a query parameter.
    #[must_use]
    pub fn parameter(name: &str, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            place: Place::Parameter(name.to_owned()),
            code,
            detail: detail.into(),
        }
    }

    /// The name of the top-level body field this fault is about, if it is about one.
    #[must_use]
    pub fn field_name(&self) -> Option<String> {
        match &self.place {
            Place::Pointer(p) => {
                let first = p.strip_prefix('/')?.split('/').next()?;
                Some(first.replace("~1", "/").replace("~0", "~"))
            }
            Place::Parameter(_) => None,
        }
    }

    /// The same fault of a body that is itself at `pointer` in a larger one.
    #[must_use]
    pub fn within(&self, pointer: &str) -> Self {
        let place = match &self.place {
            Place::Pointer(own) => Place::Pointer(format!("{pointer}{own}")),
            Place::Parameter(name) => Place::Parameter(name.clone()),
        };
        Self {
            place,
            code: self.code,
            detail: self.detail.clone(),
        }
    }

    pub(crate) fn to_json(&self) -> Value {
        let (key, place) = match &self.place {
            Place::Pointer(p) => ("pointer", p),
            Place::Parameter(p) => ("parameter", p),
        };
        json!({ key: place, "code": self.code, "detail": self.detail })
    }
}

/// Escapes one reference token of a JSON pointer (RFC 6901, section 3).
#[must_use]
pub fn escape_pointer(token: &str) -> Cow<'_, str> {
    if token.contains(['~', '/']) {
        Cow::Owned(token.replace('~', "~0").replace('/', "~1"))
    } else {
        Cow::Borrowed(token)
    }
}

/// A failed operation. See the module's policy.
#[derive(Debug, thiserror::Error)]
#[error("{code}: {detail}")]
pub struct Error {
    /// What kind of failure.
    pub kind: Kind,
    /// A stable code.
    pub code: &'static str,
    /// One sentence for a person.
    pub detail: Cow<'static, str>,
    /// Every fault of the request.
    pub faults: Vec<Fault>,
    /// Seconds after which the same request may succeed.
    pub retry_after: Option<u64>,
    /// Further members of the problem document (RFC 9457, section 3.2).
    pub members: Option<Box<Map<String, Value>>>,
    /// The methods the path has, for [`Kind::MethodNotAllowed`].
    pub allow: Option<Cow<'static, str>>,
    /// What only the operator may know.
    #[source]
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// The same to the caller; what the operator was to know stays with the first.
    pub(crate) fn again(&self) -> Self {
        Self {
            kind: self.kind,
            code: self.code,
            detail: self.detail.clone(),
            faults: self.faults.clone(),
            retry_after: self.retry_after,
            members: self.members.clone(),
            allow: self.allow.clone(),
            source: None,
        }
    }

    /// An error without faults.
    #[must_use]
    pub fn new(kind: Kind, code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            kind,
            code,
            detail: detail.into(),
            faults: Vec::new(),
            retry_after: None,
            members: None,
            allow: None,
            source: None,
        }
    }

    /// 404, always the same bytes.
    #[must_use]
    pub fn not_found() -> Self {
        Self::new(
            Kind::NotFound,
            "not_found",
            "There is nothing here that you can see.",
        )
    }

    /// 401.
    #[must_use]
    pub fn unauthenticated() -> Self {
        Self::new(
            Kind::Unauthenticated,
            "unauthenticated",
            "Log in, or send an API token as `Authorization: Bearer …`.",
        )
    }

    /// 403 for a verb.
    #[must_use]
    pub fn forbidden(verb: &str) -> Self {
        Self::new(
            Kind::Forbidden,
            "forbidden",
            format!("You may not {verb} here."),
        )
    }

    /// 400 with its faults.
    #[must_use]
    pub fn malformed(faults: Vec<Fault>) -> Self {
        let detail = summary(&faults, "The request cannot be understood.");
        Self {
            faults,
            ..Self::new(Kind::Malformed, "bad_request", detail)
        }
    }

    /// 400 with one fault at a parameter.
    #[must_use]
    pub fn parameter(name: &str, code: &'static str, detail: impl Into<String>) -> Self {
        Self::malformed(vec![Fault::parameter(name, code, detail)])
    }

    /// 422 with its faults.
    #[must_use]
    pub fn invalid(faults: Vec<Fault>) -> Self {
        let detail = summary(&faults, "The values are not acceptable.");
        Self {
            faults,
            ..Self::new(Kind::Invalid, "invalid", detail)
        }
    }

    /// 500; the source is for the log only.
    #[must_use]
    pub fn internal(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self {
            source: Some(source.into()),
            ..Self::new(
                Kind::Internal,
                "internal",
                "Something went wrong on our side; it has been logged under this request id.",
            )
        }
    }

    /// 503 with the seconds after which to try again.
    #[must_use]
    pub fn unavailable(code: &'static str, detail: &'static str, retry_after: u64) -> Self {
        Self {
            retry_after: Some(retry_after),
            ..Self::new(Kind::Unavailable, code, detail)
        }
    }

    /// Adds members to the problem document.
    #[must_use]
    pub fn with(mut self, members: Map<String, Value>) -> Self {
        self.members = Some(Box::new(members));
        self
    }

    /// Adds the operator's side of the story.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The problem document (RFC 9457) for this error.
    #[must_use]
    pub fn problem(&self, request_id: &str) -> Value {
        let mut doc = Map::new();
        doc.insert("type".into(), json!("about:blank"));
        doc.insert("title".into(), json!(self.kind.title()));
        doc.insert("status".into(), json!(self.kind.status()));
        doc.insert("code".into(), json!(self.code));
        doc.insert("detail".into(), json!(self.detail));
        doc.insert("request_id".into(), json!(request_id));
        if !self.faults.is_empty() {
            doc.insert(
                "errors".into(),
                self.faults.iter().map(Fault::to_json).collect(),
            );
        }
        for (name, value) in self.members.iter().flat_map(|m| m.iter()) {
            doc.insert(name.clone(), value.clone());
        }
        Value::Object(doc)
    }
}

fn summary(faults: &[Fault], none: &'static str) -> Cow<'static, str> {
    match faults {
        [] => none.into(),
        [one] => one.detail.clone().into(),
        many => format!("{} faults; see `errors`.", many.len()).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r59_a_problem_names_every_fault_and_no_source() {
        let error = Error::invalid(vec![
            Fault::field("a/b", "required", "a/b is required."),
            Fault::parameter("limit", "too_large", "limit is at most 100."),
        ])
        .because("SELECT secret FROM t");
        let text = error.problem("r1").to_string();
        assert!(text.contains(r#""pointer":"/a~1b""#), "{text}");
        assert!(text.contains(r#""parameter":"limit""#), "{text}");
        assert!(text.contains(r#""status":422"#) && text.contains(r#""request_id":"r1""#));
        assert!(!text.contains("SELECT"), "{text}");
    }

    #[test]
    fn a_fault_gives_back_its_field_name() {
        let fault = Fault::field("a/b~c", "x", "x");
        assert_eq!(fault.field_name().as_deref(), Some("a/b~c"));
        assert_eq!(Fault::parameter("q", "x", "x").field_name(), None);
    }
}
