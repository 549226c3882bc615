use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use crate::store::StoreError;

/// Why the audit log could not be read, written or trusted.
///
/// Can be cloned: one failed write answers everybody who waited for it.
#[derive(Clone, Debug, thiserror::Error)]
pub enum AuditError {
    /// A file could not be read.
    #[error("cannot read the audit log {path}: {source}")]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why not.
        source: Arc<io::Error>,
    },
    /// There is no room for a record. Nothing of it was promised; the log goes on when there is room again.
    #[error("no room for the audit log {path}: {source}")]
    Full {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: Arc<io::Error>,
    },
    /// A write failed in a way that leaves open what is on the disk. Only opening the log anew can tell.
    #[error("the audit log {path} failed and takes no more records until it is opened anew: {source}")]
    Poisoned {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: Arc<io::Error>,
    },
    /// A line is not the record that must be there.
    #[error("the audit log {path} is damaged at line {line}: {detail}")]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// From 1.
        line: u64,
        /// What is wrong with it.
        detail: String,
    },
    /// The state folder is an older copy, or its log was cut or replaced.
    #[error(
        "the audit log in {state} ends at record {found}, but this identity has written record {expected}: it is an older \
         copy, or was cut"
    )]
    StateOlder {
        /// The state folder.
        state: PathBuf,
        /// The epoch file, which knows better.
        epoch: PathBuf,
        /// Last record that is there; 0 for none.
        found: u64,
        /// Last record that is known to have been there.
        expected: u64,
    },
    /// The log has another record where the epoch file knows one: two copies of the state folder went separate ways.
    #[error("the audit log in {state} has another record {seq} than the one that this identity has written")]
    StateForked {
        /// The state folder.
        state: PathBuf,
        /// The epoch file, which knows better.
        epoch: PathBuf,
        /// The record.
        seq: u64,
    },
    /// The epoch file was not written under this key, or was changed.
    #[error("the epoch file {path} is not valid: {detail}")]
    Epoch {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        detail: &'static str,
    },
    /// The epoch file could not be advanced; tried again until it succeeds.
    #[error("the epoch file could not be advanced: {0}")]
    EpochNotWritten(Arc<StoreError>),
    /// An entry does not fit into a record.
    #[error("an audit record cannot hold this: its {field} is above {limit}")]
    Entry {
        /// The field of the record.
        field: &'static str,
        /// Bytes allowed, or the highest value.
        limit: usize,
    },
    /// More is waiting to be written than the disk keeps up with.
    #[error("too many audit records are waiting to be written")]
    Backlog,
    /// The ledger was closed.
    #[error("the audit log is closed")]
    Closed,
    /// The system gave no thread, lock or folder.
    #[error(transparent)]
    Store(Arc<StoreError>),
}

impl From<StoreError> for AuditError {
    fn from(error: StoreError) -> Self {
        Self::Store(Arc::new(error))
    }
}
