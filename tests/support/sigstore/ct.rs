//! A certificate transparency log: signed certificate timestamps of RFC 6962 for precertificates.

use std::time::SystemTime;

use super::encode::{sha256, tls_vector, unix};
use super::flaw::Flaw;
use super::key::Key;

/// The log's key. It keeps no log: nobody asks it for a proof.
pub struct CtLog {
    key: Key,
    other: Key,
}

impl CtLog {
    pub fn new() -> Self {
        Self {
            key: Key::new(),
            other: Key::new(),
        }
    }

    pub fn key(&self) -> &Key {
        &self.key
    }

    /// `SignedCertificateTimestampList` (section 3.3) with one timestamp for a certificate as it is before this list is
    /// put into it.
    pub fn timestamps(
        &self,
        tbs: &[u8],
        issuer_key_hash: &[u8; 32],
        at: SystemTime,
        flaw: Option<Flaw>,
    ) -> Vec<u8> {
        let milliseconds = (unix(at) * 1000).to_be_bytes();
        let mut tbs = tbs.to_vec();
        if flaw == Some(Flaw::SctForOtherCertificate) {
            *tbs.last_mut().unwrap() ^= 1;
        }
        // `digitally-signed`, section 3.2: version v1, certificate_timestamp, time, precert_entry, no extensions.
        let signed = [
            &[0, 0][..],
            &milliseconds,
            &[0, 1],
            issuer_key_hash,
            &tls_vector(3, &tbs),
            &tls_vector(2, &[]),
        ]
        .concat();
        let (id, signer) = match flaw {
            Some(Flaw::SctByOtherKey) => (self.key.id(), &self.other),
            Some(Flaw::SctOfUnknownLog) => (sha256(&self.other.spki()), &self.other),
            _ => (self.key.id(), &self.key),
        };
        // SHA-256 and ECDSA, by their TLS 1.2 numbers.
        let signature = [&[4, 3][..], &tls_vector(2, &signer.sign(&signed))].concat();
        let timestamp = [&[0][..], &id, &milliseconds, &tls_vector(2, &[]), &signature].concat();
        tls_vector(2, &tls_vector(2, &timestamp))
    }
}
