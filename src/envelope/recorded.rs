use super::Tag;
use crate::audit::{Head, Record, SignatureCheck};
use crate::operator::{PublicKey, Signature};
use crate::store::hex;

/// Whether the signature in an audit record verifies over its payload, under the tag that the record's kind has.
pub fn check_recorded(key: &PublicKey, record: &Record) -> SignatureCheck {
    let entry = &record.entry;
    let tag = match entry.kind.as_deref() {
        Some("attestation") => Tag::Attestation,
        Some("action") => Tag::Action,
        Some("guardian-key") => Tag::GuardianKey,
        Some("frost-commit") => Tag::FrostCommit,
        Some("ceremony") => Tag::Ceremony,
        Some(Head::KIND) => Tag::AuditHead,
        // A share of a threshold signature cannot be verified by itself.
        Some("frost-sign") => return SignatureCheck::Unverified,
        _ => return SignatureCheck::Bad,
    };
    let mut bytes = [0; 64];
    let hex = entry.signature.as_deref().unwrap_or_default();
    let payload = entry.payload.as_deref().unwrap_or_default();
    let is_ours = entry.scheme.as_deref() == Some(key.scheme().as_str());
    if is_ours
        && hex::decode_into(hex, &mut bytes)
        && tag.verify(key, payload.as_bytes(), &Signature::from_bytes(bytes))
    {
        SignatureCheck::Good
    } else {
        SignatureCheck::Bad
    }
}
