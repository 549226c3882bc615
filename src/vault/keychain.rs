//! The operating system's keychain. Every call has a deadline: a locked keychain may wait for a prompt that nobody sees.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use keyring::{Entry, Error};
use zeroize::Zeroizing;

use super::{KeychainError, VaultError, payload};
use crate::operator::{OperatorId, SecretKey};

/// Service name of our entries; the account is the operator id.
pub const SERVICE: &str = "io.ochk.oc-guardian";

/// How long a person may take to answer the keychain's own prompt.
const UNLOCK_DEADLINE: Duration = Duration::from_secs(60);
/// How long the keychain may take to say that it is there; may include its start.
const ANSWER_DEADLINE: Duration = Duration::from_secs(10);
/// How long a check may take that nobody waits at a prompt for.
const STATUS_DEADLINE: Duration = Duration::from_secs(5);

/// Proves that the keychain is usable, by writing an entry, reading it back and deleting it. Nothing less does: a locked
/// collection answers a missing entry with "no entry".
///
/// # Errors
/// [`KeychainError`]
pub fn probe() -> Result<(), KeychainError> {
    check_it_answers()?;
    with_deadline(UNLOCK_DEADLINE, || {
        let mut token = [0; 16];
        getrandom::fill(&mut token).map_err(|error| KeychainError::Failed(error.to_string()))?;
        let token = crate::store::hex::encode(&token);
        let entry = entry(&format!("probe-{token}"))?;
        entry.set_secret(token.as_bytes()).map_err(translate)?;
        let read = entry.get_secret().map_err(translate);
        let deleted = entry.delete_credential().map_err(translate);
        if read? != token.as_bytes() {
            return Err(KeychainError::Unfaithful);
        }
        deleted
    })
}

/// Asks for an entry that is not there: no keychain prompts for that, locked or not. So one that hangs is not waited for
/// as long as a person is.
fn check_it_answers() -> Result<(), KeychainError> {
    with_deadline(ANSWER_DEADLINE, || match entry("no-such-entry")?.get_secret() {
        Ok(_) | Err(Error::NoEntry) => Ok(()),
        Err(error) => Err(translate(error)),
    })
    .map_err(|error| match error {
        KeychainError::TimedOut(seconds) => {
            KeychainError::Unavailable(format!("it does not answer within {seconds} s"))
        }
        other => other,
    })
}

/// What a look at the keychain found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// The entry is there and readable.
    Present,
    /// The keychain answers, and has no such entry.
    Absent,
}

/// Looks whether the entry of `id` can be read now, without waiting long for a prompt.
pub(super) fn reach(id: &OperatorId) -> Result<Reach, KeychainError> {
    look(id, STATUS_DEADLINE)
}

/// Whether there is no entry for `id`; waits for the keychain's own prompt.
pub(super) fn is_vacant(id: &OperatorId) -> Result<bool, KeychainError> {
    check_it_answers()?;
    Ok(look(id, UNLOCK_DEADLINE)? == Reach::Absent)
}

fn look(id: &OperatorId, deadline: Duration) -> Result<Reach, KeychainError> {
    let account = id.to_string();
    with_deadline(deadline, move || match entry(&account)?.get_secret() {
        Ok(secret) => {
            drop(Zeroizing::new(secret));
            Ok(Reach::Present)
        }
        Err(Error::NoEntry) => Ok(Reach::Absent),
        Err(error) => Err(translate(error)),
    })
}

/// Stores a key and reads it back. An entry with the same key is left as it is.
pub(super) fn store(key: &SecretKey) -> Result<(), KeychainError> {
    let id = key.public().operator_id();
    let encoded = Zeroizing::new(payload::encode(key).as_bytes().to_vec());
    with_deadline(UNLOCK_DEADLINE, move || {
        let entry = entry(id.as_str())?;
        match entry.get_secret() {
            Ok(found) => {
                let found = Zeroizing::new(found);
                return if *found == *encoded {
                    Ok(())
                } else {
                    Err(KeychainError::Conflict(id))
                };
            }
            Err(Error::NoEntry) => {}
            Err(error) => return Err(translate(error)),
        }
        entry.set_secret(&encoded).map_err(translate)?;
        let read = Zeroizing::new(entry.get_secret().map_err(translate)?);
        if *read == *encoded {
            Ok(())
        } else {
            Err(KeychainError::Unfaithful)
        }
    })
}

pub(super) fn load(id: &OperatorId) -> Result<SecretKey, VaultError> {
    check_it_answers()?;
    let account = id.clone();
    let bytes = with_deadline(UNLOCK_DEADLINE, move || {
        match entry(account.as_str())?.get_secret() {
            Ok(secret) => Ok(Zeroizing::new(secret)),
            Err(Error::NoEntry) => Err(KeychainError::Missing(account)),
            Err(error) => Err(translate(error)),
        }
    })?;
    payload::parse(&bytes).map_err(|detail| VaultError::KeychainEntry {
        id: id.clone(),
        detail,
    })
}

/// Deletes the entry of `id`; one that is not there is fine.
pub(super) fn delete(id: &OperatorId) -> Result<(), KeychainError> {
    check_it_answers()?;
    let account = id.to_string();
    with_deadline(UNLOCK_DEADLINE, move || {
        match entry(&account)?.delete_credential() {
            Ok(()) | Err(Error::NoEntry) => Ok(()),
            Err(error) => Err(translate(error)),
        }
    })
}

fn entry(account: &str) -> Result<Entry, KeychainError> {
    Entry::new(SERVICE, account).map_err(|error| match error {
        // The constructor knows only that there is no store; why is kept elsewhere.
        Error::NoDefaultStore => KeychainError::Unavailable(match Entry::store_status() {
            Err(Error::PlatformFailure(reason)) => reason.to_string(),
            Err(reason) => reason.to_string(),
            Ok(()) => error.to_string(),
        }),
        other => translate(other),
    })
}

fn translate(error: Error) -> KeychainError {
    match error {
        Error::NoStorageAccess(reason) => KeychainError::Locked(reason.to_string()),
        Error::NoDefaultStore => KeychainError::Unavailable(error.to_string()),
        // These carry what was stored, and their text could quote it.
        Error::BadEncoding(_) | Error::BadDataFormat(..) => {
            KeychainError::Failed("the stored entry is malformed".into())
        }
        Error::Ambiguous(_) => KeychainError::Failed("several entries have the same name".into()),
        Error::PlatformFailure(reason) => KeychainError::Failed(reason.to_string()),
        other => KeychainError::Failed(other.to_string()),
    }
}

/// Runs `work` on a thread of its own; after the deadline the thread is left behind, to end with the process.
fn with_deadline<T: Send + 'static>(
    deadline: Duration,
    work: impl FnOnce() -> Result<T, KeychainError> + Send + 'static,
) -> Result<T, KeychainError> {
    let (sender, receiver) = mpsc::sync_channel(1);
    thread::Builder::new()
        .name("keychain".into())
        .spawn(move || {
            let _ = sender.send(work());
        })
        .map_err(|error| KeychainError::Failed(error.to_string()))?;
    receiver.recv_timeout(deadline).unwrap_or_else(|error| {
        Err(match error {
            mpsc::RecvTimeoutError::Timeout => KeychainError::TimedOut(deadline.as_secs()),
            mpsc::RecvTimeoutError::Disconnected => {
                KeychainError::Failed("its client stopped unexpectedly".into())
            }
        })
    })
}
