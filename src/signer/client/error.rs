use std::io;
use std::path::PathBuf;
use std::time::Duration;

use super::Refused;
use crate::store::StoreError;

/// Why the signing server gave no answer, or none that was asked for.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Nobody listens.
    #[error("no signing server answers at {endpoint}: {source}")]
    Unreachable {
        /// Where.
        endpoint: String,
        /// Why not.
        source: io::Error,
    },
    /// The connection broke before the answer was complete.
    #[error("the connection to the signing server broke: {0}")]
    Broken(String),
    /// No answer in time.
    #[error("the signing server did not answer within {} s", .0.as_secs())]
    TimedOut(Duration),
    /// The token file cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The token file holds no token.
    #[error("{} does not hold a token", .0.display())]
    Token(PathBuf),
    /// What came is not an answer of a signing server.
    #[error("the answer is not one of a signing server: {0}")]
    Answer(String),
    /// An error where a document was asked for.
    #[error("the signing server refused: {}", .0.detail)]
    Refused(Refused),
}

impl ClientError {
    /// Whether the next attempt may succeed.
    pub(super) fn may_pass(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::Broken(_) | Self::TimedOut(_) => true,
            // The file of a server that is starting.
            Self::Store(StoreError::NotFound { .. }) => true,
            Self::Store(_) | Self::Token(_) | Self::Answer(_) | Self::Refused(_) => false,
        }
    }
}
