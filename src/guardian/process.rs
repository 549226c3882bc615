//! The guardian process: what runs when, around the life cycle.

use std::collections::BTreeSet;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use tokio::net::TcpListener;
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;

use super::http::{self, Port};
use super::lifecycle::{Command, Event, Lifecycle, State};
use super::log::Log;
use super::peers::{Body, Peers, Sender, SharedPeers};
use super::remembered::Remembered;
use super::rpc::RpcSocket;
use super::settings::Settings;
use super::signing::Signing;
use super::transport::Transport;
use super::{attest, directory, health};
use crate::portal::{self, Base, Client, PortalError};
use crate::signer::{Reply, Stopper};
use crate::store::{self, Lock, StoreError};
use crate::vault::VaultError;

/// Largest file with certificate authorities, in bytes.
const MAX_AUTHORITY: usize = 64 * 1024;

/// Why the guardian cannot start.
#[derive(Debug, thiserror::Error)]
pub enum GuardianError {
    /// A port is taken, or not ours to take.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why not.
        source: io::Error,
    },
    /// Not the address of a portal's attestations.
    #[error(
        "attestation_post_url {0} does not end in /api/operator/attestation, where portals take attestations"
    )]
    AttestationUrl(String),
    /// The portal's own certificate authority cannot be used.
    #[error(transparent)]
    Portal(#[from] PortalError),
    /// A file cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No randomness for the transport key.
    #[error(transparent)]
    Random(#[from] VaultError),
}

/// What people and programs ask of a running guardian.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    /// `guardian standby`
    StandBy,
    /// `guardian activate`
    Activate,
    /// End.
    Stop,
}

/// What the tasks of a guardian share.
pub(super) struct Shared {
    pub(super) settings: Settings,
    pub(super) signing: Signing,
    pub(super) transport: Arc<Transport>,
    pub(super) remembered: Remembered,
    pub(super) peers: SharedPeers,
    pub(super) log: Log,
    pub(super) membership_known: Notify,
    pub(super) authority: Option<Vec<u8>>,
    sender: Arc<Sender>,
    state: Mutex<State>,
    problems: Mutex<BTreeSet<&'static str>>,
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

    /// 503 only where the data folder cannot be used: then this process will never serve.
    pub(super) fn healthz(&self) -> Reply {
        let problems = self.problems();
        if problems.contains(&DATA_FOLDER) {
            return Reply::refused(
                503,
                DATA_FOLDER,
                "the data folder cannot be used; the log says why",
            );
        }
        Reply::json(
            200,
            &health::healthz(&self.settings, self.state(), &self.signing, &problems),
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

    /// Messages go out once the membership is known and the operator delegated to our key.
    pub(super) fn sender(&self) -> Option<Arc<Sender>> {
        self.peers.directory().map(|_| Arc::clone(&self.sender))
    }

    /// A health envelope was signed.
    pub(super) fn attested(&self) {
        self.log.debug("a health envelope was signed");
    }

    /// The portal took a health envelope, or did not.
    pub(super) fn posted(&self, taken: bool) {
        self.problem("portal", !taken);
    }
}

const DATA_FOLDER: &str = "data-folder-unusable";

/// A guardian whose ports are open.
pub struct Guardian {
    shared: Arc<Shared>,
    portal: Arc<Client>,
    api: TcpListener,
    peers: TcpListener,
}

impl Guardian {
    /// Opens the ports: from [`Guardian::run`] on, `/healthz` answers.
    ///
    /// # Errors
    /// [`GuardianError`]
    pub async fn open(mut settings: Settings, log: Log) -> Result<Self, GuardianError> {
        let bundle = &settings.bundle;
        let base = Base::of_attestation_url(&bundle.attestation_post_url)
            .ok_or_else(|| GuardianError::AttestationUrl(bundle.attestation_post_url.clone()))?;
        let authority = bundle
            .extra_ca_file
            .as_ref()
            .map(|path| store::read(path, MAX_AUTHORITY))
            .transpose()?;
        let portal = Client::new(portal::Settings {
            authority: authority.clone(),
            ..portal::Settings::new(base)
        })?;
        let api = listen(&mut settings.api_listen).await?;
        let p2p = listen(&mut settings.p2p_listen).await?;
        let transport = Arc::new(Transport::generate()?);
        let operator_id = settings.operator_id();
        let peers: SharedPeers = Arc::new(Peers::new(operator_id.clone()));
        let sender = Sender::new(operator_id, Arc::clone(&transport), Arc::clone(&peers));
        let shared = Shared {
            signing: Signing::new(settings.bundle.operator.clone(), settings.client()),
            remembered: Remembered::new(&settings.bundle.data_dir, settings.bundle.operator.clone()),
            transport,
            sender: Arc::new(sender),
            peers,
            log,
            membership_known: Notify::new(),
            authority,
            state: Mutex::new(State::Standby),
            problems: Mutex::default(),
            settings,
        };
        Ok(Self {
            shared: Arc::new(shared),
            portal: Arc::new(portal),
            api,
            peers: p2p,
        })
    }

    /// Where `/healthz` is served; differs from the settings where they said port 0.
    pub fn api_address(&self) -> SocketAddr {
        self.shared.settings.api_listen
    }

    /// Serves until it is told to stop.
    pub async fn run(self, mut controls: mpsc::Receiver<Control>) {
        let Self {
            shared,
            portal,
            api,
            peers,
        } = self;
        let (stopper, stop) = Stopper::new();
        let mut servers = JoinSet::new();
        servers.spawn(http::serve(api, Port::Api, Arc::clone(&shared), stop.clone()));
        servers.spawn(http::serve(peers, Port::Peers, Arc::clone(&shared), stop.clone()));
        let mut machine = Machine {
            lifecycle: Lifecycle::default(),
            shared,
            portal,
            lock: None,
            serving: None,
            drained: Arc::new(Notify::new()),
        };
        let mut ended = machine.on(Event::Tick).await;
        while !ended {
            let wake = machine.lifecycle.wake_at(Instant::now());
            let event = tokio::select! {
                control = controls.recv() => match control {
                    Some(Control::StandBy) => Event::StandBy,
                    Some(Control::Activate) => Event::Activate,
                    Some(Control::Stop) | None => Event::Stop,
                },
                () = machine.drained.notified() => Event::Drained,
                () = sleep_until(wake) => Event::Tick,
            };
            ended = machine.on(event).await;
        }
        stopper.stop();
        servers.join_all().await;
    }
}

async fn sleep_until(wake: Option<Instant>) {
    match wake {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}

async fn listen(address: &mut SocketAddr) -> Result<TcpListener, GuardianError> {
    let failed = |source| GuardianError::Listen {
        address: *address,
        source,
    };
    let listener = TcpListener::bind(*address).await.map_err(failed)?;
    *address = listener.local_addr().map_err(failed)?;
    Ok(listener)
}

/// The life cycle with hands.
struct Machine {
    lifecycle: Lifecycle,
    shared: Arc<Shared>,
    portal: Arc<Client>,
    lock: Option<Lock>,
    serving: Option<Serving>,
    drained: Arc<Notify>,
}

/// What runs while active.
struct Serving {
    stopper: Stopper,
    rpc: JoinSet<()>,
    /// Ended without ceremony: what they do can be cut off anywhere.
    tasks: JoinSet<()>,
}

impl Machine {
    /// Carries out what follows from an event; returns whether the process ends.
    async fn on(&mut self, event: Event) -> bool {
        let mut ended = false;
        let mut events = vec![event];
        while let Some(event) = events.pop() {
            let commands = self.lifecycle.on(event, Instant::now());
            self.publish();
            for command in commands {
                match command {
                    Command::TryLock => events.push(self.try_lock()),
                    Command::Serve => self.serve(),
                    Command::Drain => self.drain(),
                    Command::Release => self.release().await,
                    Command::Exit => ended = true,
                }
            }
        }
        ended
    }

    fn publish(&self) {
        let state = self.lifecycle.state();
        let mut shown = self.shared.state.lock().unwrap_or_else(PoisonError::into_inner);
        if *shown != state {
            self.shared
                .log
                .info(&format!("this guardian is {}", state.as_str()));
            *shown = state;
        }
    }

    fn try_lock(&mut self) -> Event {
        let path = self.shared.settings.lock_file();
        let folder = &self.shared.settings.bundle.data_dir;
        let taken = if folder.exists() {
            Ok(())
        } else {
            store::create_dir_private(folder)
        };
        match taken.and_then(|()| Lock::acquire(&path)).and_then(|lock| {
            self.shared.remembered.load()?;
            Ok(lock)
        }) {
            Ok(lock) => {
                self.lock = Some(lock);
                self.shared.problem(DATA_FOLDER, false);
                Event::LockTaken
            }
            Err(StoreError::Locked { .. }) => {
                self.shared.problem(DATA_FOLDER, false);
                Event::LockBusy
            }
            Err(error) => {
                if !self.shared.problems().contains(&DATA_FOLDER) {
                    self.shared
                        .log
                        .warn(&format!("the data folder cannot be used: {error}"));
                    self.shared.problem(DATA_FOLDER, true);
                }
                Event::LockBusy
            }
        }
    }

    fn serve(&mut self) {
        let (stopper, stop) = Stopper::new();
        let shared = &self.shared;
        let mut rpc = JoinSet::new();
        match RpcSocket::bind(&shared.settings.rpc_socket()) {
            Ok(socket) => {
                shared.problem("rpc", false);
                rpc.spawn(socket.serve(Arc::clone(shared), stop.clone()));
            }
            Err(error) => {
                // A bundle that names a signing server does not need it.
                shared
                    .log
                    .warn(&format!("the operator's RPC cannot be opened: {error}"));
                shared.problem("rpc", true);
            }
        }
        let mut tasks = JoinSet::new();
        tasks.spawn(attest::run(Arc::clone(shared), Arc::clone(&self.portal)));
        tasks.spawn(directory::follow(Arc::clone(shared)));
        tasks.spawn({
            let shared = Arc::clone(shared);
            async move { shared.transport.keep_delegated(&shared).await }
        });
        tasks.spawn(tell_news(Arc::clone(shared)));
        tasks.spawn(recall(Arc::clone(shared)));
        self.serving = Some(Serving { stopper, rpc, tasks });
        let _ = stop;
    }

    /// No new work; sessions between guardians come with threshold signing, and end here.
    fn drain(&mut self) {
        if let Some(serving) = &mut self.serving {
            serving.tasks.abort_all();
        }
        self.drained.notify_one();
    }

    async fn release(&mut self) {
        if let Some(mut serving) = self.serving.take() {
            serving.stopper.stop();
            serving.tasks.shutdown().await;
            // Closed before the lock is free: the next holder binds the same name.
            while serving.rpc.join_next().await.is_some() {}
        }
        self.lock = None;
    }
}

/// Tells the others what came up: heads of our operator's log, upgrade notices.
async fn tell_news(shared: Arc<Shared>) {
    loop {
        shared.peers.news.notified().await;
        let news = shared.peers.take_news();
        let Some(sender) = shared.sender() else { continue };
        if news.head
            && let Some(head) = shared.remembered.known("audit")
        {
            sender.tell(&Body::Head(head.get().to_owned())).await;
        }
        for notice in news.notices {
            sender.tell(&Body::Notice(notice)).await;
        }
    }
}

/// Asks the others, once they can be asked, what they remember of our operator's log: our own file may be new.
async fn recall(shared: Arc<Shared>) {
    loop {
        if let Some(sender) = shared.sender()
            && shared.transport.delegation().is_some()
        {
            for head in sender.recall().await {
                let Ok(raw) = serde_json::value::RawValue::from_string(head) else {
                    continue;
                };
                if let Err(error) = shared.remembered.learn_head(&raw) {
                    shared.log.warn(&format!("a head was not kept: {error}"));
                }
            }
            return;
        }
        tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    }
}
