//! The addresses of the pages: a list's query string in the API's grammar, changed one parameter at
//! a time, and the path of a record. Knows no model and checks nothing.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::error::Error;
use crate::http::body;

/// The parameters that say where in a list a page begins; a changed list begins at its start.
pub(crate) const POSITION: [&str; 3] = ["cursor", "page", "offset"];

/// The second segments that are no keys.
const TAKEN: [&str; 14] = [
    "_actions", "_arrange", "_build", "_chart", "_deleted", "_export", "_filter", "_import",
    "_many", "_options", "_plot", "_trash", "_views", "new",
];

/// Commas and colons stay readable: they mean nothing to a query string.
const VALUE: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~')
    .remove(b',')
    .remove(b':');

/// The decoded parameters of a list, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Query(pub(crate) Vec<(String, String)>);

impl Query {
    /// Reads a query string.
    pub(crate) fn parse(text: &str) -> Result<Self, Error> {
        body::form(text.as_bytes()).map(Self)
    }

    /// The first parameter of that name.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, v)| v.as_str())
    }

    /// Without the parameters of these names.
    pub(crate) fn without(&self, names: &[&str]) -> Self {
        let kept = self.0.iter().filter(|(n, _)| !names.contains(&n.as_str()));
        Self(kept.cloned().collect())
    }

    /// The parameters of these names alone.
    pub(crate) fn kept(&self, names: &[&str]) -> Self {
        let kept = self.0.iter().filter(|(n, _)| names.contains(&n.as_str()));
        Self(kept.cloned().collect())
    }

    /// Without one parameter, and from the start of the list.
    pub(crate) fn without_at(&self, index: usize) -> Self {
        let mut rest = self.0.clone();
        if index < rest.len() {
            rest.remove(index);
        }
        Self(rest).without(&POSITION)
    }

    /// With one parameter changed, and from the start of the list.
    pub(crate) fn with(&self, name: &str, value: &str) -> Self {
        let mut all = self.without(&POSITION);
        let new = (name.to_owned(), value.to_owned());
        match all.0.iter().position(|(n, _)| n == name) {
            Some(at) => all.0[at] = new,
            None => all.0.push(new),
        }
        all
    }

    /// The query string, without the question mark.
    pub(crate) fn text(&self) -> String {
        let encode = |text| utf8_percent_encode(text, VALUE);
        let pairs: Vec<String> = self
            .0
            .iter()
            .map(|(n, v)| format!("{}={}", encode(n), encode(v)))
            .collect();
        pairs.join("&")
    }

    /// The address of the list.
    pub(crate) fn list(&self, slug: &str) -> String {
        if self.0.is_empty() {
            format!("/admin/{slug}")
        } else {
            format!("/admin/{slug}?{}", self.text())
        }
    }
}

/// The address of a record in the list that it was found in: its page leads to its neighbours there.
pub(crate) fn record_of(slug: &str, key: &str, list: &Query) -> String {
    let own = record(slug, key);
    if list.0.is_empty() {
        return own;
    }
    let of = Query(vec![("_list".to_owned(), list.text())]);
    format!("{own}?{}", of.text())
}

/// The address of a record, by the text of its key as `ModelMeta::key_text` makes it.
pub(crate) fn record(slug: &str, key: &str) -> String {
    match key.as_bytes().first() {
        // A key that spells one of our own segments is told apart by an escape it does not need.
        Some(first) if TAKEN.contains(&key) => {
            format!("/admin/{slug}/%{first:02X}{}", &key[1..])
        }
        _ => format!("/admin/{slug}/{key}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(text: &str) -> Query {
        Query::parse(text).unwrap()
    }

    #[test]
    fn a_changed_list_begins_at_its_start() {
        let q = query("a=1&sort=x&cursor=abc&a=2");
        assert_eq!(q.with("sort", "-x").text(), "a=1&sort=-x&a=2");
        assert_eq!(q.with("limit", "50").text(), "a=1&sort=x&a=2&limit=50");
        assert_eq!(q.without_at(3).text(), "a=1&sort=x");
        assert_eq!(q.without_at(9).text(), "a=1&sort=x&a=2");
    }

    #[test]
    fn texts_survive_the_way_through_an_address() {
        let q = query("name=a%26b%3D%2B%20c&x__in=1,2&leer=");
        assert_eq!(q.get("name"), Some("a&b=+ c"));
        assert_eq!(q.list("m"), "/admin/m?name=a%26b%3D%2B%20c&x__in=1,2&leer=");
        assert_eq!(query(&q.text()), q);
        assert_eq!(Query::default().list("m"), "/admin/m");
    }

    #[test]
    fn a_key_never_spells_one_of_our_own_pages() {
        assert_eq!(record("m", "7"), "/admin/m/7");
        assert_eq!(record("m", "1,a%2Fb"), "/admin/m/1,a%2Fb");
        assert_eq!(record("m", "new"), "/admin/m/%6Eew");
        assert_eq!(record("m", "_filter"), "/admin/m/%5Ffilter");
    }
}
