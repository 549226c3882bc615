use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use serde::{Deserialize, Serialize};

use super::digest::Digest;
use super::json::refuse_doubled_members;
use super::policy::Policy;
use super::reference::Reference;
use super::trust::TrustRoot;
use super::verdict::Verdict;
use super::verified::VerifiedImage;
use super::version::Version;
use crate::store::{self, Access, Lock, StoreError};

const FILE_NAME: &str = "verified.json";
const LOCK_NAME: &str = "verified.lock";
/// Largest file, in bytes; more than all it can hold has.
const MAX_BYTES: usize = 512 * 1024;
/// Verdicts that are remembered; the oldest goes first.
const MAX_VERDICTS: usize = 128;
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
    verdicts: Vec<Verdict>,
}

impl File {
    const VERSION: u64 = 2;

    fn with_floors(floors: BTreeMap<String, Floor>) -> Self {
        Self {
            version: Self::VERSION,
            floors,
            verdicts: Vec::new(),
        }
    }

    fn parse(bytes: &[u8]) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct Head {
            version: u64,
        }
        let text = |error: serde_json::Error| error.to_string();
        refuse_doubled_members(bytes).map_err(text)?;
        match serde_json::from_slice::<Head>(bytes).map_err(text)?.version {
            1 => {
                let first: FirstFile = serde_json::from_slice(bytes).map_err(text)?;
                Ok(Self::with_floors(first.floors))
            }
            Self::VERSION => serde_json::from_slice(bytes).map_err(text),
            other => Err(format!("version {other}")),
        }
    }
}

impl Default for File {
    fn default() -> Self {
        Self::with_floors(BTreeMap::new())
    }
}

/// Version 1 kept a digest whatever policy, trust root and flags it had passed under: none of them counts as verified.
/// Its floors hold.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FirstFile {
    #[serde(rename = "version")]
    _version: u64,
    floors: BTreeMap<String, Floor>,
    #[serde(rename = "digests")]
    _digests: Vec<FirstSeen>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FirstSeen {
    #[serde(rename = "digest")]
    _digest: Digest,
    #[serde(rename = "image")]
    _image: String,
    #[serde(rename = "version")]
    _version: Option<Version>,
    #[serde(rename = "verified_at")]
    _verified_at: String,
}

/// The lowest version of an image that is accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Floor {
    version: Version,
    digest: Digest,
    settled_at: String,
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
    /// What is to be remembered has no place in it.
    #[error("the name of the signer or of its issuer is too long to be remembered")]
    TooLong,
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
        File::parse(&bytes).map(|file| Self { file }).map_err(damaged)
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

    /// Whether an image with this digest passed here under this very policy and trust root, and nothing was let pass:
    /// neither missing provenance nor a downgrade. With `config`, also whether it was for the platform with that config.
    pub fn has_verified(
        &self,
        digest: &Digest,
        config: Option<&Digest>,
        policy: &Policy,
        root: &TrustRoot,
    ) -> bool {
        self.holding(policy, root).any(|verdict| {
            verdict.digest() == digest
                && config.is_none_or(|config| verdict.config_digest() == config)
                && !verdict.is_allowed_downgrade()
        })
    }

    /// The latest verdict on the image that an engine knows by this id, if it was reached under this very policy and
    /// trust root, with provenance. The age of the trust root is for the caller to judge. A downgrade that was let pass
    /// counts: the floor binds what is chosen to run, not who looks at what runs.
    pub fn find_by_image_id(&self, id: &Digest, policy: &Policy, root: &TrustRoot) -> Option<&Verdict> {
        self.holding(policy, root)
            .rfind(|verdict| verdict.has_image_id(id))
    }

    fn holding(&self, policy: &Policy, root: &TrustRoot) -> impl DoubleEndedIterator<Item = &Verdict> {
        let policy = policy.fingerprint();
        let root = *root.digest();
        let verdicts = self.file.verdicts.iter();
        verdicts.filter(move |verdict| verdict.holds_under(&policy, &root))
    }

    fn has(&self, verdict: &Verdict) -> bool {
        self.file.verdicts.iter().any(|it| it.agrees_with(verdict))
    }

    fn note(&mut self, verdict: Verdict) {
        let verdicts = &mut self.file.verdicts;
        verdicts.push(verdict);
        let surplus = verdicts.len().saturating_sub(MAX_VERDICTS);
        verdicts.drain(..surplus);
    }
}

/// Remembers that an image was verified. Does not raise the floor: looking at a version is not settling on it.
///
/// # Errors
/// [`KnownError`]
pub fn record_verified(state: &Path, image: &VerifiedImage, now: SystemTime) -> Result<(), KnownError> {
    let verdict = Verdict::of(image, now).map_err(|_| KnownError::TooLong)?;
    // Most verifications are of what is known already, and then nothing is written.
    if Known::load(state)?.has(&verdict) {
        return Ok(());
    }
    change(state, |known| {
        if !known.has(&verdict) {
            known.note(verdict);
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
    match image.version() {
        Some(version) => raise_floor_to(state, &image.reference().name(), version, image.digest(), now),
        None => Ok(()),
    }
}

/// As [`raise_floor`], for an image that was verified by a process before this one: name without tag, certified version,
/// and what was signed.
///
/// # Errors
/// [`KnownError`]
pub fn raise_floor_to(
    state: &Path,
    name: &str,
    version: &Version,
    digest: &Digest,
    now: SystemTime,
) -> Result<(), KnownError> {
    change(state, |known| {
        let floors = &mut known.file.floors;
        if floors.get(name).is_some_and(|floor| floor.version >= *version) {
            return Ok(());
        }
        if floors.len() >= MAX_FLOORS && !floors.contains_key(name) {
            return Err(KnownError::Full {
                path: state.join(FILE_NAME),
            });
        }
        let floor = Floor {
            version: version.clone(),
            digest: *digest,
            settled_at: rfc3339(now),
        };
        floors.insert(name.to_owned(), floor);
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
