use std::path::PathBuf;

use sigstore_tuf::Error as TufError;

use super::error::TrustError;
use super::mirror::MirrorError;
use crate::store::StoreError;

/// Why there was no update. What was in use before stays in use.
#[derive(Debug, thiserror::Error)]
pub enum UpdateError {
    /// The network or the server.
    #[error(transparent)]
    Mirror(#[from] MirrorError),
    /// Metadata that nobody has renewed: an old copy is being served, or the repository was given up.
    #[error("the {role} metadata expired at {expires}")]
    Expired {
        /// TUF role.
        role: String,
        /// RFC 3339.
        expires: String,
    },
    /// An older version than one that was seen before.
    #[error("the {role} metadata went back from version {seen} to {offered}")]
    Rollback {
        /// TUF role.
        role: String,
        /// Highest so far.
        seen: u64,
        /// What the mirror has.
        offered: u64,
    },
    /// Not signed by those who may.
    #[error("the {role} metadata is not signed by those who may: {detail}")]
    Signature {
        /// TUF role.
        role: String,
        /// Found and needed.
        detail: String,
    },
    /// A file that is not the one which signed metadata name.
    #[error("the mirror's files do not belong together: {0}")]
    Mismatch(String),
    /// Not metadata.
    #[error("the mirror's metadata is malformed: {0}")]
    Malformed(String),
    /// The repository has no trust root.
    #[error("the repository has no target trusted_root.json")]
    NoTarget,
    /// The bootstrap file is no root.
    #[error("{path} is not a TUF root that vouches for itself: {detail}")]
    Bootstrap {
        /// The file.
        path: PathBuf,
        /// Why not.
        detail: String,
    },
    /// With this clock nothing can be told to be expired.
    #[error("this machine's clock is before {since}, so that nothing can be told to be expired")]
    Clock {
        /// RFC 3339 date.
        since: String,
    },
    /// Another update is under way.
    #[error("another oc-guardian process{} is updating the trust root", .pid.map(|pid| format!(" (PID {pid})")).unwrap_or_default())]
    Locked {
        /// Process id of the other one.
        pid: Option<u32>,
    },
    /// The data folder.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What was fetched, or what was in use before.
    #[error(transparent)]
    Trust(#[from] TrustError),
}

impl UpdateError {
    /// Stable slug.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Mirror(MirrorError::Url { .. }) => "usage",
            Self::Mirror(MirrorError::TooLarge { .. }) => "tuf-too-large",
            Self::Mirror(MirrorError::Name { .. }) | Self::Malformed(_) | Self::NoTarget => "tuf-malformed",
            Self::Mirror(_) => "mirror-unreachable",
            Self::Expired { .. } => "tuf-expired",
            Self::Rollback { .. } => "tuf-rollback",
            Self::Signature { .. } => "tuf-signature-invalid",
            Self::Mismatch(_) => "tuf-mismatch",
            Self::Bootstrap { .. } => "tuf-root-invalid",
            Self::Clock { .. } => "clock-wrong",
            Self::Locked { .. } => "update-running",
            Self::Store(_) => "write-failed",
            Self::Trust(error) => error.reason(),
        }
    }
}

type Cause = dyn std::error::Error + Send + Sync;

impl From<TufError> for UpdateError {
    fn from(error: TufError) -> Self {
        match error {
            TufError::Transport { source, message } => match source.map(<Cause>::downcast::<MirrorError>) {
                Some(Ok(mirror)) => Self::Mirror(*mirror),
                _ => Self::Malformed(message),
            },
            TufError::Expired { role, expires } => Self::Expired {
                role,
                expires: expires.to_string(),
            },
            TufError::Rollback { role, trusted, new } => Self::Rollback {
                role,
                seen: trusted,
                offered: new,
            },
            TufError::BadRootVersion { trusted, new } if new <= trusted => Self::Rollback {
                role: "root".into(),
                seen: trusted,
                offered: new,
            },
            TufError::ThresholdNotMet {
                role,
                found,
                threshold,
            } => Self::Signature {
                role,
                detail: format!("{found} of {threshold} valid signatures"),
            },
            TufError::DuplicateSignature { role, .. } => Self::Signature {
                role,
                detail: "one key signed twice".into(),
            },
            TufError::IntegrityMismatch(detail) => Self::Mismatch(detail),
            TufError::TargetNotFound(_) => Self::NoTarget,
            error => Self::Malformed(chain(&error)),
        }
    }
}

/// An error with its causes: the library's own text leaves them out.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
