//! What cosign 1 and 2 leave beside an image, turned into Sigstore bundles v0.1, so that one verifier judges all.
//!
//! Format: <https://github.com/sigstore/cosign/blob/main/specs/SIGNATURE_SPEC.md>. The annotations of a layer carry
//! signature, certificate and log entry.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};
use sigstore_types::{Bundle, DerCertificate, DsseEnvelope};

use super::digest::Digest;
use super::json::refuse_doubled_members;

/// Media type of a layer that is the payload of a signature.
pub(super) const SIMPLE_SIGNING: &str = "application/vnd.dev.cosign.simplesigning.v1+json";
/// Media type of a layer that is an attestation.
pub(super) const DSSE_ENVELOPE: &str = "application/vnd.dsse.envelope.v1+json";

const SIGNATURE: &str = "dev.cosignproject.cosign/signature";
const CERTIFICATE: &str = "dev.sigstore.cosign/certificate";
const LOG_ENTRY: &str = "dev.sigstore.cosign/bundle";
const TIMESTAMP: &str = "dev.sigstore.cosign/rfc3161timestamp";

const BUNDLE_V0_1: &str = "application/vnd.dev.sigstore.bundle+json;version=0.1";
const PAYLOAD_TYPE: &str = "cosign container image signature";

/// Longest annotation, in bytes.
const MAX_ANNOTATION: usize = 256 * 1024;

/// A layer of a legacy tag.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LegacyLayer {
    /// The layer's annotations in its manifest.
    pub annotations: BTreeMap<String, String>,
    /// The layer's content.
    pub bytes: Vec<u8>,
}

/// Why a legacy layer is no signature or attestation.
#[derive(Debug, thiserror::Error)]
pub enum LegacyError {
    /// An annotation that is always there is not.
    #[error("the layer has no annotation {0}")]
    Missing(&'static str),
    /// An annotation does not have its form.
    #[error("the layer's annotation {annotation} is malformed: {detail}")]
    Annotation {
        /// Its name.
        annotation: &'static str,
        /// What is wrong.
        detail: String,
    },
    /// The signature was never logged, or its log entry was not kept with it.
    #[error("the signature has no transparency log entry (annotation {LOG_ENTRY})")]
    NotLogged,
    /// The layer itself is malformed.
    #[error("the layer is malformed: {0}")]
    Layer(String),
    /// The signed payload is not one of cosign's for an image.
    #[error("the signed payload is of type {0:?}, not {PAYLOAD_TYPE:?}")]
    PayloadType(String),
    /// The signed payload is about another image.
    #[error("the signed payload is about {0}")]
    OtherImage(String),
}

/// The bundle of a `.sig` layer: the signature is over the layer's bytes.
pub(super) fn signature(layer: &LegacyLayer) -> Result<Bundle, LegacyError> {
    let signature = annotation(layer, SIGNATURE)?.ok_or(LegacyError::Missing(SIGNATURE))?;
    bundle(layer, "messageSignature", &json!({ "signature": signature }))
}

/// The bundle of an `.att` layer: the layer is an envelope with its signature inside.
pub(super) fn attestation(layer: &LegacyLayer) -> Result<Bundle, LegacyError> {
    let malformed = |error: serde_json::Error| LegacyError::Layer(error.to_string());
    refuse_doubled_members(&layer.bytes).map_err(malformed)?;
    let envelope: DsseEnvelope = serde_json::from_slice(&layer.bytes).map_err(malformed)?;
    bundle(layer, "dsseEnvelope", &json!(envelope))
}

fn bundle(layer: &LegacyLayer, content: &str, value: &Value) -> Result<Bundle, LegacyError> {
    let key = match annotation(layer, CERTIFICATE)? {
        None | Some("") => json!({ "publicKey": { "hint": "" } }),
        Some(pem) => {
            let certificate =
                DerCertificate::from_pem(pem).map_err(|error| malformed(CERTIFICATE, &error))?;
            json!({ "x509CertificateChain": { "certificates": [{ "rawBytes": certificate }] } })
        }
    };
    let mut material = key;
    material["tlogEntries"] = json!([log_entry(layer)?]);
    if let Some(text) = annotation(layer, TIMESTAMP)?.filter(|text| !text.is_empty()) {
        let stamp: Timestamp = strict(TIMESTAMP, text)?;
        material["timestampVerificationData"] =
            json!({ "rfc3161Timestamps": [{ "signedTimestamp": stamp.signed }] });
    }
    let document = json!({
        "mediaType": BUNDLE_V0_1,
        "verificationMaterial": material,
        content: value,
    });
    serde_json::from_value(document).map_err(|error| LegacyError::Layer(error.to_string()))
}

#[derive(Deserialize)]
struct Timestamp {
    #[serde(rename = "SignedRFC3161Timestamp")]
    signed: String,
}

/// The annotation with the log entry; the names are cosign's.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Logged {
    signed_entry_timestamp: String,
    payload: LoggedPayload,
}

#[derive(Deserialize)]
struct LoggedPayload {
    body: String,
    #[serde(rename = "integratedTime")]
    integrated_time: i64,
    #[serde(rename = "logIndex")]
    log_index: i64,
    #[serde(rename = "logID")]
    log_id: String,
}

#[derive(Deserialize)]
struct EntryKind {
    kind: String,
    #[serde(rename = "apiVersion")]
    version: String,
}

fn log_entry(layer: &LegacyLayer) -> Result<Value, LegacyError> {
    let text = annotation(layer, LOG_ENTRY)?.filter(|text| !text.is_empty());
    let logged: Logged = strict(LOG_ENTRY, text.ok_or(LegacyError::NotLogged)?)?;
    let payload = logged.payload;
    let body = STANDARD
        .decode(&payload.body)
        .map_err(|error| malformed(LOG_ENTRY, &error))?;
    let kind: EntryKind = serde_json::from_slice(&body).map_err(|error| malformed(LOG_ENTRY, &error))?;
    // 32 bytes: SHA-256 of the log's key.
    let log_id: Digest = format!("sha256:{}", payload.log_id)
        .parse()
        .map_err(|_| malformed(LOG_ENTRY, &"logID is not 64 hex digits"))?;
    Ok(json!({
        "logIndex": payload.log_index.to_string(),
        "logId": { "keyId": STANDARD.encode(log_id.as_bytes()) },
        "kindVersion": { "kind": kind.kind, "version": kind.version },
        "integratedTime": payload.integrated_time.to_string(),
        "inclusionPromise": { "signedEntryTimestamp": logged.signed_entry_timestamp },
        "canonicalizedBody": payload.body,
    }))
}

fn annotation<'a>(layer: &'a LegacyLayer, name: &'static str) -> Result<Option<&'a str>, LegacyError> {
    match layer.annotations.get(name) {
        Some(text) if text.len() > MAX_ANNOTATION => {
            Err(malformed(name, &format!("longer than {MAX_ANNOTATION} bytes")))
        }
        found => Ok(found.map(String::as_str)),
    }
}

fn strict<T: serde::de::DeserializeOwned>(name: &'static str, text: &str) -> Result<T, LegacyError> {
    refuse_doubled_members(text.as_bytes())
        .and_then(|()| serde_json::from_str(text))
        .map_err(|error| malformed(name, &error))
}

fn malformed(annotation: &'static str, detail: &impl ToString) -> LegacyError {
    LegacyError::Annotation {
        annotation,
        detail: detail.to_string(),
    }
}

/// What a `.sig` layer signs: <https://github.com/containers/image/blob/main/docs/containers-signature.5.md>.
#[derive(Deserialize)]
struct SimpleSigning {
    critical: Critical,
}

#[derive(Deserialize)]
struct Critical {
    image: Image,
    #[serde(rename = "type")]
    type_: String,
}

#[derive(Deserialize)]
struct Image {
    #[serde(rename = "docker-manifest-digest")]
    digest: String,
}

/// Checks that the payload of a `.sig` layer is one for this image. A genuine signature of another image verifies
/// otherwise. `critical.identity` is not looked at: an image may be copied between registries.
pub(super) fn check_payload(payload: &[u8], digest: &Digest) -> Result<(), LegacyError> {
    let layer = |error: serde_json::Error| LegacyError::Layer(error.to_string());
    refuse_doubled_members(payload).map_err(layer)?;
    let signed: SimpleSigning = serde_json::from_slice(payload).map_err(layer)?;
    if signed.critical.type_ != PAYLOAD_TYPE {
        return Err(LegacyError::PayloadType(signed.critical.type_));
    }
    if signed.critical.image.digest != digest.to_string() {
        return Err(LegacyError::OtherImage(signed.critical.image.digest));
    }
    Ok(())
}

#[cfg(test)]
#[path = "legacy_tests.rs"]
mod tests;
