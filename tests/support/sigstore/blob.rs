//! Signatures of files: a bundle beside a release archive, as `cosign sign-blob` writes it.

use std::time::Duration;

use ed25519_dalek::{Signer as _, SigningKey};
use serde_json::{Value, json};

use super::certificate::Ca;
use super::encode::{base64, pem, sha256};
use super::{Claims, Flaw, Key, Sigstore, rekor};

const V0_3: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";

const HOUR: Duration = Duration::from_secs(60 * 60);

impl Sigstore {
    /// By whoever the claims say, with what is wrong according to them.
    pub fn sign_blob(&self, blob: &[u8], claims: &Claims) -> Value {
        let mut claims = claims.clone();
        match claims.flaw {
            Some(Flaw::FromTomorrow) => claims.signed_at += 24 * HOUR,
            // So that an hour later is not in the future.
            Some(Flaw::LoggedLate) => claims.signed_at -= 2 * HOUR,
            _ => {}
        }
        let (key, other) = (Key::new(), Key::new());
        let certificate = match claims.flaw {
            Some(Flaw::OtherCa) => Ca::new(claims.signed_at - 24 * HOUR).issue(&key, &claims, &self.ct),
            _ => self.ca.issue(&key, &claims, &self.ct),
        };
        let signature = match claims.flaw {
            Some(Flaw::SignedByOtherKey) => other.sign(blob),
            Some(Flaw::PayloadChanged) => key.sign(b"what it was before"),
            _ => key.sign(blob),
        };
        let verifier = match claims.flaw {
            Some(Flaw::EntryWithOtherCertificate) => self.ca.issue(&other, &claims, &self.ct),
            _ => certificate.clone(),
        };
        let material = json!({ "certificate": { "rawBytes": base64(&certificate) } });
        self.blob_bundle(
            blob,
            &signature,
            &pem("CERTIFICATE", &verifier),
            material,
            &claims,
        )
    }

    /// By a key that has no certificate.
    pub fn sign_blob_with_key(&self, blob: &[u8], key: &Key, claims: &Claims) -> Value {
        self.blob_bundle(blob, &key.sign(blob), &key.public_pem(), by_key(), claims)
    }

    /// By an Ed25519 key, which signs the blob itself and not a hash of it.
    pub fn sign_blob_with_ed25519(&self, blob: &[u8], key: &SigningKey, claims: &Claims) -> Value {
        let signature = key.sign(blob).to_bytes();
        self.blob_bundle(blob, &signature, &ed25519_pem(key), by_key(), claims)
    }

    fn blob_bundle(
        &self,
        blob: &[u8],
        signature: &[u8],
        verifier_pem: &str,
        mut material: Value,
        claims: &Claims,
    ) -> Value {
        let mut body = rekor::hashedrekord(blob, signature, verifier_pem);
        match claims.flaw {
            Some(Flaw::EntryForOtherPayload) => body = rekor::hashedrekord(b"other", signature, verifier_pem),
            Some(Flaw::EntryWithOtherSignature) => {
                body = rekor::hashedrekord(blob, &Key::new().sign(blob), verifier_pem);
            }
            _ => {}
        }
        let logged_at = match claims.flaw {
            Some(Flaw::LoggedEarly) => claims.signed_at - HOUR,
            Some(Flaw::LoggedLate) => claims.signed_at + HOUR,
            _ => claims.signed_at,
        };
        let entry = self
            .rekor
            .append(("hashedrekord", "0.0.1"), &body, logged_at, claims.flaw);
        material["tlogEntries"] = match claims.flaw {
            Some(Flaw::NotLogged) => json!([]),
            _ => json!([entry.in_bundle()]),
        };
        json!({
            "mediaType": V0_3,
            "verificationMaterial": material,
            "messageSignature": {
                "messageDigest": { "algorithm": "SHA2_256", "digest": base64(sha256(blob)) },
                "signature": base64(signature),
            },
        })
    }
}

fn by_key() -> Value {
    json!({ "publicKey": { "hint": "" } })
}

/// The key as `--key` reads it.
pub fn ed25519_pem(key: &SigningKey) -> String {
    const HEAD: [u8; 12] = [
        0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
    ];
    pem(
        "PUBLIC KEY",
        &[&HEAD[..], key.verifying_key().as_bytes()].concat(),
    )
}
