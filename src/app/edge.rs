//! What the outermost layer knows of a client: its address, the host it asked for, where a browser
//! says the request comes from.

use std::net::{IpAddr, SocketAddr};

use poem::http::{HeaderMap, Method, Version, header};
use poem::{Addr, Request};

use crate::config::Server;
use crate::error::{Error, Fault, Kind};

/// The client's address. `X-Forwarded-For` counts only from a trusted proxy, and of it only the last
/// address that is not one itself.
pub(super) fn client(settings: &Server, request: &Request) -> Option<IpAddr> {
    let Addr::SocketAddr(peer) = &request.remote_addr().0 else {
        return None;
    };
    let trusted = |ip: IpAddr| settings.trusted_proxies.iter().any(|c| c.contains(ip));
    let peer = peer.ip().to_canonical();
    if !trusted(peer) {
        return Some(peer);
    }
    let all = request.headers().get_all("x-forwarded-for").iter();
    let hops: Vec<&str> = all
        .filter_map(|v| v.to_str().ok())
        .flat_map(|v| v.split(','))
        .map(str::trim)
        .collect();
    for hop in hops.iter().rev() {
        match parse_hop(hop) {
            Some(ip) if trusted(ip) => {}
            Some(ip) => return Some(ip),
            // An unreadable hop hides everything before it.
            None => return Some(peer),
        }
    }
    Some(peer)
}

fn parse_hop(hop: &str) -> Option<IpAddr> {
    let bare = hop.trim_start_matches('[').trim_end_matches(']');
    let ip = bare.parse::<IpAddr>().ok();
    ip.or_else(|| hop.parse::<SocketAddr>().ok().map(|a| a.ip()))
        .map(|ip| ip.to_canonical())
}

/// Refuses requests for hosts that are not ours: DNS rebinding, and links built from a forged name.
/// A target with a host of its own, which only proxies are sent (RFC 9112, section 3.2.2), is no host
/// of ours either.
///
/// # Errors
/// 400.
pub(super) fn check_host(settings: &Server, request: &Request) -> Result<(), Error> {
    let is_absolute = request.version() <= Version::HTTP_11
        && request.original_uri().authority().is_some()
        && request.method() != Method::CONNECT;
    let mut all = request.headers().get_all(header::HOST).iter();
    let given = match (all.next(), all.next()) {
        (Some(host), None) => host.to_str().ok().map(ToOwned::to_owned),
        (None, _) => request.original_uri().authority().map(ToString::to_string),
        _ => None,
    };
    let known = given
        .as_deref()
        .and_then(host_name)
        .is_some_and(|n| is_ours(settings, &n));
    if known && !is_absolute {
        Ok(())
    } else {
        Err(Error::parameter(
            "Host",
            "unknown_host",
            "This host is not served here.",
        ))
    }
}

/// The name of `name:port`, in lower case, without a final dot.
fn host_name(host: &str) -> Option<String> {
    let authority: poem::http::uri::Authority = host.parse().ok()?;
    let port = host.strip_prefix(authority.host())?.strip_prefix(':');
    if host.contains('@') || port.is_some_and(|p| p.parse::<u16>().is_err()) {
        return None;
    }
    let name = authority
        .host()
        .trim_start_matches('[')
        .trim_end_matches(']');
    Some(name.trim_end_matches('.').to_ascii_lowercase()).filter(|n| !n.is_empty())
}

/// Configured names; without any, names and addresses that a rebinding page cannot have.
fn is_ours(settings: &Server, name: &str) -> bool {
    let public = settings.public_url.as_deref().and_then(|url| {
        let uri: poem::http::Uri = url.parse().ok()?;
        uri.host()
            .map(|h| h.trim_matches(['[', ']']).to_ascii_lowercase())
    });
    if public.as_deref() == Some(name) {
        return true;
    }
    if !settings.allowed_hosts.is_empty() {
        return settings
            .allowed_hosts
            .iter()
            .any(|h| h.eq_ignore_ascii_case(name));
    }
    name == "localhost" || name.ends_with(".localhost") || name.parse::<IpAddr>().is_ok()
}

/// Whether a method may change state.
pub(super) fn is_unsafe(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// Refuses unsafe requests that a browser says come from another site. A client that says nothing of
/// the kind (curl, a script) is let through: no browser leaves both headers out.
///
/// # Errors
/// 403.
pub(super) fn check_origin(settings: &Server, request: &Request) -> Result<(), Error> {
    let one = |name: header::HeaderName| -> Result<Option<String>, ()> {
        let mut all = request.headers().get_all(name).iter();
        match (all.next(), all.next()) {
            (None, _) => Ok(None),
            (Some(value), None) => value.to_str().map(|v| Some(v.to_owned())).map_err(|_| ()),
            _ => Err(()),
        }
    };
    let refused = || {
        Error::new(
            Kind::Forbidden,
            "cross_site",
            "This request comes from another site.",
        )
    };
    let site = one(header::HeaderName::from_static("sec-fetch-site")).map_err(|()| refused())?;
    let origin = one(header::ORIGIN).map_err(|()| refused())?;
    if let Some(site) = site {
        return if matches!(site.as_str(), "same-origin" | "none") {
            Ok(())
        } else {
            Err(refused())
        };
    }
    match origin {
        None => Ok(()),
        Some(origin) if is_own_origin(settings, request, &origin) => Ok(()),
        Some(_) => Err(refused()),
    }
}

fn is_own_origin(settings: &Server, request: &Request, origin: &str) -> bool {
    if let Some(public) = &settings.public_url {
        let own = public.trim_end_matches('/');
        return own.eq_ignore_ascii_case(origin);
    }
    let host = request
        .headers()
        .get(header::HOST)
        .and_then(|h| h.to_str().ok());
    let rest = origin
        .strip_prefix("http://")
        .or_else(|| origin.strip_prefix("https://"));
    matches!((rest, host), (Some(rest), Some(host)) if rest.eq_ignore_ascii_case(host))
}

/// Refuses header spellings that some proxies treat as the same header (A61), and credentials twice.
///
/// # Errors
/// 400.
pub(super) fn check_headers(headers: &HeaderMap) -> Result<(), Error> {
    const ONCE: [&str; 3] = ["authorization", "x-api-key", "content-type"];
    let mut faults = Vec::new();
    for name in headers.keys().map(header::HeaderName::as_str) {
        if name.contains('_') {
            let detail = format!("The header {name} is not understood; `_` is not `-`.");
            faults.push(Fault::parameter(name, "unknown_header", detail));
        }
    }
    for name in ONCE {
        if headers.get_all(name).iter().count() > 1 {
            faults.push(Fault::parameter(
                name,
                "duplicate",
                format!("{name} is there twice."),
            ));
        }
    }
    if faults.is_empty() {
        Ok(())
    } else {
        Err(Error::malformed(faults))
    }
}
