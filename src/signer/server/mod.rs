//! The doors that speak HTTP/1: guardian's socket, operator's socket, loopback TCP.

mod accept;
mod acl;
mod body;
mod connection;
mod guard;
mod limits;
mod patient;
mod route;
mod socket;
mod token;

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::task::JoinSet;

pub(crate) use body::read as read_body;
pub(crate) use connection::{Limits, converse};
pub(crate) use patient::Patient;
pub use socket::{SocketError, closed_on_the_way, guardian_socket, operator_socket};
pub use token::{TokenError, token_path};

use super::{Engine, Stop};
use crate::store::{self, Folders, StoreError};
use accept::Accepting;
use limits::InFlight;
use route::Shared;
use socket::Bound;
use token::Token;

/// Which doors to open, and to whom.
#[derive(Clone, Debug, Default)]
pub struct Doors {
    /// Users besides our own that the guardian's socket lets in.
    pub allowed_users: Vec<u32>,
    /// Loopback address to listen on; port 0 takes a free one.
    pub listen: Option<SocketAddr>,
}

/// Why the doors could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Somebody else on the network could knock.
    #[error("{0} is not a loopback address: requests would leave this machine unencrypted")]
    NotLoopback(SocketAddr),
    /// The system refused to listen.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why not.
        source: io::Error,
    },
    /// The runtime folder cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A Unix socket could not be made.
    #[error(transparent)]
    Socket(#[from] SocketError),
    /// The token could not be made.
    #[error(transparent)]
    Token(#[from] TokenError),
}

/// Doors that are open: connections wait in them until [`Server::serve`].
pub struct Server {
    guardian: (UnixListener, Bound),
    operator: (UnixListener, Bound),
    loopback: Option<(TcpListener, SocketAddr, Arc<Token>)>,
    allowed_users: Vec<u32>,
    token_file: PathBuf,
}

impl Server {
    /// Opens the doors. Only for the holder of the identity's lock.
    ///
    /// # Errors
    /// [`OpenError`]
    pub fn open(folders: &Folders, doors: &Doors) -> Result<Self, OpenError> {
        if let Some(address) = doors.listen
            && !address.ip().is_loopback()
        {
            return Err(OpenError::NotLoopback(address));
        }
        store::create_dir_private(&folders.runtime)?;
        let token_file = token_path(folders);
        // The token of a run that is over opens nothing; where there is no TCP it should not look as if it did.
        store::remove(&token_file)?;
        let operator = Bound::listen(&operator_socket(folders), &[])?;
        let guardian = Bound::listen(&guardian_socket(folders), &doors.allowed_users)?;
        let loopback = match doors.listen {
            None => None,
            Some(address) => {
                let failed = |source| OpenError::Listen { address, source };
                let listener = TcpListener::bind(address).map_err(failed)?;
                listener.set_nonblocking(true).map_err(failed)?;
                let address = listener.local_addr().map_err(failed)?;
                Some((listener, address, Arc::new(Token::make(&token_file)?)))
            }
        };
        Ok(Self {
            guardian,
            operator,
            loopback,
            allowed_users: doors.allowed_users.clone(),
            token_file,
        })
    }

    /// Where the loopback door listens.
    pub fn address(&self) -> Option<SocketAddr> {
        self.loopback.as_ref().map(|(_, address, _)| *address)
    }

    /// Answers until `stop` turns true, then lets the requests under way end, for at most three seconds.
    ///
    /// # Errors
    /// When the listeners cannot be watched.
    pub async fn serve(self, engine: Arc<Engine>, stop: Stop) -> io::Result<()> {
        let shared = Arc::new(Shared {
            engine,
            in_flight: InFlight::default(),
        });
        let own = rustix::process::geteuid().as_raw();
        let mut doors = JoinSet::new();
        let accepting = |shared: &Arc<Shared>| Accepting::new(Arc::clone(shared), stop.clone());
        let (guardian, guardian_name) = self.guardian;
        let (operator, operator_name) = self.operator;
        let mut users = self.allowed_users;
        users.push(own);
        doors.spawn(accepting(&shared).guardian(tokio::net::UnixListener::from_std(guardian)?, users));
        doors.spawn(accepting(&shared).operator(tokio::net::UnixListener::from_std(operator)?, own));
        if let Some((listener, address, token)) = self.loopback {
            let listener = tokio::net::TcpListener::from_std(listener)?;
            doors.spawn(accepting(&shared).loopback(listener, address.port(), token));
        }
        doors.join_all().await;
        drop((guardian_name, operator_name));
        let _ = store::remove(&self.token_file);
        Ok(())
    }
}
