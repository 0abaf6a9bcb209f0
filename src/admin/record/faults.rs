//! What is wrong with a form: each fault at its control, and all of them at the top of the page.

use poem::http::StatusCode;

use crate::admin::record::draft::Draft;
use crate::admin::record::inline::Block;
use crate::admin::record::widget::Control;
use crate::error::{Error, Fault, Kind, Place};
use crate::model::FieldId;
use crate::page::words::told;

/// The faults of a form, for the top of its page.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    /// Each with the anchor of its control; an empty anchor is a fault of the whole record.
    pub(crate) all: Vec<(String, String)>,
    status: Option<u16>,
}

impl Faults {
    /// Puts the faults of a draft to their controls, in the record and in its child rows.
    pub(crate) fn at(
        controls: &mut [(FieldId, Control)],
        blocks: &mut [Block],
        draft: Option<&Draft>,
    ) -> Self {
        let Some((draft, error)) = draft.and_then(|d| Some((d, d.error.as_ref()?))) else {
            return Self::default();
        };
        let mut faults = Self {
            all: Vec::new(),
            status: Some(error.kind.status()),
        };
        let mut own: Vec<(Option<usize>, &Fault)> = Vec::new();
        for fault in &error.faults {
            if !faults.in_row(blocks, draft, fault) {
                let name = fault.field_name();
                let at = controls
                    .iter()
                    .position(|(_, c)| Some(&c.field) == name.as_ref());
                own.push((at, fault));
            }
        }
        own.sort_by_key(|(at, _)| *at);
        let rows = std::mem::take(&mut faults.all);
        for (at, fault) in own {
            let control = at.and_then(|at| controls.get_mut(at));
            match control {
                Some((_, control)) => faults.put(control, fault),
                None => faults.all.push((String::new(), told(&fault.detail))),
            }
        }
        faults.all.extend(rows);
        if error.faults.is_empty() {
            faults.all.push((String::new(), told(&error.detail)));
        }
        faults
    }

    fn put(&mut self, control: &mut Control, fault: &Fault) {
        let text = sentence(fault, &control.label, &control.field);
        self.all.push((format!("f-{}", control.name), text.clone()));
        control.faults.push(text);
    }

    /// Puts a fault such as `/order_line/2/quantity` to its child row; whether it is one.
    fn in_row(&mut self, blocks: &mut [Block], draft: &Draft, fault: &Fault) -> bool {
        let Place::Pointer(pointer) = &fault.place else {
            return false;
        };
        let mut steps = pointer.split('/').skip(1);
        let (Some(name), Some(at)) = (steps.next(), steps.next()) else {
            return false;
        };
        let places = draft.places.iter().find(|(of, _)| of == name);
        let number = at.parse::<usize>().ok();
        let number = number.and_then(|at| places?.1.get(at).copied());
        let block = blocks.iter_mut().find(|block| block.name == name);
        let lines = block.into_iter().flat_map(|block| &mut block.rows);
        let mut of = lines.filter(|line| number.is_some() && line.number == number);
        let Some(line) = of.next() else {
            return false;
        };
        let field = steps.next();
        match line
            .controls
            .iter_mut()
            .find(|c| Some(c.field.as_str()) == field)
        {
            Some(control) if control.fixed.is_none() => {
                let own = Fault::field(&control.field, fault.code, fault.detail.clone());
                self.put(control, &own);
            }
            _ => {
                let anchor = format!("r-{}", line.prefix.trim_end_matches('.'));
                let text = told(&fault.detail);
                self.all.push((anchor, text.clone()));
                line.faults.push(text);
            }
        }
        true
    }

    /// The status of the page.
    pub(crate) fn status(&self, without: StatusCode) -> StatusCode {
        self.status
            .and_then(|s| StatusCode::from_u16(s).ok())
            .unwrap_or(without)
    }
}

/// The fault's sentence in the viewer's language, with the field's label where it has the name of the
/// API.
pub(crate) fn sentence(fault: &Fault, label: &str, name: &str) -> String {
    let detail = &fault.detail;
    match (
        detail.strip_prefix(name),
        detail.strip_suffix(&format!(" this {name}.")),
    ) {
        (Some(rest), _) if rest.starts_with(' ') => told(&format!("{label}{rest}")),
        (_, Some(start)) => told(&format!("{start} this {label}.")),
        _ => told(detail),
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
        let sent = crate::admin::record::form::Sent::of(Vec::new(), |_| false).unwrap();
        let draft = Draft::refused(sent, error);
        let faults = Faults::at(&mut [], &mut [], Some(&draft));
        assert_eq!(faults.all, [(String::new(), "gone is odd.".to_owned())]);
        assert_eq!(
            faults.status(StatusCode::OK),
            StatusCode::UNPROCESSABLE_ENTITY
        );
        assert_eq!(
            Faults::at(&mut [], &mut [], None).status(StatusCode::OK),
            StatusCode::OK
        );
    }
}
