use std::path::PathBuf;

use crate::operator::{IdentityError, OperatorId};
use crate::store::StoreError;

/// Why the keychain could not be used.
#[derive(Debug, thiserror::Error)]
pub enum KeychainError {
    /// No keychain runs in this session.
    #[error("no keychain is reachable: {0}")]
    Unavailable(String),
    /// It is there, but stays closed.
    #[error("the keychain is locked or refuses access: {0}")]
    Locked(String),
    /// It did not answer in time; usually it waits for a person at a prompt that nobody sees.
    #[error("the keychain did not answer within {0} s")]
    TimedOut(u64),
    /// No entry of this identity, or it vanished; a locked keychain says so too.
    #[error("the keychain has no entry for {0}")]
    Missing(OperatorId),
    /// What was read back differs from what was written.
    #[error("the keychain did not give back what was stored in it")]
    Unfaithful,
    /// An entry of this name holds something else.
    #[error("the keychain has another entry under the name {0} already")]
    Conflict(OperatorId),
    /// Anything else.
    #[error("the keychain failed: {0}")]
    Failed(String),
}

/// Why an encrypted key could not be opened.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum KeyFileError {
    /// Nothing there.
    #[error("it does not exist")]
    Missing,
    /// A folder, or far too large.
    #[error("it is a folder, or larger than any key file")]
    NotAKeyFile,
    /// Truncated header, or something else altogether.
    #[error("it is not an age file, or its beginning is damaged")]
    NotAge,
    /// Encrypted to keys, not to a passphrase.
    #[error("it is an age file, but not one encrypted with a passphrase")]
    NotPassphrase,
    /// The passphrase does not open it.
    #[error("wrong passphrase")]
    WrongPassphrase,
    /// The header or content was changed after encryption, or the file was cut off.
    #[error("it was damaged or tampered with")]
    Tampered,
    /// The work factor is out of the range that is accepted.
    #[error("it demands scrypt work factor {0}, above the accepted 22")]
    ExcessiveWork(u8),
    /// It opens, but holds no key of ours.
    #[error("it opens, but what is inside is no operator key: {0}")]
    Payload(&'static str),
}

/// Why an operation on the operator key failed.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// No `operator.json`.
    #[error("there is no operator identity at {path}")]
    NoIdentity {
        /// Where it would be.
        path: PathBuf,
    },
    /// `operator.json` is there already.
    #[error("there is an operator identity already: {id} in {path}")]
    IdentityExists {
        /// Whose.
        id: OperatorId,
        /// Where.
        path: PathBuf,
    },
    /// Encrypted keys lie there without an `operator.json`.
    #[error("there is an encrypted key at {path}, but no operator.json that belongs to it")]
    OrphanKey {
        /// The key file.
        path: PathBuf,
    },
    /// `operator.json` cannot be understood.
    #[error("the operator identity {path} is not valid: {source}")]
    Identity {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: IdentityError,
    },
    /// The journal of an interrupted change cannot be understood.
    #[error("the journal of an interrupted change, {path}, is not valid: {detail}")]
    Journal {
        /// Which file.
        path: PathBuf,
        /// Why.
        detail: String,
    },
    /// A file could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The keychain could not be used.
    #[error(transparent)]
    Keychain(#[from] KeychainError),
    /// The encrypted key could not be opened.
    #[error("the key file {path} cannot be opened: {source}")]
    KeyFile {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: KeyFileError,
    },
    /// The content of a keychain entry is not a key.
    #[error("the keychain entry of {id} is no operator key: {detail}")]
    KeychainEntry {
        /// Whose entry.
        id: OperatorId,
        /// Why.
        detail: &'static str,
    },
    /// The stored secret belongs to another public key than `operator.json` states.
    #[error("the stored key belongs to {found}, not to {expected} of operator.json")]
    KeyMismatch {
        /// Whose secret was found.
        found: OperatorId,
        /// Whose was expected.
        expected: OperatorId,
    },
    /// The key rests where the operation wants to put it.
    #[error("the key is in the {0} keystore already")]
    AlreadyThere(&'static str),
    /// There is no passphrase to change.
    #[error("the key is in the keychain, which has no passphrase of ours")]
    NoPassphrase,
    /// Encryption failed.
    #[error("cannot encrypt the key: {0}")]
    Encrypt(String),
    /// The operating system gave no randomness.
    #[error("the operating system gives no randomness: {0}")]
    Randomness(String),
}
