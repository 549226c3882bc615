use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard};

use oc_guardian::image::Digest;
use serde_json::Value;

use super::fault::Fault;
use super::wire::Request;
use super::{DOCKER_LIST, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST};

/// Who may read.
#[derive(Clone, Debug, Default)]
pub enum Auth {
    /// Everyone.
    #[default]
    Open,
    /// Everyone, with a token that anyone gets, as at ghcr.io.
    AnonymousToken,
    /// Whoever gets a token with this user name and password.
    Token {
        user: &'static str,
        password: &'static str,
    },
    /// Whoever gets a token with this refresh token ("identity token").
    RefreshToken(&'static str),
    /// Whoever sends this user name and password with each request.
    Basic {
        user: &'static str,
        password: &'static str,
    },
    /// Whoever sends this token.
    Fixed(&'static str),
    /// Nobody.
    Nobody,
}

/// What `WWW-Authenticate` says.
#[derive(Clone, Debug, Default)]
pub enum Challenge {
    /// What is right.
    #[default]
    Right,
    /// The token service is there.
    Realm(String),
    /// Just this.
    Text(String),
    /// There is none.
    Missing,
}

/// What a registry holds and how it behaves.
pub struct State {
    /// Files outside of the registry, by path: a mirror of other things.
    pub files: BTreeMap<String, Vec<u8>>,
    pub blobs: BTreeMap<Digest, Vec<u8>>,
    /// By repository and digest: media type and bytes.
    pub manifests: BTreeMap<(String, Digest), (String, Vec<u8>)>,
    pub tags: BTreeMap<(String, String), Digest>,
    /// By repository and subject: descriptors.
    pub referrers: BTreeMap<(String, String), Vec<Value>>,
    pub referrers_api: bool,
    pub referrers_page: usize,
    pub auth: Auth,
    pub challenge: Challenge,
    pub tokens: BTreeSet<String>,
    pub tokens_given: usize,
    pub faults: Vec<(String, usize, Fault)>,
    pub requests: Vec<Request>,
}

impl Default for State {
    fn default() -> Self {
        Self {
            files: BTreeMap::new(),
            blobs: BTreeMap::new(),
            manifests: BTreeMap::new(),
            tags: BTreeMap::new(),
            referrers: BTreeMap::new(),
            referrers_api: true,
            referrers_page: usize::MAX,
            auth: Auth::Open,
            challenge: Challenge::Right,
            tokens: BTreeSet::new(),
            tokens_given: 0,
            faults: Vec::new(),
            requests: Vec::new(),
        }
    }
}

impl State {
    pub fn put_manifest(&mut self, repository: &str, media_type: &str, bytes: &[u8]) -> Digest {
        let digest = Digest::of(bytes);
        let key = (repository.to_owned(), digest);
        let known = self
            .manifests
            .insert(key, (media_type.to_owned(), bytes.to_vec()));
        let is_manifest = [OCI_INDEX, OCI_MANIFEST, DOCKER_LIST, DOCKER_MANIFEST].contains(&media_type);
        if known.is_none() && is_manifest {
            self.note_subject(repository, media_type, bytes, digest);
        }
        digest
    }

    fn note_subject(&mut self, repository: &str, media_type: &str, bytes: &[u8], digest: Digest) {
        let Ok(manifest) = serde_json::from_slice::<Value>(bytes) else {
            return;
        };
        let Some(subject) = manifest["subject"]["digest"].as_str() else {
            return;
        };
        let artifact_type = match &manifest["artifactType"] {
            Value::Null => &manifest["config"]["mediaType"],
            stated => stated,
        };
        let descriptor = serde_json::json!({
            "mediaType": media_type,
            "digest": digest.to_string(),
            "size": bytes.len(),
            "artifactType": artifact_type,
            "annotations": manifest["annotations"],
        });
        self.referrers
            .entry((repository.to_owned(), subject.to_owned()))
            .or_default()
            .push(descriptor);
    }

    /// The fault that this path meets, if any.
    pub fn fault(&mut self, path: &str) -> Option<Fault> {
        let (_, times, fault) = self
            .faults
            .iter_mut()
            .find(|(piece, times, _)| *times > 0 && path.contains(piece.as_str()))?;
        *times -= 1;
        Some(fault.clone())
    }
}

/// A test that failed elsewhere is no reason to fail here.
pub fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
