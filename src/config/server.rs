//! Section `[server]`: listening, proxies, timeouts and origins.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use super::cidr::Cidr;
use super::reader::{Reader, plain, text};

/// The longest timeout that makes sense: a day.
const DAY: u64 = 86_400;

/// How the server listens and whom it believes.
#[derive(Clone, Debug)]
pub struct Server {
    /// Address and port to listen on.
    pub bind: SocketAddr,
    /// `scheme://host[:port]` that browsers use, without a slash at the end.
    pub public_url: Option<String>,
    /// Networks whose forwarding headers are believed.
    pub trusted_proxies: Vec<Cidr>,
    /// Values of `Host` that are answered, in lower case; empty: derived from the addresses above.
    pub allowed_hosts: Vec<String>,
    /// Where `/` leads.
    pub root_redirect: Option<String>,
    /// The largest request body in bytes.
    pub body_limit: u64,
    /// How long requests in flight may go on after the signal to stop.
    pub shutdown: Duration,
    /// How long a client may take for the head of a request.
    pub header_timeout: Duration,
    /// How long a client may pause inside a body.
    pub body_idle: Duration,
    /// How long an idle connection is kept.
    pub keep_alive: Duration,
    /// How long one request may take.
    pub request: Duration,
    /// Connections open at once.
    pub max_connections: usize,
    /// Foreign origins that may call the API from a browser.
    pub cors_origins: Vec<String>,
}

impl Server {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let nowhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self {
            bind: reader.text("server.bind", nowhere, bind),
            public_url: reader
                .optional("server.public_url", plain, |value| public_url(text(value)?))
                .flatten(),
            trusted_proxies: reader.list("server.trusted_proxies", |text| text.parse::<Cidr>()),
            allowed_hosts: reader.list("server.allowed_hosts", host),
            root_redirect: reader.text("server.root_redirect", None, own_path),
            body_limit: reader.bytes("server.body_limit", 1_000..=4_000_000_000),
            shutdown: reader.seconds("server.shutdown_seconds", 0..=DAY),
            header_timeout: reader.seconds("server.header_timeout_seconds", 1..=DAY),
            body_idle: reader.seconds("server.body_idle_seconds", 1..=DAY),
            keep_alive: reader.seconds("server.keep_alive_seconds", 1..=DAY),
            request: reader.seconds("server.request_seconds", 1..=DAY),
            max_connections: reader.whole("server.max_connections", 1..=1_000_000),
            cors_origins: reader.list("server.cors_origins", origin),
        }
    }

    /// Whether browsers reach the server over HTTPS.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.public_url
            .as_deref()
            .is_some_and(|url| url.starts_with("https://"))
    }
}

fn bind(text: &str) -> Result<SocketAddr, String> {
    let numeric = match text.strip_prefix("localhost:") {
        Some(port) => format!("127.0.0.1:{port}"),
        None => text.to_owned(),
    };
    numeric.parse().map_err(|_| {
        "expected an address and a port such as 127.0.0.1:8000 or [::]:8000".to_owned()
    })
}

fn public_url(text: &str) -> Result<Option<String>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    let url = text.strip_suffix('/').unwrap_or(text);
    origin(url)
        .map(Some)
        .map_err(|_| "expected http:// or https://, a host and perhaps a port, no path".to_owned())
}

/// An origin in the form that browsers send: lower case, the scheme's own port left out.
fn origin(text: &str) -> Result<String, String> {
    let expected = || format!("{text:?} is no origin such as https://app.example.org");
    let lower = text.to_ascii_lowercase();
    let (scheme, authority) = lower.split_once("://").ok_or_else(expected)?;
    let own_port = match scheme {
        "http" => ":80",
        "https" => ":443",
        _ => return Err(expected()),
    };
    let authority = authority.strip_suffix(own_port).unwrap_or(authority);
    host(authority).map_err(|_| expected())?;
    Ok(format!("{scheme}://{authority}"))
}

/// A host with or without a port, in lower case.
fn host(text: &str) -> Result<String, String> {
    let expected = || format!("{text:?} is no host such as desk.example.org or 10.0.0.7:8000");
    let lower = text.to_ascii_lowercase();
    let (name, rest) = match lower
        .strip_prefix('[')
        .and_then(|rest| rest.split_once(']'))
    {
        Some((address, rest)) if address.parse::<std::net::Ipv6Addr>().is_ok() => ("v6", rest),
        Some(_) => return Err(expected()),
        None => lower.split_at(lower.find(':').unwrap_or(lower.len())),
    };
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let port = match rest.strip_prefix(':') {
        Some(port) => port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok(),
        None => rest.is_empty(),
    };
    if name.is_empty() || !name.chars().all(is_name) || !port {
        return Err(expected());
    }
    Ok(lower)
}

/// A path of our own: a browser would take `//host` and `/\host` for another machine.
fn own_path(text: &str) -> Result<Option<String>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    let rest = text
        .strip_prefix('/')
        .filter(|rest| !rest.is_empty() && !rest.starts_with('/'));
    let is_plain = |c: char| c.is_ascii_graphic() && c != '\\';
    match rest {
        Some(rest) if rest.chars().all(is_plain) => Ok(Some(text.to_owned())),
        _ => Err("expected a path of this server other than /, such as /admin".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_kept_as_browsers_write_them() {
        for (text, expected) in [
            ("https://app.example.org", "https://app.example.org"),
            ("HTTPS://App.Example.org:443", "https://app.example.org"),
            ("http://localhost:5173", "http://localhost:5173"),
            ("http://[::1]:80", "http://[::1]"),
        ] {
            assert_eq!(origin(text).as_deref(), Ok(expected), "{text}");
        }
        for text in [
            "",
            "*",
            "null",
            "app.example.org",
            "ftp://a",
            "https://a/b",
            "https://a b",
        ] {
            assert!(origin(text).is_err(), "{text}");
        }
        for text in [
            "https://",
            "https://u@a",
            "https://a:x",
            "https://a:70000",
            "https://[x]",
        ] {
            assert!(origin(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_public_url_has_no_path() {
        let url = |text| public_url(text).unwrap();
        assert_eq!(
            url("https://desk.example.org/").as_deref(),
            Some("https://desk.example.org")
        );
        assert_eq!(url(""), None);
        assert!(public_url("https://desk.example.org/desk").is_err());
    }

    #[test]
    fn the_root_leads_only_to_ourselves() {
        assert_eq!(own_path("/admin"), Ok(Some("/admin".to_owned())));
        assert_eq!(own_path(""), Ok(None));
        for text in [
            "/",
            "//evil",
            "/\\evil",
            "https://evil",
            "/a b",
            "/\tx",
            "admin",
        ] {
            assert!(own_path(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn localhost_is_an_address() {
        assert_eq!(
            bind("localhost:80"),
            Ok(SocketAddr::from(([127, 0, 0, 1], 80)))
        );
        assert!(bind("localhost").is_err());
        assert!(bind("8000").is_err());
    }
}
