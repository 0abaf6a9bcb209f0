//! [`Registry`]: every registered model, joined by their relations and checked once at start-up.

use std::collections::HashMap;

use crate::check::Finding;

use super::describe::{Description, RawRelation, sentence_case, snake_case};
use super::field::Field;
use super::kind::Kind;
use super::options::{FieldOptions, Options};
use super::{Display, DisplayPart, FieldId, Junction, ModelId, ModelMeta, Relation, Verb};

/// The registered models, immutable once built.
#[derive(Debug, Default)]
pub struct Registry {
    models: Vec<ModelMeta>,
    by_slug: HashMap<String, ModelId>,
}

impl Registry {
    /// Builds the registry. Findings name every mis-declaration; with an error among them the
    /// registry must not be served.
    #[must_use]
    pub fn build(parts: &[(Description, Options)]) -> (Self, Vec<Finding>) {
        let mut findings = Vec::new();
        let mut registry = Self::default();
        for (i, (description, options)) in parts.iter().enumerate() {
            let model = model(ModelId(i), description, options, &mut findings);
            if let Some(other) = registry.by_slug.insert(model.slug.clone(), model.id) {
                let message = format!(
                    "the tables `{}` and `{}` both want the name `{}`",
                    registry.models[other.0].table, model.table, model.slug
                );
                let hint = "give one of them another name with `.slug(…)`";
                findings.push(Finding::error("model.E001", &model.slug, message, hint));
            }
            registry.models.push(model);
        }
        for (i, (description, options)) in parts.iter().enumerate() {
            registry.join(i, description, options, &mut findings);
        }
        (registry, findings)
    }

    /// All models, in the order of registration.
    #[must_use]
    pub fn models(&self) -> &[ModelMeta] {
        &self.models
    }

    /// The model of that id.
    #[must_use]
    pub fn model(&self, id: ModelId) -> &ModelMeta {
        &self.models[id.0]
    }

    /// The model of that public name.
    #[must_use]
    pub fn by_slug(&self, slug: &str) -> Option<&ModelMeta> {
        self.by_slug.get(slug).map(|&id| self.model(id))
    }

    /// Notes that this database keeps only `digits` significant decimal digits.
    pub fn limit_decimals(&mut self, digits: usize) {
        for field in self.models.iter_mut().flat_map(|m| &mut m.fields) {
            if matches!(field.kind, Kind::Decimal(_)) {
                field.exact_digits = Some(digits);
            }
        }
    }

    /// Notes that this database takes JSON of only `depth` levels.
    pub fn limit_json(&mut self, depth: usize) {
        for field in self.models.iter_mut().flat_map(|m| &mut m.fields) {
            if matches!(field.kind, Kind::Json) {
                field.max_depth = Some(depth);
            }
        }
    }

    fn by_table(&self, table: &str) -> Option<&ModelMeta> {
        self.models.iter().find(|m| m.table == table)
    }

    fn join(&mut self, i: usize, of: &Description, options: &Options, found: &mut Vec<Finding>) {
        let mut relations = Vec::new();
        for raw in of.relations.iter().chain(&options.many_to_many) {
            let slug = &self.models[i].slug;
            let Some(mut relation) = self.relation(i, raw) else {
                let message = format!(
                    "the relation `{}` points at the table `{}`",
                    raw.name, raw.to_table
                );
                let hint = "it cannot be walked or expanded: register that table's entity, and the \
                            junction's where there is one";
                found.push(Finding::warning("model.W001", slug, message, hint));
                continue;
            };
            let renamed = options
                .relation_names
                .iter()
                .find(|(from, _)| from == &raw.name);
            if let Some((_, to)) = renamed {
                relation.name.clone_from(to);
                relation.label = sentence_case(to);
            }
            let taken = self.models[i].field(&relation.name).is_some()
                || relations.iter().any(|r: &Relation| r.name == relation.name);
            if taken {
                let message = format!("the relation `{}` has the name of a field", relation.name);
                let hint = "rename it with `.relation_name(Relation::…, \"…\")`";
                found.push(Finding::error("model.E002", slug, message, hint));
            }
            relations.push(relation);
        }
        self.models[i].relations = relations;
    }

    fn relation(&self, i: usize, raw: &RawRelation) -> Option<Relation> {
        let own = &self.models[i];
        let target = self.by_table(&raw.to_table)?;
        let columns = |model: &ModelMeta, names: &[String]| -> Option<Vec<FieldId>> {
            names
                .iter()
                .map(|n| model.fields.iter().position(|f| &f.column == n))
                .collect()
        };
        let via = match &raw.via {
            None => None,
            Some((table, near, far)) => {
                let junction = self.by_table(table)?;
                let (near, far) = (columns(junction, near)?, columns(junction, far)?);
                Some(Junction {
                    model: junction.id,
                    near,
                    far,
                })
            }
        };
        Some(Relation {
            name: raw.name.clone(),
            label: sentence_case(&raw.name),
            many: raw.many,
            owns_key: raw.owns_key,
            target: target.id,
            from: columns(own, &raw.from)?,
            to: columns(target, &raw.to)?,
            via,
        })
    }
}

fn model(id: ModelId, of: &Description, options: &Options, found: &mut Vec<Finding>) -> ModelMeta {
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
            if options.system {
                "System".into()
            } else {
                "Data".into()
            }
        }),
        table: of.table.clone(),
        schema: of.schema.clone(),
        key,
        relations: Vec::new(),
        display: display.unwrap_or_default(),
        list,
        search,
        filters: all(&options.filters),
        ordering: ordering.unwrap_or_default(),
        system: options.system,
        verbs: options.verbs.clone().unwrap_or_else(|| Verb::ALL.to_vec()),
        system_verbs: options.system_verbs.clone(),
        by_name,
        fields,
        slug,
    }
}

/// Columns that cannot be served, names that clash, secrets where none can be.
fn check_fields(
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
    let names: std::collections::HashSet<&str> = fields.iter().map(|f| f.name.as_str()).collect();
    if names.len() != fields.len() {
        let message = "two fields have the same JSON name".to_owned();
        found.push(Finding::error(
            "model.E004",
            slug,
            message,
            "rename one with `.field(…)`",
        ));
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

fn check_search(slug: &str, fields: &[Field], search: &[FieldId], found: &mut Vec<Finding>) {
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

fn check_slug(slug: &str, found: &mut Vec<Finding>) {
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

fn field(mut field: Field, options: &Options) -> Field {
    let has = |columns: &[String]| columns.contains(&field.column);
    field.readonly = has(&options.readonly);
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
