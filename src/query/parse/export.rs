//! The parameters of `_export`: those of the list but what makes pages of it, and the format.

use crate::error::{Error, Fault};
use crate::model::ModelId;
use crate::query::Query;
use crate::query::cursor::Cursors;
use crate::query::path::Scope;

use super::list;

/// The parameters of the list that an export has not: it is the whole list, and one statement.
pub const NOT_EXPORTED: [&str; 6] = ["expand", "limit", "cursor", "page", "offset", "count"];

/// What a file is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Comma-separated values (RFC 4180).
    Csv,
    /// A JSON object on each line.
    Ndjson,
    /// A workbook.
    Xlsx,
}

impl Format {
    /// All of them, the default first.
    pub const ALL: [Self; 3] = [Self::Csv, Self::Ndjson, Self::Xlsx];

    /// The name in `format=`, and the end of the file's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Ndjson => "ndjson",
            Self::Xlsx => "xlsx",
        }
    }

    /// The format of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|f| f.name() == name)
    }

    /// The media type of the file.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv",
            Self::Ndjson => "application/x-ndjson",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        }
    }

    /// The media type with what a reader of the file is to know (RFC 4180, section 3).
    #[must_use]
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::Ndjson | Self::Xlsx => self.media_type(),
        }
    }
}

/// Parses the parameters of an export, already percent-decoded.
///
/// # Errors
/// One 400 with every fault.
pub fn export(
    scope: &mut Scope<'_>,
    model: ModelId,
    parameters: &[(String, String)],
    cursors: &Cursors,
) -> Result<(Format, Query), Error> {
    let mut faults = Vec::new();
    let mut format = None;
    let mut rest = Vec::new();
    for (name, text) in parameters {
        if NOT_EXPORTED.contains(&name.as_str()) {
            let detail = format!(
                "There is no parameter {name:?} here; allowed: format, sort, q, fields, conditions."
            );
            faults.push(Fault::parameter(name, "unknown_parameter", detail));
        } else if name != "format" {
            rest.push((name.clone(), text.clone()));
        } else if format.is_some() {
            let detail = "format can be given once.";
            faults.push(Fault::parameter(name, "duplicate", detail));
        } else {
            format = Some(Format::named(text).unwrap_or_else(|| {
                let names = Format::ALL.map(Format::name).join(", ");
                let detail = format!("format is one of {names}.");
                faults.push(Fault::parameter(name, "choice", detail));
                Format::Csv
            }));
        }
    }
    match list(scope, model, &rest, cursors) {
        Ok(query) if faults.is_empty() => Ok((format.unwrap_or(Format::Csv), query)),
        Ok(_) => Err(Error::malformed(faults)),
        Err(error) => {
            faults.extend(error.faults);
            Err(Error::malformed(faults))
        }
    }
}
