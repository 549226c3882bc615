//! Metadata that was verified before: the floor below which no version is accepted.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use sigstore_tuf::MetadataStore;

use crate::store::{self, Access, StoreError};

/// Largest metadata file, in bytes. Everything here was verified and bounded before it was written.
const MAX_FILE: usize = 8 * 1024 * 1024;

/// A folder of metadata. The library takes a cache that cannot be read or written for an empty one, and then has no
/// floor: here the first fault is kept, for [`Cache::fault`].
#[derive(Clone)]
pub(super) struct Cache {
    folder: PathBuf,
    fault: Arc<Mutex<Option<StoreError>>>,
}

impl Cache {
    /// Makes the folder.
    pub(super) fn open(folder: &Path) -> Result<Self, StoreError> {
        store::create_dir_private(folder)?;
        store::create_dir_private(&folder.join("root_history"))?;
        Ok(Self {
            folder: folder.to_owned(),
            fault: Arc::default(),
        })
    }

    /// What went wrong with the folder since the last call.
    pub(super) fn fault(&self) -> Option<StoreError> {
        self.fault.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn note(&self, error: StoreError) -> sigstore_tuf::Error {
        let text = error.to_string();
        let mut fault = self.fault.lock().unwrap_or_else(PoisonError::into_inner);
        fault.get_or_insert(error);
        sigstore_tuf::Error::Malformed(text)
    }
}

impl MetadataStore for Cache {
    fn load(&self, name: &str) -> Result<Option<Vec<u8>>, sigstore_tuf::Error> {
        if !is_kept(name) {
            return Ok(None);
        }
        match store::read(&self.folder.join(name), MAX_FILE) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(StoreError::NotFound { .. }) => Ok(None),
            Err(error) => Err(self.note(error)),
        }
    }

    fn store(&self, name: &str, bytes: &[u8]) -> Result<(), sigstore_tuf::Error> {
        if !is_kept(name) {
            return Ok(());
        }
        store::replace(&self.folder.join(name), bytes, Access::Private).map_err(|error| self.note(error))
    }
}

/// The files that floors are made of. The library also hands out what it never asks for again: numbered snapshots,
/// delegated roles, targets.
fn is_kept(name: &str) -> bool {
    let numbered = |name: &str| {
        let number = name.strip_suffix(".root.json");
        number.is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
    };
    matches!(
        name,
        "root.json" | "timestamp.json" | "snapshot.json" | "targets.json"
    ) || name.strip_prefix("root_history/").is_some_and(numbered)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_what_makes_a_floor_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("tuf");
        let cache = Cache::open(&folder).unwrap();
        for name in [
            "root.json",
            "timestamp.json",
            "snapshot.json",
            "targets.json",
            "root_history/17.root.json",
        ] {
            cache.store(name, b"x").unwrap();
            assert_eq!(cache.load(name).unwrap().as_deref(), Some(&b"x"[..]));
        }
        for name in [
            "7.snapshot.json",
            "a%2Fb.json",
            "targets/x",
            "root_history/../x.root.json",
            "../root.json",
        ] {
            cache.store(name, b"x").unwrap();
            assert_eq!(cache.load(name).unwrap(), None, "{name}");
        }
        assert!(cache.fault().is_none());
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 5);
    }

    #[test]
    fn a_fault_is_not_an_empty_cache() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("tuf");
        let cache = Cache::open(&folder).unwrap();
        std::fs::create_dir(folder.join("timestamp.json")).unwrap();
        cache.load("timestamp.json").unwrap_err();
        assert!(matches!(cache.fault(), Some(StoreError::NotAFile { .. })));
        assert!(cache.fault().is_none());
    }
}
