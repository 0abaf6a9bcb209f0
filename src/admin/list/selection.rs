//! The rows of a list as they can be selected, and the bar that says what can be done with them.

use crate::crud::{Context, Engine};
use crate::model::{ModelMeta, Verb};

use super::cells::CellForm;
use super::columns::Columns;
use super::place::{self, CELLS, Place};
use crate::admin::value::cell::Cell;
use crate::admin::value::count;
use crate::admin::value::row::{self, Row};
use crate::page::words::{fill, t};

/// A row of the table.
#[derive(Debug)]
pub(super) struct Line {
    /// The text of its key.
    pub(super) key: String,
    /// What it is called in a sentence.
    pub(super) title: String,
    pub(super) selected: bool,
    pub(super) cells: Vec<Shown>,
}

/// A cell of the table.
#[derive(Debug)]
pub(super) struct Shown {
    pub(super) cell: Cell,
    /// Where its form opens; empty where it does not say so.
    pub(super) edit: String,
    /// Its form, when it is open.
    pub(super) form: Option<CellForm>,
}

/// The bar.
#[derive(Debug)]
pub(super) struct Bar {
    /// How many records are selected, on this page and on others.
    pub(super) selected: usize,
    /// The list's address, for those who come back.
    pub(super) rest: String,
    /// The keys of this page.
    pub(super) on: String,
    /// `all 1,234 that match`; empty where there are no more than these.
    pub(super) all: String,
    /// The list without the selection; empty where there is none.
    pub(super) clear: String,
    pub(super) may_edit: bool,
    pub(super) may_delete: bool,
    pub(super) may_restore: bool,
    /// The model's own actions: name and label.
    pub(super) actions: Vec<(String, String)>,
}

/// The rows of a page.
pub(super) fn lines(columns: &mut Columns<'_>, rows: &[Row], place: &Place) -> Vec<Line> {
    let mut cells: Vec<Vec<Cell>> = rows.iter().map(|row| columns.cells(row)).collect();
    columns.align(&mut cells);
    let selected = place.selected();
    let line = |(row, cells): (&Row, Vec<Cell>)| {
        let key = row::key(columns.model(), row).unwrap_or_default();
        Line {
            title: cells.first().map(|c| c.text.clone()).unwrap_or_default(),
            selected: selected.contains(&key),
            cells: cells.into_iter().map(shown).collect(),
            key,
        }
    };
    rows.iter().zip(cells).map(line).collect()
}

fn shown(cell: Cell) -> Shown {
    Shown {
        cell,
        edit: String::new(),
        form: None,
    }
}

impl Bar {
    /// The bar under these rows, of so many that match.
    pub(super) fn of(
        (engine, ctx): (&Engine, &Context),
        model: &ModelMeta,
        place: &Place,
        (rows, counted): (&[Line], Option<&str>),
    ) -> Self {
        let may = |verb| engine.may(ctx, verb, model.id);
        let in_trash = place.in_trash(model);
        let keys: Vec<&str> = rows.iter().map(|line| line.key.as_str()).collect();
        let selected = place.selected().len();
        Self {
            selected,
            rest: place.here.text(),
            on: place::joined(&keys),
            all: counted
                .map(|n| fill("all {} that match", &[&n]))
                .unwrap_or_default(),
            clear: if selected > 0 {
                place.selecting(&[]).list(&model.slug)
            } else {
                String::new()
            },
            may_edit: may(Verb::Patch) && !in_trash,
            may_delete: may(Verb::Delete) && !in_trash,
            may_restore: may(Verb::Delete) && in_trash,
            actions: engine
                .actions(ctx, model.id)
                .iter()
                .filter(|_| !in_trash)
                .map(|action| (action.meta.name.clone(), action.meta.label.clone()))
                .collect(),
        }
    }
}

/// What has just been done with many records.
pub(super) fn flash(place: &Place, model: &ModelMeta) -> Option<String> {
    let (done, records) = place.done.as_ref()?;
    let records = count::records(model, (*records, "exact"));
    match done.as_str() {
        "edit" => Some(fill("{} were changed.", &[&records])),
        "delete" => Some(fill("{} were deleted.", &[&records])),
        "restore" => Some(fill("{} were restored.", &[&records])),
        "none" => Some(t("Nothing is selected.").to_owned()),
        _ => None,
    }
}

/// Where each cell that can be changed says so, or where none does; empty where none can be.
pub(super) fn switch(columns: &Columns<'_>, place: &Place) -> String {
    if !columns.all.iter().any(|column| column.edits) {
        return String::new();
    }
    let mut there = place.here.without(&[CELLS]);
    if !place.cells {
        there.0.push((CELLS.into(), "1".into()));
    }
    there.list(&columns.model().slug)
}
