use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};

use crate::store::hex;

/// SHA-256 of content in a registry. The only algorithm here: what is signed and pinned is always this.
///
/// Spelled `sha256:` and 64 lower-case hex digits ([OCI image-spec, Digests]).
///
/// [OCI image-spec, Digests]: https://github.com/opencontainers/image-spec/blob/v1.1.1/descriptor.md#digests
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest([u8; 32]);

impl Digest {
    const PREFIX: &'static str = "sha256:";

    /// The digest of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// A digest that was computed elsewhere.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The 64 hex digits without the algorithm.
    pub fn as_hex(&self) -> String {
        hex::encode(&self.0)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", Self::PREFIX, self.as_hex())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Text that is not a digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DigestError {
    /// Another algorithm, which is registered or looks like one.
    #[error("a digest of another algorithm than sha256")]
    Algorithm,
    /// Something else.
    #[error("not a digest (wanted: sha256: and 64 lower-case hex digits)")]
    Malformed,
}

impl FromStr for Digest {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let Some(digits) = text.strip_prefix(Self::PREFIX) else {
            return Err(match text.split_once(':') {
                Some(("sha384" | "sha512" | "blake3", digits)) if hex::is_lower_hex(digits) => {
                    DigestError::Algorithm
                }
                _ => DigestError::Malformed,
            });
        };
        let mut bytes = [0; 32];
        if hex::decode_into(digits, &mut bytes) {
            Ok(Self(bytes))
        } else {
            Err(DigestError::Malformed)
        }
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMPTY: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn is_that_of_the_bytes() {
        assert_eq!(Digest::of(b"").to_string(), EMPTY);
        assert_eq!(EMPTY.parse(), Ok(Digest::of(b"")));
    }

    #[test]
    fn has_one_spelling() {
        for bad in [
            "",
            "sha256:",
            &EMPTY[7..],
            &EMPTY.to_uppercase(),
            &EMPTY.replace('e', "E"),
            &EMPTY[..70],
            &format!("{EMPTY}0"),
            &format!(" {EMPTY}"),
            "sha512:xyz",
        ] {
            assert_eq!(bad.parse::<Digest>(), Err(DigestError::Malformed), "{bad}");
        }
        let longer = format!("sha512:{}", "0".repeat(128));
        assert_eq!(longer.parse::<Digest>(), Err(DigestError::Algorithm));
    }
}
