//! What can be wrong with one model, found at start-up.

use std::collections::{HashMap, HashSet};

use crate::check::Finding;
use crate::model::computed::RawComputed;
use crate::model::describe::Description;
use crate::model::options::Options;
use crate::model::{Field, FieldId, Kind, Trash};

/// Columns that cannot be served, names that clash, secrets where none can be.
pub(super) fn check_fields(
    slug: &str,
    of: &Description,
    options: &Options,
    (fields, key): (&[Field], &[FieldId]),
    found: &mut Vec<Finding>,
) {
    for column in &of.unsupported {
        let message = format!("the column `{column}` has a type that cannot be served");
        found.push(Finding::error(
            "model.E003",
            slug,
            message,
            "leave it out of the entity",
        ));
    }
    let names: HashSet<&str> = fields.iter().map(|f| f.name.as_str()).collect();
    if names.len() != fields.len() {
        let message = "two fields have the same JSON name".to_owned();
        found.push(Finding::error(
            "model.E004",
            slug,
            message,
            "rename one with `.field(…)`",
        ));
    }
    for field in fields {
        if let Some(widget) = field.widget.filter(|w| !w.fits(&field.kind)) {
            let message = format!(
                "{widget:?} is no control for `{}`, which is of the kind {}",
                field.name, field.kind
            );
            let hint = "choose another widget, or none";
            found.push(Finding::error("model.E011", slug, message, hint));
        }
    }
    for (i, field) in fields.iter().enumerate() {
        if field.secret && key.contains(&i) {
            let message = format!("the key field `{}` cannot be secret", field.name);
            found.push(Finding::error(
                "model.E005",
                slug,
                message,
                "records need an address",
            ));
        }
        if field.secret && !field.nullable && !field.has_default && !options.system {
            let message = format!("no create can fill the secret field `{}`", field.name);
            let hint = "make it nullable, or fill it in `before_save` and say `.has_default()`";
            found.push(Finding::warning("model.W002", slug, message, hint));
        }
    }
}

pub(super) fn check_search(
    slug: &str,
    fields: &[Field],
    search: &[FieldId],
    found: &mut Vec<Finding>,
) {
    for &i in search {
        if !matches!(fields[i].kind, Kind::Text(_)) || fields[i].secret {
            let message = format!("`{}` cannot be searched", fields[i].name);
            found.push(Finding::error(
                "model.E008",
                slug,
                message,
                "`search` takes text columns",
            ));
        }
    }
}

pub(super) fn check_slug(slug: &str, found: &mut Vec<Finding>) {
    let fits = slug.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
        && slug
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        && slug.len() <= 64;
    if !fits {
        let message =
            "a model's name has lower-case letters, digits and `_`, starts with a letter \
                       or digit, and has at most 64 characters"
                .to_owned();
        let hint = "give it another name with `.slug(…)`";
        found.push(Finding::error("model.E009", slug, message, hint));
    }
}

/// The trash is told by a timestamp that can be null.
pub(super) fn check_trash(
    slug: &str,
    fields: &[Field],
    trash: Option<Trash>,
    found: &mut Vec<Finding>,
) {
    let Some(field) = trash.map(|t| &fields[t.since]) else {
        return;
    };
    if field.kind != Kind::Timestamp || !field.nullable || field.secret {
        let message = format!(
            "`{}` cannot say since when a record is in the trash",
            field.name
        );
        let hint = "name a column of the type Option<DateTimeUtc>";
        found.push(Finding::error("model.E010", slug, message, hint));
    }
}

/// A timeline is told by a date or a timestamp that a request may name.
pub(super) fn check_timeline(
    slug: &str,
    fields: &[Field],
    timeline: Option<FieldId>,
    found: &mut Vec<Finding>,
) {
    let Some(field) = timeline.map(|f| &fields[f]) else {
        return;
    };
    let dated = matches!(field.kind, Kind::Date | Kind::DateTime | Kind::Timestamp);
    if !dated || !field.sortable() {
        let message = format!("the months of `{}` cannot be counted", field.name);
        let hint = "name a date or timestamp that may be filtered and sorted by";
        found.push(Finding::error("model.E014", slug, message, hint));
    }
}

/// A computed column has a name of its own.
pub(super) fn check_computed(
    slug: &str,
    computed: &[RawComputed],
    fields: &HashMap<String, FieldId>,
    found: &mut Vec<Finding>,
) {
    for (i, column) in computed.iter().enumerate() {
        let twice = computed[..i].iter().any(|c| c.name == column.name);
        if twice || fields.contains_key(&column.name) {
            let message = format!("the name of the computed column `{}` is taken", column.name);
            let hint = "give it another";
            found.push(Finding::error("model.E013", slug, message, hint));
        }
    }
}
