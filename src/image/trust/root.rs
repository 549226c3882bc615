use std::fmt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde::Deserialize;
use sigstore_trust_root::{SIGSTORE_PRODUCTION_TRUSTED_ROOT, TrustedRoot};
use sigstore_verify::Verifier;

use super::age::{Age, AgeNote};
use super::error::TrustError;
use super::repository::production_folder;
use super::state::{State, Versions};
use super::update;
use crate::image::digest::Digest;
use crate::image::json::refuse_doubled_members;
use crate::store;

/// Largest trusted root that is read, in bytes. Sigstore's has 7 KiB.
pub const MAX_ROOT: usize = 1024 * 1024;

/// Day of which the embedded trust root is, in Unix seconds: 2026-10-13, the latest day from which on it is known to be
/// what Sigstore publishes (sigstore-trust-root 0.15.1 took it from there after 0.15.0 of that day). Change it together
/// with the pin of that crate in `Cargo.toml`, never without looking: a later day than the true one hides an age.
pub const EMBEDDED_AS_OF: u64 = 1_791_849_600;

/// The versions whose rules are known here. Version 0.2 chooses a checkpoint's key in another way.
const MEDIA_TYPES: [&str; 2] = [
    "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
    "application/vnd.dev.sigstore.trustedroot.v0.1+json",
];

/// Where a trust root is from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Sigstore's production root, as it came with this version of the kit.
    Embedded,
    /// What `trust update` fetched last, in this file.
    Updated(PathBuf),
    /// A file that the operator named.
    File(PathBuf),
}

impl Origin {
    /// A word for programs: `embedded`, `updated`, `file`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Embedded => "embedded",
            Self::Updated(_) => "updated",
            Self::File(_) => "file",
        }
    }

    /// The file, where it is one.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Embedded => None,
            Self::Updated(path) | Self::File(path) => Some(path),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path() {
            None => f.write_str("the embedded trust root"),
            Some(path) => path.display().fmt(f),
        }
    }
}

/// Whose certificates, logs and timestamps count, ready to verify with.
pub struct TrustRoot {
    origin: Origin,
    digest: Digest,
    as_of: Option<SystemTime>,
    tuf: Option<Versions>,
    root: TrustedRoot,
    verifier: Verifier,
}

impl TrustRoot {
    /// Sigstore's production root of [`EMBEDDED_AS_OF`].
    ///
    /// # Errors
    /// Never in practice: a test reads these very bytes.
    pub fn embedded() -> Result<Self, TrustError> {
        let mut root = Self::from_bytes(SIGSTORE_PRODUCTION_TRUSTED_ROOT.as_bytes(), Origin::Embedded)?;
        root.as_of = Some(SystemTime::UNIX_EPOCH + Duration::from_secs(EMBEDDED_AS_OF));
        Ok(root)
    }

    /// The root of a Sigstore that the operator names. Such a file has no date, so that its age is never judged.
    ///
    /// # Errors
    /// [`TrustError`], but not [`TrustError::Stale`].
    pub fn from_file(path: &Path) -> Result<Self, TrustError> {
        Self::from_bytes(&store::read(path, MAX_ROOT)?, Origin::File(path.to_owned()))
    }

    /// Reads a root; it has no date.
    ///
    /// Format: <https://github.com/sigstore/protobuf-specs/blob/main/protos/sigstore_trustroot.proto>
    ///
    /// # Errors
    /// [`TrustError::Malformed`], [`TrustError::MediaType`], [`TrustError::Unusable`].
    pub fn from_bytes(bytes: &[u8], origin: Origin) -> Result<Self, TrustError> {
        let malformed = |detail: &dyn fmt::Display| TrustError::Malformed {
            root: origin.to_string(),
            detail: detail.to_string(),
        };
        if bytes.len() > MAX_ROOT {
            return Err(malformed(&format_args!("it is larger than {MAX_ROOT} bytes")));
        }
        refuse_doubled_members(bytes).map_err(|error| malformed(&error))?;
        check_media_type(bytes, &origin, |error| malformed(&error))?;
        let root: TrustedRoot = serde_json::from_slice(bytes).map_err(|error| malformed(&error))?;
        let verifier = Verifier::new(&root).map_err(|source| TrustError::Unusable {
            root: origin.to_string(),
            source: Box::new(source),
        })?;
        Ok(Self {
            origin,
            digest: Digest::of(bytes),
            as_of: None,
            tuf: None,
            root,
            verifier,
        })
    }

    /// What to verify with where the operator names no file: what `trust update` left in the data folder if that is
    /// newer than the embedded root, else the embedded one.
    ///
    /// # Errors
    /// [`TrustError`]: what was fetched and can no longer be read is never passed over in silence.
    pub fn current(data_folder: &Path) -> Result<Self, TrustError> {
        let folder = production_folder(data_folder);
        let embedded = SystemTime::UNIX_EPOCH + Duration::from_secs(EMBEDDED_AS_OF);
        match State::load(&folder)? {
            Some(state) if state.confirmed_at().is_ok_and(|confirmed| confirmed > embedded) => {
                Self::from_state(&state, &folder)
            }
            _ => Self::embedded(),
        }
    }

    pub(super) fn from_state(state: &State, folder: &Path) -> Result<Self, TrustError> {
        let mut root = Self::from_bytes(state.trusted_root.as_bytes(), update::origin(folder))?;
        root.as_of = state.confirmed_at().ok();
        root.tuf = Some(state.tuf);
        Ok(root)
    }

    /// How old it is by this clock.
    pub fn age(&self, now: SystemTime) -> Age {
        Age::at(now, self.as_of)
    }

    /// Whether it is recent enough to verify with, and what is to be said about its age. `allow_stale` is the
    /// operator's `--allow-stale-trust-root`.
    ///
    /// # Errors
    /// [`TrustError::Stale`]
    pub fn judge_age(&self, now: SystemTime, allow_stale: bool) -> Result<Option<AgeNote>, TrustError> {
        self.age(now).judge(self.as_of, allow_stale)
    }

    /// When this was known to be what its Sigstore publishes.
    pub fn as_of(&self) -> Option<SystemTime> {
        self.as_of
    }

    /// Versions of the TUF metadata that it came with, where it was fetched.
    pub fn tuf(&self) -> Option<Versions> {
        self.tuf
    }

    /// Whether it is another Sigstore's than the public one: a file that the operator named.
    pub fn is_private(&self) -> bool {
        matches!(self.origin, Origin::File(_))
    }

    /// Where it is from.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// SHA-256 of the file.
    pub fn digest(&self) -> &Digest {
        &self.digest
    }

    /// The verifier for everything that is signed under this root.
    pub fn verifier(&self) -> &Verifier {
        &self.verifier
    }

    /// What is in it.
    pub(super) fn root(&self) -> &TrustedRoot {
        &self.root
    }
}

impl fmt::Debug for TrustRoot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TrustRoot")
            .field("origin", &self.origin)
            .field("digest", &self.digest)
            .field("as_of", &self.as_of)
            .finish_non_exhaustive()
    }
}

fn check_media_type(
    bytes: &[u8],
    origin: &Origin,
    malformed: impl Fn(serde_json::Error) -> TrustError,
) -> Result<(), TrustError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Head {
        media_type: Option<String>,
    }
    let Head { media_type } = serde_json::from_slice(bytes).map_err(malformed)?;
    match media_type {
        Some(known) if MEDIA_TYPES.contains(&known.as_str()) => Ok(()),
        found => Err(TrustError::MediaType {
            root: origin.to_string(),
            found,
        }),
    }
}

#[cfg(test)]
#[path = "root_tests.rs"]
mod tests;
