//! The columns of a list, and the parameters that fetch exactly what they show: whatever the number
//! of columns, one statement for the rows and one for each relation.

use crate::model::{Computed, FieldId, Kind, Verb};

use super::choice::{Choice, chosen};
use crate::admin::address::{self, Query};
use crate::admin::value::cell::{self, Cell};
use crate::admin::value::computed;
use crate::admin::value::row::{self, Row};
use crate::admin::view::{Link, View};

/// A column.
#[derive(Debug)]
pub(crate) struct Column<'a> {
    /// Its heading.
    pub(crate) label: &'a str,
    /// Classes of the style sheet.
    pub(crate) class: &'static str,
    /// Where a click on the heading leads; empty when rows cannot be sorted by it.
    pub(crate) sort: String,
    /// `ascending`, `descending`, or empty.
    pub(crate) sorted: &'static str,
    /// Which key of the order it is, where there are several.
    pub(crate) rank: String,
    /// The name of its field, where it has one.
    pub(crate) name: &'a str,
    /// Whether its cells can be changed in their place.
    pub(crate) edits: bool,
    source: Source<'a>,
}

/// Where the cells of a column come from.
#[derive(Debug)]
enum Source<'a> {
    Key,
    Field(FieldId),
    Link(FieldId, &'a Link<'a>),
    Relation(&'a Link<'a>),
    Computed(&'a Computed),
}

/// The columns of one list.
#[derive(Debug)]
pub(crate) struct Columns<'a> {
    view: &'a View<'a>,
    /// The columns, in order.
    pub(crate) all: Vec<Column<'a>>,
    opens: bool,
    /// The list, as its records lead back to it.
    list: Query,
}

impl<'a> Columns<'a> {
    /// The columns that `query` asks for, else the model's own, as far as the caller may read them.
    /// A name that does not exist is left for the operation to refuse.
    pub(crate) fn of(view: &'a View<'a>, query: &Query, opens: bool) -> Self {
        let mut choices = chosen(view, query);
        if choices.is_empty() {
            let key = view.model.key.iter().filter(|&&f| view.sees(f));
            choices.extend(key.map(|&f| Choice::Field(f)));
        }
        let source = |choice| match choice {
            Choice::Computed(made) => Source::Computed(made),
            Choice::Field(f) => match view.link(f) {
                Some(link) => Source::Link(f, link),
                None => Source::Field(f),
            },
        };
        let mut sources: Vec<Source<'a>> = choices.into_iter().map(source).collect();
        // The first cell is the way to the record, so it cannot lead to another one.
        let led =
            matches!(sources.first(), Some(Source::Field(f)) if leads(&view.model.fields[*f].kind));
        if !led {
            sources.insert(0, Source::Key);
        }
        for name in query.get("expand").unwrap_or_default().split(',') {
            let first = name.split('.').next().unwrap_or_default();
            let shown = |s: &Source<'_>| match s {
                Source::Link(_, l) | Source::Relation(l) => l.relation.name == first,
                Source::Key | Source::Field(_) | Source::Computed(_) => false,
            };
            if let Some(link) = view
                .link_named(first)
                .filter(|_| !sources.iter().any(shown))
            {
                sources.push(Source::Relation(link));
            }
        }
        let order = order(view, query);
        let all = sources
            .into_iter()
            .map(|s| column(view, query, &order, s))
            .collect();
        Self {
            view,
            all,
            opens,
            list: query.clone(),
        }
    }

    /// The parameters of `query`, with `fields` and `expand` completed by what the columns need.
    pub(crate) fn parameters(&self, query: &Query) -> Vec<(String, String)> {
        let model = self.view.model;
        let name = |f: FieldId| model.fields[f].name.clone();
        let mut fields: Vec<String> = model.key.iter().map(|&f| name(f)).collect();
        let mut expand = Vec::new();
        for column in &self.all {
            match &column.source {
                Source::Key => {}
                Source::Field(f) => fields.push(name(*f)),
                Source::Link(f, link) => {
                    fields.push(name(*f));
                    fields.extend(link.narrowed());
                    expand.push(link.relation.name.clone());
                }
                Source::Computed(made) => fields.extend(made.needs.iter().map(|&f| name(f))),
                Source::Relation(link) => {
                    fields.extend(link.narrowed());
                    expand.push(link.relation.name.clone());
                }
            }
        }
        let mut parameters = without_computed(query, self.view).0;
        complete(&mut parameters, "fields", fields);
        complete(&mut parameters, "expand", expand);
        parameters
    }

    /// Which of them can be changed in their place: those of these fields, but not the way to the record.
    pub(crate) fn open(&mut self, fields: &[FieldId]) {
        for column in &mut self.all {
            column.edits = match column.source {
                Source::Field(f) | Source::Link(f, _) => fields.contains(&f),
                Source::Key | Source::Relation(_) | Source::Computed(_) => false,
            };
        }
    }

    /// The model whose records they show.
    pub(crate) fn model(&self) -> &'a crate::model::ModelMeta {
        self.view.model
    }

    /// Aligns computed columns as those of fields: one that shows nothing but numbers is of numbers.
    pub(crate) fn align(&mut self, rows: &mut [Vec<Cell>]) {
        for (i, column) in self.all.iter_mut().enumerate() {
            let cells = rows.iter().filter_map(|row| row.get(i));
            let mut texts = cells.filter(|cell| cell.class != "null").peekable();
            if !matches!(column.source, Source::Computed(_)) || texts.peek().is_none() {
                continue;
            }
            if texts.all(|cell| computed::is_number(&cell.text)) {
                column.class = "num";
                for cell in rows.iter_mut().filter_map(|row| row.get_mut(i)) {
                    cell.class = numeric(cell.class);
                }
            }
        }
    }

    /// The cells of a row.
    pub(crate) fn cells(&self, row: &Row) -> Vec<Cell> {
        let model = self.view.model;
        let key = row::key(model, row).unwrap_or_default();
        let mut cells: Vec<Cell> = self
            .all
            .iter()
            .map(|c| c.cell(self.view, row, &key))
            .collect();
        if let Some(first) = cells.first_mut() {
            if first.class.ends_with("null") {
                first.text = row::number(&key);
            }
            if self.opens {
                first.href = address::record_of(&model.slug, &key, &self.list);
            }
        }
        cells
    }
}

impl Column<'_> {
    /// The cell of a row; what is not there stands where a number would.
    fn cell(&self, view: &View<'_>, row: &Row, key: &str) -> Cell {
        let mut cell = self.value(view, row, key);
        if self.class == "num" {
            cell.class = numeric(cell.class);
        }
        cell
    }

    fn value(&self, view: &View<'_>, row: &Row, key: &str) -> Cell {
        match &self.source {
            Source::Key => Cell {
                text: row::number(key),
                class: "mono",
                ..Cell::default()
            },
            Source::Field(f) => cell::of_field(&view.model.fields[*f], row),
            Source::Link(f, link) => cell::of_link(&view.model.fields[*f], link, row),
            Source::Computed(made) => computed::cell(view.model, made, row),
            Source::Relation(link) => match row.many(&link.relation.name) {
                Some((rows, more)) => cell::of_many(link.target, &rows, more),
                None => match row.one(&link.relation.name) {
                    Some(target) => cell::of_target(link, &target),
                    None => Cell::null(),
                },
            },
        }
    }
}

/// Whether a value of this kind makes a good way to its record.
fn leads(kind: &Kind) -> bool {
    match kind {
        Kind::Int(_)
        | Kind::Decimal(_)
        | Kind::Text(_)
        | Kind::Enum { .. }
        | Kind::Uuid
        | Kind::Date
        | Kind::Time
        | Kind::DateTime
        | Kind::Timestamp => true,
        Kind::Bool | Kind::Float | Kind::Double | Kind::Bytes(_) | Kind::Json | Kind::Array(_) => {
            false
        }
    }
}

/// The class of a cell in a column of numbers.
fn numeric(class: &str) -> &'static str {
    match class {
        "null" => "num null",
        _ => "num",
    }
}

/// The same without the names of computed columns in `fields`: no operation knows them. One that is not
/// there for the caller is as unknown as any other name.
pub(crate) fn without_computed(query: &Query, view: &View<'_>) -> Query {
    let computed: Vec<&Computed> = computed::seen(view).collect();
    let mut there = query.clone();
    for (_, names) in there.0.iter_mut().filter(|(name, _)| name == "fields") {
        let made = |name: &&str| !computed.iter().any(|c| c.name == **name);
        *names = names.split(',').filter(made).collect::<Vec<_>>().join(",");
    }
    there
        .0
        .retain(|(name, names)| name != "fields" || !names.is_empty());
    there
}

/// Adds names to a comma-separated parameter, once each.
fn complete(parameters: &mut Vec<(String, String)>, name: &str, more: Vec<String>) {
    if more.is_empty() {
        return;
    }
    let at = parameters.iter().position(|(n, _)| n == name);
    let given = at.map(|at| parameters[at].1.clone()).unwrap_or_default();
    let mut names: Vec<&str> = given.split(',').filter(|n| !n.is_empty()).collect();
    for new in &more {
        if !names.contains(&new.as_str()) {
            names.push(new);
        }
    }
    let joined = names.join(",");
    match at {
        Some(at) => parameters[at].1 = joined,
        None => parameters.push((name.to_owned(), joined)),
    }
}

/// The order that is in force: fields, and whether from the highest value.
pub(crate) fn order(view: &View<'_>, query: &Query) -> Vec<(String, bool)> {
    if let Some(text) = query.get("sort") {
        let key = |key: &str| match key.strip_prefix('-') {
            Some(field) => (field.to_owned(), true),
            None => (key.to_owned(), false),
        };
        return text.split(',').map(key).collect();
    }
    let own = view.model.ordering.iter().filter(|(f, _)| view.sees(*f));
    own.map(|&(f, descending)| (view.model.fields[f].name.clone(), descending))
        .collect()
}

fn column<'a>(
    view: &'a View<'a>,
    query: &Query,
    order: &[(String, bool)],
    source: Source<'a>,
) -> Column<'a> {
    let model = view.model;
    let (label, field) = match &source {
        Source::Key => ("Record", None),
        Source::Field(f) | Source::Link(f, _) => (view.label(*f), Some(*f)),
        Source::Relation(link) => (link.relation.label.as_str(), None),
        Source::Computed(made) => (made.label.as_str(), None),
    };
    let class = match &source {
        Source::Field(f) => match &model.fields[*f].kind {
            Kind::Int(_) | Kind::Float | Kind::Double | Kind::Decimal(_) => "num",
            _ => "",
        },
        Source::Key | Source::Link(..) | Source::Relation(_) | Source::Computed(_) => "",
    };
    let mut column = Column {
        label,
        class,
        sort: String::new(),
        sorted: "",
        rank: String::new(),
        name: field.map_or("", |f| &model.fields[f].name),
        edits: false,
        source,
    };
    let Some(field) = field.map(|f| &model.fields[f]).filter(|f| f.sortable()) else {
        return column;
    };
    let at = order.iter().position(|(name, _)| *name == field.name);
    let now = at.map(|at| order[at].1);
    if order.len() > 1 {
        column.rank = at.map(|at| (at + 1).to_string()).unwrap_or_default();
    }
    let next = match now {
        Some(false) => format!("-{}", field.name),
        Some(true) | None => field.name.clone(),
    };
    column.sorted = match now {
        Some(false) => "ascending",
        Some(true) => "descending",
        None => "",
    };
    column.sort = query.with("sort", &next).list(&model.slug);
    column
}

/// Whether the caller may open the records of a list.
pub(crate) fn opens(
    engine: &crate::crud::Engine,
    ctx: &crate::crud::Context,
    view: &View<'_>,
) -> bool {
    engine.may(ctx, Verb::Read, view.model.id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_added_to_what_was_asked_for_and_repeated_parameters_stay() {
        let mut parameters = vec![("fields".to_owned(), "b,a".to_owned()); 2];
        complete(&mut parameters, "fields", vec!["a".into(), "c".into()]);
        complete(&mut parameters, "expand", vec![]);
        assert_eq!(parameters[0].1, "b,a,c");
        assert_eq!((parameters.len(), parameters[1].1.as_str()), (2, "b,a"));
        complete(&mut parameters, "expand", vec!["x".into()]);
        assert_eq!(parameters[2], ("expand".to_owned(), "x".to_owned()));
    }
}
