use std::fmt;
use std::str::FromStr;

use crate::store::hex;

/// How old an id may be when it is seen for the first time, in seconds. Ids that were answered are known for longer;
/// an older one that is not known may have been forgotten, and is refused.
pub const NEW_ID_AGE: u64 = 600;
/// How far an id's time may lie ahead of the clock, in seconds.
pub const MAX_ID_AHEAD: u64 = 120;

/// Number of a request, chosen by who asks: 32 hex digits. The first 8 are the Unix seconds (big-endian, until 2106) at
/// which it was made, the other 24 are random; so ids sort by age, and what is too old can be told from the id alone.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RequestId([u8; 16]);

/// Text that is not a request id.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("not a request id (wanted: 32 digits 0-9 a-f)")]
pub struct RequestIdError;

impl RequestId {
    /// An id for a request made at `now` (Unix seconds); `random` must be fresh and uniform.
    pub fn new(now: u64, random: [u8; 12]) -> Self {
        let seconds = u32::try_from(now).unwrap_or(u32::MAX);
        let mut bytes = [0; 16];
        bytes[..4].copy_from_slice(&seconds.to_be_bytes());
        bytes[4..].copy_from_slice(&random);
        Self(bytes)
    }

    /// When it was made, in Unix seconds.
    pub fn time(self) -> u64 {
        let [a, b, c, d, ..] = self.0;
        u32::from_be_bytes([a, b, c, d]).into()
    }

    /// The highest id of a second.
    pub(super) fn last_of(second: u64) -> Self {
        Self::new(second, [0xff; 12])
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(&self.0))
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for RequestId {
    type Err = RequestIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut bytes = [0; 16];
        if hex::decode_into(text, &mut bytes) {
            Ok(Self(bytes))
        } else {
            Err(RequestIdError)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layout_is_frozen() {
        let id = RequestId::new(1_764_000_000, [0xab; 12]);
        assert_eq!(id.to_string(), "69248100abababababababababababab");
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!(id.time(), 1_764_000_000);
        assert!(id < RequestId::new(1_764_000_001, [0; 12]) && id < RequestId::last_of(1_764_000_000));
        for bad in ["", "69248100ABabababababababababab00", "69248100ab"] {
            assert_eq!(bad.parse::<RequestId>(), Err(RequestIdError));
        }
    }
}
