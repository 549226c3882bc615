use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use super::config_bundle::{BundleFile, BundleFileError, find_bundle};
use crate::operator::Identity;
use crate::store::{Folders, StoreError};
use crate::vault::{self, VaultError};

/// What can be known of an operator's machine without Docker and network.
pub struct Local {
    /// `operator.json`; `None` where there is none.
    pub identity: Result<Option<Identity>, VaultError>,
    /// Whether the key could be opened, as far as that can be told without its passphrase; `None` without an identity.
    pub keystore: Option<Result<(), VaultError>>,
    /// An interrupted change waits for the next command that takes the lock.
    pub interrupted: bool,
    /// The config bundle, checked against the identity.
    pub bundle: Result<BundleFile, BundleFileError>,
    /// The kit's folders.
    pub folders: Vec<FolderState>,
}

/// One of the kit's folders.
pub struct FolderState {
    /// `config`, `data`, `state` or `runtime`.
    pub name: &'static str,
    /// Where.
    pub path: PathBuf,
    /// Whether it is there; the kit makes what it needs.
    pub exists: bool,
    /// What is wrong with it.
    pub fault: Option<StoreError>,
}

/// Looks, and changes nothing.
pub fn look(folders: &Folders) -> Local {
    let identity = vault::load_identity(folders);
    let keystore = match &identity {
        Ok(Some(identity)) => Some(vault::inspect_keystore(folders, identity)),
        _ => None,
    };
    let key = match &identity {
        Ok(Some(identity)) => Some(&identity.public),
        _ => None,
    };
    Local {
        bundle: find_bundle(folders, None, key),
        identity,
        keystore,
        interrupted: vault::journal_path(folders).exists(),
        folders: folders
            .named()
            .into_iter()
            .map(|(name, path)| folder_state(name, path.to_owned()))
            .collect(),
    }
}

fn folder_state(name: &'static str, path: PathBuf) -> FolderState {
    let (exists, fault) = match fs::metadata(&path) {
        Ok(metadata) if metadata.is_dir() => {
            let mode = metadata.permissions().mode() & 0o7777;
            let exposed = mode & 0o077 != 0;
            (
                true,
                exposed.then(|| StoreError::Exposed {
                    path: path.clone(),
                    mode,
                    wanted: 0o700,
                }),
            )
        }
        Ok(_) => (true, Some(StoreError::NotAFolder { path: path.clone() })),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => (false, None),
        Err(source) => (
            false,
            Some(StoreError::Read {
                path: path.clone(),
                source,
            }),
        ),
    };
    FolderState {
        name,
        path,
        exists,
        fault,
    }
}
