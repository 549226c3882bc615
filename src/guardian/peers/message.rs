use serde_json::{Value, json};

use crate::envelope::{Envelope, GuardianKeyPayload, Tag, canonical};
use crate::federation::{Member, Membership, MembershipHash};
use crate::operator::{OperatorId, PublicKey, Scheme, Signature};
use crate::store::hex;

/// Version of the messages.
const VERSION: u64 = 1;
/// How far the sender's clock may be from ours, in seconds.
pub const MAX_SKEW: u64 = 120;

/// What a guardian tells another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// The newest health envelope of the sender, exactly as it was signed.
    Health(String),
    /// A signed `alert-publish` of the sender's operator.
    Notice(String),
    /// The newest signed head of the audit log of the sender's operator.
    Head(String),
    /// Asks for the head that the receiver remembers of the sender's operator.
    Recall,
}

impl Body {
    /// The name on the wire.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Health(_) => "health",
            Self::Notice(_) => "notice",
            Self::Head(_) => "head",
            Self::Recall => "recall",
        }
    }

    /// Signed documents travel as strings: nobody has to write them again to verify them.
    fn document(&self) -> Option<&str> {
        match self {
            Self::Health(text) | Self::Notice(text) | Self::Head(text) => Some(text),
            Self::Recall => None,
        }
    }

    fn read(kind: &str, document: Option<&str>) -> Option<Self> {
        match (kind, document) {
            ("health", Some(text)) => Some(Self::Health(text.to_owned())),
            ("notice", Some(text)) => Some(Self::Notice(text.to_owned())),
            ("head", Some(text)) => Some(Self::Head(text.to_owned())),
            ("recall", None) => Some(Self::Recall),
            _ => None,
        }
    }
}

/// A message between two guardians of one membership.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The operator whose guardian sends it.
    pub from: OperatorId,
    /// The operator whose guardian it is for: what one guardian was told cannot be passed on to another one.
    pub to: OperatorId,
    /// The membership that both are in.
    pub membership_hash: MembershipHash,
    /// Unix seconds by the sender's clock.
    pub at: u64,
    /// Strictly forward for each transport key.
    pub seq: u64,
    /// What it says.
    pub body: Body,
}

/// Why a message is not believed. The order is that of the checks.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum MessageError {
    /// Not the strict JSON of a message.
    #[error("the message is not as documented: {0}")]
    Shape(String),
    /// For another guardian, or none.
    #[error("the message is for {0}")]
    NotForUs(String),
    /// Of another membership.
    #[error("the message is of another membership")]
    OtherMembership,
    /// By nobody of this membership, or by ourselves.
    #[error("{0} is not another guardian of this federation")]
    Stranger(String),
    /// Too old, or from the future.
    #[error("the sender's clock is {0} s from ours; at most {MAX_SKEW} s are allowed")]
    ClockSkew(u64),
    /// No operator's word for this transport key, here and now.
    #[error("the transport key is not delegated by its operator: {0}")]
    Delegation(String),
    /// Not signed by the delegated transport key.
    #[error("the signature is not one of the transport key")]
    BadSignature,
    /// Seen before, or overtaken.
    #[error("the message was seen before")]
    Replayed,
}

impl MessageError {
    /// Stable slug for programs.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Shape(_) => "malformed-message",
            Self::NotForUs(_) => "not-for-us",
            Self::OtherMembership => "other-membership",
            Self::Stranger(_) => "stranger",
            Self::ClockSkew(_) => "clock-skew",
            Self::Delegation(_) => "not-delegated",
            Self::BadSignature => "bad-signature",
            Self::Replayed => "replayed",
        }
    }
}

impl Message {
    /// What the transport key signs: canonical JSON, fields in this order.
    ///
    /// # Errors
    /// [`MessageError::Shape`] where a document is too large for a message.
    pub fn signed_bytes(&self) -> Result<String, MessageError> {
        let value = json!({
            "version": VERSION,
            "kind": self.body.kind(),
            "from": self.from,
            "to": self.to,
            "membership_hash": self.membership_hash.to_string(),
            "at": self.at,
            "seq": self.seq,
            "document": self.body.document(),
        });
        canonical::encode(&value).map_err(|error| MessageError::Shape(error.to_string()))
    }

    /// The message as it is sent.
    pub fn assemble(signed_bytes: &str, delegation: &str, signature: &Signature) -> String {
        format!(
            r#"{{"message":{signed_bytes},"delegation":{delegation},"sig_hex":"{}"}}"#,
            signature.to_hex()
        )
    }

    fn parse(value: &Value) -> Result<Self, MessageError> {
        let shape = |what: &str| MessageError::Shape(what.to_owned());
        let fields = value
            .as_object()
            .ok_or_else(|| shape("message is not an object"))?;
        let known = [
            "version",
            "kind",
            "from",
            "to",
            "membership_hash",
            "at",
            "seq",
            "document",
        ];
        if !fields.keys().eq(known) {
            return Err(shape("its fields are not the documented ones in their order"));
        }
        let text = |name: &str| {
            fields[name]
                .as_str()
                .ok_or_else(|| shape(&format!("{name} is not a string")))
        };
        let number = |name: &str| {
            fields[name]
                .as_u64()
                .ok_or_else(|| shape(&format!("{name} is not a positive integer")))
        };
        if number("version")? != VERSION {
            return Err(shape("it has another version"));
        }
        let id = |name: &str| {
            text(name)?
                .parse::<OperatorId>()
                .map_err(|_| shape(&format!("{name} is not an operator id")))
        };
        let document = match &fields["document"] {
            Value::Null => None,
            Value::String(text) => Some(text.as_str()),
            _ => return Err(shape("document is neither null nor a string")),
        };
        Ok(Self {
            from: id("from")?,
            to: id("to")?,
            membership_hash: MembershipHash::from_hex(text("membership_hash")?)
                .ok_or_else(|| shape("membership_hash is not 64 digits 0-9 a-f"))?,
            at: number("at")?,
            seq: number("seq")?,
            body: Body::read(text("kind")?, document).ok_or_else(|| shape("its kind is not known"))?,
        })
    }
}

/// A message that was believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Believed {
    /// The message.
    pub message: Message,
    /// The transport key that signed it.
    pub transport: PublicKey,
    /// When the operator's word for that key ends, in Unix seconds.
    pub delegated_until: u64,
}

/// Reads a message and decides whether to believe it; replay is for [`super::Replay`] to see.
///
/// 1. canonical JSON of exactly the three fields;
/// 2. for us, of our membership, from another guardian in it;
/// 3. its clock within [`MAX_SKEW`] of ours;
/// 4. the delegation: signed by that guardian's operator, for this membership, in force, for a key of its own;
/// 5. the signature: by the delegated key, over the message.
///
/// # Errors
/// [`MessageError`]
pub fn believe(
    bytes: &[u8],
    membership: &Membership,
    ours: &OperatorId,
    now: u64,
) -> Result<Believed, MessageError> {
    let shape = |error: &dyn std::fmt::Display| MessageError::Shape(error.to_string());
    let value = canonical::check(bytes).map_err(|error| shape(&error))?;
    let outer = value.as_object().ok_or_else(|| shape(&"it is not an object"))?;
    if !outer.keys().eq(["message", "delegation", "sig_hex"]) {
        return Err(shape(&"its fields are not message, delegation, sig_hex"));
    }
    let message = Message::parse(&outer["message"])?;
    if message.to != *ours {
        return Err(MessageError::NotForUs(message.to.to_string()));
    }
    if message.membership_hash != membership.hash() {
        return Err(MessageError::OtherMembership);
    }
    let sender: &Member = membership
        .member(&message.from)
        .filter(|_| message.from != *ours)
        .ok_or_else(|| MessageError::Stranger(message.from.to_string()))?;
    let skew = message.at.abs_diff(now);
    if skew > MAX_SKEW {
        return Err(MessageError::ClockSkew(skew));
    }
    let (transport, delegated_until) = delegated(&outer["delegation"], sender, &message, now)?;
    let mut signature = [0; 64];
    let written = outer["sig_hex"].as_str().unwrap_or_default();
    if !hex::decode_into(written, &mut signature) {
        return Err(MessageError::BadSignature);
    }
    let signed = message.signed_bytes()?;
    if !Tag::Peer.verify(&transport, signed.as_bytes(), &Signature::from_bytes(signature)) {
        return Err(MessageError::BadSignature);
    }
    Ok(Believed {
        message,
        transport,
        delegated_until,
    })
}

fn delegated(
    value: &Value,
    sender: &Member,
    message: &Message,
    now: u64,
) -> Result<(PublicKey, u64), MessageError> {
    let refused = |why: &str| MessageError::Delegation(why.to_owned());
    let verified = Envelope::<GuardianKeyPayload>::verify(value.to_string().as_bytes(), &sender.public)
        .map_err(|error| MessageError::Delegation(error.to_string()))?;
    let payload = verified.payload();
    if payload.operator_id != message.from {
        return Err(refused("it is another operator's"));
    }
    if payload.membership_hash.as_deref() != Some(message.membership_hash.to_string().as_str()) {
        return Err(refused("it is for another membership, or for none"));
    }
    if payload.expires_at <= now {
        return Err(refused("it has expired"));
    }
    if payload.expires_at > now + crate::envelope::MAX_DELEGATION + MAX_SKEW {
        return Err(refused("it lasts longer than a day"));
    }
    let key = PublicKey::from_hex(Scheme::Bip340, &payload.transport_pubkey_hex)
        .map_err(|error| MessageError::Delegation(error.to_string()))?;
    // An operator key that also signs peer traffic would have left the signing server.
    if key == sender.public {
        return Err(refused("the transport key is the operator key"));
    }
    Ok((key, payload.expires_at))
}

#[cfg(test)]
#[path = "message_tests.rs"]
mod tests;
