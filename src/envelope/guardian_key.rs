use serde_json::{Value, json};

use super::fields::{Fields, HASH, PayloadError, is_hash};
use super::signed::Payload;
use super::{Tag, canonical};
use crate::operator::OperatorId;

/// Longest life of a delegation, in seconds.
pub const MAX_DELEGATION: u64 = 24 * 60 * 60;

/// An operator's word that a transport key is its guardian's. The key authenticates peer traffic and `/status`, and
/// nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuardianKeyPayload {
    /// The guardian's transport key, 64 hex digits.
    pub transport_pubkey_hex: String,
    /// Whose guardian it is.
    pub operator_id: OperatorId,
    /// Hash of the membership that it serves in, 64 hex digits; `None`: for `/status` only.
    pub membership_hash: Option<String>,
    /// When it ends, in Unix seconds.
    pub expires_at: u64,
}

impl Payload for GuardianKeyPayload {
    const TAG: Tag = Tag::GuardianKey;
    const PAYLOAD_FIELD: &'static str = "payload";
    const KEY_FIELD: &'static str = "pubkey";

    fn from_value(value: &Value) -> Result<Self, PayloadError> {
        let mut fields = Fields::of("guardian-key", value)?;
        let payload = Self {
            transport_pubkey_hex: fields.text("transport_pubkey_hex", HASH, is_hash)?.to_owned(),
            operator_id: fields.parsed("operator_id", "op- and 32 digits 0-9 a-f", |it| it.parse().ok())?,
            membership_hash: fields
                .nullable("membership_hash", "null or 64 digits 0-9 a-f", is_hash)?
                .map(str::to_owned),
            expires_at: fields.integer("expires_at")?,
        };
        fields.finish()?;
        Ok(payload)
    }

    fn to_value(&self) -> Value {
        json!({
            "transport_pubkey_hex": self.transport_pubkey_hex,
            "operator_id": self.operator_id.as_str(),
            "membership_hash": self.membership_hash,
            "expires_at": self.expires_at,
        })
    }

    fn signed_bytes(&self) -> Result<String, PayloadError> {
        Ok(canonical::encode(&self.to_value())?)
    }
}
