use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

use super::health;
use super::lifecycle::State;
use super::log::Log;
use super::peers::{Sender, SharedPeers};
use super::remembered::Remembered;
use super::settings::Settings;
use super::signing::Signing;
use super::transport::Transport;
use crate::signer::Reply;
use crate::store::StoreError;

/// The data folder cannot even be locked: this process does not serve before that changes.
pub(super) const DATA_FOLDER_UNUSABLE: &str = "data-folder-unusable";
/// Something could not be written to the data folder; the guardian goes on.
const DATA_FOLDER: &str = "data-folder";
/// The portal does not take health envelopes.
pub(super) const PORTAL: &str = "portal";
/// The operator's RPC cannot be opened.
pub(super) const RPC: &str = "rpc";

/// What the tasks of a guardian share.
pub(super) struct Shared {
    pub(super) settings: Settings,
    pub(super) signing: Signing,
    pub(super) transport: Arc<Transport>,
    pub(super) remembered: Remembered,
    pub(super) peers: SharedPeers,
    pub(super) sender: Arc<Sender>,
    pub(super) log: Log,
    pub(super) membership_known: Notify,
    /// PEM of the certificate authority that portal and peers are checked with, if not the public ones.
    pub(super) authority: Option<Vec<u8>>,
    pub(super) state: Mutex<State>,
    pub(super) problems: Mutex<BTreeSet<&'static str>>,
    pub(super) status: health::LastStatus,
    /// When the portal took a health envelope of this process, in Unix seconds; 0: not yet.
    pub(super) attested_at: AtomicU64,
}

impl Shared {
    pub(super) fn state(&self) -> State {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn problems(&self) -> health::Problems {
        let problems = self.problems.lock().unwrap_or_else(PoisonError::into_inner);
        problems.iter().copied().collect()
    }

    pub(super) fn problem(&self, name: &'static str, is_there: bool) {
        let mut problems = self.problems.lock().unwrap_or_else(PoisonError::into_inner);
        if is_there {
            problems.insert(name)
        } else {
            problems.remove(name)
        };
    }

    /// Takes note of whether something could be written to the data folder.
    pub(super) fn written(&self, outcome: Result<(), &StoreError>) {
        self.problem(DATA_FOLDER, outcome.is_err());
        match outcome {
            Ok(()) => self.log.well(DATA_FOLDER),
            Err(error) => self.log.trouble(DATA_FOLDER, &error.to_string()),
        }
    }

    /// When the portal took a health envelope of this process last.
    fn attested_at(&self) -> Option<u64> {
        Some(self.attested_at.load(Ordering::Relaxed)).filter(|at| *at > 0)
    }

    /// 503 only where the data folder cannot be used: then this process does not serve.
    pub(super) fn healthz(&self) -> Reply {
        let problems = self.problems();
        if problems.contains(&DATA_FOLDER_UNUSABLE) {
            return Reply::refused(
                503,
                DATA_FOLDER_UNUSABLE,
                "the data folder cannot be used; the log says why",
            );
        }
        Reply::json(
            200,
            &health::healthz(
                &self.settings,
                self.state(),
                &self.signing,
                self.attested_at(),
                &problems,
            ),
        )
    }

    /// Where others reach us: by the directory, else by `public_host`.
    pub(super) fn addresses(&self) -> (String, String) {
        let ours = self.settings.operator_id();
        if let Some(address) = self.peers.directory().as_ref().and_then(|it| it.address(&ours)) {
            return (address.api_url.clone(), address.p2p_url.clone());
        }
        let host = self.settings.bundle.public_host.as_deref().unwrap_or("localhost");
        let bracketed = if host.contains(':') {
            format!("[{host}]")
        } else {
            host.to_owned()
        };
        let url = |address: &SocketAddr| format!("http://{bracketed}:{}", address.port());
        (url(&self.settings.api_listen), url(&self.settings.p2p_listen))
    }

    /// Whether messages can go out: the membership is known and the operator delegated to our key for it.
    pub(super) fn reaches_peers(&self) -> bool {
        self.peers.directory().is_some_and(|directory| {
            let delegated = self
                .transport
                .delegation()
                .and_then(|it| it.membership_hash.clone());
            delegated == Some(directory.membership.hash().to_string())
        })
    }
}
