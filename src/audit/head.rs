use super::{Entry, Event, Hash};
use crate::operator::{Scheme, Signature};

/// The last record of a chain, at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Its number; 0 for a chain without records.
    pub seq: u64,
    /// Its hash; zeros for a chain without records.
    pub hash: Hash,
    /// When it was recorded, in Unix seconds.
    pub at: u64,
}

impl Head {
    /// `kind` of the records that hold signed heads.
    pub const KIND: &'static str = "audit-head";

    /// A chain without records.
    pub const EMPTY: Self = Self {
        seq: 0,
        hash: Hash::ZERO,
        at: 0,
    };

    /// What is signed, under the tag `oc-guardian/audit-head/v1`: `{"seq":…,"hash":"…","at":…}`.
    pub fn signed_bytes(&self) -> String {
        format!(
            r#"{{"seq":{},"hash":"{}","at":{}}}"#,
            self.seq, self.hash, self.at
        )
    }

    /// Reads what [`Head::signed_bytes`] writes, in no other spelling.
    pub fn parse_signed_bytes(text: &str) -> Option<Self> {
        #[derive(serde::Deserialize)]
        struct Payload {
            seq: u64,
            hash: String,
            at: u64,
        }
        let read: Payload = serde_json::from_str(text).ok()?;
        let head = Self {
            seq: read.seq,
            hash: Hash::from_hex(&read.hash)?,
            at: read.at,
        };
        (head.signed_bytes() == text).then_some(head)
    }

    /// The entry that records a signature over [`Head::signed_bytes`], made at `now` (Unix seconds).
    pub fn entry(&self, now: u64, scheme: Scheme, signature: &Signature) -> Entry {
        Entry {
            scheme: Some(scheme.as_str().to_owned()),
            payload: Some(self.signed_bytes()),
            signature: Some(signature.to_hex()),
            ..Entry::new(now, Event::Head, format!("head at record {}", self.seq)).about(Self::KIND)
        }
    }
}
