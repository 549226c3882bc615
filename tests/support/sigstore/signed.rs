//! What a signer leaves behind, and its two forms: a Sigstore bundle, or a layer as cosign 1 and 2 store it.

use serde_json::{Value, json};

use super::encode::{base64, pem, sha256};
use super::rekor::Entry;
use crate::support::registry::descriptor;

/// Media type of bundles, as a document and as a layer.
pub const BUNDLE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
const SIMPLE_SIGNING: &str = "application/vnd.dev.cosign.simplesigning.v1+json";
const DSSE: &str = "application/vnd.dsse.envelope.v1+json";

/// A signature with everything that vouches for it. The parts are open: a test may put those of another one here.
#[derive(Clone, Debug)]
pub struct Signed {
    pub payload: Vec<u8>,
    /// Of the envelope; `None` where the payload itself was signed.
    pub payload_type: Option<&'static str>,
    pub signature: Vec<u8>,
    /// DER; `None` where a key signed.
    pub certificate: Option<Vec<u8>>,
    pub entry: Option<Entry>,
}

impl Signed {
    /// A bundle v0.3.
    ///
    /// Format: <https://github.com/sigstore/protobuf-specs/blob/v0.5.0/protos/sigstore_bundle.proto>
    pub fn bundle(&self) -> Value {
        let mut material = match &self.certificate {
            Some(der) => json!({ "certificate": { "rawBytes": base64(der) } }),
            None => json!({ "publicKey": { "hint": "" } }),
        };
        let entries: Vec<_> = self.entry.iter().map(Entry::in_bundle).collect();
        material["tlogEntries"] = entries.into();
        let mut bundle = json!({ "mediaType": BUNDLE, "verificationMaterial": material });
        match self.payload_type {
            Some(kind) => bundle["dsseEnvelope"] = envelope(kind, &self.payload, &self.signature),
            None => {
                bundle["messageSignature"] = json!({
                    "messageDigest": { "algorithm": "SHA2_256", "digest": base64(sha256(&self.payload)) },
                    "signature": base64(&self.signature),
                });
            }
        }
        bundle
    }

    /// A layer of a `.sig` or `.att` tag: its bytes, and its descriptor with the annotations.
    ///
    /// Format: <https://github.com/sigstore/cosign/blob/v2.5.0/specs/SIGNATURE_SPEC.md>
    pub fn legacy_layer(&self) -> (Vec<u8>, Value) {
        let (bytes, media_type, signature) = match self.payload_type {
            None => (self.payload.clone(), SIMPLE_SIGNING, base64(&self.signature)),
            // The signature is in the envelope; the annotation is there and empty.
            Some(kind) => {
                let envelope = envelope(kind, &self.payload, &self.signature);
                (envelope.to_string().into_bytes(), DSSE, String::new())
            }
        };
        let mut layer = descriptor(media_type, &bytes);
        let annotations = &mut layer["annotations"];
        annotations["dev.cosignproject.cosign/signature"] = signature.into();
        if let Some(der) = &self.certificate {
            annotations["dev.sigstore.cosign/certificate"] = pem("CERTIFICATE", der).into();
        }
        if let Some(entry) = &self.entry {
            annotations["dev.sigstore.cosign/bundle"] = entry.in_annotation().to_string().into();
        }
        (bytes, layer)
    }
}

/// A DSSE envelope. Its bytes matter: a `dsse` entry holds their hash, and cosign compares it for `.att` layers.
pub(super) fn envelope(payload_type: &str, payload: &[u8], signature: &[u8]) -> Value {
    json!({
        "payloadType": payload_type,
        "payload": base64(payload),
        "signatures": [{ "keyid": "", "sig": base64(signature) }],
    })
}
