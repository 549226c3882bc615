use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::store::{self, Access, StoreError};

const FILE: &str = "devnet.json";
const MAX_BYTES: usize = 16 * 1024;

/// What a running devnet says of itself, for commands in other terminals.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// Base URL of its portal.
    pub portal: String,
    /// Name of its federation.
    pub federation: String,
    /// What its guardians say they run.
    pub image_digest: String,
    /// Homes of its operators, for `OC_GUARDIAN_HOME`.
    pub homes: Vec<PathBuf>,
}

impl Note {
    pub(super) fn write(&self, folder: &Path) -> Result<(), StoreError> {
        let text = serde_json::to_string_pretty(self).expect("a struct of strings serialises");
        store::replace(&folder.join(FILE), text.as_bytes(), Access::Private)
    }
}

/// What the devnet in this folder says of itself; `None` while it is starting.
pub fn note_of(folder: &Path) -> Option<Note> {
    serde_json::from_slice(&store::read(&folder.join(FILE), MAX_BYTES).ok()?).ok()
}
