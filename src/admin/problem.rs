//! The page for a request that failed.

use askama::Template;
use poem::Response;
use poem::http::StatusCode;

use crate::crud::{Context, Engine};
use crate::error::{Error, Kind, Place};
use crate::http::answer;

use crate::admin::shell::Shell;
use crate::page::filters;
use crate::page::words::{self, t, told};

/// The page.
#[derive(Debug, Template)]
#[template(path = "admin/problem.html")]
struct ProblemPage<'a> {
    shell: Shell,
    status: u16,
    title: &'a str,
    detail: String,
    /// Each fault: where, and what.
    faults: Vec<(&'a str, String)>,
    /// The list that the address is in; empty when it is in none.
    list: String,
    login: bool,
    request_id: &'a str,
}

/// The page for a failure under `/admin`, without the navigation: what failed may be the very thing
/// that makes it.
#[must_use]
pub fn error_page(error: &Error, ctx: Option<&Context>, path: &str) -> Response {
    let user = ctx
        .filter(|c| !c.principal.is_anonymous())
        .map(|c| c.principal.name());
    let shell = Shell {
        user: user.unwrap_or_default().to_owned(),
        ..Shell::default()
    };
    page(error, shell, ctx.map_or("", |c| &c.request_id), path)
}

/// The page for a failure that the caller can do something about, within the navigation.
pub(crate) fn within(engine: &Engine, ctx: &Context, error: &Error, path: &str) -> Response {
    page(error, Shell::new(engine, ctx), &ctx.request_id, path)
}

/// Whether a failure is the caller's, and not to be logged as one of ours.
pub(crate) fn callers(error: &Error) -> bool {
    match error.kind {
        Kind::Malformed
        | Kind::Forbidden
        | Kind::NotFound
        | Kind::Conflict
        | Kind::PreconditionFailed
        | Kind::PreconditionRequired
        | Kind::Invalid => true,
        Kind::Unauthenticated
        | Kind::MethodNotAllowed
        | Kind::TooLarge
        | Kind::UnsupportedMedia
        | Kind::TooManyRequests
        | Kind::Internal
        | Kind::Unavailable => false,
    }
}

fn page(error: &Error, shell: Shell, request_id: &str, path: &str) -> Response {
    let status = error.kind.status();
    let place = |place| match place {
        &Place::Pointer(ref at) | &Place::Parameter(ref at) => at.trim_start_matches('/'),
    };
    let page = ProblemPage {
        shell,
        status,
        title: words::say(error.kind.title()),
        detail: if error.faults.len() > 1 {
            t("Several things are wrong:").to_owned()
        } else {
            told(&error.detail)
        },
        faults: error
            .faults
            .iter()
            .map(|f| (place(&f.place), told(&f.detail)))
            .collect(),
        list: if error.kind == Kind::Malformed {
            list(path)
        } else {
            String::new()
        },
        login: error.kind == Kind::Unauthenticated,
        request_id: if status >= 500 { request_id } else { "" },
    };
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    match page.render() {
        Ok(html) => answer::html(status, html),
        // Without its page a failure is still a failure of the same status.
        Err(_) => answer::empty(status),
    }
}

/// `/admin/book` from any address below it; nothing that is no model's name.
fn list(path: &str) -> String {
    let slug = path
        .strip_prefix("/admin/")
        .and_then(|rest| rest.split('/').next());
    let named = |s: &&str| {
        !s.is_empty()
            && s.bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
    };
    slug.filter(named)
        .map(|slug| format!("/admin/{slug}"))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn text(error: &Error, path: &str) -> (u16, String) {
        let response = error_page(error, None, path);
        let status = response.status().as_u16();
        (status, response.into_body().into_string().await.unwrap())
    }

    #[tokio::test]
    async fn r59_a_failure_of_ours_shows_no_cause() {
        let error = Error::internal("SELECT secret FROM t");
        let (status, html) = text(&error, "/admin/book").await;
        assert_eq!(status, 500);
        assert!(!html.contains("SELECT"), "{html}");
    }

    #[tokio::test]
    async fn a_bad_filter_says_what_is_allowed_and_leads_back() {
        let error = Error::parameter("<x>", "unknown_field", "There is no field \"<x>\" here.");
        let (status, html) = text(&error, "/admin/book?<x>=1").await;
        assert_eq!(status, 400);
        assert!(!html.contains("<x>"), "{html}");
        assert!(html.contains("There is no field"), "{html}");
    }

    #[test]
    fn the_way_back_is_one_of_our_own_pages() {
        assert_eq!(list("/admin/book/7/delete"), "/admin/book");
        for odd in [
            "/admin",
            "/admin/",
            "/admin/\"><x>",
            "/admin/Book",
            "//evil",
        ] {
            assert_eq!(list(odd), "", "{odd}");
        }
    }
}
