use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::membership::MembershipRecord;
use super::{CharterSignatures, Membership, MembershipError, charter_signer};
use crate::bundle;
use crate::envelope::canonical::{self, CanonicalError};
use crate::operator::{OperatorId, PublicKey, Scheme};
use crate::store::hex;

/// Largest directory that is read, in bytes: 32 guardians with their signatures need a third of it.
pub const MAX_DIRECTORY_BYTES: usize = 64 * 1024;

/// Where a guardian is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// Whose.
    pub operator_id: OperatorId,
    /// Base URL of `GET /healthz` and `/status`.
    pub api_url: String,
    /// Base URL for other guardians.
    pub p2p_url: String,
}

/// A federation's membership and what may change without a new key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directory {
    /// Who is in it.
    pub membership: Membership,
    /// Higher replaces lower; 0 until the federation has signed an update.
    pub sequence: u64,
    /// At most one for each guardian; none for one that is not reachable yet.
    pub addresses: Vec<Address>,
    /// `sha256:…` of the image that guardians are to run.
    pub image_digest: Option<String>,
    /// The key that the federation's signatures verify under, once there is one.
    pub federation_key: Option<PublicKey>,
    /// The guardians' signatures under the charter, as far as they are collected; not checked by reading.
    pub charter_signatures: CharterSignatures,
}

/// Why bytes are not a directory.
#[derive(Debug, thiserror::Error)]
pub enum DirectoryError {
    /// Not the strict JSON that signed formats use.
    #[error(transparent)]
    Json(#[from] CanonicalError),
    /// A field is missing, unknown or of another type.
    #[error("{0}")]
    Shape(serde_json::Error),
    /// Written by a later release.
    #[error("it has version {0}, and this release reads version 1")]
    Version(u64),
    /// The membership cannot be one.
    #[error("membership: {0}")]
    Membership(#[from] MembershipError),
    /// An address of nobody, or a second one.
    #[error("addresses has {0}, who is {why}", why = if *.1 { "there already" } else { "not a member" })]
    Stranger(OperatorId, bool),
    /// A URL that guardians must not be sent to.
    #[error("{field} of {operator_id} {problem}")]
    Url {
        /// Whose address.
        operator_id: OperatorId,
        /// Which field.
        field: &'static str,
        /// What is wrong with it, as a predicate.
        problem: String,
    },
    /// Not `sha256:` and 64 lower-case hex digits.
    #[error("image_digest is not sha256: and 64 lower-case hex digits")]
    ImageDigest,
    /// Not an x-only key.
    #[error("federation_pubkey_hex: {0}")]
    FederationKey(crate::operator::PublicKeyError),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    version: u64,
    sequence: u64,
    membership: MembershipRecord,
    addresses: Vec<AddressRecord>,
    image_digest: Option<String>,
    federation_pubkey_hex: Option<String>,
    #[serde(default)]
    charter_signatures: CharterSignatures,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AddressRecord {
    operator_id: OperatorId,
    api_url: String,
    p2p_url: String,
}

impl Directory {
    /// A directory in which nothing but the membership is known.
    pub fn of(membership: Membership) -> Self {
        Self {
            membership,
            sequence: 0,
            addresses: Vec::new(),
            image_digest: None,
            federation_key: None,
            charter_signatures: CharterSignatures::default(),
        }
    }

    /// Reads and checks a directory file.
    ///
    /// # Errors
    /// [`DirectoryError`]
    pub fn parse(bytes: &[u8]) -> Result<Self, DirectoryError> {
        // Two readers must not understand two things: doubled keys are refused, as in signed bytes.
        let value = canonical::parse_strict(bytes)?;
        if let Some(version) = value.get("version").and_then(serde_json::Value::as_u64)
            && version != 1
        {
            return Err(DirectoryError::Version(version));
        }
        let record: Record = serde_json::from_value(value).map_err(DirectoryError::Shape)?;
        let membership = Membership::from_record(record.membership)?;
        let mut addresses: Vec<Address> = Vec::new();
        for address in record.addresses {
            let id = address.operator_id;
            let doubled = addresses.iter().any(|other| other.operator_id == id);
            if doubled || membership.member(&id).is_none() {
                return Err(DirectoryError::Stranger(id, doubled));
            }
            for (field, url) in [("api_url", &address.api_url), ("p2p_url", &address.p2p_url)] {
                if let Some(problem) = bundle::peer_url_problem(url) {
                    return Err(DirectoryError::Url {
                        operator_id: id,
                        field,
                        problem,
                    });
                }
            }
            addresses.push(Address {
                operator_id: id,
                api_url: address.api_url,
                p2p_url: address.p2p_url,
            });
        }
        if let Some(digest) = &record.image_digest {
            let digits = digest.strip_prefix("sha256:");
            if !digits.is_some_and(|digits| digits.len() == 64 && hex::is_lower_hex(digits)) {
                return Err(DirectoryError::ImageDigest);
            }
        }
        let federation_key = record
            .federation_pubkey_hex
            .map(|key| PublicKey::from_hex(Scheme::Bip340, &key))
            .transpose()
            .map_err(DirectoryError::FederationKey)?;
        Ok(Self {
            membership,
            sequence: record.sequence,
            addresses,
            image_digest: record.image_digest,
            federation_key,
            charter_signatures: record.charter_signatures,
        })
    }

    /// The file, with a final newline.
    pub fn to_json(&self) -> String {
        let record = Record {
            version: 1,
            sequence: self.sequence,
            membership: self.membership.to_record(),
            addresses: self
                .addresses
                .iter()
                .map(|address| AddressRecord {
                    operator_id: address.operator_id.clone(),
                    api_url: address.api_url.clone(),
                    p2p_url: address.p2p_url.clone(),
                })
                .collect(),
            image_digest: self.image_digest.clone(),
            federation_pubkey_hex: self.federation_key.as_ref().map(PublicKey::to_hex),
            charter_signatures: self.charter_signatures.clone(),
        };
        let mut text =
            serde_json::to_string_pretty(&record).expect("a struct of strings and integers serialises");
        text.push('\n');
        text
    }

    /// Takes a guardian's signature under the charter in, in the place of an earlier one of the same guardian.
    ///
    /// # Errors
    /// Why it is none over this membership, as a clause about the envelope.
    pub fn add_charter_signature(&mut self, envelope: Value) -> Result<OperatorId, String> {
        let id = charter_signer(&self.membership, &envelope)?;
        let others = |other: &Value| charter_signer(&self.membership, other).as_ref() != Ok(&id);
        self.charter_signatures.0.retain(others);
        self.charter_signatures.0.push(envelope);
        Ok(id)
    }

    /// Where this guardian is reached, if that is known.
    pub fn address(&self, id: &OperatorId) -> Option<&Address> {
        self.addresses.iter().find(|address| address.operator_id == *id)
    }
}

#[cfg(test)]
#[path = "directory_tests.rs"]
mod tests;
