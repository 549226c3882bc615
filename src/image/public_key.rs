use sigstore_types::DerPublicKey;

use super::digest::Digest;

/// A key that signatures are verified with.
#[derive(Clone, Debug)]
pub struct PublicKey {
    der: DerPublicKey,
}

/// Bytes that are not a public key.
#[derive(Debug, thiserror::Error)]
pub enum PublicKeyError {
    /// Not text.
    #[error("not a PEM file with a PUBLIC KEY")]
    NotText,
    /// Not PEM, or something else than a public key.
    #[error("not a PEM file with a PUBLIC KEY: {0}")]
    Pem(#[from] sigstore_types::Error),
    /// A kind of key that nothing can be verified with.
    #[error("not a key that signatures can be verified with: {0}")]
    Kind(#[from] sigstore_verify::crypto::Error),
}

impl PublicKey {
    /// Reads a PEM file as `cosign generate-key-pair` writes it (`cosign.pub`).
    ///
    /// # Errors
    /// [`PublicKeyError`]
    pub fn from_pem(bytes: &[u8]) -> Result<Self, PublicKeyError> {
        let text = std::str::from_utf8(bytes).map_err(|_| PublicKeyError::NotText)?;
        let der = DerPublicKey::from_pem(text)?;
        sigstore_verify::crypto::KeyAlgorithm::from_spki(&der)?;
        Ok(Self { der })
    }

    /// SHA-256 of the SubjectPublicKeyInfo.
    pub fn fingerprint(&self) -> Digest {
        Digest::of(self.der.as_bytes())
    }

    /// As a PEM file.
    pub fn to_pem(&self) -> String {
        self.der.to_pem().replace('\r', "")
    }

    /// The key as the library takes it.
    pub fn der(&self) -> &DerPublicKey {
        &self.der
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_a_pem_file() {
        for bad in [
            &b"\xff"[..],
            b"",
            b"-----BEGIN CERTIFICATE-----\nYWJj\n-----END CERTIFICATE-----\n",
            b"-----BEGIN PUBLIC KEY-----\nYWJj\n-----END PUBLIC KEY-----\n",
        ] {
            assert!(PublicKey::from_pem(bad).is_err());
        }
    }
}
