//! What is told of many operations.

use serde_json::json;

use crate::crud::Written;
use crate::crud::work::Work;
use crate::error::{Error, Fault, Kind};
use crate::model::value;

use super::part::Part;

/// Most faults that one problem lists.
const FAULTS: usize = 1_000;

/// The report of a request, as far as it has come.
pub(super) struct Report {
    atomic: bool,
    results: Vec<u8>,
    succeeded: usize,
    failed: usize,
    /// Of an atomic list, the error that all of it comes to.
    error: Option<Error>,
}

impl Report {
    pub(super) fn new(atomic: bool) -> Self {
        Self {
            atomic,
            results: Vec::new(),
            succeeded: 0,
            failed: 0,
            error: None,
        }
    }

    /// An operation that was done; `id` is its record's.
    pub(super) fn done(&mut self, part: &Part, id: Option<String>) {
        let status = match (part.verb, &id) {
            ("create", _) => 201,
            (_, None) => 204,
            _ => 200,
        };
        self.succeeded += 1;
        self.begin(part, status);
        if let Some(id) = id {
            self.results.extend_from_slice(b",\"id\":");
            value::write_string(&mut self.results, &id);
        }
        self.results.push(b'}');
    }

    /// An operation that failed.
    pub(super) fn failed(
        &mut self,
        work: &mut Work<'_>,
        (index, part): (usize, &Part),
        error: &Error,
    ) {
        self.failed += 1;
        let at = format!("/operations/{index}");
        if let Some(trial) = &mut work.trial {
            trial.violated(&at, error);
        } else if self.atomic {
            self.add(&at, error);
        } else {
            let status = error.kind.status();
            self.begin(part, status);
            let problem = error.problem(&work.ctx.request_id);
            self.results.extend_from_slice(b",\"error\":");
            self.results
                .extend_from_slice(problem.to_string().as_bytes());
            self.results.push(b'}');
        }
    }

    fn begin(&mut self, part: &Part, status: u16) {
        if !self.results.is_empty() {
            self.results.push(b',');
        }
        let text = format!("{{\"verb\":\"{}\",\"status\":{status}", part.verb);
        self.results.extend_from_slice(text.as_bytes());
    }

    /// Adds an operation's faults to those of the whole: of faults of several kinds it is a 422.
    fn add(&mut self, at: &str, error: &Error) {
        let whole = self.error.get_or_insert_with(|| {
            Error::new(
                error.kind,
                "bulk",
                "Nothing was changed: some operations cannot be done.",
            )
        });
        if whole.kind != error.kind {
            whole.kind = Kind::Invalid;
        }
        if whole.faults.len() >= FAULTS {
            return;
        }
        if error.faults.is_empty() {
            let detail = error.detail.clone();
            whole
                .faults
                .push(Fault::pointer(at.to_owned(), error.code, detail));
        }
        let data = format!("{at}/data");
        whole
            .faults
            .extend(error.faults.iter().map(|f| f.within(&data)));
    }

    /// The answer.
    pub(super) fn end(self) -> Result<Option<Written>, Error> {
        if let Some(error) = self.error {
            return Err(error);
        }
        let mut body = b"{\"results\":[".to_vec();
        body.extend(self.results);
        let rest = json!({
            "succeeded": self.succeeded, "failed": self.failed, "atomic": self.atomic,
        });
        body.extend_from_slice(b"],");
        body.extend_from_slice(&rest.to_string().as_bytes()[1..]);
        Ok(Some(Written {
            body,
            ..Written::default()
        }))
    }
}
