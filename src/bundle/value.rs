//! What values a field takes: for a schema validator as a pattern, for people as a sentence, for the check as code.

use super::address;
use super::typed::LogLevel;
use crate::operator::{OperatorId, Scheme};
use crate::store::hex;

/// What a field takes. Every value of a bundle is a string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    OperatorId,
    PublicKey,
    Slug,
    Url,
    LogLevel,
    Scheme,
    Host,
    Path,
    Digest,
    Signer,
}

const LOOPBACK: &str = r"(localhost|127(\.[0-9]{1,3}){3}|\[::1\])";
/// `PATH_MAX` of Linux less its final zero byte.
const MAX_PATH: usize = 4095;
const MAX_URL: usize = 2048;
const MAX_HOST: usize = 253;
const MAX_SLUG: usize = 64;

impl Kind {
    /// The only values, where they can be listed.
    pub(super) fn choices(self) -> Vec<&'static str> {
        match self {
            Self::LogLevel => LogLevel::ALL.map(LogLevel::as_str).to_vec(),
            Self::Scheme => Scheme::ALL.map(Scheme::as_str).to_vec(),
            _ => Vec::new(),
        }
    }

    /// ECMA-262 pattern of the values. Never stricter than [`Kind::problem`], which sees more.
    pub(super) fn pattern(self) -> Option<String> {
        Some(match self {
            Self::OperatorId => "^op-([0-9a-f]{32}|[0-9a-f]{16})$".into(),
            Self::PublicKey => "^[0-9a-f]{64}$".into(),
            Self::Slug => format!("^[a-z0-9-]{{1,{MAX_SLUG}}}$"),
            Self::Url => {
                format!(r"^(https://[0-9A-Za-z.:\[\]-]+|http://{LOOPBACK}(:[0-9]{{1,5}})?)([/?][!-~]*)?$")
            }
            Self::Host => "^[0-9A-Za-z.:-]+$".into(),
            Self::Path => r"^/[^\u0000-\u001f\u007f]*$".into(),
            Self::Digest => "^sha256:[0-9a-f]{64}$".into(),
            Self::Signer => {
                format!(r"^(unix:/[^\u0000-\u001f\u007f]*|http://{LOOPBACK}:[0-9]{{1,5}}/?)$")
            }
            Self::LogLevel | Self::Scheme => return None,
        })
    }

    /// Most characters, where the pattern does not say.
    pub(super) fn max_chars(self) -> Option<usize> {
        match self {
            Self::Url => Some(MAX_URL),
            Self::Host => Some(MAX_HOST),
            Self::Path => Some(MAX_PATH),
            Self::Signer => Some(MAX_PATH + "unix:".len()),
            _ => None,
        }
    }

    /// What may be there, for people.
    pub(super) fn allowed(self) -> String {
        match self {
            Self::OperatorId => "op- and 32 digits 0-9 a-f".into(),
            Self::PublicKey => "64 digits 0-9 a-f".into(),
            Self::Slug => format!("1 to {MAX_SLUG} of a-z 0-9 -"),
            Self::Url => "an https URL, or an http one to this machine (localhost, 127.x.x.x, [::1])".into(),
            Self::Host => "a host name or an IP address".into(),
            Self::Path => "an absolute path".into(),
            Self::Digest => "sha256: and 64 digits 0-9 a-f".into(),
            Self::Signer => "unix:/PATH, or http://127.0.0.1:PORT with signer_token_file".into(),
            Self::LogLevel | Self::Scheme => self.choices().join(", "),
        }
    }

    /// What is wrong with a value, as the end of the sentence "FIELD …".
    pub(super) fn problem(self, value: &str) -> Option<String> {
        if value.is_empty() {
            return Some("is empty".into());
        }
        if let Some(limit) = self.max_chars()
            && value.chars().nth(limit).is_some()
        {
            return Some(format!("is longer than {limit} characters"));
        }
        match self {
            Self::OperatorId => operator_id(value),
            Self::PublicKey => public_key(value),
            Self::Slug => slug(value),
            Self::Url => address::url(value),
            Self::Host => address::host(value),
            Self::Path => path(value),
            Self::Digest => digest(value),
            Self::Signer => match value.strip_prefix("unix:") {
                Some(socket) => path(socket),
                None => address::local_server(value),
            },
            Self::LogLevel | Self::Scheme => {
                (!self.choices().contains(&value)).then(|| "is not one of the known values".into())
            }
        }
    }
}

fn operator_id(value: &str) -> Option<String> {
    let digits = value.strip_prefix("op-").filter(|it| hex::is_lower_hex(it));
    let known = value.parse::<OperatorId>().is_ok() || digits.is_some_and(|it| it.len() == 16);
    (!known).then(|| match digits {
        Some(digits) => format!("has {} digits after op-", digits.len()),
        None => "is not an operator id".into(),
    })
}

fn public_key(value: &str) -> Option<String> {
    if !value.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        Some("has characters other than 0-9 a-f".into())
    } else if value.len() == 66 && (value.starts_with("02") || value.starts_with("03")) {
        Some("is a compressed key of 33 bytes: leave its first two digits out".into())
    } else if value.len() != 64 {
        Some(format!("has {} digits", value.len()))
    } else {
        (!hex::is_lower_hex(value)).then(|| "has upper-case digits".into())
    }
}

fn slug(value: &str) -> Option<String> {
    let stranger = value
        .chars()
        .find(|letter| !matches!(letter, 'a'..='z' | '0'..='9' | '-'));
    match stranger {
        Some(letter) => Some(format!("has {letter:?} in it")),
        None => (value.len() > MAX_SLUG).then(|| format!("has {} characters", value.len())),
    }
}

fn digest(value: &str) -> Option<String> {
    let Some(digits) = value.strip_prefix("sha256:") else {
        return Some("does not begin with sha256:".into());
    };
    if hex::is_lower_hex(digits) {
        (digits.len() != 64).then(|| format!("has {} digits after sha256:", digits.len()))
    } else {
        Some("has characters other than 0-9 a-f after sha256:".into())
    }
}

fn path(value: &str) -> Option<String> {
    if value.starts_with('/') {
        value
            .contains(|letter: char| letter.is_ascii_control())
            .then(|| "has a control character in it".into())
    } else {
        Some("is not an absolute path".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(kind: Kind, good: &[&str], bad: &[&str]) {
        for value in good {
            assert_eq!(kind.problem(value), None, "{value}");
        }
        for value in bad {
            assert!(kind.problem(value).is_some(), "{value}");
        }
    }

    #[test]
    fn plain_values() {
        let (long, digits) = ("a".repeat(65), "0f".repeat(32));
        check(
            Kind::Slug,
            &["a", "oc-me-v1", &long[1..]],
            &["", "A", "a_b", "a b", "ä", &long],
        );
        check(
            Kind::Digest,
            &[&format!("sha256:{digits}")],
            &[&digits, "sha256:", "sha512:00", "sha256:0g"],
        );
        check(
            Kind::PublicKey,
            &[&digits],
            &[&digits[1..], &digits.to_uppercase(), &format!("02{digits}")],
        );
        check(
            Kind::OperatorId,
            &[&format!("op-{}", &digits[..32]), "op-0123456789abcdef"],
            &["op-", "0f"],
        );
        check(
            Kind::Path,
            &["/", "/a b/ä"],
            &["", "a", "./a", "~/a", "/a\nb", &format!("/{}", "a".repeat(4095))],
        );
        check(
            Kind::LogLevel,
            &["error", "trace"],
            &["INFO", "warning", "verbose"],
        );
        check(
            Kind::Signer,
            &["unix:/run/s.sock", "http://127.0.0.1:9100"],
            &["unix:s", "unix:", "/run/s.sock"],
        );
    }
}
