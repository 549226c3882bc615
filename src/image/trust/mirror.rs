//! Fetching metadata of The Update Framework (TUF): bounded, timed, and nothing believed.

use std::io::Read;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http::Uri;
use sigstore_tuf::Repository;
use sigstore_tuf::transport::FetchFuture;
use ureq::tls::TlsConfig;
use ureq::{Agent, Proxy};

use crate::image::host::is_loopback;

/// One file.
const FILE_TIMEOUT: Duration = Duration::from_secs(30);
/// A whole update. A mirror that sends a byte a second must not hold the lock for ever.
const TOTAL_TIMEOUT: Duration = Duration::from_secs(120);
/// Longest URL of a mirror, in bytes.
const MAX_URL: usize = 1024;

/// Why a file could not be had from a mirror. All of it is trouble of the network or the server, none is a lie: lies are
/// noticed by signatures.
#[derive(Debug, thiserror::Error)]
pub enum MirrorError {
    /// Not a URL that is fetched from.
    #[error("{url} is not a mirror that can be used: it {problem}")]
    Url {
        /// What was given.
        url: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// Nothing, or nothing complete, came.
    #[error("{url} cannot be fetched: {detail}")]
    Unreachable {
        /// What was fetched.
        url: String,
        /// Why not.
        detail: String,
    },
    /// A status other than 200, 403 and 404.
    #[error("{url} cannot be fetched: the server answers with status {status}{}", if (300..400).contains(status) { ", and redirects are not followed" } else { "" })]
    Status {
        /// What was fetched.
        url: String,
        /// HTTP status.
        status: u16,
    },
    /// Too slow.
    #[error("{url} was not fetched in time")]
    TimedOut {
        /// What was fetched.
        url: String,
    },
    /// More than the metadata or the TUF specification allow for.
    #[error("{url} is larger than {limit} bytes")]
    TooLarge {
        /// What was fetched.
        url: String,
        /// Bytes allowed.
        limit: u64,
    },
    /// A file name out of metadata that would lead elsewhere.
    #[error("{url} is told to have a file named {name:?}")]
    Name {
        /// The mirror.
        url: String,
        /// The name.
        name: String,
    },
}

/// A mirror of a TUF repository: metadata at its URL, targets below `targets/`.
pub(super) struct Mirror {
    agent: Agent,
    base: String,
    until: Instant,
}

impl Mirror {
    /// The clock of the whole update starts now. What is on this machine is never asked through the proxy.
    pub(super) fn new(url: &str, proxy: Option<Proxy>) -> Result<Self, MirrorError> {
        let base = checked_url(url)?;
        let tls = TlsConfig::builder()
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
            .build();
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            // Otherwise taken from the environment.
            .proxy(proxy.filter(|_| !is_local(&base)))
            .user_agent(concat!("oc-guardian/", env!("CARGO_PKG_VERSION")))
            .tls_config(tls)
            .build()
            .new_agent();
        Ok(Self {
            agent,
            base,
            until: Instant::now() + TOTAL_TIMEOUT,
        })
    }

    /// `None` where there is no such file. S3 and its like answer 403 for that.
    fn fetch(&self, name: &str, limit: u64) -> Result<Option<Vec<u8>>, MirrorError> {
        if !is_safe_name(name) {
            return Err(MirrorError::Name {
                url: self.base.clone(),
                name: name.to_owned(),
            });
        }
        let url = format!("{}/{name}", self.base);
        let left = self.until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(MirrorError::TimedOut { url });
        }
        let request = self.agent.get(&url).config();
        let request = request.timeout_global(Some(left.min(FILE_TIMEOUT))).build();
        let mut response = request.call().map_err(|error| failed(&url, error))?;
        match response.status().as_u16() {
            200 => {}
            403 | 404 => return Ok(None),
            status => return Err(MirrorError::Status { url, status }),
        }
        let mut bytes = Vec::new();
        response
            .body_mut()
            .as_reader()
            .take(limit.saturating_add(1))
            .read_to_end(&mut bytes)
            .map_err(|error| failed(&url, error.into()))?;
        if bytes.len() as u64 > limit {
            return Err(MirrorError::TooLarge { url, limit });
        }
        Ok(Some(bytes))
    }

    fn answer(&self, name: &str, limit: u64) -> FetchFuture<'_> {
        let answer = self
            .fetch(name, limit)
            .map_err(|error| sigstore_tuf::Error::transport_with_source("mirror", error));
        // Blocking on purpose: one file depends on the other, so there is nothing to do meanwhile.
        Box::pin(std::future::ready(answer))
    }
}

impl Repository for Mirror {
    fn fetch_metadata<'a>(&'a self, name: &'a str, max_length: u64) -> FetchFuture<'a> {
        self.answer(name, max_length)
    }

    fn fetch_target<'a>(&'a self, path: &'a str, max_length: u64) -> FetchFuture<'a> {
        self.answer(&format!("targets/{path}"), max_length)
    }
}

fn failed(url: &str, error: ureq::Error) -> MirrorError {
    let url = url.to_owned();
    match error {
        ureq::Error::Timeout(_) => MirrorError::TimedOut { url },
        ureq::Error::Io(error) if error.kind() == std::io::ErrorKind::TimedOut => {
            MirrorError::TimedOut { url }
        }
        error => MirrorError::Unreachable {
            url,
            detail: error.to_string(),
        },
    }
}

fn is_local(url: &str) -> bool {
    let uri = url.parse::<Uri>();
    uri.is_ok_and(|uri| {
        uri.authority()
            .is_some_and(|authority| is_loopback(authority.as_str()))
    })
}

/// The URL without a slash at its end.
pub(super) fn checked_url(text: &str) -> Result<String, MirrorError> {
    let refused = |problem| MirrorError::Url {
        url: text.to_owned(),
        problem,
    };
    if text.len() > MAX_URL {
        return Err(refused("is too long"));
    }
    let Ok(uri) = text.parse::<Uri>() else {
        return Err(refused("is not a URL"));
    };
    let Some(authority) = uri.authority() else {
        return Err(refused("is not a URL"));
    };
    if authority.as_str().contains('@') {
        return Err(refused("has a user name or password in it"));
    }
    // The parser drops a fragment without a word.
    if uri.query().is_some() || text.contains('#') {
        return Err(refused("has something after the path"));
    }
    match uri.scheme_str() {
        Some("https") => {}
        Some("http") if is_loopback(authority.as_str()) => {}
        Some("http") => return Err(refused("is http, which is for this machine only")),
        _ => return Err(refused("is not https")),
    }
    Ok(text.trim_end_matches('/').to_owned())
}

/// Target names carry a hash that signed metadata states, as text of any kind.
fn is_safe_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-~%/".contains(&byte);
    name.len() <= 256
        && name.bytes().all(plain)
        && name.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mirror_is_https_or_on_this_machine() {
        for (good, wanted) in [
            ("https://tuf.example", "https://tuf.example"),
            ("https://tuf.example/a/", "https://tuf.example/a"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("http://localhost/x", "http://localhost/x"),
            ("http://[::1]:1/", "http://[::1]:1"),
        ] {
            assert_eq!(checked_url(good).unwrap(), wanted);
        }
        for bad in [
            "",
            "tuf.example",
            "/tuf",
            "file:///etc",
            "ftp://tuf.example",
            "http://tuf.example",
            "http://127.0.0.1.example",
            "http://localhost@tuf.example",
            "https://user:word@tuf.example",
            "https://tuf.example/?x",
            "https://tuf.example/#x",
            "https://tuf example",
            &format!("https://tuf.example/{}", "a".repeat(MAX_URL)),
        ] {
            assert!(checked_url(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn names_stay_below_the_mirror() {
        for good in ["1.root.json", "targets/0ab.trusted_root.json", "12.a%2Fb.json"] {
            assert!(is_safe_name(good), "{good}");
        }
        for bad in [
            "",
            "/x",
            "../x",
            "targets/../../x",
            "a//b",
            "a/./b",
            "a?b",
            "a#b",
            "a b",
            "a\r\nb",
            "ä",
        ] {
            assert!(!is_safe_name(bad), "{bad}");
        }
    }
}
