use std::fs;
use std::path::{Path, PathBuf};

use super::pending::{Pending, Step};
use super::{KeyFileError, KeychainError, Passphrase, VaultError, key_file, keychain};
use crate::operator::{Identity, IdentityError, Keystore, MAX_IDENTITY_BYTES, OperatorId, Origin, SecretKey};
use crate::store::{self, Access, Folders, Lock, StoreError};

const IDENTITY: &str = "operator.json";
const LOCK: &str = "operator.lock";
const JOURNAL: &str = "operator.pending.json";
const KEYS: &str = "keys";

/// What a keystore needs to open.
pub enum Credential {
    /// The keychain asks for what it needs itself.
    Keychain,
    /// The passphrase of the key file.
    Passphrase(Passphrase),
}

/// Where a key is to rest.
pub enum Destination {
    /// The operating system's keychain.
    Keychain,
    /// A file encrypted with this passphrase.
    File(Passphrase),
    /// As `File`, but guessing the passphrase costs nothing: for keys that guard nothing, as a devnet's, of which many are
    /// opened at once.
    DangerouslyFastFile(Passphrase),
}

/// An identity as it is after a change.
pub struct Changed {
    /// The new `operator.json`.
    pub identity: Identity,
    /// What could not be cleaned up and does no harm; the user should know.
    pub notes: Vec<String>,
}

/// Path of `operator.json`.
pub fn identity_path(folders: &Folders) -> PathBuf {
    folders.config.join(IDENTITY)
}

/// Path of the journal that an interrupted change leaves behind.
pub fn journal_path(folders: &Folders) -> PathBuf {
    folders.config.join(JOURNAL)
}

/// Reads the operator identity; `None` where there is none yet. Needs no lock: the file is replaced whole.
///
/// # Errors
/// [`VaultError::Identity`], [`VaultError::Store`]
pub fn load_identity(folders: &Folders) -> Result<Option<Identity>, VaultError> {
    let path = identity_path(folders);
    match store::read(&path, MAX_IDENTITY_BYTES) {
        Ok(bytes) => match Identity::parse(&bytes) {
            Ok(identity) => Ok(Some(identity)),
            Err(source) => Err(VaultError::Identity { path, source }),
        },
        Err(StoreError::NotFound { .. }) => Ok(None),
        Err(StoreError::TooLarge { .. }) => Err(VaultError::Identity {
            path,
            source: IdentityError::TooLarge,
        }),
        Err(error) => Err(error.into()),
    }
}

/// The folders of one identity, held against other processes.
pub struct LockedHome {
    folders: Folders,
    _lock: Lock,
}

impl LockedHome {
    /// Takes the lock, then finishes or undoes what an interrupted process left. Returns also what the user should know
    /// about that.
    ///
    /// # Errors
    /// [`StoreError::Locked`] and other [`VaultError`]s
    pub fn acquire(folders: &Folders) -> Result<(Self, Vec<String>), VaultError> {
        store::create_dir_private(&folders.config)?;
        store::create_dir_private(&folders.data)?;
        store::create_dir_private(&folders.data.join(KEYS))?;
        let lock = Lock::acquire(&folders.config.join(LOCK))?;
        let home = Self {
            folders: folders.clone(),
            _lock: lock,
        };
        let mut notes = Vec::new();
        if let Some((account, more)) = home.settle()? {
            notes.push(account);
            notes.extend(more);
        }
        store::sweep_temporaries(&home.folders.config);
        if !home.key_file_is_missing() {
            store::sweep_temporaries(&home.folders.data.join(KEYS));
        }
        Ok((home, notes))
    }

    /// Then what looks like a left-over may be the only copy of the key: its journal was lost or moved away.
    fn key_file_is_missing(&self) -> bool {
        match load_identity(&self.folders) {
            Ok(Some(Identity {
                keystore: Keystore::File { path },
                ..
            })) => !self.folders.data.join(path).exists(),
            Ok(_) => false,
            Err(_) => true,
        }
    }

    /// The identity, which must exist.
    ///
    /// # Errors
    /// [`VaultError::NoIdentity`] and what [`load_identity`] fails with.
    pub fn identity(&self) -> Result<Identity, VaultError> {
        load_identity(&self.folders)?.ok_or_else(|| VaultError::NoIdentity {
            path: identity_path(&self.folders),
        })
    }

    /// Whether a new identity may be made here.
    ///
    /// # Errors
    /// [`VaultError::IdentityExists`], [`VaultError::OrphanKey`]
    pub fn check_vacant(&self) -> Result<(), VaultError> {
        if let Some(identity) = load_identity(&self.folders)? {
            return Err(VaultError::IdentityExists {
                id: identity.operator_id(),
                path: identity_path(&self.folders),
            });
        }
        // An encrypted key whose operator.json was lost may be the only copy: never bury it under a new identity.
        let keys = self.folders.data.join(KEYS);
        let entries = fs::read_dir(&keys).map_err(|source| StoreError::Read {
            path: keys.clone(),
            source,
        })?;
        match entries
            .flatten()
            .map(|entry| entry.path())
            .find(|path| path.extension().is_some_and(|it| it == "age"))
        {
            Some(path) => Err(VaultError::OrphanKey { path }),
            None => Ok(()),
        }
    }

    /// Stores a key and writes `operator.json`, and the 24 words to `words_out` where that is given: all of it or, if
    /// interrupted or failing at any moment, nothing. `words_out` must be absolute: whoever finishes an interrupted
    /// change may do so from another folder.
    ///
    /// # Errors
    /// [`VaultError`]
    pub fn create(
        &self,
        key: &SecretKey,
        destination: &Destination,
        origin: Origin,
        created_at: String,
        words_out: Option<&Path>,
    ) -> Result<Changed, VaultError> {
        self.check_vacant()?;
        if let Some(path) = words_out {
            store::check_creatable(path)?;
        }
        debug_assert!(words_out.is_none_or(Path::is_absolute));
        let public = key.public();
        let id = public.operator_id();
        let keystore = self.keystore_for(&id, destination);
        let identity = Identity {
            public,
            keystore,
            origin,
            exported: false,
            created_at,
        };
        let mut pending = Pending::new(id, identity.keystore.clone());
        let words_staged = words_out.map(|path| {
            let staged = store::visible_staging_name(path);
            pending.on_commit.push(Step::Deliver {
                from: staged.clone(),
                to: path.to_owned(),
            });
            pending.on_abort.push(Step::Remove { path: staged.clone() });
            staged
        });
        let notes = self.transact(pending, key, destination, &identity, || {
            if let (Some(staged), Some(path)) = (&words_staged, words_out) {
                let mut line = zeroize::Zeroizing::new(key.to_words().as_line().to_owned());
                line.push('\n');
                store::stage(staged, path, line.as_bytes())?;
            }
            Ok(())
        })?;
        Ok(Changed { identity, notes })
    }

    /// Opens the key.
    ///
    /// # Errors
    /// As [`unlock`].
    pub fn unlock(&self, identity: &Identity, credential: &Credential) -> Result<SecretKey, VaultError> {
        unlock(&self.folders, identity, credential)
    }

    /// Encrypts the key file anew under another passphrase.
    ///
    /// # Errors
    /// [`VaultError::NoPassphrase`] for a key in the keychain.
    pub fn change_passphrase(
        &self,
        identity: &Identity,
        key: &SecretKey,
        new: &Passphrase,
    ) -> Result<(), VaultError> {
        let Keystore::File { path } = &identity.keystore else {
            return Err(VaultError::NoPassphrase);
        };
        let bytes = key_file::encrypt(key, new, key_file::WORK_FACTOR).map_err(VaultError::Encrypt)?;
        let path = self.folders.data.join(path);
        // A link, to a stick perhaps, stays one, and the file behind it changes.
        let path = fs::canonicalize(&path).unwrap_or(path);
        Ok(store::replace(&path, &bytes, Access::Private)?)
    }

    /// Moves the key to the other keystore; the old copy is removed only when the new one is in force.
    ///
    /// # Errors
    /// [`VaultError::AlreadyThere`]
    pub fn migrate(
        &self,
        identity: &Identity,
        key: &SecretKey,
        destination: &Destination,
    ) -> Result<Changed, VaultError> {
        let id = identity.operator_id();
        let keystore = self.keystore_for(&id, destination);
        if keystore.kind() == identity.keystore.kind() {
            return Err(VaultError::AlreadyThere(keystore.kind()));
        }
        let moved = Identity {
            keystore,
            ..identity.clone()
        };
        let mut pending = Pending::new(id, moved.keystore.clone());
        pending.on_commit.push(match &identity.keystore {
            Keystore::Keychain {} => Step::ForgetKeychain {},
            Keystore::File { path } => Step::Remove {
                path: self.folders.data.join(path),
            },
        });
        let notes = self.transact(pending, key, destination, &moved, || Ok(()))?;
        Ok(Changed {
            identity: moved,
            notes,
        })
    }

    /// Records that the private key leaves this kit, before it does.
    ///
    /// # Errors
    /// [`VaultError::Store`]
    pub fn mark_exported(&self, identity: &Identity) -> Result<(), VaultError> {
        let marked = Identity {
            exported: true,
            ..identity.clone()
        };
        self.write_identity(&marked)
    }

    /// Writes the private key as 64 hex digits and a newline to a new file (0600), marking the identity first. A crash in
    /// between leaves no hidden piece of the key: the next holder of the lock removes it. `out` must be absolute.
    ///
    /// # Errors
    /// [`StoreError::Exists`] and other [`VaultError::Store`]s.
    pub fn export(
        &self,
        identity: &Identity,
        key: &SecretKey,
        out: &Path,
    ) -> Result<Vec<String>, VaultError> {
        debug_assert!(out.is_absolute());
        store::check_creatable(out)?;
        let staged = store::staging_name(out);
        let mut pending = Pending::new(identity.operator_id(), identity.keystore.clone());
        pending.on_commit.push(Step::Remove { path: staged.clone() });
        pending.write(&journal_path(&self.folders))?;
        let mut line = zeroize::Zeroizing::new(String::with_capacity(65));
        line.push_str(&key.expose_hex());
        line.push('\n');
        let done = (|| {
            // Prove that a file can be made there before the mark, which stays.
            store::stage(&staged, out, b"")?;
            store::remove(&staged)?;
            self.mark_exported(identity)?;
            store::stage(&staged, out, line.as_bytes())?;
            Ok::<_, VaultError>(store::rename(&staged, out)?)
        })();
        let settled = self.settle();
        done?;
        Ok(settled?.map(|(_, notes)| notes).unwrap_or_default())
    }

    fn keystore_for(&self, id: &OperatorId, destination: &Destination) -> Keystore {
        match destination {
            Destination::Keychain => Keystore::Keychain {},
            Destination::File(_) | Destination::DangerouslyFastFile(_) => Keystore::File {
                path: format!("{KEYS}/{id}.age"),
            },
        }
    }

    /// Journal, secret, whatever `prepare` does, `operator.json`, then the journal's steps. Undone on any error.
    fn transact(
        &self,
        mut pending: Pending,
        key: &SecretKey,
        destination: &Destination,
        identity: &Identity,
        prepare: impl FnOnce() -> Result<(), VaultError>,
    ) -> Result<Vec<String>, VaultError> {
        let journal = journal_path(&self.folders);
        let encrypted = match (destination, &identity.keystore) {
            (
                Destination::File(passphrase) | Destination::DangerouslyFastFile(passphrase),
                Keystore::File { path },
            ) => {
                let path = self.folders.data.join(path);
                if fs::symlink_metadata(&path).is_ok() {
                    return Err(StoreError::Exists { path }.into());
                }
                let staged = store::staging_name(&path);
                pending.on_commit.insert(
                    0,
                    Step::Rename {
                        from: staged.clone(),
                        to: path.clone(),
                    },
                );
                pending.on_abort.push(Step::Remove { path: staged.clone() });
                let work_factor = match destination {
                    Destination::DangerouslyFastFile(_) => key_file::FAST_WORK_FACTOR,
                    _ => key_file::WORK_FACTOR,
                };
                let bytes = key_file::encrypt(key, passphrase, work_factor).map_err(VaultError::Encrypt)?;
                Some((staged, path, bytes))
            }
            _ => {
                // An entry that was there before us belongs to another home with the same key: never ours to delete.
                if keychain::is_vacant(&identity.operator_id())? {
                    pending.on_abort.push(Step::ForgetKeychain {});
                }
                None
            }
        };
        pending.write(&journal)?;
        let done = (|| {
            match &encrypted {
                Some((staged, path, bytes)) => store::stage(staged, path, bytes)?,
                None => keychain::store(key)?,
            }
            prepare()?;
            self.write_identity(identity)
        })();
        // Also after an error: it then undoes, by what operator.json says now.
        let settled = self.settle();
        done?;
        Ok(settled?.map(|(_, notes)| notes).unwrap_or_default())
    }

    /// Returns the journal's own account first, for the case that it is another process's.
    fn settle(&self) -> Result<Option<(String, Vec<String>)>, VaultError> {
        let journal = journal_path(&self.folders);
        let Some(pending) = Pending::read(&journal)? else {
            return Ok(None);
        };
        let committed = pending.is_committed(load_identity(&self.folders)?.as_ref());
        let notes = pending.settle(&journal, committed)?;
        Ok(Some((pending.describe(committed), notes)))
    }

    fn write_identity(&self, identity: &Identity) -> Result<(), VaultError> {
        Ok(store::replace(
            &identity_path(&self.folders),
            identity.to_json().as_bytes(),
            Access::Private,
        )?)
    }
}

/// Opens the key. For those who only read; whoever changes anything holds the lock ([`LockedHome`]).
///
/// # Errors
/// [`VaultError`]; [`VaultError::KeyMismatch`] where the secret is not the one of `operator.json`.
pub fn unlock(
    folders: &Folders,
    identity: &Identity,
    credential: &Credential,
) -> Result<SecretKey, VaultError> {
    let key = match (&identity.keystore, credential) {
        (Keystore::File { path }, Credential::Passphrase(passphrase)) => {
            let path = folders.data.join(path);
            let bytes = read_key_file(&path, &folders.data.join(KEYS))?;
            key_file::decrypt(&bytes, passphrase).map_err(|source| VaultError::KeyFile { path, source })?
        }
        (Keystore::File { .. }, Credential::Keychain) => {
            unreachable!("the caller chose the credential by this identity's keystore")
        }
        (Keystore::Keychain {}, _) => keychain::load(&identity.operator_id())?,
    };
    let found = key.public();
    if found != identity.public {
        return Err(VaultError::KeyMismatch {
            found: found.operator_id(),
            expected: identity.operator_id(),
        });
    }
    Ok(key)
}

fn read_key_file(path: &Path, keys: &Path) -> Result<zeroize::Zeroizing<Vec<u8>>, VaultError> {
    // Only our own folder: a key kept elsewhere must not make us demand a `chmod` of, say, a mounted stick.
    if path.parent() == Some(keys) {
        match store::check_dir_private(keys) {
            Err(StoreError::NotFound { .. }) => {}
            checked => checked?,
        }
    }
    store::read_private(path, key_file::MAX_BYTES, 0o700).map_err(|error| {
        let source = match error {
            StoreError::NotFound { .. } => KeyFileError::Missing,
            StoreError::NotAFile { .. } | StoreError::TooLarge { .. } => KeyFileError::NotAKeyFile,
            other => return other.into(),
        };
        VaultError::KeyFile {
            path: path.to_owned(),
            source,
        }
    })
}

/// Reads the key file of an identity as far as that goes without its passphrase: there, private, well-formed.
///
/// # Errors
/// [`VaultError`]
pub fn inspect_keystore(folders: &Folders, identity: &Identity) -> Result<(), VaultError> {
    match &identity.keystore {
        Keystore::File { path } => {
            let path = folders.data.join(path);
            let bytes = read_key_file(&path, &folders.data.join(KEYS))?;
            key_file::inspect(&bytes).map_err(|source| VaultError::KeyFile { path, source })
        }
        Keystore::Keychain {} => match keychain::reach(&identity.operator_id())? {
            keychain::Reach::Present => Ok(()),
            keychain::Reach::Absent => Err(KeychainError::Missing(identity.operator_id()).into()),
        },
    }
}
