//! What all pages share, whatever door they belong to: who looks at them ([`viewer`]), the words of
//! both languages ([`words`]), times in the viewer's zone ([`clock`]), the filters of the templates
//! ([`filters`]), the token of the
//! forms ([`form`]), charts ([`chart`]). No routes, no operations, no models.

pub mod chart;
pub mod clock;
pub mod filters;
pub mod form;
pub mod viewer;
pub mod words;

use askama::Template;
use poem::Response;
use poem::http::StatusCode;

use crate::error::Error;
use crate::http::{Call, answer};

use self::viewer::Visit;

/// Bytes of most pages: room for so many is made at once.
const USUAL: usize = 48 * 1024;

/// Renders a page for the visit that `call` is.
///
/// # Errors
/// 500 when the template fails.
pub fn render_for(
    call: &Call,
    status: StatusCode,
    template: &impl Template,
) -> Result<Response, Error> {
    viewer::scoped_now(Visit::of(call), || render(status, template))
}

/// Renders a page.
///
/// # Errors
/// 500 when the template fails.
pub fn render(status: StatusCode, template: &impl Template) -> Result<Response, Error> {
    let mut html = String::with_capacity(USUAL);
    template.render_into(&mut html).map_err(Error::internal)?;
    Ok(answer::html(status, html))
}
