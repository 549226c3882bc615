use std::collections::HashSet;
use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::operator::{OperatorId, PublicKey, PublicKeyError, Scheme};
use crate::store::hex;

/// Fewest guardians of a federation: with three, one that is down and one that errs already leave nothing.
pub const MIN_GUARDIANS: usize = 4;
/// Most guardians of a federation.
pub const MAX_GUARDIANS: usize = 32;
/// Tag of the membership's hash. Not in the table of signing tags: nothing is signed under it.
const TAG: &str = "oc-guardian/membership/v1";

/// One guardian's place in a federation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Always `bip340`: an Ed25519 key cannot hold a share.
    pub public: PublicKey,
}

impl Member {
    /// The operator id, which follows from the key.
    pub fn operator_id(&self) -> OperatorId {
        self.public.operator_id()
    }
}

/// Slug, threshold, ordered guardians and charter of a federation; only valid ones can be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    slug: String,
    threshold: usize,
    guardians: Vec<Member>,
    charter_hash: [u8; 32],
}

/// Why a membership cannot be one. Every variant names the field.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum MembershipError {
    /// Not 1 to 64 of `a-z0-9-`.
    #[error("slug is not 1 to 64 of the characters a-z, 0-9 and -")]
    Slug,
    /// Too few or too many guardians.
    #[error("guardians has {0} entries (allowed: {MIN_GUARDIANS} to {MAX_GUARDIANS})")]
    Size(usize),
    /// `n/2 < m ≤ n` does not hold: fewer could be outvoted, more can never sign.
    #[error("m is {m}, and for {n} guardians it must be from {} to {n}", n / 2 + 1)]
    Threshold {
        /// What was found.
        m: u64,
        /// How many guardians there are.
        n: usize,
    },
    /// The same key twice: one operator would hold two votes.
    #[error("guardians has {0} twice")]
    Duplicate(OperatorId),
    /// A scheme that cannot hold a share.
    #[error("guardian {index} has scheme {found}, and only a bip340 key can hold a share")]
    Scheme {
        /// Place in the list, from 1.
        index: usize,
        /// What was found.
        found: Scheme,
    },
    /// Not a key.
    #[error("guardian {index}: {source}")]
    Key {
        /// Place in the list, from 1.
        index: usize,
        /// Why not.
        source: PublicKeyError,
    },
    /// The id does not follow from the key.
    #[error("guardian {index} is called {found}, but its key has {expected}")]
    OperatorId {
        /// Place in the list, from 1.
        index: usize,
        /// What the record says.
        found: OperatorId,
        /// What follows from the key.
        expected: OperatorId,
    },
    /// Not 64 lower-case hex digits.
    #[error("charter_hash is not 64 lower-case hex digits")]
    CharterHash,
}

/// The written form, fields in the order in which they are hashed.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MembershipRecord {
    slug: String,
    m: u64,
    guardians: Vec<MemberRecord>,
    charter_hash: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct MemberRecord {
    operator_id: OperatorId,
    scheme: Scheme,
    operator_pubkey_hex: String,
}

impl Membership {
    /// # Errors
    /// [`MembershipError`]
    pub fn new(
        slug: String,
        threshold: u64,
        guardians: Vec<Member>,
        charter_hash: [u8; 32],
    ) -> Result<Self, MembershipError> {
        let slug_letters = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if !(1..=64).contains(&slug.len()) || !slug.bytes().all(slug_letters) {
            return Err(MembershipError::Slug);
        }
        let n = guardians.len();
        if !(MIN_GUARDIANS..=MAX_GUARDIANS).contains(&n) {
            return Err(MembershipError::Size(n));
        }
        let threshold = match usize::try_from(threshold) {
            Ok(m) if (n / 2 + 1..=n).contains(&m) => m,
            _ => return Err(MembershipError::Threshold { m: threshold, n }),
        };
        let mut seen = HashSet::new();
        for (index, guardian) in (1..).zip(&guardians) {
            if guardian.public.scheme() != Scheme::Bip340 {
                return Err(MembershipError::Scheme {
                    index,
                    found: guardian.public.scheme(),
                });
            }
            if !seen.insert(guardian.public.as_bytes()) {
                return Err(MembershipError::Duplicate(guardian.operator_id()));
            }
        }
        Ok(Self {
            slug,
            threshold,
            guardians,
            charter_hash,
        })
    }

    pub(super) fn from_record(record: MembershipRecord) -> Result<Self, MembershipError> {
        // Before any key is looked at: a list of a million keys must not keep us busy.
        if record.guardians.len() > MAX_GUARDIANS {
            return Err(MembershipError::Size(record.guardians.len()));
        }
        let guardians = (1..)
            .zip(record.guardians)
            .map(|(index, member)| {
                if member.scheme != Scheme::Bip340 {
                    return Err(MembershipError::Scheme {
                        index,
                        found: member.scheme,
                    });
                }
                let public = PublicKey::from_hex(member.scheme, &member.operator_pubkey_hex)
                    .map_err(|source| MembershipError::Key { index, source })?;
                let expected = public.operator_id();
                if member.operator_id != expected {
                    return Err(MembershipError::OperatorId {
                        index,
                        found: member.operator_id,
                        expected,
                    });
                }
                Ok(Member { public })
            })
            .collect::<Result<_, _>>()?;
        let mut charter_hash = [0; 32];
        if !hex::decode_into(&record.charter_hash, &mut charter_hash) {
            return Err(MembershipError::CharterHash);
        }
        Self::new(record.slug, record.m, guardians, charter_hash)
    }

    pub(super) fn to_record(&self) -> MembershipRecord {
        MembershipRecord {
            slug: self.slug.clone(),
            m: self.threshold as u64,
            guardians: self
                .guardians
                .iter()
                .map(|guardian| MemberRecord {
                    operator_id: guardian.operator_id(),
                    scheme: guardian.public.scheme(),
                    operator_pubkey_hex: guardian.public.to_hex(),
                })
                .collect(),
            charter_hash: hex::encode(&self.charter_hash),
        }
    }

    /// Name of the federation, as bundles and envelopes have it.
    pub fn slug(&self) -> &str {
        &self.slug
    }

    /// How many guardians make a signature (`m`).
    pub fn threshold(&self) -> usize {
        self.threshold
    }

    /// The guardians (`n` of them), in the order that the hash fixes.
    pub fn guardians(&self) -> &[Member] {
        &self.guardians
    }

    /// SHA-256 of the charter's text.
    pub fn charter_hash(&self) -> &[u8; 32] {
        &self.charter_hash
    }

    /// The member with this id.
    pub fn member(&self, id: &OperatorId) -> Option<&Member> {
        self.guardians
            .iter()
            .find(|guardian| guardian.operator_id() == *id)
    }

    /// With `m = n`, one guardian that is down stops the federation.
    pub fn every_guardian_is_needed(&self) -> bool {
        self.threshold == self.guardians.len()
    }

    /// What is hashed: canonical JSON. Every value is made of letters that JSON does not escape.
    pub fn canonical(&self) -> String {
        serde_json::to_string(&self.to_record()).expect("a struct of strings and integers serialises")
    }

    /// `SHA256(SHA256(tag) ‖ SHA256(tag) ‖ canonical JSON)` with the tag `oc-guardian/membership/v1`.
    pub fn hash(&self) -> MembershipHash {
        let tag = Sha256::digest(TAG);
        let hash = Sha256::new()
            .chain_update(tag)
            .chain_update(tag)
            .chain_update(self.canonical())
            .finalize();
        MembershipHash(hash.into())
    }
}

/// What binds a message to one membership.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MembershipHash([u8; 32]);

impl MembershipHash {
    /// From 64 lower-case hex digits.
    pub fn from_hex(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        hex::decode_into(text, &mut bytes).then_some(Self(bytes))
    }

    /// The 32 raw bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for MembershipHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(&self.0))
    }
}

#[cfg(test)]
#[path = "membership_tests.rs"]
mod tests;
