use sha2::{Digest, Sha256};

use crate::operator::{PublicKey, Scheme, SecretKey, Signature};

/// What a signature is for. One table for the whole project: no tag serves two purposes, so no signature can be
/// passed off as one of another kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tag {
    /// Action envelope (operator to portal and federation).
    Action,
    /// Health envelope (guardian to portal), signed for the guardian by its operator.
    Attestation,
    /// Delegation to a guardian's transport key.
    GuardianKey,
    /// Message of a DKG ceremony.
    Ceremony,
    /// Proof that a ceremony's result can sign.
    CeremonyProof,
    /// Public nonces set aside for threshold signing.
    FrostCommit,
    /// Statement of the whole federation.
    Federation,
    /// Head of the audit chain.
    AuditHead,
    /// Message between guardians.
    Peer,
    /// A guardian's `/status`.
    Status,
}

/// Whose key signs under a tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Signer {
    /// The operator key.
    Operator,
    /// The federation key, by threshold.
    Federation,
    /// A guardian's transport key.
    Transport,
}

impl Tag {
    /// The whole table.
    pub const ALL: [Self; 10] = [
        Self::Action,
        Self::Attestation,
        Self::GuardianKey,
        Self::Ceremony,
        Self::CeremonyProof,
        Self::FrostCommit,
        Self::Federation,
        Self::AuditHead,
        Self::Peer,
        Self::Status,
    ];

    /// The tag as it goes into the signed bytes.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Action => "oc-guardian/action/v1",
            Self::Attestation => "oc-guardian/attestation/v1",
            Self::GuardianKey => "oc-guardian/guardian-key/v1",
            Self::Ceremony => "oc-guardian/ceremony/v1",
            Self::CeremonyProof => "oc-guardian/ceremony-proof/v1",
            Self::FrostCommit => "oc-guardian/frost-commit/v1",
            Self::Federation => "oc-guardian/federation/v1",
            Self::AuditHead => "oc-guardian/audit-head/v1",
            Self::Peer => "oc-guardian/peer/v1",
            Self::Status => "oc-guardian/status/v1",
        }
    }

    /// Whose key signs under this tag.
    pub fn signer(self) -> Signer {
        match self {
            Self::Action
            | Self::Attestation
            | Self::GuardianKey
            | Self::Ceremony
            | Self::FrostCommit
            | Self::AuditHead => Signer::Operator,
            Self::CeremonyProof | Self::Federation => Signer::Federation,
            Self::Peer | Self::Status => Signer::Transport,
        }
    }

    /// Whether Ed25519 signs the bare bytes, as the portal documents for its two public envelopes.
    fn is_public(self) -> bool {
        matches!(self, Self::Action | Self::Attestation)
    }

    /// The message that a key of `scheme` signs for `bytes` under this tag.
    ///
    /// BIP-340: `SHA256(SHA256(tag) ‖ SHA256(tag) ‖ bytes)`, the BIP's tagged hash. Ed25519: `tag ‖ 0x00 ‖ bytes`,
    /// except for the two public envelopes: `bytes`.
    pub fn message(self, scheme: Scheme, bytes: &[u8]) -> Vec<u8> {
        match scheme {
            Scheme::Bip340 => {
                let tag = Sha256::digest(self.as_str());
                Sha256::new()
                    .chain_update(tag)
                    .chain_update(tag)
                    .chain_update(bytes)
                    .finalize()
                    .to_vec()
            }
            Scheme::Ed25519 if self.is_public() => bytes.to_vec(),
            Scheme::Ed25519 => [self.as_str().as_bytes(), &[0], bytes].concat(),
        }
    }

    /// Signs `bytes` for this purpose.
    pub fn sign(self, key: &SecretKey, bytes: &[u8]) -> Signature {
        key.sign_raw(&self.message(key.scheme(), bytes))
    }

    /// Whether `signature` is one of `key` over `bytes` for this purpose. Tries only the scheme that the key states.
    #[must_use]
    pub fn verify(self, key: &PublicKey, bytes: &[u8], signature: &Signature) -> bool {
        key.verify_raw(&self.message(key.scheme(), bytes), signature)
    }
}

#[cfg(test)]
#[path = "tag_tests.rs"]
mod tests;
