//! Hosts of registries: names and addresses, with a port.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

const MAX_NAME: usize = 253;
const MAX_LABEL: usize = 63;

/// The canonical spelling of `HOST[:PORT]`; `None` where it is not one.
///
/// An IPv6 address stands in brackets. Upper case is refused rather than changed: `Foo/bar` is a host to Docker, `foo/bar`
/// is not. So is what looks like an IPv4 address and is none: resolvers read `127.1` or `0x7f.1` as addresses.
pub(super) fn canonical(text: &str) -> Option<String> {
    let (name, port) = split_port(text)?;
    let name = match name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(address) => format!("[{}]", address.parse::<Ipv6Addr>().ok()?),
        None if is_name(name) => name.to_owned(),
        None => return None,
    };
    Some(match port {
        Some(port) => format!("{name}:{port}"),
        None => name,
    })
}

/// Whether a canonical host is on this machine by its name or address. `localhost` is loopback by RFC 6761.
pub(super) fn is_loopback(host: &str) -> bool {
    let Some((name, _)) = split_port(host) else {
        return false;
    };
    name == "localhost" || address(name).is_some_and(|address| address.is_loopback())
}

/// The address that a host without port is, if it is one.
pub(super) fn address(name: &str) -> Option<IpAddr> {
    match name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(inner) => inner.parse().ok().map(IpAddr::V6),
        None => name.parse::<Ipv4Addr>().ok().map(IpAddr::V4),
    }
}

/// Splits off the port; `None` where what follows the colon is not one (1 to 65535, no leading zero).
pub(super) fn split_port(text: &str) -> Option<(&str, Option<u16>)> {
    let after_address = text.rfind(']').unwrap_or(0);
    let Some(colon) = text[after_address..].find(':') else {
        return Some((text, None));
    };
    let (name, port) = (&text[..after_address + colon], &text[after_address + colon + 1..]);
    let number: u16 = port.parse().ok()?;
    (number > 0 && number.to_string() == port).then_some((name, Some(number)))
}

fn is_name(text: &str) -> bool {
    let label = |label: &str| {
        let inner = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
        label.len() <= MAX_LABEL
            && label.bytes().all(inner)
            && !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    // As the URL standard has it: a last label of digits, or of 0x and hex digits, makes it an IPv4 address.
    let numeric = |label: &str| {
        let hex = |rest: &str| rest.bytes().all(|byte| byte.is_ascii_hexdigit());
        label.bytes().all(|byte| byte.is_ascii_digit()) || label.strip_prefix("0x").is_some_and(hex)
    };
    text.len() <= MAX_NAME
        && text.split('.').all(label)
        && (!text.rsplit('.').next().is_some_and(numeric) || text.parse::<Ipv4Addr>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn has_one_spelling() {
        for (text, wanted) in [
            ("ghcr.io", "ghcr.io"),
            ("localhost", "localhost"),
            ("registry.example:5000", "registry.example:5000"),
            ("10.0.0.1:443", "10.0.0.1:443"),
            ("[::1]", "[::1]"),
            ("[2001:DB8:0::1]:5000", "[2001:db8::1]:5000"),
            ("[::ffff:127.0.0.1]:1", "[::ffff:127.0.0.1]:1"),
        ] {
            let canon = canonical(text).unwrap();
            assert_eq!(canon, wanted);
            assert_eq!(canonical(&canon), Some(canon));
        }
    }

    #[test]
    fn refuses_what_is_no_host() {
        let long = format!("{}.io", "a".repeat(64));
        for bad in [
            "",
            ":",
            ":5000",
            "a:",
            "a:0",
            "a:00080",
            "a:65536",
            "a:+80",
            "a:b",
            "a:1:2",
            "::1",
            "[::1",
            "::1]",
            "[]",
            "[::1]x",
            "[::1]5000",
            "[127.0.0.1]",
            "[fe80::1%eth0]",
            "127.1",
            "2130706433",
            "0x7f.1",
            "1.2.3.4.5",
            "256.0.0.1",
            "127.0.0.01",
            "-a.io",
            "a-.io",
            "a..io",
            ".io",
            "a.io.",
            "a_b.io",
            "Ghcr.io",
            "münchen.de",
            "a b",
            "a@b",
            "a\n",
            &long,
        ] {
            assert_eq!(canonical(bad), None, "{bad}");
        }
    }

    #[test]
    fn loopback_is_told_by_name_and_address() {
        for host in [
            "localhost",
            "localhost:5000",
            "127.0.0.1:1",
            "127.255.0.9",
            "[::1]",
            "[::1]:5000",
        ] {
            assert!(is_loopback(host), "{host}");
        }
        for host in [
            "localhost.example",
            "a.localhost",
            "127.0.0.1.example:1",
            "128.0.0.1",
            "0.0.0.0",
            "[::]",
            "[::2]:5000",
            "[::ffff:127.0.0.1]",
            "ghcr.io",
        ] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
