use std::time::Duration;

use super::JournalError;
use crate::engine::EngineError;
use crate::image::KnownError;

/// Why an operation on the guardian's container did not go on.
#[derive(Debug, thiserror::Error)]
pub enum ReleaseError {
    /// The engine did not do what was asked.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The journal cannot be read or written.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// What is remembered of images cannot be written.
    #[error(transparent)]
    Known(#[from] KnownError),
    /// The new container did not pass a gate.
    #[error("{0}")]
    Gate(Gate),
    /// A container that the operation is about is gone.
    #[error("the {0} container is gone: somebody removed it meanwhile")]
    Gone(&'static str),
    /// Ctrl-C, before the commit.
    #[error("interrupted")]
    Interrupted,
}

/// What a new container has to pass, and did not. Texts of the container come from outside.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Gate {
    /// Its process ended.
    #[error("the new container ended with code {code}{}", if *.out_of_memory { ", for want of memory" } else { "" })]
    Ended {
        /// Exit code.
        code: i64,
        /// Killed for that.
        out_of_memory: bool,
    },
    /// Its process was started again by the engine.
    #[error("the new container crashes: the engine started it again {0} times")]
    Restarted(u64),
    /// It runs and is not healthy in time.
    #[error("the new container is not healthy within {} s ({why})", .after.as_secs())]
    NotHealthy {
        /// How long was waited.
        after: Duration,
        /// What it says last.
        why: String,
    },
    /// It serves another federation.
    #[error("the new container is a guardian of {found}, not of {wanted}")]
    Federation {
        /// What it says.
        found: String,
        /// As the config bundle has it.
        wanted: String,
    },
    /// It is of another version than the one that is certified.
    #[error("the new container says that it is version {found}, and the image is certified as {wanted}")]
    Version {
        /// What it says.
        found: String,
        /// Certified, without the leading `v`.
        wanted: String,
    },
    /// The old one did not stand by.
    #[error("the serving guardian does not stand by: {0}")]
    NoStandby(String),
    /// The new one did not take the data folder.
    #[error("the new guardian did not take over the data folder within {} s", .0.as_secs())]
    NotActive(Duration),
    /// Nobody answers on the published port.
    #[error("nobody answered on the published port for {} s", .0.as_secs())]
    Silent(Duration),
    /// The guardian gets no signatures any more, though it did before.
    #[error("the new guardian got no signature within {} s, and the old one did", .0.as_secs())]
    Unsigned(Duration),
    /// The portal takes nothing from it any more, though it did before.
    #[error("the portal took no health envelope of the new guardian within {} s, and took them of the old one", .0.as_secs())]
    Unattested(Duration),
}

impl Gate {
    /// Whether stopping the old one first may help: the new one runs and waits, or the old one cannot stand by.
    pub fn wants_restart(&self) -> bool {
        matches!(
            self,
            Self::NotHealthy { .. } | Self::NoStandby(_) | Self::NotActive(_)
        )
    }

    /// Stable slug.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Ended { .. } | Self::Restarted(_) => "container-crashed",
            Self::NotHealthy { .. } => "not-healthy",
            Self::Federation { .. } => "wrong-federation",
            Self::Version { .. } => "wrong-version",
            Self::NoStandby(_) => "no-standby",
            Self::NotActive(_) => "not-active",
            Self::Silent(_) => "not-reachable",
            Self::Unsigned(_) => "no-signature",
            Self::Unattested(_) => "not-attested",
        }
    }
}
