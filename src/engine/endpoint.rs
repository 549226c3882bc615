use std::fmt;
use std::path::{Path, PathBuf};

use super::EngineError;
use super::context;
use super::text::one_line;

const DEFAULT_SOCKET: &str = "/var/run/docker.sock";
/// Longest address, in bytes.
const MAX_ADDRESS: usize = 512;
/// Longest path that fits into a socket's address, in bytes.
const MAX_SOCKET: usize = 107;

/// What the environment says about engines. The command layer reads it.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    /// `DOCKER_HOST`
    pub docker_host: Option<String>,
    /// `DOCKER_CONTEXT`
    pub docker_context: Option<String>,
    /// Folder of Docker's configuration: `DOCKER_CONFIG`; `None` is `.docker` in the home folder.
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
    /// Who may vouch for the engine.
    pub ca: PathBuf,
    /// Our certificate and key.
    pub client: Option<(PathBuf, PathBuf)>,
}

impl TlsFiles {
    /// `ca.pem`, `cert.pem` and `key.pem`, as Docker names them. Without the latter two no certificate is shown.
    pub(super) fn in_folder(folder: &Path) -> Self {
        let (certificate, key) = (folder.join("cert.pem"), folder.join("key.pem"));
        let client = certificate.exists() || key.exists();
        Self {
            ca: folder.join("ca.pem"),
            client: client.then_some((certificate, key)),
        }
    }
}

impl Environment {
    /// Docker's own folder.
    pub(super) fn docker_folder(&self) -> Option<PathBuf> {
        let folder = self.docker_config.clone();
        folder.or_else(|| Some(self.home.as_ref()?.join(".docker")))
    }
}

impl Endpoint {
    /// Where the engine of this user is: `DOCKER_HOST`, else `DOCKER_CONTEXT`, else the current context of Docker's
    /// configuration, else the socket.
    ///
    /// # Errors
    /// [`EngineError::Address`], [`EngineError::Context`], [`EngineError::Config`]
    pub fn discover(environment: &Environment) -> Result<Self, EngineError> {
        Self::discover_with(environment, Path::new(DEFAULT_SOCKET))
    }

    fn discover_with(environment: &Environment, socket: &Path) -> Result<Self, EngineError> {
        if let Some(host) = environment.docker_host.as_deref().filter(|host| !host.is_empty()) {
            let wants_tls = environment.docker_tls_verify || environment.docker_cert_path.is_some();
            let folder = || {
                let folder = environment.docker_cert_path.clone();
                folder.or_else(|| environment.docker_folder())
            };
            return Self::parse(host, wants_tls, || Some(TlsFiles::in_folder(&folder()?)));
        }
        match context::current(environment)? {
            Some(context) => Ok(context),
            None => Ok(Self::Unix(default_socket(environment, socket))),
        }
    }

    /// Reads an address. `tls` is asked for files where the address wants TLS.
    pub(super) fn parse(
        address: &str,
        wants_tls: bool,
        tls: impl FnOnce() -> Option<TlsFiles>,
    ) -> Result<Self, EngineError> {
        let bad = |problem| EngineError::Address {
            address: one_line(address),
            problem,
        };
        if address.len() > MAX_ADDRESS {
            return Err(bad("too long"));
        }
        let Some((scheme, rest)) = address.split_once("://") else {
            return Err(bad("wanted: unix://, tcp:// or ssh://"));
        };
        match scheme {
            "unix" => {
                let is_path = rest.starts_with('/') && rest.len() <= MAX_SOCKET && !rest.contains('\0');
                let path = is_path.then(|| PathBuf::from(rest));
                path.map(Self::Unix)
                    .ok_or_else(|| bad("the path of a socket starts with / and is short"))
            }
            "tcp" | "http" | "https" => {
                let wants_tls = wants_tls || scheme == "https";
                let default = if wants_tls { 2376 } else { 2375 };
                let rest = rest.strip_suffix('/').unwrap_or(rest);
                let (host, port) = host_and_port(rest).ok_or_else(|| bad("wanted: HOST:PORT"))?;
                let tls = if wants_tls {
                    Some(tls().ok_or_else(|| bad("there is no folder with ca.pem for it"))?)
                } else {
                    None
                };
                Ok(Self::Tcp {
                    host: host.to_owned(),
                    port: port.unwrap_or(default),
                    tls,
                })
            }
            "ssh" => {
                let rest = rest.strip_suffix('/').unwrap_or(rest);
                let (user, host) = match rest.split_once('@') {
                    Some((user, host)) => (Some(user), host),
                    None => (None, rest),
                };
                let is_good = user.is_none_or(is_word) && host_and_port(host).is_some();
                let checked = is_good.then(|| Self::Ssh(rest.to_owned()));
                checked.ok_or_else(|| bad("wanted: USER@HOST or USER@HOST:PORT, without password and path"))
            }
            _ => Err(bad("wanted: unix://, tcp:// or ssh://")),
        }
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

/// The rootless engine's socket counts where the usual one cannot be used.
fn default_socket(environment: &Environment, usual: &Path) -> PathBuf {
    let usable = |path: &Path| {
        use rustix::fs::{Access, access};
        access(path, Access::READ_OK | Access::WRITE_OK).is_ok()
    };
    let rootless = environment
        .runtime_dir
        .as_ref()
        .map(|dir| dir.join("docker.sock"));
    match rootless.filter(|path| !usable(usual) && usable(path)) {
        Some(rootless) => rootless,
        None => usual.to_owned(),
    }
}

/// Host, without brackets, and port if there is one. Both may become arguments of a program.
fn host_and_port(text: &str) -> Option<(&str, Option<u16>)> {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (host, port) = rest.split_once(']')?;
            host.parse::<std::net::Ipv6Addr>().ok()?;
            match port {
                "" => (host, None),
                port => (host, Some(port.strip_prefix(':')?)),
            }
        }
        None => match text.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        },
    };
    if !host.contains(':') && !is_word(host) {
        return None;
    }
    let port = match port {
        None => None,
        Some(port) if port.bytes().all(|it| it.is_ascii_digit()) => {
            Some(port.parse().ok().filter(|it| *it > 0)?)
        }
        Some(_) => return None,
    };
    Some((host, port))
}

/// A user or host: nothing that a program could take for an option, or a shell for anything.
fn is_word(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    !text.is_empty() && !text.starts_with('-') && text.bytes().all(allowed)
}

#[cfg(test)]
#[path = "endpoint_tests.rs"]
mod tests;
