use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{CharterError, Directory, DirectoryError, MAX_DIRECTORY_BYTES, MembershipHash, check_charter};
use crate::store::{self, Access, Folders, Lock, StoreError};

/// Below the config folder: one file for each federation.
const FOLDER: &str = "federations";
/// Not the identity's lock: a signing server holds that one, and has not to be stopped for this.
const LOCK: &str = "federations.lock";
/// The directory and a few fields around it.
const MAX_BYTES: usize = MAX_DIRECTORY_BYTES + 4096;

/// A federation whose membership all its guardians signed, and whose hash the operator accepted: the content of
/// `federations/<slug>.json`. The charter is checked again at each reading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustedFederation {
    /// Membership, addresses and the charter's signatures.
    pub directory: Directory,
    /// When the operator accepted it: RFC 3339, UTC, whole seconds.
    pub accepted_at: String,
}

/// Why a federation is not trusted here.
#[derive(Debug, thiserror::Error)]
pub enum TrustedFederationError {
    /// Never accepted.
    #[error("the federation {slug} is not trusted here: there is no {path}")]
    Absent {
        /// Which.
        slug: String,
        /// Where it would be.
        path: PathBuf,
    },
    /// The file is not what we write.
    #[error("{path} is damaged: {why}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// The name cannot be one of a federation, nor of a file.
    #[error("{0:?} is no federation's name: 1 to 64 of the characters a-z, 0-9 and -")]
    Slug(String),
    /// Another membership is accepted already under this name.
    #[error("another membership of {slug} is trusted already, accepted at {accepted_at}: {hash}")]
    Conflict {
        /// Which.
        slug: String,
        /// When it was accepted.
        accepted_at: String,
        /// Its hash.
        hash: MembershipHash,
    },
    /// Not every guardian agreed.
    #[error(transparent)]
    Charter(#[from] CharterError),
    /// It could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    version: u64,
    membership_hash: String,
    accepted_at: String,
    /// The directory file as text, so that it has one strict reader.
    directory: String,
}

impl TrustedFederation {
    /// Where all of them are kept.
    pub fn folder(folders: &Folders) -> PathBuf {
        folders.config.join(FOLDER)
    }

    /// Where it is kept.
    pub fn path(folders: &Folders, slug: &str) -> PathBuf {
        Self::folder(folders).join(format!("{slug}.json"))
    }

    /// Reads what the operator accepted under this name, and checks it as at the first time.
    ///
    /// # Errors
    /// [`TrustedFederationError`]
    pub fn load(folders: &Folders, slug: &str) -> Result<Self, TrustedFederationError> {
        // The name becomes a file's name.
        let letters = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if !(1..=64).contains(&slug.len()) || !slug.bytes().all(letters) {
            return Err(TrustedFederationError::Slug(slug.chars().take(80).collect()));
        }
        let path = Self::path(folders, slug);
        match store::read(&path, MAX_BYTES) {
            Ok(bytes) => Self::parse(&path, slug, &bytes),
            Err(StoreError::NotFound { .. }) => Err(TrustedFederationError::Absent {
                slug: slug.to_owned(),
                path,
            }),
            Err(error) => Err(error.into()),
        }
    }

    /// Names of the federations that have a file here, sorted.
    ///
    /// # Errors
    /// [`TrustedFederationError::Store`]
    pub fn list(folders: &Folders) -> Result<Vec<String>, TrustedFederationError> {
        let folder = Self::folder(folders);
        let entries = match std::fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(source) => return Err(StoreError::Read { path: folder, source }.into()),
        };
        let mut slugs: Vec<String> = entries
            .flatten()
            .filter_map(|entry| entry.file_name().into_string().ok())
            .filter_map(|name| name.strip_suffix(".json").map(str::to_owned))
            .filter(|slug| !slug.starts_with('.'))
            .collect();
        slugs.sort();
        Ok(slugs)
    }

    fn parse(path: &Path, slug: &str, bytes: &[u8]) -> Result<Self, TrustedFederationError> {
        let damaged = |why: String| TrustedFederationError::Damaged {
            path: path.to_owned(),
            why,
        };
        let record: Record = serde_json::from_slice(bytes).map_err(|error| damaged(error.to_string()))?;
        if record.version != 1 {
            return Err(damaged(format!(
                "it has version {}, and this release reads version 1",
                record.version
            )));
        }
        let directory = Directory::parse(record.directory.as_bytes())
            .map_err(|error: DirectoryError| damaged(error.to_string()))?;
        if directory.membership.slug() != slug {
            return Err(damaged(format!("it is of {}", directory.membership.slug())));
        }
        if directory.membership.hash().to_string() != record.membership_hash {
            return Err(damaged(
                "its membership has another hash than was accepted".into(),
            ));
        }
        if humantime::parse_rfc3339(&record.accepted_at).is_err() {
            return Err(damaged("its accepted_at is no time".into()));
        }
        check_charter(&directory.membership, &directory.charter_signatures)?;
        Ok(Self {
            directory,
            accepted_at: record.accepted_at,
        })
    }

    /// Keeps it, durably. A different membership under the same name is replaced only if `replace`: a new membership means a
    /// new key.
    ///
    /// # Errors
    /// [`TrustedFederationError`]
    pub fn save(&self, folders: &Folders, replace: bool) -> Result<(), TrustedFederationError> {
        let membership = &self.directory.membership;
        check_charter(membership, &self.directory.charter_signatures)?;
        store::create_dir_private(&folders.config)?;
        store::create_dir_private(&Self::folder(folders))?;
        let _lock = Lock::acquire(&folders.config.join(LOCK))?;
        match Self::load(folders, membership.slug()) {
            Ok(present) if present.directory.membership != *membership && !replace => {
                return Err(TrustedFederationError::Conflict {
                    slug: membership.slug().to_owned(),
                    accepted_at: present.accepted_at,
                    hash: present.directory.membership.hash(),
                });
            }
            Ok(_) | Err(TrustedFederationError::Absent { .. }) => {}
            Err(_) if replace => {}
            Err(error) => return Err(error),
        }
        let record = Record {
            version: 1,
            membership_hash: membership.hash().to_string(),
            accepted_at: self.accepted_at.clone(),
            directory: self.directory.to_json(),
        };
        let mut text =
            serde_json::to_string_pretty(&record).expect("a struct of strings and integers serialises");
        text.push('\n');
        store::replace(
            &Self::path(folders, membership.slug()),
            text.as_bytes(),
            Access::Private,
        )?;
        Ok(())
    }
}

#[cfg(test)]
#[path = "trusted_tests.rs"]
mod tests;
