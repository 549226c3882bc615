//! How far the log had come, kept beside the key: a state folder that is put back to an older copy is behind it.

use std::path::Path;

use super::disk::Disk;
use super::{AuditError, ChainKey, Hash};
use crate::store::StoreError;

const MAX_BYTES: usize = 1024;

/// A record that was durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Epoch {
    /// Its number; 0 before the first.
    pub(super) seq: u64,
    /// Its hash.
    pub(super) hash: Hash,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: u64,
    seq: u64,
    hash: String,
    mac: String,
}

impl Epoch {
    /// Reads the file; `None` where there is none.
    pub(super) fn read(disk: &dyn Disk, path: &Path, key: &ChainKey) -> Result<Option<Self>, AuditError> {
        let invalid = |detail| AuditError::Epoch {
            path: path.to_owned(),
            detail,
        };
        let bytes = match disk.read(path, MAX_BYTES) {
            Ok(Some(bytes)) => bytes,
            Ok(None) => return Ok(None),
            Err(StoreError::TooLarge { .. }) => return Err(invalid("it is too large")),
            Err(error) => return Err(error.into()),
        };
        let file: File =
            serde_json::from_slice(&bytes).map_err(|_| invalid("it is not what this release writes"))?;
        if file.version != 1 {
            return Err(invalid("it was written by a later release"));
        }
        let epoch = Hash::from_hex(&file.hash).map(|hash| Self { seq: file.seq, hash });
        let epoch = epoch.ok_or_else(|| invalid("it is not what this release writes"))?;
        if Hash::from_hex(&file.mac) == Some(epoch.mac(key)) {
            Ok(Some(epoch))
        } else {
            Err(invalid("it was changed, or belongs to another operator key"))
        }
    }

    /// Writes the file.
    pub(super) fn write(self, disk: &dyn Disk, path: &Path, key: &ChainKey) -> Result<(), StoreError> {
        let text = format!("{},\"mac\":\"{}\"}}\n", self.body(), self.mac(key));
        disk.replace(path, text.as_bytes())
    }

    fn body(self) -> String {
        format!(r#"{{"version":1,"seq":{},"hash":"{}""#, self.seq, self.hash)
    }

    fn mac(self, key: &ChainKey) -> Hash {
        key.epoch(&[self.body().as_bytes(), b"}"])
    }
}
