use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::docker_config::DockerConfigError;
use super::helper::HelperError;
use crate::image::digest::Digest;
use crate::store::StoreError;

/// Why something could not be had from a registry.
///
/// The kinds are kept apart so that nobody has to guess whether the image is bad or the network is down.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// Nothing, or nothing complete, came from the host; also where it says that it has trouble of its own.
    #[error("{host}: cannot be reached: {outage}")]
    Unreachable {
        /// What was connected to: the registry, its login service, or where it keeps blobs.
        host: String,
        /// What came instead.
        outage: Outage,
    },
    /// It wants other credentials, or none would do.
    #[error("{host}: {what}: access denied ({detail})")]
    Denied {
        /// The registry, as it is named in references.
        host: String,
        /// What was asked for.
        what: String,
        /// Status and what was said, and by which host if that is another one.
        detail: String,
        /// Whether credentials were sent.
        authenticated: bool,
    },
    /// Access was denied without credentials, and those that are configured cannot be had.
    #[error("{host}: access denied without credentials, and there are none: {source}")]
    Credentials {
        /// The registry, as it is named in references.
        host: String,
        /// Why not.
        source: Arc<CredentialError>,
    },
    /// The registry says that it has no such thing.
    #[error("{host}: {what}: not found")]
    NotFound {
        /// What was connected to.
        host: String,
        /// What was asked for.
        what: String,
    },
    /// An answer that a registry does not give.
    #[error("{host}: {what}: {problem}")]
    Misbehaved {
        /// What was connected to.
        host: String,
        /// What was asked for.
        what: String,
        /// What is wrong with the answer.
        problem: Misbehaviour,
    },
    /// Other content than was asked for.
    #[error("{host}: {what}: the content hashes to {found}, not to {wanted}")]
    DigestMismatch {
        /// What was connected to.
        host: String,
        /// What was asked for.
        what: String,
        /// Digest that was asked for, or that the registry stated.
        wanted: Digest,
        /// Digest of what came.
        found: Digest,
    },
    /// Too many requests, also after waiting as long as is reasonable.
    #[error("{host}: too many requests{}", .wait.map(|wait| format!(" (it asks to wait {} s)", wait.as_secs())).unwrap_or_default())]
    RateLimited {
        /// The registry, as it is named in references.
        host: String,
        /// How long it asks to wait; a day where it asks for more.
        wait: Option<Duration>,
    },
}

/// What came instead of an answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Outage {
    /// Its name has no address.
    #[error("the host name cannot be resolved")]
    Name,
    /// No connection.
    #[error("no connection ({0})")]
    Connect(String),
    /// No TLS session: a bad certificate, or no TLS at all.
    #[error("no TLS session ({0})")]
    Tls(String),
    /// Too slow.
    #[error("no complete answer in time")]
    TimedOut,
    /// The connection ended early.
    #[error("the connection broke off ({0})")]
    Closed(String),
    /// Any of these, on the way through a proxy.
    #[error("{outage}; it is asked through the proxy {proxy}")]
    Proxied {
        /// Host and port.
        proxy: String,
        /// What happened.
        outage: Box<Self>,
    },
    /// Status 5xx, also on repetition.
    #[error("it has trouble of its own (status {0})")]
    Status(u16),
}

/// What is wrong with an answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Misbehaviour {
    /// A web page: a captive portal, a proxy, or a server of another kind.
    #[error("a web page came instead of a registry's answer (status {0})")]
    WebPage(u16),
    /// Not HTTP, or a head without end.
    #[error("the answer is not HTTP ({0})")]
    NotHttp(String),
    /// More than is reasonable.
    #[error("the answer is larger than {0} bytes")]
    TooLarge(usize),
    /// A status that has no meaning there.
    #[error("status {0}")]
    Status(u16),
    /// A content type that has no meaning there.
    #[error("the content is {0:?}, not what was asked for")]
    ContentType(String),
    /// It is compressed, or encoded in another way: what hashes to the digest is something else.
    #[error("the content is encoded ({0}), which was not asked for")]
    Encoding(String),
    /// A redirect that is not followed.
    #[error("a redirect that is not followed: {0}")]
    Redirect(&'static str),
    /// A host with an address that only this network has, named by a public registry.
    #[error("it refers to a host with a local address")]
    LocalAddress,
    /// It wants a login, and does not say properly how.
    #[error("its login cannot be used: {0}")]
    Login(&'static str),
    /// `Docker-Content-Digest` is not a digest.
    #[error("it states a digest that is none")]
    StatedDigest,
    /// Pages of referrers.
    #[error("its list of referrers cannot be used: {0}")]
    Referrers(&'static str),
}

/// Why credentials that are configured cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum CredentialError {
    /// The file cannot be read.
    #[error(transparent)]
    File(#[from] StoreError),
    /// It is not what Docker writes.
    #[error("{}: {source}", path.display())]
    Config {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: DockerConfigError,
    },
    /// The helper that it names does not help.
    #[error("{program}: {source}")]
    Helper {
        /// `docker-credential-…`
        program: String,
        /// What is wrong.
        source: HelperError,
    },
}

impl RegistryError {
    /// Stable slug.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Unreachable { .. } => "registry-unreachable",
            Self::Denied { .. } => "registry-denied",
            Self::Credentials { .. } => "credentials-unavailable",
            Self::NotFound { .. } => "not-found",
            Self::Misbehaved { .. } => "registry-misbehaved",
            Self::DigestMismatch { .. } => "digest-mismatch",
            Self::RateLimited { .. } => "rate-limited",
        }
    }
}
