use sha2::{Digest, Sha256};

use super::{ChainKey, Hash};

/// How the hashes of a chain are made.
#[derive(Clone, Copy)]
pub(super) enum Sealer<'a> {
    /// HMAC under a key that follows from the operator secret.
    Keyed(&'a ChainKey),
    /// SHA-256, for what is done without the key. Anybody can make such a chain: its heads, noted in the other one, are
    /// what it is held to.
    Plain,
}

impl Sealer<'_> {
    /// Hash of a record, given in pieces.
    pub(super) fn hash(self, pieces: &[&[u8]]) -> Hash {
        match self {
            Self::Keyed(key) => key.record(pieces),
            Self::Plain => {
                let mut digest = Sha256::new();
                for piece in pieces {
                    digest.update(piece);
                }
                Hash::from_bytes(digest.finalize().into())
            }
        }
    }
}
