//! The policy's file. The only part of this module that touches a disk, with the signing server's start and reload and
//! the `policy` verb as its users.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::policy::{MAX_POLICY, Policy, PolicyError};
use crate::store::{self, Folders, StoreError};

const FILE_NAME: &str = "policy.toml";

/// Why there is no policy to go by.
#[derive(Debug, thiserror::Error)]
pub enum PolicyFileError {
    /// The file cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Others could write into it what is signed without a question.
    #[error("{path} can be written by others (permissions {mode:04o})")]
    Writable {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// It belongs to somebody else, who could change it.
    #[error("{path} belongs to another user (uid {owner})")]
    ForeignOwner {
        /// The file.
        path: PathBuf,
        /// Its owner.
        owner: u32,
    },
    /// It is not UTF-8.
    #[error("{path} is not UTF-8 text")]
    NotText {
        /// The file.
        path: PathBuf,
    },
    /// What it says is no policy.
    #[error("{path}: {error}")]
    Policy {
        /// The file.
        path: PathBuf,
        /// Its content.
        text: String,
        /// Everything that is wrong.
        error: PolicyError,
    },
}

/// A policy with the text that it was read from.
#[derive(Debug)]
pub struct PolicyFile {
    /// Where it is.
    pub path: PathBuf,
    /// Its content.
    pub text: String,
    /// What it says.
    pub policy: Policy,
}

/// Where the policy is, where nothing else is named.
pub fn policy_path(folders: &Folders) -> PathBuf {
    folders.config.join(FILE_NAME)
}

impl PolicyFile {
    /// Reads a policy that only its owner can have written.
    ///
    /// # Errors
    /// [`PolicyFileError`]
    pub fn load(path: &Path) -> Result<Self, PolicyFileError> {
        let bytes = store::read(path, MAX_POLICY)?;
        check_writers(path)?;
        Self::parse(path, bytes)
    }

    /// Reads a policy that came from elsewhere; `path` names it in errors.
    ///
    /// # Errors
    /// [`PolicyFileError::NotText`], [`PolicyFileError::Policy`]
    pub fn parse(path: &Path, bytes: Vec<u8>) -> Result<Self, PolicyFileError> {
        let path = path.to_owned();
        let Ok(text) = String::from_utf8(bytes) else {
            return Err(PolicyFileError::NotText { path });
        };
        match Policy::parse(&text) {
            Ok(policy) => Ok(Self { path, text, policy }),
            Err(error) => Err(PolicyFileError::Policy { path, text, error }),
        }
    }
}

fn check_writers(path: &Path) -> Result<(), PolicyFileError> {
    let metadata = fs::metadata(path).map_err(|source| StoreError::Read {
        path: path.to_owned(),
        source,
    })?;
    let mode = metadata.mode() & 0o7777;
    if mode & 0o022 != 0 {
        return Err(PolicyFileError::Writable {
            path: path.to_owned(),
            mode,
        });
    }
    let owner = metadata.uid();
    if owner != 0 && owner != rustix::process::geteuid().as_raw() {
        return Err(PolicyFileError::ForeignOwner {
            path: path.to_owned(),
            owner,
        });
    }
    Ok(())
}
