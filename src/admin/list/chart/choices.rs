//! What a chart can show of a model: what its records are grouped by, and what is measured of them.

use crate::admin::view::View;
use crate::model::Kind;
use crate::page::words::{fill, t};
use crate::query::aggregate::{Function, Unit};

/// What records can be grouped by: the parameter, and words. The first is the default.
pub(super) fn groupings(view: &View<'_>) -> Vec<(String, String)> {
    let (mut times, mut others) = (Vec::new(), Vec::new());
    for (id, field) in view.model.fields.iter().enumerate() {
        if !view.sees(id) || !field.sortable() {
            continue;
        }
        let label = view.label(id);
        if Unit::Month.takes(field) {
            // What people ask for most is first.
            for unit in [
                Unit::Month,
                Unit::Year,
                Unit::Quarter,
                Unit::Week,
                Unit::Day,
            ] {
                let text = format!("bucket={}({})", unit.name(), field.name);
                times.push((text, format!("{label}, {}", by(unit))));
            }
        } else if !field.unique && !view.model.key.contains(&id) {
            let many = matches!(field.kind, Kind::Float | Kind::Double | Kind::Decimal(_));
            let pair = (format!("group_by={}", field.name), label.to_owned());
            let few =
                matches!(field.kind, Kind::Bool | Kind::Enum { .. }) || !field.choices.is_empty();
            match (few, many) {
                (true, _) => others.insert(0, pair),
                (false, false) => others.push(pair),
                (false, true) => {}
            }
        }
    }
    times.extend(others);
    if times.is_empty() {
        let keys = view.model.key.iter().filter(|&&f| view.sees(f));
        times.extend(keys.map(|&f| {
            let name = &view.model.fields[f].name;
            (format!("group_by={name}"), view.label(f).to_owned())
        }));
    }
    times
}

pub(super) fn by(unit: Unit) -> &'static str {
    match unit {
        Unit::Year => t("by year"),
        Unit::Quarter => t("by quarter"),
        Unit::Month => t("by month"),
        Unit::Week => t("by week"),
        Unit::Day => t("by day"),
        Unit::Hour => t("by hour"),
    }
}

/// What can be measured: the parameter, and words.
pub(super) fn measures(view: &View<'_>) -> Vec<(String, String)> {
    let mut all = vec![("count=*".to_owned(), t("Number of records").to_owned())];
    for (id, field) in view.model.fields.iter().enumerate() {
        let key = view.model.key.contains(&id) || view.link(id).is_some();
        if !view.sees(id) || key || !Function::Sum.takes(field) {
            continue;
        }
        for function in [Function::Sum, Function::Avg, Function::Min, Function::Max] {
            let text = format!("{}={}", function.name(), field.name);
            all.push((text, measured(function, view.label(id))));
        }
    }
    all
}

pub(super) fn measured(function: Function, label: &str) -> String {
    match function {
        Function::Count => fill("Number of {}", &[&label]),
        Function::Distinct => fill("Different values of {}", &[&label]),
        Function::Sum => fill("Sum of {}", &[&label]),
        Function::Avg => fill("Average of {}", &[&label]),
        Function::Min => fill("Lowest {}", &[&label]),
        Function::Max => fill("Highest {}", &[&label]),
    }
}
