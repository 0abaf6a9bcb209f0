//! One model: what its entity says, with what its registration says.

use std::collections::HashMap;
use std::sync::Arc;

use crate::check::Finding;
use crate::model::computed::RawComputed;
use crate::model::describe::{Description, sentence_case, snake_case};
use crate::model::options::{FieldOptions, Options};
use crate::model::{
    Computed, Display, DisplayPart, Field, FieldId, Fieldset, Kind, ModelId, ModelMeta, Trash, Verb,
};

use super::check::{
    check_computed, check_fields, check_search, check_slug, check_timeline, check_trash,
};

pub(super) fn model(
    id: ModelId,
    of: &Description,
    options: &Options,
    found: &mut Vec<Finding>,
) -> ModelMeta {
    let slug = options
        .slug
        .clone()
        .unwrap_or_else(|| snake_case(&of.table));
    check_slug(&slug, found);
    let fields: Vec<Field> = of
        .fields
        .iter()
        .map(|f| field(f.clone(), options))
        .collect();
    let at = |column: &String| fields.iter().position(|f| &f.column == column);
    let all = |columns: &[String]| columns.iter().filter_map(at).collect::<Vec<_>>();
    let key = all(&of.key);
    let by_name: HashMap<String, FieldId> = fields
        .iter()
        .enumerate()
        .map(|(i, f)| (f.name.clone(), i))
        .collect();
    check_fields(&slug, of, options, (&fields, &key), found);
    let label = options
        .label
        .clone()
        .unwrap_or_else(|| sentence_case(&slug));
    let display = display(options.display.as_deref(), &fields, &key, &by_name);
    if let Err(name) = &display {
        let message = format!("the display pattern names `{name}`, which is no readable field");
        found.push(Finding::error(
            "model.E006",
            &slug,
            message,
            "use `{field}` or a field's name",
        ));
    }
    let ordering = ordering(options.ordering.as_deref(), &fields, &by_name);
    if let Err(name) = &ordering {
        let message = format!("the ordering names `{name}`, which cannot be sorted by");
        found.push(Finding::error(
            "model.E007",
            &slug,
            message,
            "use the names of sortable fields",
        ));
    }
    let search = all(&options.search);
    check_search(&slug, &fields, &search, found);
    let trash = options.trash.as_ref().and_then(|(column, days)| {
        let since = fields.iter().position(|f| &f.column == column)?;
        Some(Trash { since, days: *days })
    });
    check_computed(&slug, &options.computed, &by_name, found);
    check_trash(&slug, &fields, trash, found);
    let timeline = options.timeline.as_ref();
    let timeline = timeline.and_then(|column| fields.iter().position(|f| &f.column == column));
    check_timeline(&slug, &fields, timeline, found);
    let list = options
        .list
        .as_deref()
        .map_or_else(|| default_list(&fields), all);
    ModelMeta {
        id,
        label_plural: options
            .label_plural
            .clone()
            .unwrap_or_else(|| plural(&label)),
        label,
        group: options.group.clone().unwrap_or_else(|| {
            let group = if options.system { "System" } else { "Data" };
            group.into()
        }),
        table: of.table.clone(),
        schema: of.schema.clone(),
        key,
        relations: Vec::new(),
        away: Vec::new(),
        display: display.unwrap_or_default(),
        list,
        search,
        filters: all(&options.filters),
        ordering: ordering.unwrap_or_default(),
        actions: Vec::new(),
        computed: computed(options, all),
        icon: options.icon.clone().unwrap_or_default(),
        inlines: Vec::new(),
        fieldsets: fieldsets(&options.fieldsets, all),
        system: options.system,
        if_match: options.if_match,
        trash,
        timeline,
        verbs: options.verbs.clone().unwrap_or_else(|| Verb::ALL.to_vec()),
        system_verbs: options.system_verbs.clone(),
        by_name,
        fields,
        slug,
    }
}

fn computed(options: &Options, all: impl Fn(&[String]) -> Vec<FieldId>) -> Vec<Computed> {
    let column = |raw: &RawComputed| Computed {
        name: raw.name.clone(),
        label: raw.label.clone(),
        needs: all(&raw.columns),
        value: Arc::clone(&raw.value),
    };
    options.computed.iter().map(column).collect()
}

/// The headings of a form; a field stands under the first that names it.
fn fieldsets(
    named: &[(String, String, Vec<String>)],
    all: impl Fn(&[String]) -> Vec<FieldId>,
) -> Vec<Fieldset> {
    let mut seen = Vec::new();
    let set = |(title, help, columns): &(String, String, Vec<String>)| {
        let mut fields = all(columns);
        fields.retain(|f| !seen.contains(f));
        seen.extend(fields.iter().copied());
        Fieldset {
            title: title.clone(),
            help: help.clone(),
            fields,
        }
    };
    named.iter().map(set).collect()
}

fn field(mut field: Field, options: &Options) -> Field {
    let has = |columns: &[String]| columns.contains(&field.column);
    let is_trash = options
        .trash
        .as_ref()
        .is_some_and(|(c, _)| c == &field.column);
    field.readonly = is_trash || has(&options.readonly);
    field.secret = has(&options.secret);
    field.filterable = !has(&options.unfilterable);
    let Some((_, more)) = options.fields.iter().find(|(c, _)| c == &field.column) else {
        return field;
    };
    let FieldOptions {
        name,
        label,
        help,
        widget,
        choices,
        rules,
        has_default,
    } = more.clone();
    if let Some(name) = name {
        field.label = sentence_case(&name);
        field.name = name;
    }
    field.labelled = label.is_some();
    field.label = label.unwrap_or(field.label);
    field.help = help.unwrap_or_default();
    field.widget = widget;
    field.rules = rules;
    field.has_default |= has_default;
    if !choices.is_empty() && matches!(field.kind, Kind::Text(_)) {
        let variants = choices.iter().map(|c| c.value.clone()).collect();
        field.kind = Kind::Enum {
            native: None,
            variants,
        };
    }
    field.choices = choices;
    field
}

type Names = HashMap<String, FieldId>;

/// Parses `name` or `{first} {last}`; the error is the name that is unknown or secret.
fn display(
    pattern: Option<&str>,
    fields: &[Field],
    key: &[FieldId],
    names: &Names,
) -> Result<Display, String> {
    let Some(pattern) = pattern else {
        let title = fields.iter().position(|f| {
            !f.secret && matches!(f.name.as_str(), "name" | "title" | "label" | "username")
        });
        let parts = title.map_or_else(|| key.to_vec(), |t| vec![t]);
        return Ok(Display(parts.into_iter().map(DisplayPart::Field).collect()));
    };
    let find = |name: &str| {
        let found = names.get(name).copied().filter(|&f| !fields[f].secret);
        found.map(DisplayPart::Field).ok_or_else(|| name.to_owned())
    };
    if !pattern.contains('{') {
        return Ok(Display(vec![find(pattern)?]));
    }
    let mut parts = Vec::new();
    for piece in pattern.split_inclusive(['{', '}']) {
        match piece.strip_suffix('}') {
            Some(name) => parts.push(find(name)?),
            None => match piece.strip_suffix('{').unwrap_or(piece) {
                "" => {}
                literal => parts.push(DisplayPart::Literal(literal.to_owned())),
            },
        }
    }
    Ok(Display(parts))
}

fn ordering(
    sort: Option<&str>,
    fields: &[Field],
    names: &Names,
) -> Result<Vec<(FieldId, bool)>, String> {
    let keys = sort
        .unwrap_or_default()
        .split(',')
        .filter(|k| !k.is_empty());
    keys.map(|key| {
        let (name, descending) = key.strip_prefix('-').map_or((key, false), |k| (k, true));
        let found = names.get(name).copied().filter(|&f| fields[f].sortable());
        found
            .map(|f| (f, descending))
            .ok_or_else(|| name.to_owned())
    })
    .collect()
}

/// The first columns that fit on a screen: no long texts, no blobs, no secrets.
fn default_list(fields: &[Field]) -> Vec<FieldId> {
    let short =
        |f: &Field| !f.secret && !matches!(f.kind, Kind::Text(None) | Kind::Json | Kind::Bytes(_));
    (0..fields.len())
        .filter(|&i| short(&fields[i]))
        .take(6)
        .collect()
}

fn plural(label: &str) -> String {
    match label.as_bytes() {
        [.., b'y'] if !label.ends_with(['a', 'e', 'o', 'u']) && !label.ends_with("ey") => {
            format!("{}ies", &label[..label.len() - 1])
        }
        [.., b's' | b'x'] => format!("{label}es"),
        _ => format!("{label}s"),
    }
}
