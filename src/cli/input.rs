//! Secrets from a file, standard input or a prompt; never from an argument or an environment variable's value.

use std::io::Read;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::context::Context;
use crate::operator::{Identity, Keystore, SecretKey};
use crate::store::{self, Folders, StoreError};
use crate::ui::Failure;
use crate::vault::{self, Credential, LockedHome, MAX_SECRET_INPUT, Passphrase, VaultError, lock_in_memory};

/// Means standard input where a path is expected.
pub(super) const STDIN: &str = "-";

/// All of standard input, at most `limit` bytes. Not for secrets.
pub(super) fn read_stdin(limit: usize) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    std::io::stdin()
        .lock()
        .take(limit as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| Failure::new("read-failed", format!("cannot read standard input: {error}")))?;
    if bytes.len() > limit {
        return Err(StoreError::TooLarge {
            path: "standard input".into(),
            limit,
        }
        .into());
    }
    Ok(bytes)
}

/// The bytes of a secret file, or of standard input for `-`.
pub(super) fn read_secret(context: &Context, path: &Path) -> Result<Zeroizing<Vec<u8>>, Failure> {
    if path == Path::new(STDIN) {
        let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_SECRET_INPUT + 1));
        std::io::stdin()
            .lock()
            .take(MAX_SECRET_INPUT as u64 + 1)
            .read_to_end(&mut bytes)
            .map_err(|error| Failure::new("read-failed", format!("cannot read standard input: {error}")))?;
        if bytes.len() > MAX_SECRET_INPUT {
            return Err(StoreError::TooLarge {
                path: "standard input".into(),
                limit: MAX_SECRET_INPUT,
            }
            .into());
        }
        return Ok(bytes);
    }
    // In systemd's credential folder the group bits are the mask of an ACL that lets the service's user in.
    let credential = context
        .credentials
        .as_ref()
        .is_some_and(|folder| path.parent() == Some(folder));
    Ok(store::read_private(
        path,
        MAX_SECRET_INPUT,
        if credential { 0o740 } else { 0o700 },
    )?)
}

/// A secret as text.
pub(super) fn read_secret_text(context: &Context, path: &Path) -> Result<Zeroizing<String>, Failure> {
    let bytes = read_secret(context, path)?;
    match std::str::from_utf8(&bytes) {
        Ok(text) => Ok(Zeroizing::new(text.to_owned())),
        Err(_) => Err(
            Failure::new("not-text", format!("{} is not UTF-8 text", path.display()))
                .hint("Name the file that holds the words or the hex digits."),
        ),
    }
}

/// The passphrase that opens an existing key.
pub(super) fn passphrase(
    context: &Context,
    file: Option<&Path>,
    question: &str,
) -> Result<Passphrase, Failure> {
    match file {
        Some(path) => passphrase_in(context, path),
        None => context.ui.ask_passphrase(question, "--passphrase-file FILE"),
    }
}

/// A passphrase to set: from the file, or asked twice.
pub(super) fn new_passphrase(
    context: &Context,
    file: Option<&Path>,
    flag: &str,
) -> Result<Passphrase, Failure> {
    let Some(path) = file else {
        return context
            .ui
            .ask_new_passphrase("New passphrase for the key file", flag);
    };
    let passphrase = passphrase_in(context, path)?;
    passphrase
        .check_strength()
        .map_err(|error| Failure::from(error).in_file(path))?;
    Ok(passphrase)
}

fn passphrase_in(context: &Context, path: &Path) -> Result<Passphrase, Failure> {
    Passphrase::from_file_bytes(&read_secret(context, path)?)
        .map_err(|error| Failure::from(error).in_file(path))
}

/// A path that means the same from any folder.
pub(super) fn absolute(path: &Path) -> Result<PathBuf, Failure> {
    std::path::absolute(path).map_err(|source| {
        StoreError::Write {
            path: path.to_owned(),
            source,
        }
        .into()
    })
}

/// Standard input can be read only once.
pub(super) fn check_stdin_is_used_once(
    (one, one_path): (&str, Option<&Path>),
    (other, other_path): (&str, Option<&Path>),
) -> Result<(), Failure> {
    let stdin = Some(Path::new(STDIN));
    if one_path == stdin && other_path == stdin {
        return Err(
            Failure::usage(format!("{one} and {other} cannot both read standard input"))
                .hint("Put one of them into a file (0600)."),
        );
    }
    Ok(())
}

/// Opens the operator key, asking for what its keystore needs.
pub(super) fn unlock(
    context: &Context,
    home: &LockedHome,
    identity: &Identity,
    passphrase_file: Option<&Path>,
) -> Result<SecretKey, Failure> {
    open_key(context, identity, passphrase_file, |credential| {
        home.unlock(identity, credential)
    })
}

/// As [`unlock`], for verbs that only read: a running server holds the lock.
pub(super) fn unlock_to_read(
    context: &Context,
    folders: &Folders,
    identity: &Identity,
    passphrase_file: Option<&Path>,
) -> Result<SecretKey, Failure> {
    open_key(context, identity, passphrase_file, |credential| {
        vault::unlock(folders, identity, credential)
    })
}

fn open_key(
    context: &Context,
    identity: &Identity,
    passphrase_file: Option<&Path>,
    open: impl FnOnce(&Credential) -> Result<SecretKey, VaultError>,
) -> Result<SecretKey, Failure> {
    let (credential, doing) = match identity.keystore {
        Keystore::Keychain {} => (Credential::Keychain, "Opening the key in the keychain"),
        Keystore::File { .. } => (
            Credential::Passphrase(passphrase(
                context,
                passphrase_file,
                "Passphrase of the key file",
            )?),
            "Opening the key file",
        ),
    };
    let progress = context.ui.progress(doing);
    let key = open(&credential)?;
    drop(progress);
    keep_in_memory(context, &key);
    Ok(key)
}

/// Keeps a key out of swap, or says that it could not be done.
pub(super) fn keep_in_memory(context: &Context, key: &SecretKey) {
    if let Err(error) = lock_in_memory(key) {
        context
            .ui
            .warn(&format!("the key could not be kept out of swap: {error}"));
    }
}
