//! What can be a column of a list, and which of it is chosen.

use crate::admin::address::Query;
use crate::admin::value::computed;
use crate::admin::view::View;
use crate::model::{Computed, FieldId};

/// What can be chosen to be a column.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Choice<'a> {
    Field(FieldId),
    Computed(&'a Computed),
}

impl<'a> Choice<'a> {
    /// Its name in an address, and its heading.
    pub(crate) fn named(self, view: &View<'a>) -> (&'a str, &'a str) {
        match self {
            Self::Field(f) => (&view.model.fields[f].name, view.label(f)),
            Self::Computed(made) => (&made.name, &made.label),
        }
    }
}

/// All that can be chosen, as far as the caller may read it: the fields, and what is made of them.
pub(crate) fn choices<'a>(view: &View<'a>) -> Vec<Choice<'a>> {
    let fields = (0..view.model.fields.len()).filter(|&f| view.sees(f));
    let computed = computed::seen(view).map(Choice::Computed);
    fields.map(Choice::Field).chain(computed).collect()
}

/// What `query` chooses, else the model's own columns, once each. A name that does not exist is left for
/// the operation to refuse.
pub(crate) fn chosen<'a>(view: &View<'a>, query: &Query) -> Vec<Choice<'a>> {
    let all = choices(view);
    let name = |choice: &Choice<'a>| choice.named(view).0;
    let Some(names) = query.get("fields") else {
        let own = view.model.list.iter().filter(|&&f| view.sees(f));
        let computed = computed::seen(view).map(Choice::Computed);
        return own.map(|&f| Choice::Field(f)).chain(computed).collect();
    };
    let mut found: Vec<Choice<'a>> = Vec::new();
    for asked in names.split(',') {
        let known = all.iter().find(|choice| name(choice) == asked);
        let twice = found.iter().any(|choice| name(choice) == asked);
        found.extend(known.filter(|_| !twice));
    }
    found
}
