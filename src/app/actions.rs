//! The actions that a project adds to its models: which model each is of, and what is wrong with them.

use crate::check::Finding;
use crate::crud::Action;
use crate::model::{ModelId, Registry};

/// The actions, each with its model, which from now on knows of it.
pub(super) fn of_models(
    registry: &mut Registry,
    actions: Vec<(String, Action)>,
) -> Vec<(ModelId, Action)> {
    let found = actions.into_iter().filter_map(|(table, action)| {
        let model = registry.models().iter().find(|m| m.table == table)?.id;
        registry.add_action(model, action.meta.clone());
        Some((model, action))
    });
    found.collect()
}

/// Names that are none, or that two actions of one model have; models that are not registered.
pub(super) fn check(registry: &Registry, actions: &[(String, Action)]) -> Vec<Finding> {
    let mut found = Vec::new();
    for (i, (table, action)) in actions.iter().enumerate() {
        let name = &action.meta.name;
        let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
        if name.is_empty() || name.len() > 64 || !name.bytes().all(fits) {
            let message = format!("`{name}` is no name of an action");
            let hint = "use lower-case letters, digits and `_`";
            found.push(Finding::error("action.E001", table, message, hint));
        }
        if actions[..i]
            .iter()
            .any(|(t, a)| t == table && a.meta.name == *name)
        {
            let message = format!("two actions have the name `{name}`");
            let hint = "give one of them another";
            found.push(Finding::error("action.E002", table, message, hint));
        }
        if !registry.models().iter().any(|m| m.table == *table) {
            let message =
                format!("the action `{name}` is of the table `{table}`, which is no model");
            let hint = "register its entity with `.model::<…>(…)`";
            found.push(Finding::error("action.E003", table, message, hint));
        }
        for field in &action.meta.form {
            if let Some(widget) = field.widget.filter(|w| !w.fits(&field.kind)) {
                let message = format!("{widget:?} is no control for `{}` of `{name}`", field.name);
                let hint = "choose another widget, or none";
                found.push(Finding::error("action.E004", table, message, hint));
            }
        }
    }
    found
}
