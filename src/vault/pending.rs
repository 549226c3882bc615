//! The journal of a change that touches more than one place, so that a crash in the middle leaves the old state or the
//! new one. `operator.json` is the point of commitment: once it says what the journal expects, the change is finished
//! forward, else it is undone.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{VaultError, keychain};
use crate::operator::{Identity, Keystore, OperatorId};
use crate::store::{self, Access, StoreError};

const MAX_BYTES: usize = 64 * 1024;
/// Bytes of a words file; 24 words have 215 at most.
const MAX_WORDS: usize = 1024;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pending {
    version: u64,
    /// `operator.json` with this id and keystore means: committed.
    operator_id: OperatorId,
    keystore: Keystore,
    pub(super) on_commit: Vec<Step>,
    pub(super) on_abort: Vec<Step>,
}

/// Something to do; each can be done twice.
#[derive(Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case", deny_unknown_fields)]
pub(super) enum Step {
    Rename {
        from: PathBuf,
        to: PathBuf,
    },
    /// As `rename`, for a file that is the user's: it must not keep the identity from being used.
    Deliver {
        from: PathBuf,
        to: PathBuf,
    },
    Remove {
        path: PathBuf,
    },
    ForgetKeychain {},
}

impl Pending {
    pub(super) fn new(operator_id: OperatorId, keystore: Keystore) -> Self {
        Self {
            version: 1,
            operator_id,
            keystore,
            on_commit: Vec::new(),
            on_abort: Vec::new(),
        }
    }

    pub(super) fn write(&self, path: &Path) -> Result<(), VaultError> {
        let text = serde_json::to_string_pretty(self).map_err(|error| VaultError::Journal {
            path: path.to_owned(),
            detail: error.to_string(),
        })?;
        Ok(store::replace(path, text.as_bytes(), Access::Private)?)
    }

    pub(super) fn read(path: &Path) -> Result<Option<Self>, VaultError> {
        let bytes = match store::read(path, MAX_BYTES) {
            Ok(bytes) => bytes,
            Err(StoreError::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let invalid = |detail: String| VaultError::Journal {
            path: path.to_owned(),
            detail,
        };
        let pending: Self = serde_json::from_slice(&bytes).map_err(|error| invalid(error.to_string()))?;
        if pending.version != 1 {
            return Err(invalid(format!("version {}", pending.version)));
        }
        Ok(Some(pending))
    }

    /// Whether the change is in force.
    pub(super) fn is_committed(&self, identity: Option<&Identity>) -> bool {
        identity
            .is_some_and(|found| found.operator_id() == self.operator_id && found.keystore == self.keystore)
    }

    /// What the user should know when a later command settles this.
    pub(super) fn describe(&self, committed: bool) -> String {
        let id = &self.operator_id;
        if committed {
            format!("an interrupted change of the key {id} is now finished")
        } else {
            format!("an interrupted change of the key {id} is undone")
        }
    }

    /// Finishes or undoes the change, then removes the journal. Returns what could not be cleaned up and does no harm.
    pub(super) fn settle(&self, journal: &Path, committed: bool) -> Result<Vec<String>, VaultError> {
        let mut notes = Vec::new();
        let steps = if committed {
            &self.on_commit
        } else {
            &self.on_abort
        };
        for step in steps {
            match step {
                Step::Rename { from, to } => {
                    if store::exists(from) {
                        store::rename(from, to)?;
                    }
                }
                Step::Deliver { from, to } => notes.extend(deliver(from, to)),
                Step::Remove { path } => store::remove(path)?,
                // A keychain that is away now must not keep the operator from working.
                Step::ForgetKeychain {} => {
                    if let Err(error) = keychain::delete(&self.operator_id) {
                        notes.push(format!(
                            "an entry for {} that is no longer needed could not be removed from the keychain: {error}",
                            self.operator_id
                        ));
                    }
                }
            }
        }
        store::remove(journal)?;
        Ok(notes)
    }
}

/// Puts a file where it was promised. Says where it is, or that it is lost, if that fails.
fn deliver(from: &Path, to: &Path) -> Option<String> {
    let delivered = match (store::exists(from), store::exists(to)) {
        (true, _) => {
            store::rename(from, to).or_else(|error| match (store::exists(from), store::exists(to)) {
                (false, true) => Ok(()),
                // A file system that cannot rename without overwriting: write it there, as new.
                (true, false) => store::read_private(from, MAX_WORDS, 0o700)
                    .and_then(|words| store::stage(to, to, &words))
                    .and_then(|()| store::remove(from)),
                _ => Err(error),
            })
        }
        (false, true) => Ok(()),
        (false, false) => {
            return Some(format!(
                "the 24 words are not in {}: somebody removed them; this identity has no backup",
                to.display()
            ));
        }
    };
    delivered.err().map(|error| {
        format!(
            "the 24 words are in {}, not safely in {}: {error}",
            from.display(),
            to.display()
        )
    })
}
