use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use serde::{Deserialize, Serialize};

use super::digest::Digest;
use super::json::refuse_doubled_members;
use super::reference::Reference;
use super::verified::VerifiedImage;
use super::version::Version;
use crate::store::{self, Access, Lock, StoreError};

const FILE_NAME: &str = "verified.json";
const LOCK_NAME: &str = "verified.lock";
/// Largest file, in bytes; twice what all it can hold has.
const MAX_BYTES: usize = 512 * 1024;
/// Digests that are remembered; the oldest goes first.
const MAX_DIGESTS: usize = 256;
/// Images with a floor. None of them is ever dropped for another.
const MAX_FLOORS: usize = 64;
/// How long to wait for another process that writes the file.
const PATIENCE: Duration = Duration::from_secs(5);

/// What this machine knows about images that it verified before: `verified.json` in the state folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    file: File,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: u64,
    /// By image name without tag.
    floors: BTreeMap<String, Floor>,
    /// Oldest first.
    digests: Vec<Seen>,
}

impl Default for File {
    fn default() -> Self {
        Self {
            version: 1,
            floors: BTreeMap::new(),
            digests: Vec::new(),
        }
    }
}

/// The lowest version of an image that is accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Floor {
    version: Version,
    digest: Digest,
    settled_at: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Seen {
    digest: Digest,
    image: String,
    version: Option<Version>,
    verified_at: String,
}

/// Why `verified.json` cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KnownError {
    /// It is not what we write.
    #[error("{path} is damaged: {detail}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        detail: String,
    },
    /// It holds as many images as it can.
    #[error("{path} holds the lowest versions of {MAX_FLOORS} images, and no more fit")]
    Full {
        /// The file.
        path: PathBuf,
    },
    /// It cannot be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Known {
    /// Reads what is known; nothing where there is no file yet.
    ///
    /// # Errors
    /// [`KnownError`]. A damaged file is never taken for an empty one: that would be a way round the floor.
    pub fn load(state: &Path) -> Result<Self, KnownError> {
        let path = state.join(FILE_NAME);
        let bytes = match store::read_private(&path, MAX_BYTES, 0o700) {
            Ok(bytes) => bytes,
            Err(StoreError::NotFound { .. }) => return Ok(Self::default()),
            Err(error) => return Err(error.into()),
        };
        let damaged = |detail: String| KnownError::Damaged {
            path: path.clone(),
            detail,
        };
        let file: File = refuse_doubled_members(&bytes)
            .and_then(|()| serde_json::from_slice(&bytes))
            .map_err(|error| damaged(error.to_string()))?;
        if file.version != 1 {
            return Err(damaged(format!("version {}", file.version)));
        }
        Ok(Self { file })
    }

    /// The lowest version that is accepted of the image; `None` before a first use has settled.
    pub fn floor(&self, reference: &Reference) -> Option<&Version> {
        self.file
            .floors
            .get(&reference.name())
            .map(|floor| &floor.version)
    }

    /// The digest of the image that set the floor.
    pub fn settled_digest(&self, reference: &Reference) -> Option<&Digest> {
        self.file.floors.get(&reference.name()).map(|floor| &floor.digest)
    }

    /// Whether an image with this digest was verified on this machine.
    pub fn has_verified(&self, digest: &Digest) -> bool {
        self.file.digests.iter().any(|seen| seen.digest == *digest)
    }

    fn has_seen(&self, image: &VerifiedImage) -> bool {
        let name = image.reference().name();
        let same = |seen: &Seen| {
            seen.digest == *image.digest() && seen.image == name && seen.version.as_ref() == image.version()
        };
        self.file.digests.iter().any(same)
    }

    fn note(&mut self, image: &VerifiedImage, now: SystemTime) {
        let digests = &mut self.file.digests;
        digests.push(Seen {
            digest: *image.digest(),
            image: image.reference().name(),
            version: image.version().cloned(),
            verified_at: rfc3339(now),
        });
        let surplus = digests.len().saturating_sub(MAX_DIGESTS);
        digests.drain(..surplus);
    }
}

/// Remembers that an image was verified. Does not raise the floor: looking at a version is not settling on it.
///
/// # Errors
/// [`KnownError`]
pub fn record_verified(state: &Path, image: &VerifiedImage, now: SystemTime) -> Result<(), KnownError> {
    // Most verifications are of what is known already, and then nothing is written.
    if Known::load(state)?.has_seen(image) {
        return Ok(());
    }
    change(state, |known| {
        if !known.has_seen(image) {
            known.note(image, now);
        }
        Ok(())
    })
}

/// Raises the floor of an image to this version, once an upgrade to it has settled. Never lowers it, and does nothing
/// for an image without a certified version.
///
/// # Errors
/// [`KnownError`]
pub fn raise_floor(state: &Path, image: &VerifiedImage, now: SystemTime) -> Result<(), KnownError> {
    let Some(version) = image.version() else {
        return Ok(());
    };
    change(state, |known| {
        let name = image.reference().name();
        let floors = &mut known.file.floors;
        if floors.get(&name).is_some_and(|floor| floor.version >= *version) {
            return Ok(());
        }
        if floors.len() >= MAX_FLOORS && !floors.contains_key(&name) {
            return Err(KnownError::Full {
                path: state.join(FILE_NAME),
            });
        }
        let floor = Floor {
            version: version.clone(),
            digest: *image.digest(),
            settled_at: rfc3339(now),
        };
        floors.insert(name, floor);
        Ok(())
    })
}

/// Reads, changes and replaces the file while no other process does.
fn change(state: &Path, apply: impl FnOnce(&mut Known) -> Result<(), KnownError>) -> Result<(), KnownError> {
    store::create_dir_private(state)?;
    let _lock = lock(&state.join(LOCK_NAME))?;
    let before = Known::load(state)?;
    let mut after = before.clone();
    apply(&mut after)?;
    if after == before {
        return Ok(());
    }
    let path = state.join(FILE_NAME);
    let mut text = serde_json::to_string_pretty(&after.file).map_err(|error| KnownError::Damaged {
        path: path.clone(),
        detail: error.to_string(),
    })?;
    text.push('\n');
    Ok(store::replace(&path, text.as_bytes(), Access::Private)?)
}

/// Waits for the other process: it holds the lock for milliseconds.
fn lock(path: &Path) -> Result<Lock, StoreError> {
    let start = Instant::now();
    loop {
        match Lock::acquire(path) {
            Err(StoreError::Locked { .. }) if start.elapsed() < PATIENCE => {
                std::thread::sleep(Duration::from_millis(5));
            }
            outcome => return outcome,
        }
    }
}

fn rfc3339(time: SystemTime) -> String {
    humantime::format_rfc3339_seconds(time).to_string()
}

#[cfg(test)]
#[path = "verified_file_tests.rs"]
mod tests;
