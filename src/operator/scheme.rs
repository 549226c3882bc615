use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Signature scheme of an operator key.
///
/// Both have a 32-byte public key and a 64-byte signature, and about half of all Ed25519 public keys are also valid
/// x-only points: the scheme is always stated, never guessed from the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scheme {
    /// Schnorr over secp256k1 with x-only public keys (BIP-340). Needed for a federation share.
    Bip340,
    /// Ed25519 (RFC 8032). What the portal's public pages verify today; cannot hold a share.
    Ed25519,
}

impl Scheme {
    /// Every scheme, in the order in which help and errors list them.
    pub const ALL: [Self; 2] = [Self::Bip340, Self::Ed25519];

    /// The name used in files and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Bip340 => "bip340",
            Self::Ed25519 => "ed25519",
        }
    }

    /// One sentence on what a key of this scheme can and cannot do.
    pub fn abilities(self) -> &'static str {
        match self {
            Self::Bip340 => {
                "A bip340 key can hold a federation share and sign everything this kit signs; whether the portal's \
                 public pages accept its signatures is not established."
            }
            Self::Ed25519 => {
                "An ed25519 key signs what the portal's public pages verify today, but it can never hold a federation \
                 share."
            }
        }
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A scheme name that is neither `bip340` nor `ed25519`.
#[derive(Debug, thiserror::Error)]
#[error("unknown scheme (allowed: bip340, ed25519)")]
pub struct UnknownScheme;

impl FromStr for Scheme {
    type Err = UnknownScheme;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|scheme| scheme.as_str() == name)
            .ok_or(UnknownScheme)
    }
}
