use serde_json::Value;
use sha2::{Digest, Sha256};

use super::describe::summary;
use super::policy::Subject;
use super::{Kind, Operation, RequestId};
use crate::envelope::canonical::{self, CanonicalError};
use crate::envelope::{
    ActionPayload, Alert, Fields, GuardianKeyPayload, HEALTH_FRESH, HealthAttestation, Payload, PayloadError,
    Tag, is_slug,
};

/// Largest request, in bytes.
pub const MAX_REQUEST: usize = canonical::MAX_BYTES;

/// What somebody wants signed. It is a meaning; the bytes are built here.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// Chosen by who asks.
    pub id: RequestId,
    /// When it was made, in Unix seconds: the time in the id.
    pub at: u64,
    /// What sort of thing.
    pub kind: Kind,
    /// Name of the federation that it is for, where it is for one.
    pub federation: Option<String>,
    /// What is to be signed.
    pub meaning: Meaning,
    /// The canonical bytes of the payload.
    pub bytes: String,
    alert: Option<Alert>,
}

/// The payload of a request, by kind.
#[derive(Clone, Debug, PartialEq)]
pub enum Meaning {
    /// Of kind `attestation`.
    Attestation(HealthAttestation),
    /// Of kind `action`; its params are sorted.
    Action(ActionPayload),
    /// Of kind `guardian-key`.
    GuardianKey(GuardianKeyPayload),
    /// Of a kind that this release does not sign.
    Later(Value),
}

/// Why bytes are not a request.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum RequestError {
    /// Not strict JSON.
    #[error("the request is not acceptable: {0}")]
    Json(#[from] CanonicalError),
    /// A field is missing, unknown or has a wrong value.
    #[error("{0}")]
    Shape(#[from] PayloadError),
    /// `at` is not the time in the id.
    #[error("at is {at}, but the id was made at {id}")]
    TimeMismatch {
        /// The field.
        at: u64,
        /// The id's own time.
        id: u64,
    },
    /// `federation` is not the one in the payload.
    #[error("federation is not the one in the payload ({0})")]
    FederationMismatch(String),
}

impl RequestError {
    /// Stable slug for programs.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Json(CanonicalError::TooLarge(_)) => "too-large",
            Self::Json(_) => "malformed-json",
            Self::Shape(_) => "malformed-request",
            Self::TimeMismatch { .. } => "id-time-mismatch",
            Self::FederationMismatch(_) => "federation-mismatch",
        }
    }
}

impl Request {
    /// Reads a request strictly.
    ///
    /// # Errors
    /// [`RequestError`]: status 422, whoever asks.
    pub fn parse(bytes: &[u8]) -> Result<Self, RequestError> {
        let value = canonical::parse_within(bytes, canonical::MAX_DEPTH + 1)?;
        let mut fields = Fields::of("request", &value)?;
        let id: RequestId = fields.parsed("id", "32 digits 0-9 a-f", |it| it.parse().ok())?;
        let at = fields.integer("at")?;
        let kind = fields.parsed("kind", "a known kind", Kind::named)?;
        let federation = fields
            .nullable("federation", "null or a federation's name", is_slug)?
            .map(str::to_owned);
        let payload = fields.value("payload")?;
        fields.finish()?;
        if at != id.time() {
            return Err(RequestError::TimeMismatch { at, id: id.time() });
        }
        let (meaning, bytes) = Meaning::read(kind, payload)?;
        if let Some(named) = meaning.federation()
            && federation.as_deref() != Some(named)
        {
            return Err(RequestError::FederationMismatch(named.to_owned()));
        }
        let alert = match &meaning {
            Meaning::Action(payload) => payload.alert(),
            _ => None,
        };
        Ok(Self {
            id,
            at,
            kind,
            federation,
            meaning,
            bytes,
            alert,
        })
    }

    /// As [`Request::parse`], but an action may come without its nonce: then the flag says so, and [`Request::set_nonce`] has to
    /// be called before anything else looks at it.
    pub(super) fn parse_open(bytes: &[u8]) -> Result<(Self, bool), RequestError> {
        let mut value = canonical::parse_within(bytes, canonical::MAX_DEPTH + 1)?;
        let is_action = value["kind"] == Kind::Action.as_str();
        match value.get_mut("payload").and_then(Value::as_object_mut) {
            Some(payload) if is_action && !payload.contains_key("nonce") => {
                payload.insert("nonce".into(), 0.into());
                Ok((Self::parse(value.to_string().as_bytes())?, true))
            }
            _ => Ok((Self::parse(bytes)?, false)),
        }
    }

    /// Gives an action its nonce; anything else has none.
    pub(super) fn set_nonce(&mut self, nonce: u64) -> Result<(), RequestError> {
        if let Meaning::Action(payload) = &mut self.meaning {
            payload.nonce = nonce;
            self.bytes = payload.signed_bytes()?;
        }
        Ok(())
    }

    /// What the same id must not be used for again with anything else: SHA-256 over kind, zero byte, payload bytes. Can
    /// be told from an audit record.
    pub fn content_hash(&self) -> [u8; 32] {
        content_hash(self.kind, &self.bytes)
    }

    /// One line for records and screens; text from outside in it is quoted and escaped.
    pub fn summary(&self) -> String {
        summary(self)
    }

    /// The action or statement type that the policy looks at.
    pub fn operation(&self) -> Option<Operation> {
        match &self.meaning {
            Meaning::Action(payload) => Some(Operation::Action(payload.action)),
            _ => None,
        }
    }

    /// What the policy looks at.
    pub(super) fn subject(&self) -> Subject<'_> {
        Subject {
            kind: self.kind,
            operation: self.operation(),
            severity: self.alert.as_ref().map(|alert| alert.severity),
            tag: self.alert.as_ref().and_then(|alert| alert.tag.as_deref()),
            federation: self.federation.as_deref(),
        }
    }

    /// What is published, where the request is to publish an alert.
    pub(super) fn alert(&self) -> Option<&Alert> {
        self.alert.as_ref()
    }

    /// Hash of the payload, which an approval names: SHA-256 of its canonical bytes.
    pub fn payload_sha256(&self) -> [u8; 32] {
        Sha256::digest(&self.bytes).into()
    }
}

pub(super) fn content_hash(kind: Kind, bytes: &str) -> [u8; 32] {
    Sha256::new()
        .chain_update(kind.as_str())
        .chain_update([0])
        .chain_update(bytes)
        .finalize()
        .into()
}

impl Meaning {
    pub(super) fn read(kind: Kind, value: &Value) -> Result<(Self, String), RequestError> {
        Ok(match kind {
            Kind::Attestation => {
                let payload = HealthAttestation::from_value(value)?;
                let bytes = payload.signed_bytes()?;
                (Self::Attestation(payload), bytes)
            }
            Kind::Action => {
                let payload = ActionPayload::from_value(value)?.sorted();
                let bytes = payload.signed_bytes()?;
                (Self::Action(payload), bytes)
            }
            Kind::GuardianKey => {
                let payload = GuardianKeyPayload::from_value(value)?;
                let bytes = payload.signed_bytes()?;
                (Self::GuardianKey(payload), bytes)
            }
            Kind::FrostCommit | Kind::FrostSign | Kind::Ceremony => {
                if !value.is_object() {
                    return Err(PayloadError::NotAnObject("payload").into());
                }
                (Self::Later(value.clone()), canonical::encode(value)?)
            }
        })
    }

    /// The federation that the payload names.
    fn federation(&self) -> Option<&str> {
        match self {
            Self::Attestation(payload) => Some(&payload.federation_slug),
            Self::Action(payload) => Some(&payload.federation),
            Self::GuardianKey(_) | Self::Later(_) => None,
        }
    }

    /// Until when anybody can accept it, in Unix seconds; `None` for what this release does not sign.
    pub(super) fn valid_until(&self) -> Option<u64> {
        match self {
            Self::Attestation(payload) => Some(payload.attested_at + HEALTH_FRESH),
            Self::Action(payload) => Some(payload.expires_at),
            Self::GuardianKey(payload) => Some(payload.expires_at),
            Self::Later(_) => None,
        }
    }

    /// What a signature over it is for; `None` for what this release does not sign.
    pub fn tag(&self) -> Option<Tag> {
        match self {
            Self::Attestation(_) => Some(Tag::Attestation),
            Self::Action(_) => Some(Tag::Action),
            Self::GuardianKey(_) => Some(Tag::GuardianKey),
            Self::Later(_) => None,
        }
    }
}

#[cfg(test)]
#[path = "request_tests.rs"]
mod tests;
