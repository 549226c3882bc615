//! What stands for all records up to one, so that a start need not read them again.

use std::path::Path;

use super::disk::Disk;
use super::{AuditError, ChainKey, Hash, Head};
use crate::store::StoreError;

/// Most bytes that a checkpoint may hold.
pub const MAX_CHECKPOINT_BYTES: usize = 64 * 1024 * 1024;

const MAX_HEADER_BYTES: usize = 512;

/// Bytes of the caller's, and the record up to which they stand for everything.
pub(super) struct Checkpoint {
    pub(super) head: Head,
    pub(super) bytes: Vec<u8>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    version: u64,
    seq: u64,
    hash: String,
    at: u64,
    bytes: usize,
    mac: String,
}

impl Checkpoint {
    /// Reads the file. `Err` with a note where it is there but no good: the log itself says everything that it says.
    pub(super) fn read(
        disk: &dyn Disk,
        path: &Path,
        key: &ChainKey,
    ) -> Result<Result<Option<Self>, String>, AuditError> {
        let limit = MAX_HEADER_BYTES + MAX_CHECKPOINT_BYTES;
        let mut bytes = match disk.read(path, limit) {
            Ok(Some(bytes)) => bytes,
            Ok(None) => return Ok(Ok(None)),
            Err(error @ StoreError::TooLarge { .. }) => return Ok(Err(error.to_string())),
            Err(error) => return Err(error.into()),
        };
        let invalid = || Ok(Err(format!("the checkpoint {} is not valid", path.display())));
        let Some(end) = bytes
            .iter()
            .take(MAX_HEADER_BYTES)
            .position(|byte| *byte == b'\n')
        else {
            return invalid();
        };
        let Ok(header) = serde_json::from_slice::<Header>(&bytes[..end]) else {
            return invalid();
        };
        let content = bytes.split_off(end + 1);
        let hashes = Hash::from_hex(&header.hash).zip(Hash::from_hex(&header.mac));
        let Some((hash, mac)) = hashes else {
            return invalid();
        };
        let checkpoint = Self {
            head: Head {
                seq: header.seq,
                hash,
                at: header.at,
            },
            bytes: content,
        };
        if header.version != 1 || header.bytes != checkpoint.bytes.len() || mac != checkpoint.mac(key) {
            return invalid();
        }
        Ok(Ok(Some(checkpoint)))
    }

    /// Writes the file.
    pub(super) fn write(&self, disk: &dyn Disk, path: &Path, key: &ChainKey) -> Result<(), StoreError> {
        let mut file = format!("{},\"mac\":\"{}\"}}\n", self.header(), self.mac(key)).into_bytes();
        file.extend_from_slice(&self.bytes);
        disk.replace(path, &file)
    }

    fn header(&self) -> String {
        let Head { seq, hash, at } = self.head;
        let bytes = self.bytes.len();
        format!(r#"{{"version":1,"seq":{seq},"hash":"{hash}","at":{at},"bytes":{bytes}"#)
    }

    fn mac(&self, key: &ChainKey) -> Hash {
        key.checkpoint(&[self.header().as_bytes(), b"}\n", &self.bytes])
    }
}
