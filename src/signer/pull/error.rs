use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::distrust::Distrust;
use crate::audit::AuditError;
use crate::engine::EngineError;
use crate::operator::OperatorId;
use crate::signer::frames::{CallError, FrameError, RPC_VERSION};

/// Why a guardian's requests could not be fetched.
#[derive(Debug, thiserror::Error)]
pub enum PullError {
    /// Nobody listens.
    #[error("no guardian answers at {}: {source}", path.display())]
    Unreachable {
        /// Its RPC socket.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// It did not answer in time.
    #[error("the guardian did not answer within {} s", .0.as_secs())]
    Silent(Duration),
    /// It spoke something else.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// It answered with an error.
    #[error("the guardian refused {method}: {} ({})", error.detail, error.reason)]
    Refused {
        /// What was called.
        method: &'static str,
        /// What it said; from outside.
        error: CallError,
    },
    /// It is another operator's guardian.
    #[error("the {place} is that of {found}, not of {expected}")]
    Foreign {
        /// Which guardian.
        place: String,
        /// Whose it says it is; from outside.
        found: String,
        /// Whose it should be.
        expected: OperatorId,
    },
    /// The engine does not do what it is asked for.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// Nothing has the name.
    #[error("there is no container {name}")]
    NoContainer {
        /// The name.
        name: String,
    },
    /// It does not run.
    #[error("container {name} does not run ({status})")]
    Stopped {
        /// Its name.
        name: String,
        /// What the engine says it does.
        status: String,
    },
    /// It may run anything.
    #[error("container {name} gets no signature: {why}")]
    Distrusted {
        /// Its name.
        name: String,
        /// Why not.
        why: Arc<Distrust>,
    },
    /// The program in the container did not bring us to its guardian.
    #[error("container {name} has no guardian that serves: {said}")]
    Unbridged {
        /// Its name.
        name: String,
        /// What the program said; from outside.
        said: String,
    },
    /// The name leads to another container, or this one stopped.
    #[error("container {name} is another one now, or stopped")]
    Moved {
        /// The name.
        name: String,
    },
    /// It speaks another version of the RPC.
    #[error("the guardian speaks version {0} of the RPC, this kit version {RPC_VERSION}")]
    Version(u64),
    /// What it proves could not be recorded: nothing of it is served before.
    #[error("what the guardian proves could not be recorded: {0}")]
    NotRecorded(#[from] AuditError),
}

impl PullError {
    /// Whether there is nothing that could be asked, as far as can be seen.
    pub fn is_absence(&self) -> bool {
        matches!(
            self,
            Self::Engine(_) | Self::NoContainer { .. } | Self::Stopped { .. } | Self::Unreachable { .. }
        )
    }
}
