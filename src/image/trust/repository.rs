use std::path::{Path, PathBuf};

use sigstore_tuf::TrustedMetadataSet;

use super::error::TrustError;
use super::mirror::checked_url;
use super::update_error::{UpdateError, chain};
use crate::image::digest::Digest;
use crate::store::{self, hex};

/// Where Sigstore publishes its trust root.
pub const PRODUCTION_MIRROR: &str = "https://tuf-repo-cdn.sigstore.dev";
/// Largest `root.json` that a Sigstore is bootstrapped from, in bytes.
pub const MAX_TUF_ROOT: usize = 512_000;

/// Version 16 of Sigstore's TUF root, of <https://tuf-repo-cdn.sigstore.dev/16.root.json>, as sigstore-trust-root 0.15.1
/// embeds it. It need not be the latest: the chain is walked from here.
const PRODUCTION_TUF_ROOT: &[u8] = include_bytes!("production_tuf_root.json");
const PRODUCTION: &str = "production";

/// Whose trust root is updated, and from where.
#[derive(Clone, Debug)]
pub struct Repository {
    name: String,
    mirror: String,
    bootstrap: Vec<u8>,
}

impl Repository {
    /// Sigstore's own, from its mirror or another one. All mirrors of it are one repository: versions seen at one bind
    /// the others.
    ///
    /// # Errors
    /// [`UpdateError::Mirror`] where the URL is none.
    pub fn production(mirror: Option<&str>) -> Result<Self, UpdateError> {
        Ok(Self {
            name: PRODUCTION.to_owned(),
            mirror: checked_url(mirror.unwrap_or(PRODUCTION_MIRROR))?,
            bootstrap: PRODUCTION_TUF_ROOT.to_vec(),
        })
    }

    /// A private Sigstore, whose TUF root the operator has from a trusted place.
    ///
    /// # Errors
    /// [`UpdateError::Mirror`], [`UpdateError::Trust`], [`UpdateError::Bootstrap`].
    pub fn private(mirror: &str, tuf_root: &Path) -> Result<Self, UpdateError> {
        let mirror = checked_url(mirror)?;
        let bootstrap = store::read(tuf_root, MAX_TUF_ROOT).map_err(TrustError::File)?;
        TrustedMetadataSet::from_root(&bootstrap).map_err(|error| UpdateError::Bootstrap {
            path: tuf_root.to_owned(),
            detail: chain(&error),
        })?;
        Ok(Self {
            name: folder_name(&mirror),
            mirror,
            bootstrap,
        })
    }

    /// Where it is fetched from.
    pub fn mirror(&self) -> &str {
        &self.mirror
    }

    /// The TUF root that the chain of roots begins with.
    pub(super) fn bootstrap(&self) -> &[u8] {
        &self.bootstrap
    }

    /// Where its metadata and trust root are kept.
    pub(super) fn folder(&self, data_folder: &Path) -> PathBuf {
        data_folder.join("trust").join(&self.name)
    }

    pub(super) fn is_production(&self) -> bool {
        self.name == PRODUCTION
    }
}

/// Folder of the root that is used where the operator names none.
pub(super) fn production_folder(data_folder: &Path) -> PathBuf {
    data_folder.join("trust").join(PRODUCTION)
}

/// A folder for a mirror: its URL without `https://`, with everything but letters, digits, dots and dashes escaped.
fn folder_name(mirror: &str) -> String {
    let name = mirror.split_once("://").map_or(mirror, |(_, rest)| rest);
    let mut folder = String::from("mirror-");
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' => folder.push(char::from(byte)),
            _ => {
                folder.push('_');
                folder.push_str(&hex::encode(&[byte]));
            }
        }
    }
    if folder.len() > 200 {
        // Longer than a file name may be: the digest keeps two of them apart.
        folder = format!("mirror-{}", Digest::of(name.as_bytes()).as_hex());
    }
    folder
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bootstrap_root_is_the_one_that_is_named() {
        let trusted = TrustedMetadataSet::from_root(PRODUCTION_TUF_ROOT).unwrap();
        assert_eq!(trusted.root().version, 16);
        assert_eq!(
            Digest::of(PRODUCTION_TUF_ROOT).as_hex(),
            "27aea7e372aa7864065174f0661784fcf8b0e28b1dbfebeada31a0f1fb19167f"
        );
    }

    #[test]
    fn each_mirror_has_a_folder_of_its_own() {
        let folder = |url| folder_name(&checked_url(url).unwrap());
        assert_eq!(folder("https://tuf.example/"), "mirror-tuf.example");
        assert_eq!(folder("http://127.0.0.1:80/a/b"), "mirror-127.0.0.1_3a80_2fa_2fb");
        assert_ne!(folder("https://a.example/b"), folder("https://a.example/_2fb"));
        // Never that of the public Sigstore, nor one above.
        for url in ["https://production", "https://../.."] {
            let name = folder(url);
            assert!(name.starts_with("mirror-") && !name.contains('/'), "{name}");
        }
        let long = format!("https://tuf.example/{}", "a/".repeat(300));
        assert!(folder(&long).len() < 100);
    }
}
