use serde_json::Value;

use super::Tag;
use super::canonical::{self, CanonicalError, MAX_BYTES};
use super::fields::{Fields, PayloadError};
use crate::operator::{PublicKey, Signature};
use crate::store::hex;

/// Largest envelope that is read, in bytes: a payload and what stands around it.
pub const MAX_ENVELOPE: usize = MAX_BYTES;

/// What an envelope can carry.
pub trait Payload: Sized {
    /// What the signature is for.
    const TAG: Tag;
    /// Name of the field that holds the payload.
    const PAYLOAD_FIELD: &'static str;
    /// Name of the field that holds the public key.
    const KEY_FIELD: &'static str;

    /// Reads the fields, in whatever order.
    ///
    /// # Errors
    /// [`PayloadError`]
    fn from_value(value: &Value) -> Result<Self, PayloadError>;

    /// The fields in the order in which they are signed.
    fn to_value(&self) -> Value;

    /// The canonical bytes that are signed.
    ///
    /// # Errors
    /// [`PayloadError::Canonical`] where a free object holds what cannot be written canonically, or too much of it.
    fn signed_bytes(&self) -> Result<String, PayloadError>;
}

/// A payload with a signature over it that has been verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope<P> {
    payload: P,
}

/// Why bytes are not an envelope of a key.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum EnvelopeError {
    /// Not strict JSON.
    #[error("the envelope is not acceptable: {0}")]
    Json(#[from] CanonicalError),
    /// The payload, or the envelope around it, has a wrong shape.
    #[error("{0}")]
    Shape(#[from] PayloadError),
    /// The payload's fields are in another order than is signed.
    #[error("the payload is not written canonically")]
    Spelling,
    /// It names another key than the one it should be of.
    #[error("it is by the key {0}, not by the expected one")]
    OtherKey(String),
    /// The signature is not one of the key over these bytes.
    #[error("the signature does not verify")]
    BadSignature,
}

/// Writes the envelope of signed bytes. Everything goes in as it was signed, so that no second encoding can differ.
pub(crate) fn assemble<P: Payload>(signed_bytes: &str, key: &PublicKey, signature: &Signature) -> String {
    format!(
        r#"{{"{}":{signed_bytes},"{}":"{}","sig_hex":"{}"}}"#,
        P::PAYLOAD_FIELD,
        P::KEY_FIELD,
        key.to_hex(),
        signature.to_hex()
    )
}

impl<P: Payload> Envelope<P> {
    /// Writes an envelope.
    ///
    /// # Errors
    /// As [`Payload::signed_bytes`].
    pub fn build(payload: &P, key: &PublicKey, signature: &Signature) -> Result<String, PayloadError> {
        Ok(assemble::<P>(&payload.signed_bytes()?, key, signature))
    }

    /// Reads an envelope and verifies that `key` signed it. The key, with its scheme, comes from a roster or an
    /// identity; what the envelope says of its key is only compared.
    ///
    /// 1. strict JSON of exactly the three fields;
    /// 2. the key is the expected one;
    /// 3. the payload has its documented fields, and encoding them again gives what was received;
    /// 4. the signature verifies over these bytes, under the payload's own tag.
    ///
    /// # Errors
    /// [`EnvelopeError`]
    pub fn verify(bytes: &[u8], key: &PublicKey) -> Result<Self, EnvelopeError> {
        // One level more than a payload may have.
        let value = canonical::parse_within(bytes, canonical::MAX_DEPTH + 1)?;
        let mut fields = Fields::of("envelope", &value)?;
        let received = fields.value(P::PAYLOAD_FIELD)?;
        let named = fields.text(P::KEY_FIELD, "a string", |_| true)?;
        let signature = fields.parsed("sig_hex", "128 digits 0-9 a-f", |text| {
            let mut bytes = [0; 64];
            hex::decode_into(text, &mut bytes).then(|| Signature::from_bytes(bytes))
        })?;
        fields.finish()?;
        if named != key.to_hex() {
            return Err(EnvelopeError::OtherKey(named.to_owned()));
        }
        let payload = P::from_value(received)?;
        let signed = payload.signed_bytes()?;
        if signed != canonical::encode(received)? {
            return Err(EnvelopeError::Spelling);
        }
        if P::TAG.verify(key, signed.as_bytes(), &signature) {
            Ok(Self { payload })
        } else {
            Err(EnvelopeError::BadSignature)
        }
    }

    /// What was signed.
    pub fn payload(&self) -> &P {
        &self.payload
    }

    /// What was signed.
    pub fn into_payload(self) -> P {
        self.payload
    }
}

#[cfg(test)]
#[path = "signed_tests.rs"]
mod tests;
