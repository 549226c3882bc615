//! Federations of operators whose secrets are small numbers; 1 is the identity of `Home::with_identity`.

use oc_guardian::envelope::{Action, ActionPayload, Envelope, Payload, Tag};
use oc_guardian::federation::{CharterSignatures, Directory, Member, Membership, charter_params};
use oc_guardian::operator::{Scheme, SecretKey};
use serde_json::Value;

/// The bip340 key with this small secret.
pub fn small_key(secret: u8) -> SecretKey {
    let mut bytes = [0; 32];
    bytes[31] = secret;
    SecretKey::from_bytes(Scheme::Bip340, &bytes).unwrap()
}

/// The operators with these secrets, of which any `m` sign.
pub fn membership(slug: &str, m: u64, secrets: &[u8]) -> Membership {
    let guardians = secrets.iter().map(|secret| Member {
        public: small_key(*secret).public(),
    });
    Membership::new(slug.into(), m, guardians.collect(), [7; 32]).unwrap()
}

/// One operator's agreement to it.
pub fn charter_signature(membership: &Membership, secret: u8) -> Value {
    let payload = ActionPayload {
        action: Action::CharterSign,
        params: charter_params(membership),
        nonce: 1_764_000_000_000,
        expires_at: 1_764_000_000,
        federation: membership.slug().into(),
    };
    let key = small_key(secret);
    let signature = Tag::Action.sign(&key, payload.signed_bytes().unwrap().as_bytes());
    serde_json::from_str(&Envelope::build(&payload, &key.public(), &signature).unwrap()).unwrap()
}

/// Its directory, signed by all.
pub fn agreed(membership: Membership, secrets: &[u8]) -> Directory {
    let signatures = secrets
        .iter()
        .map(|secret| charter_signature(&membership, *secret))
        .collect();
    let mut directory = Directory::of(membership);
    directory.charter_signatures = CharterSignatures(signatures);
    directory
}
