//! What a start-up check finds: a stable id, the place, and a hint. The checks themselves stand
//! beside what they check; `quarterdeck check` prints them and `serve` refuses to start on an error.

use std::fmt;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Works, but probably not as meant.
    Warning,
    /// Cannot be served.
    Error,
}

/// A mis-declaration found at start-up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Stable id such as `model.E003`.
    pub id: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What it is about, for example a model or a plugin.
    pub place: String,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: String,
}

impl Finding {
    /// An error.
    #[must_use]
    pub fn error(id: &'static str, place: &str, message: String, hint: &str) -> Self {
        Self {
            id,
            severity: Severity::Error,
            place: place.into(),
            message,
            hint: hint.into(),
        }
    }

    /// A warning.
    #[must_use]
    pub fn warning(id: &'static str, place: &str, message: String, hint: &str) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::error(id, place, message, hint)
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Warning => "warning",
            Severity::Error => "error",
        };
        write!(
            f,
            "{severity}[{}] {}: {}",
            self.id, self.place, self.message
        )?;
        if self.hint.is_empty() {
            Ok(())
        } else {
            write!(f, "\n  hint: {}", self.hint)
        }
    }
}
