//! The conditions of a list as a tree: what stands at a place, and the list with something put there or
//! taken away. A place is the numbers of the branches on the way to it: `2.0`.

use crate::error::Error;
use crate::query::parse::GROUPS;

use crate::admin::address::Query;

/// A place in the tree: the index of each branch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Spot(Vec<usize>);

impl Spot {
    /// Reads `2.0`; the whole list is the empty text.
    pub(super) fn named(text: &str) -> Result<Self, Error> {
        let parts = text.split('.').filter(|part| !part.is_empty());
        let numbers: Result<Vec<usize>, _> = parts.map(str::parse).collect();
        numbers.map(Self).map_err(|_| nowhere())
    }

    /// The place of a branch of what is here.
    pub(super) fn branch(&self, index: usize) -> Self {
        let mut way = self.0.clone();
        way.push(index);
        Self(way)
    }

    pub(super) fn name(&self) -> String {
        let parts: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        parts.join(".")
    }
}

fn nowhere() -> Error {
    Error::parameter(
        "_at",
        "unknown_place",
        "There is no condition at this place.",
    )
}

/// What stands at a place.
pub(super) fn at(query: &Query, spot: &Spot) -> Result<(String, String), Error> {
    let mut here = query.clone();
    let (last, way) = spot.0.split_last().ok_or_else(nowhere)?;
    for index in way {
        here = inner(here.0.get(*index))?;
    }
    here.0.get(*last).cloned().ok_or_else(nowhere)
}

/// What is in a group.
fn inner(pair: Option<&(String, String)>) -> Result<Query, Error> {
    match pair {
        Some((name, text)) if GROUPS.contains(&name.as_str()) => Query::parse(text),
        _ => Err(nowhere()),
    }
}

/// The list with another condition at a place, or with none there.
pub(super) fn put(
    query: &Query,
    spot: &Spot,
    pair: Option<(String, String)>,
) -> Result<Query, Error> {
    changed(query, &spot.0, &|here, index| match &pair {
        Some(pair) => here.0[index] = pair.clone(),
        None => drop(here.0.remove(index)),
    })
}

/// The list with one more condition in the group at a place.
pub(super) fn add(query: &Query, spot: &Spot, pair: (String, String)) -> Result<Query, Error> {
    if spot.0.is_empty() {
        let mut all = query.clone();
        all.0.push(pair);
        return Ok(all);
    }
    let (name, _) = at(query, spot)?;
    let mut group = inner(Some(&at(query, spot)?))?;
    group.0.push(pair);
    put(query, spot, Some((name, group.text())))
}

fn changed(
    query: &Query,
    way: &[usize],
    change: &dyn Fn(&mut Query, usize),
) -> Result<Query, Error> {
    let (first, rest) = way.split_first().ok_or_else(nowhere)?;
    let mut here = query.clone();
    if *first >= here.0.len() {
        return Err(nowhere());
    }
    if rest.is_empty() {
        change(&mut here, *first);
        return Ok(here);
    }
    let below = changed(&inner(here.0.get(*first))?, rest, change)?;
    here.0[*first].1 = below.text();
    Ok(here)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(text: &str) -> Query {
        Query::parse(text).unwrap()
    }

    #[test]
    fn conditions_are_put_into_groups_and_taken_out() {
        let list = query("a=1&or=b%3D2%26and%3Dc%253D3&sort=x");
        let spot = |text: &str| Spot::named(text).unwrap();
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(at(&list, &spot("1.0")).unwrap(), pair("b", "2"));
        assert_eq!(at(&list, &spot("1.1.0")).unwrap(), pair("c", "3"));
        let more = add(&list, &spot("1.1"), pair("d", "&")).unwrap();
        assert_eq!(at(&more, &spot("1.1.1")).unwrap(), pair("d", "&"));
        assert_eq!(put(&more, &spot("1.1.1"), None).unwrap(), list);
        let other = put(&list, &spot("1.0"), Some(pair("b", "9"))).unwrap();
        assert_eq!(at(&other, &spot("1.0")).unwrap(), pair("b", "9"));
        assert_eq!(put(&list, &spot("0"), None).unwrap().0.len(), 2);
        assert_eq!(add(&list, &spot(""), pair("e", "")).unwrap().0.len(), 4);
        for wrong in ["9", "0.0", "1.9", "1.0.0", ""] {
            assert!(put(&list, &spot(wrong), None).is_err(), "{wrong}");
        }
        assert!(Spot::named("x").is_err());
    }
}
