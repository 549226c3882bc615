use std::path::PathBuf;

use crate::store::StoreError;

/// Why a trust root cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// The file cannot be read.
    #[error("the trust root cannot be read: {0}")]
    File(#[from] StoreError),
    /// Not JSON of its form, or a member stands there twice.
    #[error("{root} is not a Sigstore trusted root: {detail}")]
    Malformed {
        /// Which one.
        root: String,
        /// What is wrong with it.
        detail: String,
    },
    /// A `mediaType` that is absent or unknown: another version has other rules.
    #[error("{root} has the mediaType {}", .found.as_deref().unwrap_or("of nothing: it has none"))]
    MediaType {
        /// Which one.
        root: String,
        /// What it says.
        found: Option<String>,
    },
    /// A key, certificate or period in it that nothing can be verified with.
    #[error("{root} cannot be used: {source}")]
    Unusable {
        /// Which one.
        root: String,
        /// Why not.
        source: Box<sigstore_verify::Error>,
    },
    /// What `trust update` left is damaged.
    #[error("{path} is damaged: {detail}")]
    State {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        detail: String,
    },
    /// Too old to say anything about today's signatures.
    #[error("the trust root is {days} days old (as of {as_of})")]
    Stale {
        /// Whole days.
        days: u64,
        /// RFC 3339 date.
        as_of: String,
    },
}

impl TrustError {
    /// Stable slug.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::File(StoreError::NotFound { .. }) => "not-found",
            Self::File(_) => "trust-root-unreadable",
            Self::Malformed { .. } | Self::MediaType { .. } | Self::Unusable { .. } => "trust-root-invalid",
            Self::State { .. } => "trust-state-damaged",
            Self::Stale { .. } => "trust-root-stale",
        }
    }
}
