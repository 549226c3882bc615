use std::future::poll_fn;
use std::io;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::net::{TcpListener, UnixListener, UnixStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::connection;
use super::guard::Door;
use super::route::Shared;
use super::token::Token;
use crate::signer::Stop;

/// Connections at once through one door. Each door has its own, so that a flood at one does not shut another; the
/// operator's can always be reached.
const CONNECTIONS: usize = 512;
/// After an error of accepting, which is nearly always a lack of file descriptors.
const PAUSE: Duration = Duration::from_millis(50);

/// The accepting side of one door.
pub(super) struct Accepting {
    shared: Arc<Shared>,
    stop: Stop,
    places: Arc<Semaphore>,
    connections: JoinSet<()>,
}

impl Accepting {
    pub(super) fn new(shared: Arc<Shared>, stop: Stop) -> Self {
        Self {
            shared,
            stop,
            places: Arc::new(Semaphore::new(CONNECTIONS)),
            connections: JoinSet::new(),
        }
    }

    pub(super) async fn guardian(mut self, listener: UnixListener, users: Vec<u32>) {
        let door = |uid| {
            if users.contains(&uid) {
                Door::Guardian { uid }
            } else {
                Door::Stranger { uid }
            }
        };
        while let Some(accepted) = self.next(|context| listener.poll_accept(context)).await {
            if let Some(uid) = peer(&accepted.0) {
                self.start(accepted.0, door(uid));
            }
        }
        self.finish().await;
    }

    pub(super) async fn operator(mut self, listener: UnixListener, own: u32) {
        while let Some(accepted) = self.next(|context| listener.poll_accept(context)).await {
            // Others are kept out by the permissions of the folder; root is not, and is not asked for.
            match peer(&accepted.0) {
                Some(uid) if uid == own => self.start(accepted.0, Door::Operator),
                Some(uid) => self.start(accepted.0, Door::Stranger { uid }),
                None => {}
            }
        }
        self.finish().await;
    }

    pub(super) async fn loopback(mut self, listener: TcpListener, port: u16, token: Arc<Token>) {
        while let Some((stream, _)) = self.next(|context| listener.poll_accept(context)).await {
            // An answer is one small packet that nobody should wait for.
            let _ = stream.set_nodelay(true);
            let token = Arc::clone(&token);
            self.start(stream, Door::Loopback { port, token });
        }
        self.finish().await;
    }

    /// The next connection; `None` when the server stops.
    async fn next<T>(
        &mut self,
        mut accept: impl FnMut(&mut Context<'_>) -> Poll<io::Result<T>>,
    ) -> Option<T> {
        loop {
            tokio::select! {
                () = self.stop.wait() => return None,
                // Collects what the finished ones leave, so that memory stays flat.
                Some(_) = self.connections.join_next() => {}
                accepted = poll_fn(&mut accept) => match accepted {
                    Ok(accepted) => return Some(accepted),
                    Err(_) => tokio::time::sleep(PAUSE).await,
                },
            }
        }
    }

    fn start<S>(&mut self, stream: S, door: Door)
    where
        S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
    {
        let metrics = self.shared.engine.metrics();
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
            // Closed unread: whoever holds all places must not make us work, too.
            metrics.connection_refused();
            return;
        };
        metrics.connection_accepted();
        let (shared, stop) = (Arc::clone(&self.shared), self.stop.clone());
        self.connections.spawn(async move {
            connection::serve(stream, door, shared, stop).await;
            drop(place);
        });
    }

    async fn finish(mut self) {
        while self.connections.join_next().await.is_some() {}
    }
}

/// Whose process is at the other end. The kernel noted it when the connection was made; a process id could belong to
/// another program by now.
fn peer(stream: &UnixStream) -> Option<u32> {
    Some(stream.peer_cred().ok()?.uid())
}
