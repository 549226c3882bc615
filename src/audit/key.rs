use hmac::{Hmac, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::Hash;
use crate::operator::SecretKey;

/// Salt of all keys that follow from an operator secret.
const SALT: &[u8] = b"oc-guardian/derive/v1";

/// The keys under which the audit log is authenticated; they follow from the operator secret and are stored nowhere.
///
/// No `Debug`, `Clone` or `Display`; wiped on drop. The MAC's own state on the stack is outside our reach.
pub struct ChainKey {
    records: DerivedKey,
    epoch: DerivedKey,
    checkpoint: DerivedKey,
}

type DerivedKey = Box<Zeroizing<[u8; 32]>>;

impl ChainKey {
    /// HKDF-SHA256 (RFC 5869) of the 32 secret bytes, salt `oc-guardian/derive/v1`, one info for each purpose:
    /// `oc-guardian/audit-chain/v1`, `oc-guardian/audit-epoch/v1`, `oc-guardian/audit-checkpoint/v1`.
    pub fn derive(secret: &SecretKey) -> Self {
        let extracted = Box::new(Zeroizing::new(mac(SALT, &[secret.expose_bytes()])));
        let expand = |info: &[u8]| Box::new(Zeroizing::new(mac(&**extracted, &[info, &[1]])));
        Self {
            records: expand(b"oc-guardian/audit-chain/v1"),
            epoch: expand(b"oc-guardian/audit-epoch/v1"),
            checkpoint: expand(b"oc-guardian/audit-checkpoint/v1"),
        }
    }

    /// Hash of a record, given in pieces.
    pub(super) fn record(&self, pieces: &[&[u8]]) -> Hash {
        Hash::from_bytes(mac(&**self.records, pieces))
    }

    /// Authenticates the epoch file.
    pub(super) fn epoch(&self, pieces: &[&[u8]]) -> Hash {
        Hash::from_bytes(mac(&**self.epoch, pieces))
    }

    /// Authenticates a checkpoint.
    pub(super) fn checkpoint(&self, pieces: &[&[u8]]) -> Hash {
        Hash::from_bytes(mac(&**self.checkpoint, pieces))
    }
}

fn mac(key: &[u8], pieces: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    for piece in pieces {
        mac.update(piece);
    }
    mac.finalize().into_bytes().into()
}
