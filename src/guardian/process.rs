//! The guardian process: its ports, and what it is told.

use std::collections::BTreeSet;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};

use tokio::net::TcpListener;
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;

use super::health::LastStatus;
use super::http::{self, Port};
use super::lifecycle::{Event, State};
use super::log::Log;
use super::machine::Machine;
use super::peers::{Peers, Sender, SharedPeers};
use super::remembered::Remembered;
use super::settings::Settings;
use super::shared::Shared;
use super::signing::Signing;
use super::transport::Transport;
use crate::portal::{self, Base, Client, PortalError};
use crate::signer::Stopper;
use crate::store::{self, StoreError};
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
    /// Not the address of a signing server.
    #[error("signer_url {0} is not http:// with a loopback address and a port")]
    SignerUrl(String),
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
        let client = settings.client()?;
        let agent = portal::plain_agent(authority.as_deref())?;
        let api = listen(&mut settings.api_listen).await?;
        let p2p = listen(&mut settings.p2p_listen).await?;
        let transport = Arc::new(Transport::generate()?);
        let operator_id = settings.operator_id();
        let peers: SharedPeers = Arc::new(Peers::new(operator_id.clone()));
        let sender = Sender::new(operator_id, Arc::clone(&transport), Arc::clone(&peers), agent);
        let shared = Shared {
            signing: Signing::new(settings.bundle.operator.clone(), client),
            remembered: Remembered::new(&settings.bundle.data_dir, settings.bundle.operator.clone()),
            transport,
            sender: Arc::new(sender),
            peers,
            log,
            membership_known: Notify::new(),
            authority,
            state: Mutex::new(State::Standby),
            problems: Mutex::new(BTreeSet::new()),
            status: LastStatus::default(),
            attested_at: AtomicU64::new(0),
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

    /// Where other guardians are answered; differs from the settings where they said port 0.
    pub fn p2p_address(&self) -> SocketAddr {
        self.shared.settings.p2p_listen
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
        servers.spawn(http::serve(peers, Port::Peers, Arc::clone(&shared), stop));
        let mut machine = Machine::new(shared, portal);
        let mut ended = machine.on(Event::Tick).await;
        while !ended {
            let event = tokio::select! {
                control = controls.recv() => match control {
                    Some(Control::StandBy) => Event::StandBy,
                    Some(Control::Activate) => Event::Activate,
                    Some(Control::Stop) | None => Event::Stop,
                },
                event = machine.next() => event,
            };
            ended = machine.on(event).await;
        }
        stopper.stop();
        servers.join_all().await;
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
