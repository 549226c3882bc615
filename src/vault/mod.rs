//! Where the operator key rests: the operating system's keychain or an age-encrypted file. The only place where secret
//! bytes leave the process.

mod error;
mod home;
mod key_file;
mod keychain;
mod memory;
mod passphrase;
mod payload;
mod pending;
mod secret_input;

pub use error::{KeyFileError, KeychainError, VaultError};
pub use home::{
    Changed, Credential, Destination, LockedHome, identity_path, inspect_keystore, journal_path,
    load_identity, unlock,
};
pub use key_file::{WORK_FACTOR, decrypt as open_key_file};
pub use keychain::{SERVICE as KEYCHAIN_SERVICE, probe as probe_keychain};
pub use memory::{harden_process, lock_in_memory};
pub use passphrase::{MIN_PASSPHRASE_CHARS, Passphrase, PassphraseError};
pub use payload::parse as parse_payload;
pub use secret_input::{MAX_SECRET_INPUT, export_hex, generate, trim_line};
