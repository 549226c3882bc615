//! The operator's RPC: a socket in the data folder, over which the kit fetches signing requests and brings answers.

mod connection;
mod methods;

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::UnixListener;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::shared::Shared;
use crate::signer::Stop;
use connection::converse;

/// Kits that are connected at once: one serves, others look.
const CONNECTIONS: usize = 8;

/// The socket, removed when dropped.
pub(super) struct RpcSocket {
    listener: UnixListener,
    path: PathBuf,
}

impl RpcSocket {
    /// Only for the holder of the data folder's lock: what is in the way was left by a process that is gone.
    pub(super) fn bind(path: &Path) -> std::io::Result<Self> {
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = UnixListener::bind(path)?;
        // The folder is closed to others already; this says so to whoever looks at the socket.
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
        Ok(Self {
            listener,
            path: path.to_owned(),
        })
    }

    /// Answers until it is told to stop.
    pub(super) async fn serve(self, shared: Arc<Shared>, mut stop: Stop) {
        let places = Arc::new(Semaphore::new(CONNECTIONS));
        let own = rustix::process::geteuid().as_raw();
        let mut connections = JoinSet::new();
        loop {
            let accepted = tokio::select! {
                () = stop.wait() => break,
                Some(_) = connections.join_next() => continue,
                accepted = self.listener.accept() => accepted,
            };
            let Ok((stream, _)) = accepted else {
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            };
            // Root can reach everything anyway.
            let known = stream
                .peer_cred()
                .is_ok_and(|peer| peer.uid() == own || peer.uid() == 0);
            let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
                continue;
            };
            if known {
                let (shared, stop) = (Arc::clone(&shared), stop.clone());
                connections.spawn(async move {
                    converse(stream, shared, stop).await;
                    drop(place);
                });
            }
        }
        connections.shutdown().await;
    }
}

impl Drop for RpcSocket {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}
