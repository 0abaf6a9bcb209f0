//! The session cookie: its name, its attributes, and finding it in a request.

use poem::http::{HeaderMap, header};

/// The cookie's name; over HTTPS with the prefix that makes browsers enforce its attributes.
#[must_use]
pub fn name(https: bool) -> &'static str {
    if https {
        "__Host-quarterdeck_session"
    } else {
        "quarterdeck_session"
    }
}

/// `Set-Cookie` for a new session.
#[must_use]
pub fn set(https: bool, value: &str, max_age_seconds: i64) -> String {
    let secure = if https { "; Secure" } else { "" };
    format!(
        "{}={value}; HttpOnly; SameSite=Lax; Path=/; Max-Age={max_age_seconds}{secure}",
        name(https)
    )
}

/// `Set-Cookie` that removes it.
#[must_use]
pub fn clear(https: bool) -> String {
    set(https, "", 0)
}

/// The name of the cookie that keeps a look through other eyes.
fn view_name(https: bool) -> &'static str {
    if https {
        "__Host-quarterdeck_view"
    } else {
        "quarterdeck_view"
    }
}

/// `Set-Cookie` for a look; an empty value and no age remove it.
#[must_use]
pub fn set_view(https: bool, value: &str, max_age_seconds: i64) -> String {
    let secure = if https { "; Secure" } else { "" };
    format!(
        "{}={value}; HttpOnly; SameSite=Lax; Path=/; Max-Age={max_age_seconds}{secure}",
        view_name(https)
    )
}

/// The look's value in a request; `None` when it is there twice.
#[must_use]
pub fn find_view(headers: &HeaderMap, https: bool) -> Option<&str> {
    find_named(headers, view_name(https))
}

/// The cookie's value in a request; `None` when it is there twice.
#[must_use]
pub fn find(headers: &HeaderMap, https: bool) -> Option<&str> {
    find_named(headers, name(https))
}

fn find_named<'a>(headers: &'a HeaderMap, wanted: &str) -> Option<&'a str> {
    let mut found = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|v| v.to_str().ok())
        .flat_map(|v| v.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(name, _)| *name == wanted)
        .map(|(_, value)| value);
    match (found.next(), found.next()) {
        (Some(value), None) => Some(value),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r11_the_cookie_has_every_attribute() {
        assert_eq!(
            set(true, "v", 60),
            "__Host-quarterdeck_session=v; HttpOnly; SameSite=Lax; Path=/; Max-Age=60; Secure"
        );
        assert_eq!(
            set(false, "v", 60),
            "quarterdeck_session=v; HttpOnly; SameSite=Lax; Path=/; Max-Age=60"
        );
    }

    #[test]
    fn a_cookie_that_is_there_twice_is_none() {
        let mut headers = HeaderMap::new();
        headers.append(
            header::COOKIE,
            "a=1; quarterdeck_session=x".parse().unwrap(),
        );
        assert_eq!(find(&headers, false), Some("x"));
        assert_eq!(find(&headers, true), None);
        headers.append(header::COOKIE, "quarterdeck_session=y".parse().unwrap());
        assert_eq!(find(&headers, false), None);
    }
}
