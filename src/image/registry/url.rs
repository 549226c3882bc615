//! Which URLs are gone to: those of the registry itself, of its login service, and of where it keeps blobs.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use http::Uri;
use http::uri::Scheme;

use super::error::Misbehaviour;
use crate::image::host;

const MAX_URL: usize = 8 << 10;

/// Scheme and host that a registry is spoken to at: http only on this machine.
pub(super) fn base(registry: &str) -> String {
    match registry {
        // The name of Docker's registry is not that of its server.
        "docker.io" => "https://registry-1.docker.io".into(),
        local if host::is_loopback(local) => format!("http://{local}"),
        other => format!("https://{other}"),
    }
}

/// Host and port as they stand in a URL that was checked.
pub(super) fn authority(uri: &Uri) -> &str {
    uri.authority().map_or("", http::uri::Authority::as_str)
}

/// Whether a request that was allowed at one may be sent to the other with the same credentials.
pub(super) fn same_origin(one: &Uri, other: &Uri) -> bool {
    let port = |uri: &Uri| {
        uri.port_u16()
            .or((uri.scheme() == Some(&Scheme::HTTP)).then_some(80))
            .unwrap_or(443)
    };
    let same_host = one
        .host()
        .zip(other.host())
        .is_some_and(|(one, other)| one.eq_ignore_ascii_case(other));
    one.scheme() == other.scheme() && same_host && port(one) == port(other)
}

/// Where a registry at `current` sends us: an absolute URL, or a path at the same host.
///
/// # Errors
/// [`Misbehaviour::Redirect`] where that is not gone to.
pub(super) fn redirect_target(current: &Uri, location: &str) -> Result<Uri, Misbehaviour> {
    let refused = |why| Err(Misbehaviour::Redirect(why));
    if location.len() > MAX_URL {
        return refused("its address is too long");
    }
    let origin = format!(
        "{}://{}",
        current.scheme_str().unwrap_or_default(),
        authority(current)
    );
    let text = if location.starts_with("//") {
        format!("{}:{location}", current.scheme_str().unwrap_or_default())
    } else if location.starts_with('/') {
        origin + location
    } else {
        location.to_owned()
    };
    match checked(&text, is_loopback(current)) {
        Ok(uri) => Ok(uri),
        Err(why) => refused(why),
    }
}

/// The login service that a registry at `registry` names.
///
/// # Errors
/// [`Misbehaviour::Login`] where credentials cannot be sent there.
pub(super) fn realm(registry: &Uri, realm: &str) -> Result<Uri, Misbehaviour> {
    if realm.len() > MAX_URL {
        return Err(Misbehaviour::Login("its address is too long"));
    }
    checked(realm, is_loopback(registry)).map_err(Misbehaviour::Login)
}

/// https, or http from this machine to this machine; without user name, with a host.
fn checked(text: &str, from_loopback: bool) -> Result<Uri, &'static str> {
    let Ok(uri) = text.parse::<Uri>() else {
        return Err("its address is not a URL");
    };
    if uri.host().is_none_or(str::is_empty) || authority(&uri).ends_with(':') {
        return Err("its address names no host");
    }
    if authority(&uri).contains('@') {
        return Err("its address holds a user name");
    }
    match uri.scheme_str() {
        Some("https") => Ok(uri),
        Some("http") if from_loopback && is_loopback(&uri) => Ok(uri),
        Some("http") => Err("its address is http, not https"),
        _ => Err("its address is not https"),
    }
}

/// Whether a URL names this machine.
pub(super) fn is_loopback(uri: &Uri) -> bool {
    host::is_loopback(authority(uri))
}

/// A URL's query with one more parameter, percent-encoded.
pub(super) fn push_parameter(query: &mut String, name: &str, value: &str) {
    use std::fmt::Write as _;
    if !query.is_empty() {
        query.push('&');
    }
    query.push_str(name);
    query.push('=');
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            query.push(char::from(byte));
        } else {
            let _ = write!(query, "%{byte:02X}");
        }
    }
}

/// Whether everybody can mean the same host by this address. What only this machine or its network can reach, a public
/// registry has no business to send us to. Ranges: the IANA special-purpose address registries.
pub(super) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !(a == 0
        || address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || a >= 240
        || (a == 100 && b & 0xc0 == 64)
        || (a == 192 && b == 0 && c == 0)
        || (a == 198 && b & 0xfe == 18))
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    // Addresses of IPv4 in other clothes: mapped, NAT64, 6to4.
    let inner = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        is_public_v4(Ipv4Addr::new(a, b, c, d))
    };
    match segments {
        [0, 0, 0, 0, 0, 0xffff, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low]
        | [0x2002, high, low, ..] => inner(high, low),
        // Only this block has been given out for the world to use; Teredo in it tunnels to anywhere.
        [first, second, ..] => first & 0xe000 == 0x2000 && (first, second) != (0x2001, 0),
    }
}

#[cfg(test)]
#[path = "url_tests.rs"]
mod tests;
