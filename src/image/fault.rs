use std::fmt;

use super::bundle::BundleError;
use super::digest::Digest;
use super::legacy::LegacyError;
use super::proof::ProofError;
use super::quoted::cut;
use super::statement::StatementError;

/// What a piece of evidence is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Purpose {
    /// That the image is the project's.
    Signature,
    /// How it was built.
    Provenance,
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Signature => "signature",
            Self::Provenance => "provenance",
        })
    }
}

/// Why one piece of evidence does not count. In the order of the checks: the later one fails, the closer it came.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It signs bytes, which is no statement about an image.
    #[error("a Sigstore bundle signs bare bytes (messageSignature), which is no statement about an image")]
    NotAStatement,
    /// It cannot be read, so that nobody knows what it is for.
    #[error("{0}")]
    Unreadable(String),
    /// The signature does not verify, or is over something else than an image.
    #[error("{0}")]
    Signature(String),
    /// The proof that the signature is in the transparency log does not hold.
    #[error("{0}")]
    Log(String),
    /// It was logged in the future of this machine's clock, in seconds.
    #[error("it was logged {} in the future of this machine's clock", seconds(*.0))]
    Clock(u64),
    /// The certificate does not hold.
    #[error("{0}")]
    Certificate(String),
    /// It is about another image.
    #[error("it is about {}, not about {wanted}", listed(.found))]
    OtherDigest {
        /// What it is about.
        found: Vec<String>,
        /// The image.
        wanted: Digest,
    },
    /// The identity was vouched for by somebody else.
    #[error("the identity was issued by {found}; wanted: {wanted}")]
    Issuer {
        /// Issuer in the certificate.
        found: String,
        /// Issuer in the policy.
        wanted: String,
    },
    /// It was signed by somebody else.
    #[error("signed by {found}; wanted: {wanted}")]
    Identity {
        /// Subject alternative name of the certificate, or that it is a key.
        found: String,
        /// What the policy says.
        wanted: String,
    },
    /// The certificate contradicts the identity in it.
    #[error("the certificate's {claim} is {}; wanted: {wanted}", found.as_deref().unwrap_or("absent"))]
    Claim {
        /// Which extension.
        claim: &'static str,
        /// Its value.
        found: Option<String>,
        /// What the identity or the policy says.
        wanted: String,
    },
    /// The provenance is not that of this build.
    #[error("its {what} is {found}; wanted: {wanted}")]
    Build {
        /// What differs.
        what: &'static str,
        /// What the provenance says.
        found: String,
        /// What the signature or the policy says.
        wanted: String,
    },
}

impl Fault {
    /// How many checks it passed.
    pub(super) fn progress(&self) -> u8 {
        match self {
            // Lowest of all: it is told of only where everything that was found is this.
            Self::NotAStatement => 0,
            Self::Unreadable(_) => 1,
            Self::OtherDigest { .. } => 2,
            Self::Signature(_) | Self::Log(_) | Self::Clock(_) | Self::Certificate(_) => 3,
            Self::Issuer { .. } => 4,
            Self::Identity { .. } => 5,
            Self::Claim { .. } => 6,
            Self::Build { .. } => 7,
        }
    }

    pub(super) fn reason(&self, purpose: Purpose) -> &'static str {
        match (self, purpose) {
            (Self::NotAStatement, Purpose::Signature) => "unsigned",
            (Self::NotAStatement, Purpose::Provenance) => "provenance-missing",
            (Self::Unreadable(_) | Self::Signature(_), _) => "signature-invalid",
            (Self::Log(_) | Self::Clock(_), _) => "log-proof-invalid",
            (Self::Certificate(_), _) => "certificate-invalid",
            (Self::OtherDigest { .. }, Purpose::Signature) => "digest-mismatch",
            (Self::Issuer { .. }, Purpose::Signature) => "wrong-issuer",
            (Self::Identity { .. } | Self::Claim { .. } | Self::Build { .. }, Purpose::Signature) => {
                "wrong-identity"
            }
            (_, Purpose::Provenance) => "provenance-mismatch",
        }
    }
}

impl From<BundleError> for Fault {
    fn from(error: BundleError) -> Self {
        Self::Unreadable(cut(&error.to_string()))
    }
}

impl From<StatementError> for Fault {
    fn from(error: StatementError) -> Self {
        Self::Unreadable(cut(&error.to_string()))
    }
}

impl From<LegacyError> for Fault {
    fn from(error: LegacyError) -> Self {
        let text = cut(&error.to_string());
        match error {
            LegacyError::NotLogged => Self::Log(text),
            LegacyError::PayloadType(_) => Self::Signature(text),
            _ => Self::Unreadable(text),
        }
    }
}

impl From<ProofError> for Fault {
    fn from(error: ProofError) -> Self {
        match error {
            ProofError::Signature(text) => Self::Signature(cut(&text)),
            ProofError::Log(text) => Self::Log(cut(&text)),
            ProofError::Clock(ahead) => Self::Clock(ahead),
            ProofError::Certificate(text) => Self::Certificate(cut(&text)),
        }
    }
}

impl Fault {
    /// What was found and what was wanted, where these are two texts.
    pub(super) fn found_and_wanted(&self) -> Option<(String, String)> {
        match self {
            Self::OtherDigest { found, wanted } => Some((listed(found), wanted.to_string())),
            Self::Issuer { found, wanted }
            | Self::Identity { found, wanted }
            | Self::Build { found, wanted, .. } => Some((found.clone(), wanted.clone())),
            Self::Claim { found, wanted, .. } => {
                Some((found.clone().unwrap_or_else(|| "absent".into()), wanted.clone()))
            }
            _ => None,
        }
    }
}

fn seconds(count: u64) -> String {
    match count {
        0..=119 => format!("{count} s"),
        120..=7199 => format!("{} min", count / 60),
        _ => format!("{} h", count / 3600),
    }
}

pub(super) fn listed(found: &[String]) -> String {
    const SHOWN: usize = 3;
    match found {
        [] => "nothing with a SHA-256 digest".into(),
        few if few.len() <= SHOWN => few.join(", "),
        many => format!("{} and {} more", many[..SHOWN].join(", "), many.len() - SHOWN),
    }
}
