//! URLs and hosts.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use http::Uri;
use http::uri::Scheme;

/// What is wrong with a URL that the guardian or the kit connects to, as a verb phrase: https, or http to loopback.
pub fn url(value: &str) -> Option<String> {
    parse(value).err()
}

/// What is wrong with the address of a signing server on http: loopback, with a port, and nothing after it.
pub(super) fn local_server(value: &str) -> Option<String> {
    let uri = match parse(value) {
        Ok(uri) => uri,
        Err(problem) => return Some(problem),
    };
    if uri.scheme() != Some(&Scheme::HTTP) {
        return Some("is neither unix: nor http:".into());
    }
    if uri.port().is_none() {
        return Some("has no port".into());
    }
    let whole = uri.path_and_query().is_none_or(|path| path.as_str() == "/");
    (!whole).then(|| "has something after the port".into())
}

/// What is wrong with the URL of another guardian, as a predicate. Plain http is fine: what guardians say to each other is
/// signed, and TLS is up to the proxy in front.
pub fn peer_url(value: &str) -> Option<String> {
    parse_any(value).err()
}

fn parse(value: &str) -> Result<Uri, String> {
    let uri = parse_any(value)?;
    if uri.scheme() == Some(&Scheme::HTTP) && !uri.host().is_some_and(is_loopback) {
        return Err("is http, and would be sent unprotected to another machine".into());
    }
    Ok(uri)
}

fn parse_any(value: &str) -> Result<Uri, String> {
    if !value.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("has a character in it that a URL cannot have".into());
    }
    let Some((scheme, rest)) = value.split_once("://") else {
        return Err("is not a URL".into());
    };
    if !matches!(scheme, "https" | "http") {
        return Err("is neither https nor http".into());
    }
    // The parser drops a fragment without a word.
    if value.contains('#') {
        return Err("has a fragment (#…), which is never sent".into());
    }
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    if authority.contains('@') {
        return Err("has a user name or password in it".into());
    }
    let uri: Uri = value
        .parse()
        .map_err(|error: http::uri::InvalidUri| format!("is not a URL: {error}"))?;
    let Some(name) = uri.host().filter(|name| !name.is_empty()) else {
        return Err("has no host".into());
    };
    // `host:` and `host:99999` parse, without a port.
    let port = &authority[name.len().min(authority.len())..];
    if !port.is_empty() && (port.starts_with(":0") || uri.port_u16().is_none()) {
        return Err("has no valid port after the colon".into());
    }
    if let Some(problem) = url_host(name) {
        return Err(format!("names a host that {problem}"));
    }
    Ok(uri)
}

fn url_host(name: &str) -> Option<String> {
    match name.strip_prefix('[').and_then(|it| it.strip_suffix(']')) {
        Some(inner) => inner
            .parse::<Ipv6Addr>()
            .is_err()
            .then(|| "is not an IPv6 address".into()),
        None => host(name),
    }
}

fn is_loopback(name: &str) -> bool {
    name == "localhost"
        || name == "[::1]"
        || name
            .parse::<Ipv4Addr>()
            .is_ok_and(|address| address.is_loopback())
}

/// What is wrong with a host name or IP address.
pub(super) fn host(value: &str) -> Option<String> {
    if value.parse::<IpAddr>().is_ok() {
        return None;
    }
    if value.contains("://") {
        return Some("has a scheme in it".into());
    }
    if let Some((_, port)) = value.rsplit_once(':')
        && port.bytes().all(|byte| byte.is_ascii_digit())
    {
        return Some("has a port in it".into());
    }
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let labels = value.strip_suffix('.').unwrap_or(value);
    if value.len() > 253 || !labels.split('.').all(label) {
        return Some("is neither a host name nor an IP address".into());
    }
    // RFC 3696: no top-level name is all digits, so this is a mistyped address.
    let numeric = labels
        .rsplit('.')
        .next()
        .is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit()));
    numeric.then(|| "is not a whole IP address".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls() {
        for good in [
            "https://me.ochk.io/api/operator/attestation",
            "https://me.ochk.io",
            "https://10.0.0.1:8443/a?b=c@d",
            "https://[2001:db8::1]:443/",
            "http://localhost/",
            "http://127.0.0.1:8080/x",
            "http://127.255.255.254",
            "http://[::1]:8080",
        ] {
            assert_eq!(url(good), None, "{good}");
        }
        for bad in [
            "http://me.ochk.io/",
            "http://127.0.0.1.evil.example/",
            "http://localhost.evil.example/",
            "http://localhost@evil.example/",
            "http://evil.example?@localhost/",
            "http://0.0.0.0/",
            "http://128.0.0.1/",
            "http://2130706433/",
            "https://user:pass@me.ochk.io/",
            "https://me.ochk.io/#x",
            "https://me.ochk.io:/",
            "https://me.ochk.io:0/",
            "https://me.ochk.io:99999/",
            "https:///x",
            "https://",
            "https:/me.ochk.io",
            "HTTPS://me.ochk.io",
            "ftp://me.ochk.io",
            "me.ochk.io",
            "https://me ochk.io/",
            "https://me.ochk.io\\@evil.example/",
            "https://-x.io/",
            "https://a..b/",
            "https://1.2.3/",
            "https://[::g]/",
            "https://mé.io/",
        ] {
            assert!(url(bad).is_some(), "{bad}");
        }
    }

    #[test]
    fn signing_servers() {
        for good in [
            "http://127.0.0.1:9100",
            "http://localhost:1/",
            "http://[::1]:9100",
        ] {
            assert_eq!(local_server(good), None, "{good}");
        }
        for bad in [
            "https://127.0.0.1:9100",
            "http://127.0.0.1",
            "http://127.0.0.1:9100/x",
            "http://127.0.0.1:9100?x",
            "http://10.0.0.1:9100",
        ] {
            assert!(local_server(bad).is_some(), "{bad}");
        }
    }

    #[test]
    fn hosts() {
        for good in [
            "guardian.example",
            "a",
            "10.0.0.1",
            "::1",
            "2001:db8::1",
            "xn--mnchen-3ya.de",
            "a.b.",
        ] {
            assert_eq!(host(good), None, "{good}");
        }
        for bad in [
            "",
            "https://a.b",
            "a.b:9001",
            "[::1]",
            "a_b",
            "a b",
            "-a",
            "a/b",
            "10.0.0",
            "ä.de",
            ".",
        ] {
            assert!(host(bad).is_some(), "{bad}");
        }
    }
}
