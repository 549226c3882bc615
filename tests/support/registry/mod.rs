//! An OCI registry inside the test: on a port of its own, with whatever faults a test wants, gone with the value.
//!
//! Plain threads and sockets, no HTTP library: half of what it does no library would let it do.

mod answer;
mod calm;
mod fault;
mod scene;
mod server;
mod state;
mod wire;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};

use oc_guardian::image::Digest;

pub use calm::{REPOSITORY, assert_error, client, short_limits, with_image};
pub use fault::Fault;
pub use scene::{BASIC, LOGIN, PASSWORD, REFRESH, Scene, USER};
pub use state::{Auth, Challenge};
pub use wire::Request;

use server::Server;
use state::State;

pub const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
pub const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub const DOCKER_LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
pub const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";

/// A running registry.
pub struct Registry {
    state: Arc<Mutex<State>>,
    server: Server,
}

impl Registry {
    /// Empty, open to everyone, with the referrers API, on 127.0.0.1.
    pub fn start() -> Self {
        Self::start_at("127.0.0.1:0").unwrap()
    }

    /// On an address of this machine; `None` where it has no such address.
    pub fn start_at(address: &str) -> Option<Self> {
        let state = Arc::new(Mutex::new(State::default()));
        let server = Server::start(address, Arc::clone(&state))?;
        Some(Self { state, server })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        state::lock(&self.state)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// A reference to something in it: address, `/`, and `rest`.
    pub fn reference(&self, rest: &str) -> String {
        format!("{}/{rest}", self.address())
    }

    /// A URL at it: `http://127.0.0.1:PORT` and `path`.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address())
    }

    /// Switches the referrers API on or off.
    pub fn set_referrers_api(&self, on: bool) {
        self.state().referrers_api = on;
    }

    /// Entries on a page of the referrers API; more make it send `Link`.
    pub fn set_referrers_page(&self, entries: usize) {
        self.state().referrers_page = entries;
    }

    /// Wants a login from now on.
    pub fn set_auth(&self, auth: Auth) {
        self.state().auth = auth;
    }

    /// What its challenges say instead of the right thing.
    pub fn set_challenge(&self, challenge: Challenge) {
        self.state().challenge = challenge;
    }

    /// Forgets all tokens that it gave out.
    pub fn expire_tokens(&self) {
        self.state().tokens.clear();
    }

    /// Serves a file at a path, besides being a registry.
    pub fn put_file(&self, path: &str, bytes: &[u8]) {
        self.state().files.insert(path.to_owned(), bytes.to_vec());
    }

    /// The files that it serves.
    pub fn files(&self) -> std::collections::BTreeMap<String, Vec<u8>> {
        self.state().files.clone()
    }

    /// Serves it no longer.
    pub fn remove_file(&self, path: &str) {
        self.state().files.remove(path);
    }

    /// Nothing goes wrong any longer.
    pub fn clear_faults(&self) {
        self.state().faults.clear();
    }

    /// Stores a blob; any repository has it.
    pub fn put_blob(&self, bytes: &[u8]) -> Digest {
        let digest = Digest::of(bytes);
        self.state().blobs.insert(digest, bytes.to_vec());
        digest
    }

    /// Stores a manifest or index. One with a `subject` is found by the referrers API.
    pub fn put_manifest(&self, repository: &str, media_type: &str, bytes: &[u8]) -> Digest {
        self.state().put_manifest(repository, media_type, bytes)
    }

    /// Media type and bytes of a manifest that it has.
    pub fn manifest(&self, repository: &str, digest: &Digest) -> Option<(String, Vec<u8>)> {
        let key = (repository.to_owned(), *digest);
        self.state().manifests.get(&key).cloned()
    }

    /// Points a tag at a manifest, be it there or not.
    pub fn tag(&self, repository: &str, tag: &str, digest: &Digest) {
        self.state()
            .tags
            .insert((repository.to_owned(), tag.to_owned()), *digest);
    }

    /// Everything that is asked for by a path which has this piece in it (query included) goes wrong.
    pub fn fault(&self, piece: &str, fault: Fault) {
        self.fault_times(piece, usize::MAX, fault);
    }

    /// As [`Self::fault`], the first so many times.
    pub fn fault_times(&self, piece: &str, times: usize, fault: Fault) {
        self.state().faults.push((piece.to_owned(), times, fault));
    }

    /// What it was asked, in order.
    pub fn requests(&self) -> Vec<Request> {
        self.state().requests.clone()
    }

    /// Paths that it was asked for, with their queries, in order.
    pub fn paths(&self) -> Vec<String> {
        self.requests().into_iter().map(|it| it.path).collect()
    }
}

/// A minimal image: config, one layer, manifest; returns the manifest's digest.
pub fn put_image(registry: &Registry, repository: &str, tag: &str) -> Digest {
    let config = br#"{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}"#;
    let layer = b"layer";
    let manifest = serde_json::json!({
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": descriptor("application/vnd.oci.image.config.v1+json", config),
        "layers": [descriptor("application/vnd.oci.image.layer.v1.tar", layer)],
    });
    registry.put_blob(config);
    registry.put_blob(layer);
    let digest = registry.put_manifest(repository, OCI_MANIFEST, manifest.to_string().as_bytes());
    registry.tag(repository, tag, &digest);
    digest
}

/// The descriptor of some bytes.
pub fn descriptor(media_type: &str, bytes: &[u8]) -> serde_json::Value {
    serde_json::json!({
        "mediaType": media_type,
        "digest": Digest::of(bytes).to_string(),
        "size": bytes.len(),
    })
}
