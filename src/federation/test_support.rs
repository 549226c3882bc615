//! Federations for unit tests.

use super::{CharterSignatures, Directory, Member, Membership, charter_params};
use crate::envelope::{Action, ActionPayload, Envelope, Payload, Tag};
use crate::operator::{Scheme, SecretKey};

/// The bip340 key with this small secret.
pub(crate) fn key(secret: u8) -> SecretKey {
    let mut bytes = [0; 32];
    bytes[31] = secret;
    SecretKey::from_bytes(Scheme::Bip340, &bytes).unwrap()
}

/// Four guardians with the secrets 1 to 4, of which any three sign.
pub(crate) fn membership(slug: &str, charter: u8) -> Membership {
    let guardians = (1..=4).map(|secret| Member {
        public: key(secret).public(),
    });
    Membership::new(slug.into(), 3, guardians.collect(), [charter; 32]).unwrap()
}

/// What each of them signs.
pub(crate) fn charter_payload(membership: &Membership) -> ActionPayload {
    ActionPayload {
        action: Action::CharterSign,
        params: charter_params(membership),
        nonce: 1_764_000_000_000,
        expires_at: 1_764_000_000,
        federation: membership.slug().into(),
    }
}

/// The envelope of a payload.
pub(crate) fn signed(secret: u8, payload: &ActionPayload) -> serde_json::Value {
    let key = key(secret);
    let signature = Tag::Action.sign(&key, payload.signed_bytes().unwrap().as_bytes());
    serde_json::from_str(&Envelope::build(payload, &key.public(), &signature).unwrap()).unwrap()
}

/// Their directory, signed by all.
pub(crate) fn agreed(slug: &str, charter: u8) -> Directory {
    let membership = membership(slug, charter);
    let payload = charter_payload(&membership);
    let mut directory = Directory::of(membership);
    directory.charter_signatures =
        CharterSignatures((1..=4).map(|secret| signed(secret, &payload)).collect());
    directory
}
