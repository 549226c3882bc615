use std::time::Duration;

use crate::image::{Digest, Platform};

/// Why the engine did not do what was asked. Texts of engines and programs in it are bounded and in one line.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// Nothing listens there.
    #[error("{endpoint}: no Docker engine answers ({detail})")]
    NoEngine {
        /// Where.
        endpoint: String,
        /// What the operating system says.
        detail: String,
    },
    /// This user may not use the socket.
    #[error("{endpoint}: this user may not use the Docker engine")]
    Denied {
        /// Where.
        endpoint: String,
    },
    /// It knows too little.
    #[error(
        "{endpoint}: Docker engine {version} is too old (API {api_version}; wanted: 20.10 or newer, API 1.41)"
    )]
    TooOld {
        /// Where.
        endpoint: String,
        /// Of the engine.
        version: String,
        /// Of its API.
        api_version: String,
    },
    /// No answer.
    #[error("{endpoint}: no answer within {} s ({what})", .after.as_secs())]
    Timeout {
        /// Where.
        endpoint: String,
        /// What was asked for.
        what: String,
        /// How long was waited.
        after: Duration,
    },
    /// The connection ended early, or what came is not HTTP.
    #[error("{endpoint}: the connection failed ({what}: {detail})")]
    Connection {
        /// Where.
        endpoint: String,
        /// What was asked for.
        what: String,
        /// What went wrong.
        detail: String,
    },
    /// An answer that an engine does not give.
    #[error("{endpoint}: an answer that cannot be used ({what}: {detail})")]
    Misbehaved {
        /// Where.
        endpoint: String,
        /// What was asked for.
        what: String,
        /// What is wrong with it.
        detail: String,
    },
    /// Another container has the name.
    #[error("a container named {name} is there already")]
    NameTaken {
        /// The name.
        name: String,
    },
    /// Something else listens on the port.
    #[error("port {port} of the engine's machine is taken by something else")]
    PortTaken {
        /// On the host.
        port: u16,
    },
    /// No such container.
    #[error("there is no container {0}")]
    NoSuchContainer(String),
    /// No such network.
    #[error("there is no network {0}")]
    NoSuchNetwork(String),
    /// No such volume.
    #[error("there is no volume {0}")]
    NoSuchVolume(String),
    /// The image was not pulled, or was removed since.
    #[error("the engine does not have the image {0}")]
    NoSuchImage(String),
    /// Nothing can be executed in it.
    #[error("container {0} is not running")]
    NotRunning(String),
    /// It is in use by containers.
    #[error("{what} is in use ({detail})")]
    InUse {
        /// A volume or network.
        what: String,
        /// What the engine says.
        detail: String,
    },
    /// No room on the engine's machine.
    #[error("the disk of the engine's machine is full ({detail})")]
    DiskFull {
        /// What the engine says.
        detail: String,
    },
    /// The registry wants other credentials, or none would do; or it has no such repository and does not say so.
    #[error("{image}: the registry denies access ({detail})")]
    PullDenied {
        /// Reference with its digest.
        image: String,
        /// What the engine says.
        detail: String,
    },
    /// The registry has no such image.
    #[error("{image}: the registry does not have it ({detail})")]
    PullNotFound {
        /// Reference with its digest.
        image: String,
        /// What the engine says.
        detail: String,
    },
    /// The engine's machine cannot reach the registry.
    #[error("{image}: the engine cannot reach the registry ({detail})")]
    PullUnreachable {
        /// Reference with its digest.
        image: String,
        /// What the engine says.
        detail: String,
    },
    /// Something else went wrong in a pull.
    #[error("{image}: the pull failed ({detail})")]
    PullFailed {
        /// Reference with its digest.
        image: String,
        /// What the engine says.
        detail: String,
    },
    /// What the engine has, or was served, is not what was verified.
    #[error("{image}: the engine has {found} for it, which is not what was verified ({wanted})")]
    WrongImage {
        /// Reference with its digest.
        image: String,
        /// Digest of the verified config.
        wanted: Digest,
        /// Image id, or what the engine says.
        found: String,
    },
    /// The engine runs another kind of machine.
    #[error("{image}: it is for {found}, and the engine runs {wanted}")]
    Platform {
        /// Reference with its digest.
        image: String,
        /// Of the engine.
        wanted: Box<Platform>,
        /// Of the image.
        found: Box<Platform>,
    },
    /// `DOCKER_HOST` or the host of a context is not an address.
    #[error("{address}: not an address of a Docker engine ({problem})")]
    Address {
        /// As it stands, bounded.
        address: String,
        /// Why not.
        problem: &'static str,
    },
    /// A Docker context cannot be used.
    #[error("Docker context {name}: {problem}")]
    Context {
        /// Its name.
        name: String,
        /// Why not.
        problem: String,
    },
    /// Docker's configuration cannot be read.
    #[error("{path}: {problem}")]
    Config {
        /// The file.
        path: String,
        /// Why not.
        problem: String,
    },
    /// No TLS session, or no files for one.
    #[error("{endpoint}: no TLS session ({detail})")]
    Tls {
        /// Where.
        endpoint: String,
        /// Why not.
        detail: String,
    },
    /// ssh did not bring a connection.
    #[error("{endpoint}: ssh brings no connection ({detail})")]
    Ssh {
        /// Where.
        endpoint: String,
        /// What ssh says.
        detail: String,
    },
    /// Something else.
    #[error("the Docker engine refuses (status {status}: {message})")]
    Api {
        /// HTTP status.
        status: u16,
        /// What it says.
        message: String,
    },
}

impl EngineError {
    /// Stable slug.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::NoEngine { .. } => "no-engine",
            Self::Denied { .. } => "engine-denied",
            Self::TooOld { .. } => "engine-too-old",
            Self::Timeout { .. } => "engine-timeout",
            Self::Connection { .. } => "engine-connection",
            Self::Misbehaved { .. } => "engine-misbehaved",
            Self::NameTaken { .. } => "name-taken",
            Self::PortTaken { .. } => "port-taken",
            Self::NoSuchContainer(_) => "no-such-container",
            Self::NoSuchNetwork(_) => "no-such-network",
            Self::NoSuchVolume(_) => "no-such-volume",
            Self::NoSuchImage(_) => "no-such-image",
            Self::NotRunning(_) => "not-running",
            Self::InUse { .. } => "in-use",
            Self::DiskFull { .. } => "disk-full",
            Self::PullDenied { .. } => "pull-denied",
            Self::PullNotFound { .. } => "pull-not-found",
            Self::PullUnreachable { .. } => "pull-unreachable",
            Self::PullFailed { .. } => "pull-failed",
            Self::WrongImage { .. } => "wrong-image",
            Self::Platform { .. } => "wrong-platform",
            Self::Address { .. } => "engine-address",
            Self::Context { .. } => "docker-context",
            Self::Config { .. } => "docker-config",
            Self::Tls { .. } => "engine-tls",
            Self::Ssh { .. } => "engine-ssh",
            Self::Api { .. } => "engine-refused",
        }
    }
}
