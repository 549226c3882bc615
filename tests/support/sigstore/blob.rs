//! Signatures of files: a bundle beside a release archive, as `cosign sign-blob` writes it.

use ed25519_dalek::{Signer as _, SigningKey};
use serde_json::Value;

use super::encode::pem;
use super::{Claims, Key, Signed, Sigstore, rekor};

impl Sigstore {
    /// By whoever the claims say, with what is wrong according to them.
    pub fn sign_blob(&self, blob: &[u8], claims: &Claims) -> Value {
        self.sign(blob.to_vec(), None, claims).bundle()
    }

    /// By a key that has no certificate.
    pub fn sign_blob_with_key(&self, blob: &[u8], key: &Key, claims: &Claims) -> Value {
        self.sign_by(key, blob.to_vec(), None, claims).bundle()
    }

    /// By an Ed25519 key, which signs the blob itself and not a hash of it.
    pub fn sign_blob_with_ed25519(&self, blob: &[u8], key: &SigningKey, claims: &Claims) -> Value {
        let signature = key.sign(blob).to_bytes().to_vec();
        let body = rekor::hashedrekord(blob, &signature, &ed25519_pem(key));
        let entry = self
            .rekor
            .append(("hashedrekord", "0.0.1"), &body, claims.signed_at, claims.flaw);
        let signed = Signed {
            payload: blob.to_vec(),
            payload_type: None,
            signature,
            certificate: None,
            entry: Some(entry),
        };
        signed.bundle()
    }
}

/// The key as `--key` reads it: RFC 8410.
pub fn ed25519_pem(key: &SigningKey) -> String {
    const HEAD: [u8; 12] = [
        0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
    ];
    pem(
        "PUBLIC KEY",
        &[&HEAD[..], key.verifying_key().as_bytes()].concat(),
    )
}
