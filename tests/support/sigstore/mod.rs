//! A Sigstore inside the tests: a certificate authority, a certificate transparency log and a signature log with keys of
//! their own, and a signer whom they all believe. It mints any image signature and attestation, good or with exactly one
//! thing wrong, in the forms in which cosign stores them.
//!
//! A test says who signs with [`Claims`], what is wrong with [`Flaw`], and may change what comes out: [`Signed`] has its
//! parts open, and bundles are JSON values.
//!
//! Real cosign accepts what is good here (`tests/cli/verify_cosign.rs`), so the formats are not only our own reading of
//! them.

mod blob;
mod certificate;
mod claims;
mod ct;
mod encode;
mod flaw;
mod key;
mod merkle;
mod push;
mod rekor;
mod sign;
mod signed;
mod statement;

use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

pub use blob::ed25519_pem;
pub use claims::{Claims, EntryKind, GENERATOR, ISSUER, REPOSITORY, REPOSITORY_ID, release_workflow};
pub use encode::{base64, unbase64};
pub use flaw::Flaw;
pub use key::Key;
pub use push::{push_bundle, push_fallback, push_layers, push_legacy};
pub use signed::{BUNDLE, Signed};
pub use statement::{
    IN_TOTO, SIGN, SLSA_V1, SLSA_V02, predicate_v1, predicate_v02, simple_signing, statement,
};

use certificate::Ca;
use ct::CtLog;
use rekor::Rekor;

/// Since when the authority signs: before anything that a test signs.
const AGE: Duration = Duration::from_secs(3 * 365 * 24 * 60 * 60);

/// Three parties with fresh keys.
pub struct Sigstore {
    ca: Ca,
    ct: CtLog,
    rekor: Rekor,
}

impl Sigstore {
    pub fn new() -> Self {
        Self {
            ca: Ca::new(SystemTime::now() - AGE),
            ct: CtLog::new(),
            rekor: Rekor::new(),
        }
    }

    /// What makes a verifier believe them: the file for `--trusted-root`.
    pub fn trusted_root_json(&self) -> String {
        json!({
            "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            "tlogs": [log("https://rekor.oc-guardian.test", self.rekor.key())],
            "certificateAuthorities": [{
                "subject": { "organization": "oc-guardian tests", "commonName": "root" },
                "uri": "https://fulcio.oc-guardian.test",
                "certChain": {
                    "certificates": self.ca.chain().map(|der| json!({ "rawBytes": base64(der) })),
                },
                "validFor": { "start": "2020-01-01T00:00:00Z" },
            }],
            "ctlogs": [log("https://ct.oc-guardian.test", self.ct.key())],
            "timestampAuthorities": [],
        })
        .to_string()
    }
}

fn log(url: &str, key: &Key) -> Value {
    json!({
        "baseUrl": url,
        "hashAlgorithm": "SHA2_256",
        "publicKey": {
            "rawBytes": base64(key.spki()),
            "keyDetails": "PKIX_ECDSA_P256_SHA_256",
            "validFor": { "start": "2020-01-01T00:00:00Z" },
        },
        "logId": { "keyId": base64(key.id()) },
    })
}
