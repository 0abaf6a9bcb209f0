//! How the pages look to one viewer: language, theme, density and zone, kept in the viewer's browser.

use poem::Response;
use poem::http::header;

use crate::error::Error;
use crate::http::{Call, answer};
use crate::page::form;
use crate::page::viewer::{Choice as _, Density, Language, Theme, Viewer, zone};

/// `POST /admin/_preferences`: keeps the choices and goes back to `next`.
pub(crate) async fn save(mut call: Call) -> Result<Response, Error> {
    let fields = form::posted(&mut call).await?;
    let sent = |name: &str| {
        let found = fields.iter().find(|(n, _)| n == name);
        found.map_or("", |(_, v)| v.trim())
    };
    // No model's field is called so, and a page must not speak of a field that is hidden (A1).
    let chosen = |name: &str| sent(&format!("quarterdeck_{name}"));
    let unknown = |name: &str| {
        let detail = format!("There is no {name} of this name.");
        Error::parameter(name, "unknown_choice", detail)
    };
    let viewer = Viewer {
        language: Language::named(chosen("language")).ok_or_else(|| unknown("language"))?,
        theme: Theme::named(chosen("theme")).ok_or_else(|| unknown("theme"))?,
        density: Density::named(chosen("density")).ok_or_else(|| unknown("density"))?,
        zone: match chosen("zone") {
            "" => None,
            name => Some(zone(name).ok_or_else(|| unknown("zone"))?),
        },
        token: None,
    };
    let next = match sent("next") {
        next if answer::is_local_path(next) => next,
        _ => "/admin",
    };
    let https = call.request.scheme() == &poem::http::uri::Scheme::HTTPS;
    let mut response = answer::see_other(next);
    for cookie in viewer.cookies(https) {
        if let Ok(value) = cookie.parse() {
            response.headers_mut().append(header::SET_COOKIE, value);
        }
    }
    Ok(response)
}
