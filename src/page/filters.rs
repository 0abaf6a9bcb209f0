//! The filters of all templates. A template's module says `use crate::page::filters;`.

#![expect(
    missing_docs,
    reason = "the attribute makes structs and methods that no comment reaches"
)]

use askama::{Result, Values};

use super::{clock, words};

/// A sentence in the viewer's language: `{{ "Save"|t }}`.
#[askama::filter_fn]
pub fn t(english: &str, _: &dyn Values) -> Result<String> {
    Ok(words::say(english).to_owned())
}

/// A sentence with one value: `{{ "New {}"|fill(label) }}`.
#[askama::filter_fn]
pub fn fill<T: std::fmt::Display>(english: &str, _: &dyn Values, value: T) -> Result<String> {
    Ok(words::fill(english, &[&value]))
}

/// The address of a static file, by its content, so that a browser need not ask for it twice:
/// `{{ "admin.css"|asset }}`.
#[askama::filter_fn]
pub fn asset(path: &str, _: &dyn Values) -> Result<String> {
    Ok(crate::http::assets::address(path))
}

/// An instant of the API in the viewer's zone: `{{ at|when }}`.
#[askama::filter_fn]
pub fn when(instant: &str, _: &dyn Values) -> Result<String> {
    Ok(clock::shown(instant))
}
