//! What is wrong with a form: each fault at its control, and all of them at the top of the page.

use poem::http::StatusCode;

use crate::error::{Error, Fault, Kind};

use crate::admin::record::widget::Control;

/// The faults of a form, for the top of its page.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    /// Each with the anchor of its control; an empty anchor is a fault of the whole record.
    pub(crate) all: Vec<(String, String)>,
    status: Option<u16>,
}

impl Faults {
    /// Puts the faults of `error` to their controls.
    pub(crate) fn at(controls: &mut [Control], error: Option<&Error>) -> Self {
        let Some(error) = error else {
            return Self::default();
        };
        let mut faults = Self {
            all: Vec::new(),
            status: Some(error.kind.status()),
        };
        let at = |fault: &Fault| {
            let name = fault.field_name();
            controls.iter().position(|c| Some(&c.name) == name.as_ref())
        };
        let mut found: Vec<(Option<usize>, &Fault)> =
            error.faults.iter().map(|f| (at(f), f)).collect();
        found.sort_by_key(|(at, _)| *at);
        for (at, fault) in found {
            let control = at.and_then(|at| controls.get_mut(at));
            match control {
                Some(control) => {
                    let text = sentence(fault, &control.label, &control.name);
                    faults
                        .all
                        .push((format!("f-{}", control.name), text.clone()));
                    control.faults.push(text);
                }
                None => faults.all.push((String::new(), fault.detail.clone())),
            }
        }
        if error.faults.is_empty() {
            faults.all.push((String::new(), error.detail.to_string()));
        }
        faults
    }

    /// The status of the page.
    pub(crate) fn status(&self, without: StatusCode) -> StatusCode {
        self.status
            .and_then(|s| StatusCode::from_u16(s).ok())
            .unwrap_or(without)
    }
}

/// The fault's sentence with the field's label where it has the name of the API.
fn sentence(fault: &Fault, label: &str, name: &str) -> String {
    let detail = &fault.detail;
    match (
        detail.strip_prefix(name),
        detail.strip_suffix(&format!(" this {name}.")),
    ) {
        (Some(rest), _) if rest.starts_with(' ') => format!("{label}{rest}"),
        (_, Some(start)) => format!("{start} this {label}."),
        _ => detail.clone(),
    }
}

/// Whether a failed write is the user's to mend in the form.
pub(crate) fn mendable(error: &Error) -> bool {
    matches!(
        error.kind,
        Kind::Invalid | Kind::Conflict | Kind::PreconditionFailed
    ) || error.code == "row_rule"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_read_labels_and_not_names() {
        let fault = |detail: &str| Fault::field("unit_price", "x", detail);
        let text = |detail: &str| sentence(&fault(detail), "Unit price", "unit_price");
        assert_eq!(
            text("unit_price must be a number."),
            "Unit price must be a number."
        );
        assert_eq!(
            text("Another has this unit_price."),
            "Another has this Unit price."
        );
        assert_eq!(text("unit_prices differ."), "unit_prices differ.");
        assert_eq!(text("Another record has this."), "Another record has this.");
    }

    #[test]
    fn faults_without_a_control_are_said_at_the_top() {
        let error = Error::invalid(vec![Fault::field("gone", "x", "gone is odd.")]);
        let faults = Faults::at(&mut [], Some(&error));
        assert_eq!(faults.all, [(String::new(), "gone is odd.".to_owned())]);
        assert_eq!(
            faults.status(StatusCode::OK),
            StatusCode::UNPROCESSABLE_ENTITY
        );
        assert_eq!(
            Faults::at(&mut [], None).status(StatusCode::OK),
            StatusCode::OK
        );
    }
}
