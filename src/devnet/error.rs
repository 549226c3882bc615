use std::io;
use std::path::PathBuf;

use super::settings::SettingsError;
use crate::federation::{CharterError, MembershipError, TrustedFederationError};
use crate::operator::OperatorId;
use crate::portal::{BaseError, PortalError};
use crate::signer::client::ClientError;
use crate::store::StoreError;
use crate::vault::VaultError;

/// Why a devnet does not start.
#[derive(Debug, thiserror::Error)]
pub enum DevnetError {
    /// It is asked for something that cannot be.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// A file or a folder.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The names of its Unix sockets would not fit into what the system allows.
    #[error("{} is too long a path for the folder of a devnet: sockets below it would have names of over {limit} bytes", path.display())]
    PathTooLong {
        /// Where it should be made.
        path: PathBuf,
        /// What the system allows.
        limit: usize,
    },
    /// So many ports are not free.
    #[error("no {0} free ports on 127.0.0.1 were found")]
    NoPorts(usize),
    /// The port that was asked for is taken, or not ours to take.
    #[error("port {port} cannot be had on 127.0.0.1: {source}")]
    Port {
        /// Which.
        port: u16,
        /// Why not.
        source: io::Error,
    },
    /// A key cannot be made or stored.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// No randomness.
    #[error("no randomness: {0}")]
    Random(getrandom::Error),
    /// The membership cannot be one.
    #[error(transparent)]
    Membership(#[from] MembershipError),
    /// A process cannot be started.
    #[error("the {part} cannot be started: {source}")]
    Spawn {
        /// Which.
        part: String,
        /// Why not.
        source: io::Error,
    },
    /// A process ended, or did not answer, while the devnet was starting.
    #[error("the {part} did not start: {why}")]
    Part {
        /// Which.
        part: String,
        /// The last thing that it said.
        why: String,
    },
    /// A signing server did not sign the charter.
    #[error("the charter was not signed by {operator}: {why}")]
    NotSigned {
        /// Whose.
        operator: OperatorId,
        /// What it said.
        why: String,
    },
    /// A signing server could not be asked.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The portal's address cannot be one.
    #[error(transparent)]
    Base(#[from] BaseError),
    /// The portal did not do what it was asked.
    #[error(transparent)]
    Portal(#[from] PortalError),
    /// The charter does not hold.
    #[error(transparent)]
    Charter(#[from] CharterError),
    /// The membership cannot be kept as trusted.
    #[error(transparent)]
    Trust(#[from] TrustedFederationError),
    /// The system gives no thread.
    #[error("no thread: {0}")]
    Thread(io::Error),
}
