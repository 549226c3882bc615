//! What `trust update` leaves behind: the trust root, when it was confirmed, and the versions that it came with.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::error::TrustError;
use super::root::MAX_ROOT;
use crate::image::digest::Digest;
use crate::store::{self, Access, StoreError};

/// The trust root doubles at most when it becomes a JSON string, unless it is full of control characters.
const MAX_STATE: usize = 2 * MAX_ROOT + 4096;
const VERSION: u32 = 1;

/// `state.json` in the folder of a repository. One file, so that root, date and versions are never of different updates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct State {
    version: u32,
    /// Where it was fetched from.
    pub(super) mirror: String,
    /// When the repository last confirmed, RFC 3339.
    confirmed_at: String,
    /// Versions of the metadata.
    pub(super) tuf: Versions,
    /// Of the trust root.
    trusted_root_digest: Digest,
    /// Its text, byte for byte.
    pub(super) trusted_root: String,
}

/// Versions of TUF metadata. They only rise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Versions {
    /// Who may sign the other three.
    pub root: u64,
    /// That this is the latest.
    pub timestamp: u64,
    /// Which metadata belong together.
    pub snapshot: u64,
    /// Which files there are.
    pub targets: u64,
}

impl State {
    pub(super) fn new(mirror: &str, confirmed_at: SystemTime, tuf: Versions, trusted_root: String) -> Self {
        Self {
            version: VERSION,
            mirror: mirror.to_owned(),
            confirmed_at: humantime::format_rfc3339_seconds(confirmed_at).to_string(),
            tuf,
            trusted_root_digest: Digest::of(trusted_root.as_bytes()),
            trusted_root,
        }
    }

    /// `None` where there was no update yet.
    pub(super) fn load(folder: &Path) -> Result<Option<Self>, TrustError> {
        let path = state_path(folder);
        // Whoever could write it would say who is trusted.
        let bytes = match store::read_private(&path, MAX_STATE, 0o700) {
            Ok(bytes) => bytes,
            Err(StoreError::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        Self::parse(&bytes)
            .map(Some)
            .map_err(|detail| TrustError::State { path, detail })
    }

    fn parse(bytes: &[u8]) -> Result<Self, String> {
        let state: Self = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        if state.version != VERSION {
            return Err(format!("its version is {}, not {VERSION}", state.version));
        }
        if Digest::of(state.trusted_root.as_bytes()) != state.trusted_root_digest {
            return Err("the trust root in it does not hash to what it says".into());
        }
        state
            .confirmed_at()
            .map_err(|error| format!("confirmed_at: {error}"))?;
        Ok(state)
    }

    pub(super) fn save(&self, folder: &Path) -> Result<(), StoreError> {
        let mut text = serde_json::to_string_pretty(self).expect("strings and numbers are always JSON");
        text.push('\n');
        store::replace(&state_path(folder), text.as_bytes(), Access::Private)
    }

    pub(super) fn confirmed_at(&self) -> Result<SystemTime, humantime::TimestampError> {
        humantime::parse_rfc3339(&self.confirmed_at)
    }
}

/// The file itself.
pub(super) fn state_path(folder: &Path) -> PathBuf {
    folder.join("state.json")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state() -> State {
        let versions = Versions {
            root: 16,
            timestamp: 300,
            snapshot: 170,
            targets: 20,
        };
        let confirmed = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_795_000_000);
        State::new("https://tuf.example", confirmed, versions, "{\n}\n".into())
    }

    #[test]
    fn comes_back_as_it_was() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(State::load(dir.path()).unwrap(), None);
        state().save(dir.path()).unwrap();
        assert_eq!(State::load(dir.path()).unwrap(), Some(state()));
    }

    #[test]
    fn written_form_is_frozen() {
        let dir = tempfile::tempdir().unwrap();
        state().save(dir.path()).unwrap();
        let written = std::fs::read_to_string(state_path(dir.path())).unwrap();
        let expected = r#"{
  "version": 1,
  "mirror": "https://tuf.example",
  "confirmed_at": "2026-11-18T11:06:40Z",
  "tuf": {
    "root": 16,
    "timestamp": 300,
    "snapshot": 170,
    "targets": 20
  },
  "trusted_root_digest": "sha256:DIGEST",
  "trusted_root": "{\n}\n"
}
"#;
        assert_eq!(
            written,
            expected.replace("DIGEST", &Digest::of(b"{\n}\n").as_hex())
        );
    }

    #[test]
    fn damage_is_noticed() {
        let text = serde_json::to_string(&state()).unwrap();
        State::parse(text.as_bytes()).unwrap();
        for (from, to) in [
            (r#""version":1"#, r#""version":2"#),
            (r"{\n}", r"{ \n}"),
            ("2026", "20x6"),
            (r#""root":16"#, r#""root":-1"#),
            (r#""root":16"#, r#""root":16,"x":1"#),
            ("sha256:", "sha512:"),
        ] {
            assert!(text.contains(from), "{from}");
            let bad = text.replacen(from, to, 1);
            assert!(State::parse(bad.as_bytes()).is_err(), "{bad}");
        }
        assert!(State::parse(&text.as_bytes()[..text.len() / 2]).is_err());
    }
}
