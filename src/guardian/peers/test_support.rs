//! A federation of four, and a guardian of it that says what a test wants.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex};

use serde_json::{Value, json};

use super::message::{Body, Message};
use crate::audit::{Hash, Head};
use crate::envelope::{
    Action, ActionPayload, Envelope, GuardianKeyPayload, HealthAttestation, Payload, Status, Tag,
};
use crate::federation::Membership;
use crate::federation::test_support::{key, membership};
use crate::operator::{OperatorId, SecretKey, Signature};

pub(in crate::guardian) const NOW: u64 = 1_764_000_000;
pub(in crate::guardian) const SLUG: &str = "oc-me-v1";

/// The membership of all tests; operator 1 is us.
pub(in crate::guardian) fn ours() -> Membership {
    membership(SLUG, 7)
}

pub(in crate::guardian) fn id(secret: u8) -> OperatorId {
    key(secret).public().operator_id()
}

/// Signatures are randomised; here the same is signed once, so that texts can be compared.
fn sign(by: &SecretKey, tag: Tag, bytes: &str) -> Signature {
    type Made = HashMap<(String, String), Signature>;
    static MADE: LazyLock<Mutex<Made>> = LazyLock::new(Mutex::default);
    let name = (by.public().to_hex(), format!("{tag:?} {bytes}"));
    let mut made = MADE.lock().unwrap();
    made.entry(name)
        .or_insert_with(|| tag.sign(by, bytes.as_bytes()))
        .clone()
}

pub(in crate::guardian) fn signed<P: Payload>(by: &SecretKey, payload: &P) -> String {
    let signature = sign(by, P::TAG, &payload.signed_bytes().unwrap());
    Envelope::build(payload, &by.public(), &signature).unwrap()
}

/// What operator `secret` signs for the transport key with the secret `secret + 100`.
pub(in crate::guardian) fn delegation(secret: u8) -> GuardianKeyPayload {
    GuardianKeyPayload {
        transport_pubkey_hex: key(secret + 100).public().to_hex(),
        operator_id: id(secret),
        membership_hash: Some(ours().hash().to_string()),
        expires_at: NOW + 3600,
    }
}

/// A message of operator `from`'s guardian to ours.
pub(in crate::guardian) fn message(from: u8, seq: u64, body: Body) -> Message {
    Message {
        from: id(from),
        to: id(1),
        membership_hash: ours().hash(),
        at: NOW,
        seq,
        body,
    }
}

/// On the wire, with this delegation, signed by the transport key with this secret.
pub(in crate::guardian) fn wire(message: &Message, delegation: &str, transport: u8) -> String {
    let bytes = message.signed_bytes().unwrap();
    let signature = Tag::Peer.sign(&key(transport), bytes.as_bytes());
    Message::assemble(&bytes, delegation, &signature)
}

/// On the wire, all as it should be.
pub(in crate::guardian) fn good(from: u8, seq: u64, body: Body) -> String {
    let delegation = signed(&key(from), &delegation(from));
    wire(&message(from, seq, body), &delegation, from + 100)
}

pub(in crate::guardian) fn health(of: u8, at: u64) -> HealthAttestation {
    HealthAttestation {
        operator_id: id(of),
        federation_slug: SLUG.into(),
        hosted_request_id: None,
        guardian_version: "1.2.3".into(),
        p2p_url: "http://guardian.example:9001".into(),
        api_url: "http://guardian.example:9000".into(),
        status: Status::Running,
        attested_at: at,
        image_digest: None,
    }
}

pub(in crate::guardian) fn notice(nonce: u64) -> ActionPayload {
    ActionPayload {
        action: Action::AlertPublish,
        params: json!({ "severity": "info", "tag": "upgrade", "title": "upgrading", "body": "" }),
        nonce,
        expires_at: NOW + 900,
        federation: SLUG.into(),
    }
}

/// A signed head of an audit log, with this many records.
pub(in crate::guardian) fn head(by: &SecretKey, seq: u64) -> String {
    let head = Head {
        seq,
        hash: Hash::from_hex(&"5a".repeat(32)).unwrap(),
        at: NOW,
    };
    let signature = sign(by, Tag::AuditHead, &head.signed_bytes());
    format!(
        r#"{{"head":{},"pubkey_hex":"{}","sig_hex":"{}"}}"#,
        head.signed_bytes(),
        by.public().to_hex(),
        signature.to_hex()
    )
}

/// A JSON text with one field changed; `path` is a JSON pointer.
pub(in crate::guardian) fn changed(text: &str, path: &str, value: impl Into<Value>) -> String {
    let mut json: Value = serde_json::from_str(text).unwrap();
    *json.pointer_mut(path).unwrap() = value.into();
    json.to_string()
}
