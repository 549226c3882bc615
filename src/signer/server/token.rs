use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::store::{self, Access, Folders, StoreError, hex};

const FILE: &str = "token";

/// The bearer token of one run of the server. Kept as its digest: nothing in this process can print it.
pub(super) struct Token([u8; 32]);

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The operating system gave no randomness.
    #[error("the operating system gives no randomness: {0}")]
    Randomness(String),
    /// The file could not be written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Where the token of the running server is.
pub fn token_path(folders: &Folders) -> PathBuf {
    folders.runtime.join(FILE)
}

impl Token {
    /// Makes a token of 32 random bytes and writes it as 64 hex digits and a newline to `path` (0600), over the one of
    /// the run before.
    pub(super) fn make(path: &Path) -> Result<Self, TokenError> {
        let mut bytes = Zeroizing::new([0; 32]);
        getrandom::fill(&mut *bytes).map_err(|error| TokenError::Randomness(error.to_string()))?;
        let mut line = Zeroizing::new(String::with_capacity(65));
        line.push_str(&Zeroizing::new(hex::encode(&*bytes)));
        let token = Self::of(&line);
        line.push('\n');
        store::replace(path, line.as_bytes(), Access::Private)?;
        Ok(token)
    }

    fn of(text: &str) -> Self {
        Self(Sha256::digest(text).into())
    }

    /// Takes as long for every text of one length.
    pub(super) fn matches(&self, given: &str) -> bool {
        self.0.ct_eq(&Self::of(given).0).into()
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn each_start_has_its_own() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("token");
        let first = Token::make(&path).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!((text.len(), text.lines().count()), (65, 1));
        assert_eq!(
            std::fs::metadata(&path).unwrap().permissions().mode() & 0o7777,
            0o600
        );
        assert!(first.matches(text.trim_end()) && !first.matches(&text) && !first.matches(""));
        let second = Token::make(&path).unwrap();
        assert!(!second.matches(text.trim_end()));
    }
}
