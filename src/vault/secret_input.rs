//! Secrets that come from files, prompts and the operating system.

use zeroize::Zeroizing;

use super::VaultError;
use crate::operator::{Scheme, SecretKey};

/// Largest secret that is read from a file or standard input, in bytes. 24 words have 215 at most; people number them.
pub const MAX_SECRET_INPUT: usize = 4096;

/// Makes a new key from the operating system's randomness.
///
/// # Errors
/// [`VaultError::Randomness`]
pub fn generate(scheme: Scheme) -> Result<SecretKey, VaultError> {
    SecretKey::generate(scheme, |bytes| {
        getrandom::fill(bytes).map_err(|error| VaultError::Randomness(error.to_string()))
    })
}

/// The private key as the portal's import takes it: 64 hex digits. Everything that prints or writes it is an export, and
/// marks the identity first.
pub fn export_hex(key: &SecretKey) -> Zeroizing<String> {
    key.expose_hex()
}

/// The text of a one-line file without its line end; `None` where it is not UTF-8.
pub fn trim_line(bytes: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(bytes).ok()?;
    let text = text.strip_suffix('\n').unwrap_or(text);
    Some(text.strip_suffix('\r').unwrap_or(text))
}
