//! Who looks at a page, as far as the page's looks go: language, zone, theme and density. It is known
//! from cookies that hold no secret, so that a page is right at its first byte and without a script;
//! the language falls back to what the browser asks for (RFC 9110, 12.5.4).

use std::future::Future;
use std::sync::Arc;

use chrono_tz::Tz;
use poem::http::{HeaderMap, header};

use crate::http::Call;

use super::form::{self, FormToken};

/// A year: how long a browser keeps a choice.
const KEPT_SECONDS: u32 = 31_536_000;

/// The choices of one viewer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Viewer {
    /// The language of the pages.
    pub language: Language,
    /// The zone that times are shown in; `None` for UTC.
    pub zone: Option<Tz>,
    /// The colours.
    pub theme: Theme,
    /// How close the rows of lists are.
    pub density: Density,
    /// What the forms of the session carry.
    pub token: Option<FormToken>,
}

/// A language that the pages speak.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Language {
    /// English, which the templates are written in.
    #[default]
    English,
    /// German.
    German,
}

/// A set of colours.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Theme {
    /// What the system says.
    #[default]
    System,
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

/// The distance of rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Density {
    /// Many rows on a screen.
    #[default]
    Compact,
    /// More room around each.
    Comfortable,
}

/// A thing that a viewer may choose between, by the names that cookies and forms have for it.
pub trait Choice: Copy + PartialEq + 'static {
    /// Every one, with its name and its words in English.
    const ALL: &'static [(Self, &'static str, &'static str)];

    /// The one of that name.
    #[must_use]
    fn named(name: &str) -> Option<Self> {
        let mut all = Self::ALL.iter();
        all.find(|(_, known, _)| *known == name).map(|c| c.0)
    }

    /// Its name.
    #[must_use]
    fn name(self) -> &'static str {
        let mut all = Self::ALL.iter();
        all.find(|c| c.0 == self).map_or("", |c| c.1)
    }
}

impl Language {
    /// What stands between thousands, and what before tenths.
    #[must_use]
    pub fn marks(self) -> (char, char) {
        match self {
            Self::English => (',', '.'),
            Self::German => ('.', ','),
        }
    }
}

impl Choice for Language {
    const ALL: &'static [(Self, &'static str, &'static str)] = &[
        (Self::English, "en", "English"),
        (Self::German, "de", "Deutsch"),
    ];
}

impl Choice for Theme {
    const ALL: &'static [(Self, &'static str, &'static str)] = &[
        (Self::System, "system", "System"),
        (Self::Light, "light", "Light"),
        (Self::Dark, "dark", "Dark"),
    ];
}

impl Choice for Density {
    const ALL: &'static [(Self, &'static str, &'static str)] = &[
        (Self::Compact, "compact", "Compact"),
        (Self::Comfortable, "comfortable", "Comfortable"),
    ];
}

/// One look at one page.
#[derive(Debug, Clone, Default)]
pub struct Visit {
    /// Who looks.
    pub viewer: Viewer,
    /// The path and the query of the page, as the browser asked for them.
    pub path: Arc<str>,
    /// Where the browser reaches us: `https://shop.example`.
    pub origin: Arc<str>,
}

tokio::task_local! {
    static VISIT: Visit;
}

impl Visit {
    /// The visit that a request is.
    #[must_use]
    pub fn of(call: &Call) -> Self {
        let headers = call.request.headers();
        let scheme = call.request.scheme().as_str();
        let host = headers.get(header::HOST).and_then(|h| h.to_str().ok());
        let uri = call.request.original_uri();
        Self {
            viewer: Viewer {
                token: form::of(call),
                ..Viewer::of(headers)
            },
            path: uri.path_and_query().map_or("/", |p| p.as_str()).into(),
            origin: format!("{scheme}://{}", host.unwrap_or("localhost")).into(),
        }
    }

    /// The visit whose page is being made; an empty one outside of any.
    #[must_use]
    pub fn now() -> Self {
        VISIT.try_with(Self::clone).unwrap_or_default()
    }
}

impl Viewer {
    /// The viewer that a request's headers tell of. What is unknown or malformed is as if absent.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Self {
        let cookie = |name| cookie(headers, name);
        Self {
            language: cookie("quarterdeck_language")
                .and_then(Language::named)
                .unwrap_or_else(|| wanted(headers)),
            zone: cookie("quarterdeck_zone").and_then(zone),
            theme: cookie("quarterdeck_theme")
                .and_then(Theme::named)
                .unwrap_or_default(),
            density: cookie("quarterdeck_density")
                .and_then(Density::named)
                .unwrap_or_default(),
            token: None,
        }
    }

    /// The viewer of the page that is being made; the default one outside of any.
    #[must_use]
    pub fn now() -> Self {
        VISIT.try_with(|v| v.viewer).unwrap_or_default()
    }

    /// `Set-Cookie` for each choice. Scripts may read them: they are no secrets.
    #[must_use]
    pub fn cookies(self, https: bool) -> [String; 4] {
        let secure = if https { "; Secure" } else { "" };
        let zone = self
            .zone
            .map_or(String::new(), |z| z.name().replace('/', "."));
        [
            ("language", self.language.name().to_owned()),
            ("zone", zone),
            ("theme", self.theme.name().to_owned()),
            ("density", self.density.name().to_owned()),
        ]
        .map(|(name, value)| {
            format!(
                "quarterdeck_{name}={value}; SameSite=Lax; Path=/; Max-Age={KEPT_SECONDS}{secure}"
            )
        })
    }
}

/// The language of the page, as its root element names it.
#[must_use]
pub fn language() -> &'static str {
    Viewer::now().language.name()
}

/// The colours of the page, as its root element names them.
#[must_use]
pub fn theme() -> &'static str {
    Viewer::now().theme.name()
}

/// Makes a page for a visit.
pub async fn scoped<F: Future>(visit: Visit, page: F) -> F::Output {
    VISIT.scope(visit, page).await
}

/// Makes what needs no waiting for a visit.
pub fn scoped_now<T>(visit: Visit, make: impl FnOnce() -> T) -> T {
    VISIT.sync_scope(visit, make)
}

/// The zone of that name; a dot stands for the slash, which a cookie need not hold.
#[must_use]
pub fn zone(name: &str) -> Option<Tz> {
    name.replace('.', "/").parse().ok()
}

fn cookie<'a>(headers: &'a HeaderMap, wanted: &str) -> Option<&'a str> {
    let lines = headers.get_all(header::COOKIE).iter();
    let pairs = lines
        .filter_map(|v| v.to_str().ok())
        .flat_map(|v| v.split(';'));
    let mut named = pairs.filter_map(|pair| pair.trim().split_once('='));
    named
        .find(|(name, _)| *name == wanted)
        .map(|(_, value)| value)
}

/// The first language of `Accept-Language` that we speak. Browsers send them by preference.
fn wanted(headers: &HeaderMap) -> Language {
    let line = headers.get(header::ACCEPT_LANGUAGE);
    let line = line.and_then(|v| v.to_str().ok()).unwrap_or_default();
    let mut tags = line
        .split(',')
        .map(|tag| tag.trim().split(['-', ';']).next());
    tags.find_map(|tag| Language::named(&tag?.to_ascii_lowercase()))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str, value: &str) -> Viewer {
        let mut headers = HeaderMap::new();
        headers.insert(
            poem::http::HeaderName::try_from(name).unwrap(),
            value.parse().unwrap(),
        );
        Viewer::of(&headers)
    }

    #[test]
    fn choices_come_from_cookies_and_nonsense_is_as_if_absent() {
        let viewer = of(
            "cookie",
            "a=b; quarterdeck_zone=Europe.Berlin; quarterdeck_theme=dark; quarterdeck_density=comfortable",
        );
        assert_eq!(viewer.zone, Some(Tz::Europe__Berlin));
        assert_eq!(
            (viewer.theme, viewer.density),
            (Theme::Dark, Density::Comfortable)
        );
        assert_eq!(
            of("cookie", "quarterdeck_theme=pink; quarterdeck_zone=Mars"),
            Viewer::default()
        );
    }

    #[test]
    fn the_browsers_language_is_the_default() {
        assert_eq!(
            of("accept-language", "fr, DE-at;q=0.8, en").language,
            Language::German
        );
        assert_eq!(
            of("accept-language", "fr;q=1, *").language,
            Language::English
        );
    }

    #[test]
    fn a_cookie_brings_back_what_it_was_made_of() {
        let viewer = Viewer {
            language: Language::German,
            zone: Some(Tz::America__New_York),
            theme: Theme::Light,
            density: Density::Comfortable,
            token: None,
        };
        let cookies = viewer
            .cookies(false)
            .map(|c| c.split(';').next().unwrap().to_owned());
        assert_eq!(of("cookie", &cookies.join("; ")), viewer);
    }
}
