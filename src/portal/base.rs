use std::fmt;

use crate::bundle::url_problem;

/// The public portal.
pub const DEFAULT_BASE: &str = "https://me.ochk.io";

/// What the address of attestations ends with.
const ATTESTATION: &str = "/api/operator/attestation";

/// Where a portal is: https, or http to loopback, without a slash at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Base(String);

/// Why text is not the address of a portal.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("the portal's address {address:?} {problem}")]
pub struct BaseError {
    /// What was given.
    pub address: String,
    /// What is wrong with it, as a verb phrase.
    pub problem: String,
}

impl Base {
    /// # Errors
    /// [`BaseError`]
    pub fn parse(address: &str) -> Result<Self, BaseError> {
        let problem = url_problem(address).or_else(|| {
            address
                .contains('?')
                .then(|| "has a query (?…), and only its beginning is wanted".into())
        });
        match problem {
            Some(problem) => Err(BaseError {
                address: address.to_owned(),
                problem,
            }),
            None => Ok(Self(address.trim_end_matches('/').to_owned())),
        }
    }

    /// The portal that takes attestations at this address; `None` where the address does not say.
    pub fn of_attestation_url(url: &str) -> Option<Self> {
        Self::parse(url.strip_suffix(ATTESTATION)?).ok()
    }

    /// The address, without a slash at the end.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is on this machine. Then it is never asked for through a proxy.
    pub(super) fn is_local(&self) -> bool {
        // http is loopback, or it would not have been accepted.
        self.0.starts_with("http://")
    }
}

impl fmt::Display for Base {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bases() {
        for (given, base) in [
            ("https://me.ochk.io", "https://me.ochk.io"),
            ("https://me.ochk.io/", "https://me.ochk.io"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("https://portal.example/oc/", "https://portal.example/oc"),
        ] {
            assert_eq!(Base::parse(given).unwrap().as_str(), base, "{given}");
        }
        for bad in [
            "",
            "me.ochk.io",
            "http://me.ochk.io",
            "https://me.ochk.io?x=1",
            "https://me.ochk.io/#x",
            "https://user@me.ochk.io",
            "ftp://me.ochk.io",
            "https://me.ochk.io/\n",
        ] {
            assert!(Base::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn of_a_bundle() {
        let base = Base::of_attestation_url("https://me.ochk.io/api/operator/attestation");
        assert_eq!(base.unwrap().as_str(), DEFAULT_BASE);
        for other in [
            "https://elsewhere.example/collect",
            "/api/operator/attestation",
            "http://elsewhere.example/api/operator/attestation",
        ] {
            assert_eq!(Base::of_attestation_url(other), None, "{other}");
        }
    }
}
