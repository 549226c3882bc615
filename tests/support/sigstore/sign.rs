//! Signing, as cosign does it: a certificate for a fresh key, a signature, an entry in the log.

use std::time::{Duration, SystemTime};

use oc_guardian::image::Digest;
use serde_json::Value;

use super::certificate::Ca;
use super::encode::pem;
use super::signed::envelope;
use super::statement::{IN_TOTO, simple_signing};
use super::{AGE, Claims, EntryKind, Flaw, Key, Signed, Sigstore, rekor};

const HOUR: Duration = Duration::from_secs(60 * 60);

impl Sigstore {
    /// Signs a statement, as an attestation or as cosign 3 signs images.
    pub fn sign_statement(&self, statement: &Value, claims: &Claims) -> Signed {
        self.sign(statement.to_string().into_bytes(), Some(IN_TOTO), claims)
    }

    /// Signs an image as cosign 1 and 2 do: a payload of its own.
    pub fn sign_legacy(&self, digest: &Digest, claims: &Claims) -> Signed {
        self.sign(simple_signing(digest), None, claims)
    }

    /// As [`Self::sign_statement`], by a key without a certificate.
    pub fn sign_statement_by(&self, key: &Key, statement: &Value, claims: &Claims) -> Signed {
        self.sign_by(key, statement.to_string().into_bytes(), Some(IN_TOTO), claims)
    }

    /// As [`Self::sign_legacy`], by a key without a certificate.
    pub fn sign_legacy_by(&self, key: &Key, digest: &Digest, claims: &Claims) -> Signed {
        self.sign_by(key, simple_signing(digest), None, claims)
    }

    /// Signs any bytes: in an envelope of this type, or bare.
    pub fn sign(&self, payload: Vec<u8>, payload_type: Option<&'static str>, claims: &Claims) -> Signed {
        let key = Key::new();
        let certificate = self.certificate(&key, claims);
        let verifier = match claims.flaw {
            Some(Flaw::EntryWithOtherCertificate) => self.certificate(&Key::new(), claims),
            _ => certificate.clone(),
        };
        let mut signed = self.sign_and_log(
            &key,
            &pem("CERTIFICATE", &verifier),
            (payload, payload_type),
            claims,
        );
        signed.certificate = Some(certificate);
        signed
    }

    /// As [`Self::sign`], by a key without a certificate.
    pub fn sign_by(
        &self,
        key: &Key,
        payload: Vec<u8>,
        payload_type: Option<&'static str>,
        claims: &Claims,
    ) -> Signed {
        self.sign_and_log(key, &key.public_pem(), (payload, payload_type), claims)
    }

    fn certificate(&self, key: &Key, claims: &Claims) -> Vec<u8> {
        let mut claims = claims.clone();
        claims.signed_at = times(&claims).0;
        match claims.flaw {
            Some(Flaw::OtherCa) => Ca::new(SystemTime::now() - AGE).issue(key, &claims, &self.ct),
            _ => self.ca.issue(key, &claims, &self.ct),
        }
    }

    fn sign_and_log(
        &self,
        key: &Key,
        verifier_pem: &str,
        (payload, payload_type): (Vec<u8>, Option<&'static str>),
        claims: &Claims,
    ) -> Signed {
        let mut signed_bytes = payload.clone();
        if claims.flaw == Some(Flaw::PayloadChanged) {
            // White space: what is kept and what was signed mean the same.
            signed_bytes.push(b'\n');
        }
        let message = message(payload_type, &signed_bytes);
        let signature = match claims.flaw {
            Some(Flaw::SignedByOtherKey) => Key::new().sign(&message),
            _ => key.sign(&message),
        };
        let logged = Logged {
            payload: match claims.flaw {
                Some(Flaw::EntryForOtherPayload) => b"other",
                _ => &signed_bytes,
            },
            payload_type,
            signature: &match claims.flaw {
                Some(Flaw::EntryWithOtherSignature) => key.sign(&message),
                _ => signature.clone(),
            },
            verifier_pem,
        };
        let (kind, body) = logged.body(claims.entry);
        let entry = self.rekor.append(kind, &body, times(claims).1, claims.flaw);
        Signed {
            payload,
            payload_type,
            signature,
            certificate: None,
            entry: (claims.flaw != Some(Flaw::NotLogged)).then_some(entry),
        }
    }
}

/// When the certificate is issued and when the signature is logged.
fn times(claims: &Claims) -> (SystemTime, SystemTime) {
    let at = claims.signed_at;
    match claims.flaw {
        Some(Flaw::LoggedEarly) => (at, at - HOUR),
        // Not in the future: that is another flaw.
        Some(Flaw::LoggedLate) => (at - 2 * HOUR, at - HOUR),
        Some(Flaw::FromTomorrow) => (at + 24 * HOUR, at + 24 * HOUR),
        _ => (at, at),
    }
}

/// The bytes that a signature is over: the message, or DSSE's pre-authentication encoding.
///
/// Format: <https://github.com/secure-systems-lab/dsse/blob/v1.0.2/protocol.md>
fn message(payload_type: Option<&str>, payload: &[u8]) -> Vec<u8> {
    let Some(kind) = payload_type else {
        return payload.to_vec();
    };
    let head = format!("DSSEv1 {} {kind} {} ", kind.len(), payload.len());
    [head.as_bytes(), payload].concat()
}

/// What the log is told.
struct Logged<'a> {
    payload: &'a [u8],
    payload_type: Option<&'static str>,
    signature: &'a [u8],
    verifier_pem: &'a str,
}

impl Logged<'_> {
    fn body(&self, kind: EntryKind) -> ((&'static str, &'static str), Value) {
        let Self {
            payload,
            signature,
            verifier_pem,
            ..
        } = *self;
        let Some(payload_type) = self.payload_type else {
            let body = rekor::hashedrekord(payload, signature, verifier_pem);
            return (("hashedrekord", "0.0.1"), body);
        };
        let envelope = envelope(payload_type, payload, signature).to_string();
        match kind {
            EntryKind::Dsse => {
                let body = rekor::dsse(envelope.as_bytes(), payload, signature, verifier_pem);
                (("dsse", "0.0.1"), body)
            }
            EntryKind::Intoto => {
                let body = rekor::intoto(
                    envelope.as_bytes(),
                    payload_type,
                    payload,
                    signature,
                    verifier_pem,
                );
                (("intoto", "0.0.2"), body)
            }
        }
    }
}
