//! The parameters of an import.

use crate::error::{Error, Fault};

/// What is done with each row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Mode {
    /// A new record.
    Create,
    /// A patch of the record that has these values of unique fields, or a new one.
    Upsert(Vec<String>),
}

/// What is asked for.
#[derive(Debug)]
pub(super) struct Options {
    pub(super) mode: Mode,
    /// Whether all rows or none are written.
    pub(super) atomic: bool,
    /// Whether keys that the database would assign, and what the application sets, are taken from
    /// the file.
    pub(super) keep: bool,
    /// Columns that are not called as their fields; `None` leaves one out.
    pub(super) map: Vec<(String, Option<String>)>,
}

const NAMES: &str = "mode, on, map, atomic, keys";

/// Reads the parameters, already percent-decoded.
pub(super) fn read(parameters: &[(String, String)]) -> Result<Options, Error> {
    let mut faults = Vec::new();
    let (mut upsert, mut atomic, mut keep) = (None, None, None);
    let (mut on, mut map) = (Vec::new(), Vec::new());
    for (name, text) in parameters {
        let slot = match name.as_str() {
            "mode" => Some((&mut upsert, ["create", "upsert"])),
            "atomic" => Some((&mut atomic, ["false", "true"])),
            "keys" => Some((&mut keep, ["new", "keep"])),
            _ => None,
        };
        match (name.as_str(), slot) {
            (_, Some((slot, words))) => {
                let place = words.iter().position(|word| word == text);
                let fault = match (place, &slot) {
                    (_, Some(_)) => ("duplicate", format!("{name} can be given once.")),
                    (None, None) => ("choice", format!("{name} is one of {}.", words.join(", "))),
                    (Some(place), None) => {
                        *slot = Some(place == 1);
                        continue;
                    }
                };
                faults.push(Fault::parameter(name, fault.0, fault.1));
            }
            ("on", _) => on.extend(text.split(',').map(ToOwned::to_owned)),
            ("map", _) => match text.split(',').map(pair).collect::<Option<Vec<_>>>() {
                Some(pairs) => map.extend(pairs),
                None => {
                    let detail = "map is a list of column:field; column: leaves a column out.";
                    faults.push(Fault::parameter(name, "map", detail));
                }
            },
            _ => {
                let detail = format!("There is no parameter {name:?} here; allowed: {NAMES}.");
                faults.push(Fault::parameter(name, "unknown_parameter", detail));
            }
        }
    }
    let upsert = upsert == Some(true);
    if upsert == on.is_empty() {
        let detail = "mode=upsert, and nothing else, names the fields of a unique key.";
        faults.push(Fault::parameter("on", "required", detail));
    }
    if let Some((name, _)) = twice(&map) {
        let detail = format!("map has the column {name:?} twice.");
        faults.push(Fault::parameter("map", "duplicate", detail));
    }
    if !faults.is_empty() {
        return Err(Error::malformed(faults));
    }
    let mode = if upsert {
        Mode::Upsert(on)
    } else {
        Mode::Create
    };
    Ok(Options {
        mode,
        atomic: atomic != Some(false),
        keep: keep == Some(true),
        map,
    })
}

/// `column:field`; a comma, a colon or a percent sign of a column's name is percent-encoded.
fn pair(text: &str) -> Option<(String, Option<String>)> {
    let (column, field) = text.rsplit_once(':')?;
    let column = percent_encoding::percent_decode_str(column)
        .decode_utf8()
        .ok()?;
    let field = Some(field.to_owned()).filter(|f| !f.is_empty());
    Some((column.into_owned(), field))
}

fn twice<T>(map: &[(String, T)]) -> Option<&(String, T)> {
    let mut pairs = map.iter().enumerate();
    let again = pairs.find(|(i, (name, _))| map[..*i].iter().any(|(n, _)| n == name));
    again.map(|(_, pair)| pair)
}
