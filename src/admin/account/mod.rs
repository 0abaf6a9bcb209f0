//! `/admin/_account`: one's own password, sessions, API tokens, and how the pages look. What it does
//! it does by the operations of `/auth/*`.

mod act;
mod scopes;

pub(crate) use act::{end_session, make_token, password, revoke_token};
pub(crate) use scopes::verb_word;

use askama::Template;
use poem::Response;
use poem::http::StatusCode;

use crate::account::{Accounts, accounts};
use crate::error::Error;
use crate::http::Call;
use crate::page::words::{fill, t};
use crate::page::{self, clock, filters};
use crate::session::own::Own;
use crate::store::now;

use self::scopes::{Draft, ScopeRow};
use crate::admin::address::Query;
use crate::admin::shell::Shell;

/// The page.
#[derive(Debug, Template)]
#[template(path = "admin/account.html")]
struct AccountPage {
    shell: Shell,
    email: String,
    sessions: Vec<SessionRow>,
    tokens: Vec<TokenRow>,
    models: Vec<ScopeRow>,
    draft: Draft,
    said: Said,
}

/// An open session.
#[derive(Debug)]
struct SessionRow {
    id: i64,
    client: String,
    agent: String,
    ip: String,
    seen: String,
    seen_at: String,
    begun_at: String,
    ends_at: String,
    current: bool,
}

/// A token that was not revoked.
#[derive(Debug)]
struct TokenRow {
    id: i64,
    name: String,
    prefix: String,
    scopes: String,
    created_at: String,
    used: String,
    used_at: String,
    expires: String,
    expired: bool,
}

/// What there is to say of what was just tried.
#[derive(Debug, Default)]
pub(crate) struct Said {
    /// Why the password was not changed.
    password: String,
    /// Why the token was not made.
    token: Vec<String>,
    /// The name and the text of the token that was just made.
    made: Option<(String, String)>,
}

/// `GET /admin/_account`
pub(crate) async fn page(call: Call) -> Result<Response, Error> {
    let done = Query(call.query()?);
    let flash = match done.get("done") {
        Some("password") => t("Your password was changed, and every other session was ended."),
        Some("session") => t("The session was ended."),
        Some("others") => t("Every other session was ended."),
        Some("token") => t("The token was revoked."),
        Some("looks") => t("Kept in this browser."),
        _ => "",
    };
    show(
        &call,
        StatusCode::OK,
        flash,
        (Draft::default(), Said::default()),
    )
    .await
}

/// The page, with what was sent and what is to be said of it.
async fn show(
    call: &Call,
    status: StatusCode,
    flash: &str,
    (draft, said): (Draft, Said),
) -> Result<Response, Error> {
    let accounts = accounts(&call.request)?;
    let own = own(call, &accounts)?;
    let user = call.ctx.principal.user.as_ref();
    let mut shell = Shell::new(&call.engine, &call.ctx)
        .here(t("My account"))
        .saying(flash)
        .doing("GET", "/auth/tokens");
    // After a form was refused the way on is still the page itself.
    shell.path = "/admin/_account".to_owned();
    let account = AccountPage {
        email: user.and_then(|u| u.email.clone()).unwrap_or_default(),
        sessions: sessions(call, own).await?,
        tokens: tokens(own).await?,
        models: scopes::rows(call, &draft),
        shell,
        draft,
        said,
    };
    page::render(status, &account)
}

fn own<'a>(call: &'a Call, accounts: &'a Accounts) -> Result<Own<'a>, Error> {
    Own::of(&call.engine, &accounts.identity, &call.ctx)
}

async fn sessions(call: &Call, own: Own<'_>) -> Result<Vec<SessionRow>, Error> {
    let current = call.ctx.principal.session;
    let all = own.sessions().await?.into_iter();
    Ok(all
        .map(|s| {
            let seen = clock::text(s.seen_at);
            let agent = s.user_agent.unwrap_or_default();
            SessionRow {
                id: s.id,
                client: client(&agent),
                agent,
                ip: s.ip.unwrap_or_default(),
                seen: clock::ago(&seen, now()),
                seen_at: clock::shown(&seen),
                begun_at: clock::shown(&clock::text(s.created_at)),
                ends_at: clock::shown(&clock::text(s.expires_at)),
                current: current == Some(s.id),
            }
        })
        .collect())
}

async fn tokens(own: Own<'_>) -> Result<Vec<TokenRow>, Error> {
    let now = now();
    let all = own.tokens().await?.into_iter();
    Ok(all
        .map(|t| {
            let used = t.last_used_at.map(clock::text).unwrap_or_default();
            let end = t.expires_at.map(clock::text);
            TokenRow {
                id: t.id,
                name: t.name,
                prefix: t.prefix,
                scopes: scopes::words(&t.scopes),
                created_at: clock::shown(&clock::text(t.created_at)),
                used: if used.is_empty() {
                    String::new()
                } else {
                    clock::ago(&used, now)
                },
                used_at: clock::shown(&used),
                expires: end.map(|e| clock::shown(&e)).unwrap_or_default(),
                expired: t.expires_at.is_some_and(|e| e <= now),
            }
        })
        .collect())
}

/// `Firefox, Linux`: what a browser's own name comes down to; empty when it is none that we know.
pub(crate) fn client(agent: &str) -> String {
    // The order matters: most browsers name others too.
    const BROWSERS: [(&str, &str); 8] = [
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("HeadlessChrome/", "Chrome"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
        ("curl/", "curl"),
        ("python", "Python"),
    ];
    const SYSTEMS: [(&str, &str); 6] = [
        ("Windows", "Windows"),
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Mac OS X", "macOS"),
        ("Linux", "Linux"),
    ];
    let known = |names: &[(&str, &'static str)]| {
        let found = names.iter().find(|(sign, _)| agent.contains(sign));
        found.map(|(_, name)| *name)
    };
    match (known(&BROWSERS), known(&SYSTEMS)) {
        (Some(browser), Some(system)) => fill("{} on {}", &[&browser, &system]),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::client;

    #[test]
    fn a_browser_is_named_by_what_people_call_it() {
        let firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
        let edge =
            "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0";
        assert_eq!(client(firefox), "Firefox on Linux");
        assert_eq!(client(edge), "Edge on Windows");
        assert_eq!(client("curl/8.14.1"), "curl");
        assert_eq!(client("something else"), "");
    }
}
