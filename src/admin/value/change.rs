//! What a change made of a field: its old and its new value, with what differs between two texts
//! marked, so that one changed word of a long text is found at once.

use serde_json::{Map, Value as Json};

use crate::crud::{Context, Engine};
use crate::error::Error;
use crate::model::{Field, FieldId, Kind};

use crate::admin::address;
use crate::admin::value::cell::{self, Cell};
use crate::admin::value::row::{self, Row};
use crate::admin::value::titles::Titles;
use crate::admin::view::View;

/// Most characters that are shown of what two texts have in common, on either side of what differs.
const COMMON: usize = 60;
/// Most characters that are shown of what differs.
const DIFFERENT: usize = 400;

/// One field of a changed record.
#[derive(Debug, Default)]
pub(crate) struct Change {
    /// The field's name for people.
    pub(crate) label: String,
    /// What it was, and what it became; `None` where there was nothing, or where that is not told.
    pub(crate) sides: [Option<Side>; 2],
}

/// One side of a change.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Side {
    /// What both sides begin with.
    pub(crate) before: String,
    /// What is on this side alone.
    pub(crate) own: String,
    /// What both sides end with.
    pub(crate) after: String,
    /// Classes of the style sheet.
    pub(crate) class: &'static str,
    /// Where it leads; empty when nowhere.
    pub(crate) href: String,
    /// The model and the key of the record that it points at, where the caller may go there.
    target: Option<(String, String)>,
}

/// What `changes` says, field by field `{"old", "new"}`, in the order of the model's fields. A field
/// without either is told by its name alone.
pub(crate) fn told(view: &View<'_>, changes: &Map<String, Json>) -> Vec<Change> {
    let fields = (0..view.model.fields.len()).filter(|&f| view.sees(f));
    fields
        .filter_map(|f| {
            let change = changes.get(&view.model.fields[f].name)?;
            let sides = (change.get("old"), change.get("new"));
            (!by_itself(view, f, sides)).then(|| change_of(view, f, sides))
        })
        .collect()
}

/// What differs between two states of a record; of one that is new or gone, all that is not null.
pub(crate) fn between(view: &View<'_>, before: &Json, after: &Json) -> Vec<Change> {
    let fields = (0..view.model.fields.len()).filter(|&f| view.sees(f));
    fields
        .filter_map(|f| {
            let name = &view.model.fields[f].name;
            let (old, new) = (before.get(name), after.get(name));
            let null = |side: Option<&Json>| side.is_none_or(Json::is_null);
            let same = old == new || null(old) && null(new);
            let own = before.is_object() && after.is_object();
            let silent = same || own && by_itself(view, f, (old, new));
            (!silent).then(|| change_of(view, f, (old, new)))
        })
        .collect()
}

/// Whether the application sets the field at every change: that it did says nothing.
fn by_itself(view: &View<'_>, f: FieldId, (old, new): (Option<&Json>, Option<&Json>)) -> bool {
    old.is_some() && new.is_some() && !view.model.fields[f].accepted()
}

fn change_of(view: &View<'_>, f: FieldId, (old, new): (Option<&Json>, Option<&Json>)) -> Change {
    let field = &view.model.fields[f];
    let (mut old, mut new) = (side(view, f, old), side(view, f, new));
    if let (Kind::Text(_), Some(old), Some(new)) = (&field.kind, &mut old, &mut new)
        && old.class == "text"
        && new.class == "text"
    {
        mark(old, new);
    }
    for side in [&mut old, &mut new].into_iter().flatten() {
        side.own = cell::cut(&side.own, DIFFERENT);
    }
    let label = view.label(f).to_owned();
    let sides = [old, new];
    Change { label, sides }
}

fn side(view: &View<'_>, f: FieldId, value: Option<&Json>) -> Option<Side> {
    let field = &view.model.fields[f];
    let row = alone(field, value?)?;
    let Cell { text, class, .. } = cell::whole(field, &row);
    let link = view.link(f).filter(|link| link.opens);
    let key = link.and_then(|_| row.text(&field.name));
    let mut side = Side {
        own: text,
        class,
        ..Side::default()
    };
    if let (Some(link), Some(key)) = (link, key) {
        let key = crate::model::encode_key_part(&key).to_string();
        side.own = row::number(&key);
        side.href = address::record(&link.target.slug, &key);
        side.target = Some((link.target.slug.clone(), key));
    }
    Some(side)
}

/// Puts the titles of the records that the changes point at in place of their keys.
pub(crate) async fn entitle(
    engine: &Engine,
    ctx: &Context,
    changes: impl Iterator<Item = &mut Change>,
) -> Result<(), Error> {
    let sides = changes.flat_map(|change| change.sides.iter_mut().flatten());
    let mut sides: Vec<&mut Side> = sides.filter(|side| side.target.is_some()).collect();
    let wanted = sides.iter().filter_map(|side| side.target.as_ref());
    let wanted = wanted.map(|(slug, key)| (slug.as_str(), key.as_str()));
    let titles = Titles::of(engine, ctx, wanted).await?;
    for side in &mut sides {
        if let Some((slug, key)) = &side.target {
            side.own = titles.get(slug, key);
        }
    }
    Ok(())
}

/// A record of this one field.
fn alone(field: &Field, value: &Json) -> Option<Row> {
    let mut members = Map::new();
    members.insert(field.name.clone(), value.clone());
    Row::parse(Json::from(members).to_string().as_bytes()).ok()
}

/// Parts two texts into what they have in common and what is their own, at words.
fn mark(old: &mut Side, new: &mut Side) {
    let (a, b): (Vec<&str>, Vec<&str>) = (words(&old.own), words(&new.own));
    let same = |(x, y): &(&&str, &&str)| x == y;
    let head = a.iter().zip(&b).take_while(same).count();
    let rest = a.len().min(b.len()) - head;
    let tail = a.iter().rev().zip(b.iter().rev()).take(rest);
    let tail = tail.take_while(same).count();
    let (first, last) = (a[..head].concat(), a[a.len() - tail..].concat());
    let own = |all: &[&str]| all[head..all.len() - tail].concat();
    (old.own, new.own) = (own(&a), own(&b));
    for side in [old, new] {
        side.before = end_of(&first);
        side.after = start_of(&last);
    }
}

/// The words of a text, each with the blanks after it.
fn words(text: &str) -> Vec<&str> {
    text.split_inclusive(char::is_whitespace).collect()
}

fn end_of(text: &str) -> String {
    match text.char_indices().rev().nth(COMMON) {
        Some((at, c)) => format!("…{}", &text[at + c.len_utf8()..]),
        None => text.to_owned(),
    }
}

fn start_of(text: &str) -> String {
    cell::cut(text, COMMON)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marked(old: &str, new: &str) -> [(String, String, String); 2] {
        let side = |text: &str| Side {
            own: text.to_owned(),
            ..Side::default()
        };
        let (mut old, mut new) = (side(old), side(new));
        mark(&mut old, &mut new);
        [old, new].map(|s| (s.before, s.own, s.after))
    }

    #[test]
    fn one_changed_word_of_a_text_is_marked() {
        let [old, new] = marked("a fine old house", "a fine new house");
        assert_eq!(old, ("a fine ".into(), "old ".into(), "house".into()));
        assert_eq!(new, ("a fine ".into(), "new ".into(), "house".into()));
        let [old, new] = marked("x x", "x x x");
        assert_eq!((old.1.as_str(), new.1.trim()), ("", "x"));
        let [old, new] = marked("", "ж");
        assert_eq!((old.1.as_str(), new.1.as_str()), ("", "ж"));
    }

    #[test]
    fn of_long_texts_what_is_near_the_change_is_shown() {
        let long = "wort ".repeat(100);
        let [old, _] = marked(&format!("{long}ä {long}"), &format!("{long}ö {long}"));
        assert_eq!(old.1, "ä ");
        assert_eq!(old.0.chars().count(), COMMON + 1);
        assert!(old.0.starts_with('…') && old.2.ends_with('…'), "{old:?}");
    }
}
