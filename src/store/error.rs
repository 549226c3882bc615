use std::io;
use std::path::PathBuf;

/// Why a file could not be read or written. Every variant names the path.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is nothing at this path.
    #[error("{path} does not exist")]
    NotFound {
        /// What was looked for.
        path: PathBuf,
    },
    /// The system refused to read.
    #[error("cannot read {path}: {source}")]
    Read {
        /// What was read.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A folder, socket or device where a file was expected.
    #[error("{path} is not a regular file")]
    NotAFile {
        /// What was opened.
        path: PathBuf,
    },
    /// A file where a folder was expected.
    #[error("{path} is not a folder")]
    NotAFolder {
        /// What was looked at.
        path: PathBuf,
    },
    /// More bytes than anything genuine has.
    #[error("{path} is larger than {limit} bytes")]
    TooLarge {
        /// What was read.
        path: PathBuf,
        /// Bytes allowed.
        limit: usize,
    },
    /// A private file or folder that others may read.
    #[error("{path} is private but has permissions {mode:04o}")]
    Exposed {
        /// The file or folder.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
        /// The permissions that it must have.
        wanted: u32,
    },
    /// A private file that belongs to another user.
    #[error("{path} belongs to another user (uid {owner})")]
    ForeignOwner {
        /// The file.
        path: PathBuf,
        /// Its owner.
        owner: u32,
    },
    /// The system refused to write.
    #[error("cannot write {path}: {source}")]
    Write {
        /// What was written.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Something is there already, and is not overwritten.
    #[error("{path} exists already")]
    Exists {
        /// What was to be made.
        path: PathBuf,
    },
    /// Another process works on the same identity.
    #[error("another oc-guardian process{} is working on this identity (lock {path})", holder(*pid))]
    Locked {
        /// The lock file.
        path: PathBuf,
        /// Process id of the holder, where it could be read.
        pid: Option<u32>,
    },
}

fn holder(pid: Option<u32>) -> String {
    pid.map_or_else(String::new, |pid| format!(" (PID {pid})"))
}
