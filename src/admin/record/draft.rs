//! A form that is not saved yet: what was sent and why it was refused, what a search found for one of
//! its fields, and how it is carried to the page of another new record and back, in the address.

use crate::admin::address::{self, Query};
use crate::admin::record::form::{Sent, State};
use crate::admin::record::widget::relation::Found;
use crate::admin::value::row::Row;
use crate::error::Error;
use crate::http::{answer, body};
use crate::model::{Field, Kind, Widget};

/// Longest address that a form is carried in: browsers and servers take no more with certainty.
const LONGEST: usize = 8 * 1024;

/// What was sent, and what came of it.
#[derive(Debug)]
pub(crate) struct Draft {
    /// The form, as the user left it.
    pub(crate) sent: Sent,
    /// Why it was not saved.
    pub(crate) error: Option<Error>,
    /// What a search found: the name of its control, and the records.
    pub(crate) found: Option<(String, Found)>,
    /// Which of the form's child rows the rows of the body were, by relation.
    pub(crate) places: Vec<(String, Vec<usize>)>,
}

impl Draft {
    /// A form that is shown as it is.
    pub(crate) fn of(sent: Sent) -> Self {
        Self {
            sent,
            error: None,
            found: None,
            places: Vec::new(),
        }
    }

    /// A form that was refused.
    pub(crate) fn refused(sent: Sent, error: Error) -> Self {
        Self {
            error: Some(error),
            ..Self::of(sent)
        }
    }
}

/// Where a record is made for a field of another form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Errand {
    /// The form to come back to; empty for a record that is made for itself.
    pub(crate) next: String,
    /// `field:member`: the field of that form, and the member of the new record that goes into it.
    pub(crate) into: String,
}

impl Errand {
    /// Reads it from an address or a form; one that leads out of the pages is none.
    pub(crate) fn of(next: Option<&str>, into: Option<&str>) -> Self {
        let next = next.unwrap_or_default();
        if answer::is_local_path(next) && next.starts_with("/admin/") {
            Self {
                next: next.to_owned(),
                into: into.unwrap_or_default().to_owned(),
            }
        } else {
            Self::default()
        }
    }

    /// From the form at `path` to a new record of `slug`, for the field `name` of the form; `None`
    /// when the form is too long for an address.
    pub(crate) fn begin(
        path: &str,
        draft: &Query,
        (slug, name, member): (&str, &str, &str),
    ) -> Option<String> {
        let carried = Query(vec![("_draft".to_owned(), draft.text())]);
        let errand = Query(vec![
            ("_next".to_owned(), format!("{path}?{}", carried.text())),
            ("_into".to_owned(), format!("{name}:{member}")),
        ]);
        let to = format!("/admin/{slug}/new?{}", errand.text());
        (to.len() <= LONGEST).then_some(to)
    }

    /// Back to the form, with the new record in its field.
    pub(crate) fn end(&self, made: &Row) -> String {
        let (Some((name, member)), Some((path, query))) =
            (self.into.split_once(':'), self.next.split_once('?'))
        else {
            return self.next.clone();
        };
        let (Some(value), Ok(mut query)) = (made.text(member), Query::parse(query)) else {
            return self.next.clone();
        };
        for (of, text) in &mut query.0 {
            if of == "_draft"
                && let Ok(draft) = Query::parse(text)
            {
                let pick = format!("_pick.{name}");
                *text = draft.without(&[&pick]).with(name, &value).text();
            }
        }
        format!("{path}?{}", query.text())
    }
}

/// The form that an address carries.
pub(crate) fn carried(text: &str, known: impl Fn(&str) -> bool) -> Result<Sent, Error> {
    Sent::of(body::form(text.as_bytes())?, known)
}

/// The fields of a form that stand for a state.
pub(crate) fn pairs(field: &Field, state: &State) -> Vec<(String, String)> {
    let name = field.name.clone();
    match state.as_deref() {
        None => Vec::new(),
        Some("false") if field.kind == Kind::Bool && !field.nullable => Vec::new(),
        Some("") if field.nullable => {
            vec![
                (name.clone(), String::new()),
                (format!("empty.{name}"), "1".into()),
            ]
        }
        Some(text) => vec![(name, text.to_owned())],
    }
}

/// Whether the field's text may stand in an address, where logs and histories keep it.
pub(crate) fn tells(field: &Field) -> bool {
    field.widget != Some(Widget::Password)
}

/// The address of a form, with what is in it.
pub(crate) fn address_of(slug: &str, key: Option<&str>) -> String {
    match key {
        Some(key) => address::record(slug, key),
        None => format!("/admin/{slug}/new"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_goes_on_an_errand_and_comes_back_with_the_record() {
        let draft = Query::parse("title=A%26B&author_id=&_pick.author_id=3").unwrap();
        let to = Errand::begin("/admin/book/new", &draft, ("author", "author_id", "id")).unwrap();
        let (path, query) = to.split_once('?').unwrap();
        assert_eq!(path, "/admin/author/new");
        let query = Query::parse(query).unwrap();
        let errand = Errand::of(query.get("_next"), query.get("_into"));
        let made = Row::parse(br#"{"id":12,"name":"Ada"}"#).unwrap();
        let back = errand.end(&made);
        let (path, query) = back.split_once('?').unwrap();
        assert_eq!(path, "/admin/book/new");
        let query = Query::parse(query).unwrap();
        assert_eq!(query.get("_draft"), Some("title=A%26B&author_id=12"));
    }

    #[test]
    fn a14_an_errand_never_leads_elsewhere() {
        for next in [
            "https://evil",
            "//evil",
            "/auth/logout",
            "/\\evil",
            "/adminx",
            "/admin/\n",
        ] {
            assert_eq!(Errand::of(Some(next), None), Errand::default(), "{next:?}");
        }
        let long = Query(vec![("a".to_owned(), "x".repeat(LONGEST))]);
        assert_eq!(Errand::begin("/admin/a/new", &long, ("b", "c", "d")), None);
    }
}
