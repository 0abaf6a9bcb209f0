//! The address of a list, taken apart: what the API understands of it, and what only the page does.
//! Names of the page's own begin with `_`.

use crate::model::ModelMeta;
use crate::query::parse::RESERVED;

use crate::admin::address::{POSITION, Query};

/// The keys of the selected records.
pub(crate) const SELECTED: &str = "_selected";
/// What the page shows once, and its links do not carry on.
const ONCE: [&str; 4] = [DONE, OPEN, EDIT, WORDS];
/// What has just been done: a word and a number.
const DONE: &str = "_done";
/// The panel that is open.
pub(crate) const OPEN: &str = "_open";
/// The cell whose form is open: `price:7`.
pub(crate) const EDIT: &str = "_edit";
/// What is searched for in the form of that cell.
pub(crate) const WORDS: &str = "_words";
/// Whether each cell that can be changed says so.
pub(crate) const CELLS: &str = "_cells";
/// The field whose dates are walked through.
pub(crate) const BY: &str = "_by";
/// The page's own names that its links carry on.
const OWN: [&str; 3] = [SELECTED, BY, CELLS];
/// What stands between two keys: no key has one that is not escaped.
const BETWEEN: char = ':';

/// Where one is.
#[derive(Debug, Clone, Default)]
pub(crate) struct Place {
    /// The address, as the links of the page change it.
    pub(crate) here: Query,
    /// What of it the API understands.
    pub(crate) api: Query,
    /// What has just been done, and to how many records.
    pub(crate) done: Option<(String, u64)>,
    /// The panel that is open.
    pub(crate) open: Option<String>,
    /// The field and the key of the cell whose form is open.
    pub(crate) edit: Option<(String, String)>,
    /// What is searched for in it.
    pub(crate) words: Option<String>,
    /// Whether each cell that can be changed says so.
    pub(crate) cells: bool,
}

impl Place {
    /// The place of these parameters.
    pub(crate) fn of(asked: &Query) -> Self {
        let here = asked.without(&ONCE);
        let done = asked.get(DONE).and_then(|text| text.split_once(BETWEEN));
        Self {
            api: here.without(&OWN),
            done: done.and_then(|(word, n)| Some((word.to_owned(), n.parse().ok()?))),
            edit: asked
                .get(EDIT)
                .and_then(|text| text.split_once(BETWEEN))
                .map(|(field, key)| (field.to_owned(), key.to_owned())),
            words: asked.get(WORDS).map(ToOwned::to_owned),
            cells: here.get(CELLS).is_some(),
            open: asked.get(OPEN).map(ToOwned::to_owned),
            here,
        }
    }

    /// The keys of the selected records, in the order in which they were selected.
    pub(crate) fn selected(&self) -> Vec<String> {
        keys(self.here.get(SELECTED).unwrap_or_default())
    }

    /// The same list, from where it is, with other records selected.
    pub(crate) fn selecting(&self, selected: &[String]) -> Query {
        let mut there = self.here.without(&[SELECTED]);
        if !selected.is_empty() {
            there.0.push((SELECTED.into(), joined(selected)));
        }
        there
    }

    /// The same list, without a selection, after something was done.
    pub(crate) fn after(&self, word: &str, records: u64) -> Query {
        let mut there = self.here.without(&[SELECTED]).without(&POSITION);
        there
            .0
            .push((DONE.into(), format!("{word}{BETWEEN}{records}")));
        there
    }

    /// The conditions alone, and the words that are searched for.
    pub(crate) fn conditions(&self, model: &ModelMeta) -> Query {
        let kept = self.api.0.iter().filter(|(name, _)| {
            let reserved = RESERVED.contains(&name.as_str()) && name != "q";
            !reserved && (name != "trash" || model.trash.is_none())
        });
        Query(kept.cloned().collect())
    }

    /// Whether the list is that of the trash.
    pub(crate) fn in_trash(&self, model: &ModelMeta) -> bool {
        model.trash.is_some() && self.api.get("trash") == Some("only")
    }
}

/// Keys from one text.
pub(crate) fn keys(text: &str) -> Vec<String> {
    let keys = text.split(BETWEEN).filter(|key| !key.is_empty());
    keys.map(ToOwned::to_owned).collect()
}

/// Keys as one text.
pub(crate) fn joined<S: AsRef<str>>(keys: &[S]) -> String {
    let keys: Vec<&str> = keys.iter().map(AsRef::as_ref).collect();
    keys.join(&BETWEEN.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_taken_apart_and_put_together() {
        let asked = "price=1&_selected=7:a%252Cb&sort=x&cursor=c&_done=edit:3";
        let place = Place::of(&Query::parse(asked).unwrap());
        assert_eq!(place.api.text(), "price=1&sort=x&cursor=c");
        assert_eq!(place.selected(), ["7", "a%2Cb"]);
        assert_eq!(place.done, Some(("edit".into(), 3)));
        let more = place.selecting(&["7".into(), "8".into()]);
        assert_eq!(more.text(), "price=1&sort=x&cursor=c&_selected=7:8");
        assert_eq!(place.selecting(&[]).text(), "price=1&sort=x&cursor=c");
        assert_eq!(
            place.after("delete", 2).text(),
            "price=1&sort=x&_done=delete:2"
        );
    }
}
