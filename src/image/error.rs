use super::digest::Digest;
use super::fault::{Fault, Purpose, listed};
use super::freshness::Downgrade;
use super::manifest_error::ManifestError;
use super::platform::PlatformError;
use super::reference::Reference;
use super::registry::RegistryError;

/// Why an image is not verified.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// Something could not be had from the registry.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// There is no such image.
    #[error("{0}: the registry has no such image")]
    NotFound(Reference),
    /// What the reference points to is no image.
    #[error("{digest}: {source}")]
    Manifest {
        /// Its digest.
        digest: Digest,
        /// What is wrong.
        source: Box<ManifestError>,
    },
    /// The image is not there for this machine.
    #[error(transparent)]
    Platform(Box<PlatformError>),
    /// Another image than the pinned one.
    #[error("the reference points to {found}; pinned is {pinned}")]
    NotPinned {
        /// Digest that the reference points to.
        found: Digest,
        /// The only one that is accepted.
        pinned: Digest,
    },
    /// More pieces of evidence than are looked at.
    #[error("more than {limit} {what} are attached to the image; so many are not looked at")]
    TooMuch {
        /// Of what.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
    /// No signature.
    #[error("{digest} has no signature{}", noted(.ignored))]
    Unsigned {
        /// The image.
        digest: Digest,
        /// What was found and is none.
        ignored: Vec<String>,
    },
    /// No signature that counts.
    #[error("signature: {fault}{}", besides(*.others))]
    Signature {
        /// What is wrong with the one that came closest.
        fault: Fault,
        /// How many more there are.
        others: usize,
    },
    /// No provenance.
    #[error("{digest} has no provenance{}", noted(.ignored))]
    ProvenanceMissing {
        /// The image.
        digest: Digest,
        /// What was found and is none.
        ignored: Vec<String>,
    },
    /// No provenance that counts.
    #[error("provenance: {fault}{}", besides(*.others))]
    Provenance {
        /// What is wrong with the one that came closest.
        fault: Fault,
        /// How many more there are.
        others: usize,
    },
    /// Genuine, but not new enough.
    #[error(transparent)]
    Downgrade(#[from] Downgrade),
}

impl From<PlatformError> for VerifyError {
    fn from(error: PlatformError) -> Self {
        Self::Platform(Box::new(error))
    }
}

impl VerifyError {
    pub(super) fn manifest(digest: Digest, source: ManifestError) -> Self {
        Self::Manifest {
            digest,
            source: Box::new(source),
        }
    }

    /// Stable slug.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Registry(error) => error.reason(),
            Self::NotFound(_) => "not-found",
            Self::Manifest { .. } => "manifest-invalid",
            Self::Platform(error) => error.reason(),
            Self::NotPinned { .. } => "not-pinned",
            Self::TooMuch { .. } => "registry-misbehaved",
            Self::Unsigned { .. } => "unsigned",
            Self::Signature { fault, .. } => fault.reason(Purpose::Signature),
            Self::ProvenanceMissing { .. } => "provenance-missing",
            Self::Provenance { fault, .. } => fault.reason(Purpose::Provenance),
            Self::Downgrade(_) => "downgrade",
        }
    }

    /// Whether the image is bad (or cannot be shown to be good), as opposed to out of reach.
    pub fn is_verdict(&self) -> bool {
        match self {
            // Of all that a registry can do, only other bytes than were asked for say something about the image.
            Self::Registry(error) => matches!(error, RegistryError::DigestMismatch { .. }),
            Self::Platform(error) => error.reason() != "platform-missing",
            Self::NotFound(_) | Self::TooMuch { .. } => false,
            Self::Manifest { .. }
            | Self::NotPinned { .. }
            | Self::Unsigned { .. }
            | Self::Signature { .. }
            | Self::ProvenanceMissing { .. }
            | Self::Provenance { .. }
            | Self::Downgrade(_) => true,
        }
    }
}

impl VerifyError {
    /// What was found and what was wanted, where these are two texts: for programs, the message has both.
    pub fn found_and_wanted(&self) -> Option<(String, String)> {
        match self {
            Self::NotPinned { found, pinned } => Some((found.to_string(), pinned.to_string())),
            Self::Registry(RegistryError::DigestMismatch { found, wanted, .. }) => {
                Some((found.to_string(), wanted.to_string()))
            }
            Self::Signature { fault, .. } | Self::Provenance { fault, .. } => fault.found_and_wanted(),
            Self::Downgrade(Downgrade::Lower { found, floor }) => {
                Some((found.to_string(), floor.to_string()))
            }
            _ => None,
        }
    }
}

fn besides(others: usize) -> String {
    match others {
        0 => String::new(),
        1 => " (and 1 more that does not count)".into(),
        many => format!(" (and {many} more that do not count)"),
    }
}

fn noted(ignored: &[String]) -> String {
    match ignored {
        [] => String::new(),
        some => format!(" ({})", listed(some)),
    }
}
