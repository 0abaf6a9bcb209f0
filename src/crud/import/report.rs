//! What is told of an import.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};

use crate::error::{Error, Fault, Kind};

/// Most faults that one answer lists.
const SHOWN: usize = 1_000;

/// Rows done and refused, as far as it has come.
#[derive(Debug, Default, Clone)]
pub(super) struct Report {
    pub(super) created: u64,
    pub(super) updated: u64,
    /// Rows that are not written.
    pub(super) failed: u64,
    faults: Vec<Fault>,
    /// How many faults there are in all.
    pub(super) found: u64,
    kind: Option<Kind>,
}

impl Report {
    /// Notes a row that cannot be written.
    pub(super) fn refuse(&mut self, error: &Error, located: Vec<Fault>) {
        self.failed += 1;
        self.found += located.len() as u64;
        // Of faults of several kinds it is a 422.
        self.kind = match self.kind {
            Some(kind) if kind != error.kind => Some(Kind::Invalid),
            _ => Some(error.kind),
        };
        let room = SHOWN - self.faults.len().min(SHOWN);
        self.faults.extend(located.into_iter().take(room));
    }

    /// The faults that are listed.
    pub(super) fn faults(&self) -> &[Fault] {
        &self.faults
    }

    /// The error that it comes to when all or none is written.
    pub(super) fn error(self, rows: u64) -> Option<Error> {
        let kind = self.kind?;
        let mut members = Map::new();
        members.insert("rows".to_owned(), rows.into());
        members.insert("error_count".to_owned(), self.found.into());
        let detail = format!(
            "Nothing was imported: {} of {rows} rows cannot be written.",
            self.failed
        );
        let error = Error {
            faults: self.faults,
            ..Error::new(kind, "import", detail)
        };
        Some(error.with(members))
    }

    /// As it is stored for a part of the import, to be added to the others by [`add`].
    pub(super) fn to_json(&self) -> Json {
        let faults: Vec<Json> = self.faults.iter().map(Fault::to_json).collect();
        json!({
            "created": self.created, "updated": self.updated, "failed": self.failed,
            "errors": faults, "error_count": self.found,
        })
    }
}

/// The whole report.
#[derive(Debug)]
pub(super) struct Whole {
    report: Map<String, Json>,
}

impl Whole {
    pub(super) fn new(atomic: bool, rows: u64, coerced: &BTreeMap<String, u64>) -> Self {
        let mut report = Map::new();
        for (name, value) in [
            ("rows", json!(rows)),
            ("created", json!(0)),
            ("updated", json!(0)),
            ("failed", json!(0)),
            ("coerced", json!(coerced)),
            ("errors", json!([])),
            ("error_count", json!(0)),
            ("atomic", json!(atomic)),
        ] {
            report.insert(name.to_owned(), value);
        }
        Self { report }
    }

    /// Adds what is told of a part.
    pub(super) fn add(&mut self, part: &Json) {
        for (name, total) in &mut self.report {
            match (total, part.get(name)) {
                (Json::Array(all), Some(Json::Array(more))) => {
                    let room = SHOWN - all.len().min(SHOWN);
                    all.extend(more.iter().take(room).cloned());
                }
                (Json::Number(sum), Some(Json::Number(n))) => {
                    let added = sum.as_u64().unwrap_or(0) + n.as_u64().unwrap_or(0);
                    *sum = added.into();
                }
                _ => {}
            }
        }
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        Json::Object(self.report).to_string().into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_so_many_faults_are_listed_and_all_are_counted() {
        let mut report = Report::default();
        let refused = Error::invalid(Vec::new());
        for i in 0..1_001 {
            let fault = Fault::pointer(format!("/rows/{i}"), "x", "x");
            report.refuse(&refused, vec![fault.clone(), fault]);
        }
        let mut whole = Whole::new(false, 1_001, &BTreeMap::new());
        whole.add(&report.to_json());
        whole.add(&report.to_json());
        let told: Json = serde_json::from_slice(&whole.into_bytes()).unwrap();
        assert_eq!(told["errors"].as_array().unwrap().len(), 1_000);
        assert_eq!(
            (&told["error_count"], &told["failed"]),
            (&json!(4_004), &json!(2_002))
        );
        let error = report.error(1_001).unwrap();
        assert_eq!((error.kind, error.faults.len()), (Kind::Invalid, 1_000));
    }
}
