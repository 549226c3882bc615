use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

use super::PublicKey;
use crate::store::hex;

/// `"op-"` and the first 16 bytes of SHA-256 over the 32 raw public key bytes, in lower-case hex.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OperatorId(String);

impl OperatorId {
    const PREFIX: &'static str = "op-";
    const HEX_LEN: usize = 32;
    /// Hex digits of the 8-byte short form that some public pages show.
    const SHORT_HEX_LEN: usize = 16;

    /// The id of a public key.
    pub fn of(key: &PublicKey) -> Self {
        let digest = Sha256::digest(key.as_bytes());
        Self(format!(
            "{}{}",
            Self::PREFIX,
            hex::encode(&digest[..Self::HEX_LEN / 2])
        ))
    }

    /// `op-…` with 32 hex digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `text` is the 8-byte short form (`op-` and 16 hex digits) of this id.
    pub fn is_short_form(&self, text: &str) -> bool {
        text.len() == Self::PREFIX.len() + Self::SHORT_HEX_LEN && self.0.starts_with(text)
    }
}

impl fmt::Display for OperatorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Text that is not an operator id.
#[derive(Debug, thiserror::Error)]
#[error("not an operator id (wanted: op- and 32 lower-case hex digits)")]
pub struct OperatorIdError;

impl FromStr for OperatorId {
    type Err = OperatorIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.strip_prefix(Self::PREFIX).ok_or(OperatorIdError)?;
        if digits.len() == Self::HEX_LEN && hex::is_lower_hex(digits) {
            Ok(Self(text.to_owned()))
        } else {
            Err(OperatorIdError)
        }
    }
}

impl Serialize for OperatorId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for OperatorId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}
