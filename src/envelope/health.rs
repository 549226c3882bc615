use serde_json::{Value, json};

use super::fields::{DIGEST, Fields, PayloadError, SLUG, URL, is_digest, is_slug, is_url, is_word};
use super::signed::Payload;
use super::{Tag, canonical};
use crate::operator::OperatorId;

/// How far a health envelope's time may be from a verifier's clock, in seconds; older ones count as stale.
pub const HEALTH_FRESH: u64 = 120;

const KIND: &str = "oc-guardian-attestation";

/// What a guardian says of itself to the portal, every minute. Names and order are the portal's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HealthAttestation {
    /// Whose guardian it is.
    pub operator_id: OperatorId,
    /// Name of the federation.
    pub federation_slug: String,
    /// The portal's number of a hosted machine; 1 to 128 visible ASCII characters.
    pub hosted_request_id: Option<String>,
    /// The guardian's version; `fedimintd_version` on the wire. 1 to 64 visible ASCII characters.
    pub guardian_version: String,
    /// Where its peers reach it.
    pub p2p_url: String,
    /// Where anybody reaches it.
    pub api_url: String,
    /// How it is.
    pub status: Status,
    /// When it says so, in Unix seconds.
    pub attested_at: u64,
    /// The verified index digest of its image.
    pub image_digest: Option<String>,
}

/// How a guardian is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Not serving yet.
    Starting,
    /// All well.
    Running,
    /// Serving, with something wrong.
    Degraded,
}

impl Status {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Starting, Self::Running, Self::Degraded];

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Degraded => "degraded",
        }
    }
}

impl Payload for HealthAttestation {
    const TAG: Tag = Tag::Attestation;
    const PAYLOAD_FIELD: &'static str = "attestation";
    const KEY_FIELD: &'static str = "pubkey_hex";

    fn from_value(value: &Value) -> Result<Self, PayloadError> {
        let mut fields = Fields::of("attestation", value)?;
        fields.text("kind", "\"oc-guardian-attestation\"", |it| it == KIND)?;
        let attestation = Self {
            operator_id: fields.parsed("operator_id", "op- and 32 digits 0-9 a-f", |it| it.parse().ok())?,
            federation_slug: fields.text("federation_slug", SLUG, is_slug)?.to_owned(),
            hosted_request_id: fields
                .nullable(
                    "hosted_request_id",
                    "null or 1 to 128 visible ASCII characters",
                    |it| is_word(it, 128),
                )?
                .map(str::to_owned),
            guardian_version: fields
                .text("fedimintd_version", "1 to 64 visible ASCII characters", |it| {
                    is_word(it, 64)
                })?
                .to_owned(),
            p2p_url: fields.text("p2p_url", URL, is_url)?.to_owned(),
            api_url: fields.text("api_url", URL, is_url)?.to_owned(),
            status: fields.parsed("status", "starting, running or degraded", |it| {
                Status::ALL.into_iter().find(|status| status.as_str() == it)
            })?,
            attested_at: fields.integer("attested_at")?,
            image_digest: fields
                .nullable("image_digest", DIGEST, is_digest)?
                .map(str::to_owned),
        };
        fields.finish()?;
        Ok(attestation)
    }

    fn to_value(&self) -> Value {
        json!({
            "kind": KIND,
            "operator_id": self.operator_id.as_str(),
            "federation_slug": self.federation_slug,
            "hosted_request_id": self.hosted_request_id,
            "fedimintd_version": self.guardian_version,
            "p2p_url": self.p2p_url,
            "api_url": self.api_url,
            "status": self.status.as_str(),
            "attested_at": self.attested_at,
            "image_digest": self.image_digest,
        })
    }

    fn signed_bytes(&self) -> Result<String, PayloadError> {
        Ok(canonical::encode(&self.to_value())?)
    }
}
