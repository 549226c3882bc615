use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use super::board::Row;
use super::clock::Clock;
use super::config::{ConfigError, Limits, PortalConfig};
use super::state::State;
use super::{connection, route};

/// After an error of accepting, which is nearly always a lack of file descriptors.
const PAUSE: Duration = Duration::from_millis(50);

/// A running portal. Dropping it stops it.
pub struct Portal {
    addr: SocketAddr,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

/// A way to look at a running portal and to change which images it accepts.
#[derive(Clone)]
pub struct Handle(Arc<Shared>);

/// What the portal's tasks share.
pub(super) struct Shared {
    state: Mutex<State>,
    pub(super) clock: Clock,
    pub(super) limits: Limits,
    /// Wakes the pages.
    pub(super) changed: watch::Sender<()>,
    stop: watch::Sender<bool>,
    pub(super) live: Arc<Semaphore>,
    connections: Arc<Semaphore>,
}

/// Why a portal did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The configuration cannot be one.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The address cannot be had, or the system gives no thread.
    #[error("the portal cannot listen on {listen}: {source}")]
    Listen {
        /// Where it should have listened.
        listen: SocketAddr,
        /// Why not.
        source: io::Error,
    },
}

impl Portal {
    /// Starts a portal in a thread of its own; when this returns it answers.
    ///
    /// # Errors
    /// [`StartError`]
    pub fn start(config: PortalConfig) -> Result<Self, StartError> {
        let state = State::new(&config, config.clock.now())?;
        let failed = |source| StartError::Listen {
            listen: config.listen,
            source,
        };
        let listener = std::net::TcpListener::bind(config.listen).map_err(failed)?;
        listener.set_nonblocking(true).map_err(failed)?;
        let addr = listener.local_addr().map_err(failed)?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(failed)?;
        let shared = Arc::new(Shared {
            state: Mutex::new(state),
            clock: config.clock.clone(),
            limits: config.limits,
            changed: watch::Sender::default(),
            stop: watch::Sender::new(false),
            live: Arc::new(Semaphore::new(config.limits.live)),
            connections: Arc::new(Semaphore::new(config.limits.connections)),
        });
        let serving = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("portal".into())
            .spawn(move || runtime.block_on(serve(listener, serving)))
            .map_err(failed)?;
        Ok(Self {
            addr,
            shared,
            thread: Some(thread),
        })
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Its base URL, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// A way to look at it and to change it, from any thread.
    pub fn handle(&self) -> Handle {
        Handle(Arc::clone(&self.shared))
    }

    /// Stops it and waits until it has stopped.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        self.shared.stop.send_replace(true);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for Portal {
    fn drop(&mut self) {
        self.end();
    }
}

impl Handle {
    /// The accepted images of a federation; `None` where there is no such federation.
    pub fn pins(&self, slug: &str) -> Option<Vec<String>> {
        Some(self.0.state().federations.get(slug)?.board.pins().to_vec())
    }

    /// Changes the accepted images of a federation; none of them means any. Says whether there is such a federation.
    ///
    /// # Errors
    /// [`ConfigError::Pin`]
    pub fn set_pins(&self, slug: &str, pins: Vec<String>) -> Result<bool, ConfigError> {
        let done = self.0.state().set_pins(slug, pins, self.0.clock.now());
        self.0.changed.send_replace(());
        done
    }

    /// The board of a federation as it is now; `None` where there is no such federation.
    pub fn board(&self, slug: &str) -> Option<Vec<Row>> {
        let mut state = self.0.state();
        state.settle(self.0.clock.now());
        Some(state.federations.get(slug)?.board.rows().to_vec())
    }
}

impl Shared {
    /// Never held across a wait.
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        // Every change is whole before anything in it can panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns when the portal stops.
    pub(super) async fn stopped(&self) {
        let _ = self.stop.subscribe().wait_for(|stop| *stop).await;
    }
}

async fn serve(listener: std::net::TcpListener, shared: Arc<Shared>) {
    let listener = TcpListener::from_std(listener)
        .expect("a listener that does not block can be registered with a running event loop");
    let router = route::router(Arc::clone(&shared));
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            () = shared.stopped() => break,
            // Collects what the finished ones leave, so that memory stays flat.
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, from)) => {
                    let Ok(place) = Arc::clone(&shared.connections).try_acquire_owned() else {
                        // Closed unread: whoever holds all places must not make us work, too.
                        continue;
                    };
                    let _ = stream.set_nodelay(true);
                    let (router, shared) = (router.clone(), Arc::clone(&shared));
                    connections.spawn(async move {
                        connection::serve(stream, from, router, shared).await;
                        drop(place);
                    });
                }
                Err(_) => tokio::time::sleep(PAUSE).await,
            },
        }
    }
    while connections.join_next().await.is_some() {}
}
