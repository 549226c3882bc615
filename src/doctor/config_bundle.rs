use std::path::{Path, PathBuf};

use crate::bundle::{self, Checked};
use crate::operator::PublicKey;
use crate::store::{self, Folders, StoreError};

const FILE_NAME: &str = "oc-guardian.config";
/// Where packages and images put it.
const SYSTEM_WIDE: &str = "/etc/oc-guardian/oc-guardian.config";

/// A config bundle that was found and checked.
pub struct BundleFile {
    /// Where it is.
    pub path: PathBuf,
    /// What is in it.
    pub checked: Checked,
}

/// Why there is no bundle to look at.
#[derive(Debug, thiserror::Error)]
pub enum BundleFileError {
    /// None was named, and there is none in the usual places.
    #[error("there is no config bundle at {} or {}", .0.display(), .1.display())]
    Absent(PathBuf, PathBuf),
    /// There is one that cannot be read, or none where one was named.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Where `config gen` puts the bundle.
pub fn default_bundle_path(folders: &Folders) -> PathBuf {
    folders.config.join(FILE_NAME)
}

/// Finds the config bundle and checks it: `named` if given, else the one in the config folder, else the one in `/etc`.
/// With the operator key of this machine, the bundle must be its own.
///
/// # Errors
/// [`BundleFileError`]; a bundle with errors is no error of this function.
pub fn find_bundle(
    folders: &Folders,
    named: Option<&Path>,
    identity: Option<&PublicKey>,
) -> Result<BundleFile, BundleFileError> {
    let checked = |path: PathBuf, bytes: Vec<u8>| BundleFile {
        checked: bundle::check(&bytes, identity),
        path,
    };
    if let Some(path) = named {
        let bytes = store::read(path, bundle::MAX_BYTES)?;
        return Ok(checked(path.to_owned(), bytes));
    }
    let usual = [default_bundle_path(folders), SYSTEM_WIDE.into()];
    for path in &usual {
        match store::read(path, bundle::MAX_BYTES) {
            Ok(bytes) => return Ok(checked(path.clone(), bytes)),
            Err(StoreError::NotFound { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let [ours, system] = usual;
    Err(BundleFileError::Absent(ours, system))
}
