//! The filters of the templates that have parts, beside those of all pages.

#![expect(unreachable_pub, reason = "the attribute makes what it makes public")]

use std::borrow::Cow;

use askama::{Result, Values};

use crate::admin::look::Part;
use crate::admin::shell::Shell;
pub(crate) use crate::page::filters::*;

/// A part of the page as the project wants it: `{% filter part(shell, Part::Head)|safe %}`.
#[askama::filter_fn]
pub(crate) fn part<H: std::fmt::Display>(
    html: H,
    _: &dyn Values,
    shell: &Shell,
    part: Part,
) -> Result<String> {
    let html = html.to_string();
    let other = match shell.part(part, &html) {
        Cow::Owned(other) => Some(other),
        Cow::Borrowed(_) => None,
    };
    Ok(other.unwrap_or(html))
}
