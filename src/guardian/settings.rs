use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use super::GuardianError;
use crate::bundle::{Bundle, Signer};
use crate::envelope::MAX_DELEGATION;
use crate::operator::OperatorId;
use crate::signer::client::{Client, Endpoint};

/// What a guardian process is started with.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The checked config bundle.
    pub bundle: Bundle,
    /// Where `/healthz` and `/status` are served; 9000 in the image.
    pub api_listen: SocketAddr,
    /// Where other guardians are answered; 9001 in the image.
    pub p2p_listen: SocketAddr,
    /// Time between two health envelopes.
    pub attest_interval: Duration,
    /// The verified index digest of the image, as `run` passed it in.
    pub image_digest: Option<String>,
    /// How long the operator's word for the transport key is asked for; [`DELEGATION`] outside tests.
    pub delegation: Duration,
    /// How long a kit on the RPC may send nothing; [`RPC_IDLE`] outside tests.
    pub rpc_idle: Duration,
}

/// Less than a day by what clocks may differ: the signing server refuses a second more.
pub const DELEGATION: Duration = Duration::from_secs(MAX_DELEGATION - 300);
/// A kit that sends nothing for longer than its longest poll is gone.
pub const RPC_IDLE: Duration = Duration::from_secs(180);

impl Settings {
    /// Whose guardian this is.
    pub fn operator_id(&self) -> OperatorId {
        self.bundle.operator.operator_id()
    }

    /// The socket over which the kit fetches and answers signing requests.
    pub fn rpc_socket(&self) -> PathBuf {
        rpc_socket(&self.bundle)
    }

    /// Held by the process that serves; its content is that process's id.
    pub fn lock_file(&self) -> PathBuf {
        lock_file(&self.bundle)
    }

    /// The signing server, where the bundle names one.
    ///
    /// # Errors
    /// [`GuardianError::SignerUrl`]: waiting on the RPC instead would be silence.
    pub(super) fn client(&self) -> Result<Option<Client>, GuardianError> {
        let endpoint = match self.bundle.signer.as_ref() {
            None => return Ok(None),
            Some(Signer::Unix(path)) => Endpoint::Socket(path.clone()),
            Some(Signer::Http { url, token_file }) => Endpoint::Loopback {
                address: loopback(url).ok_or_else(|| GuardianError::SignerUrl(url.clone()))?,
                token_file: token_file.clone(),
            },
        };
        Ok(Some(Client::new(endpoint)))
    }
}

/// Name of the socket in the data folder.
pub const RPC_SOCKET: &str = "rpc.sock";

/// Where a guardian with this bundle listens for the kit.
pub fn rpc_socket(bundle: &Bundle) -> PathBuf {
    bundle.data_dir.join(RPC_SOCKET)
}

/// The lock of the data folder of a guardian with this bundle.
pub fn lock_file(bundle: &Bundle) -> PathBuf {
    bundle.data_dir.join("guardian.lock")
}

/// `http://127.0.0.1:9180`, `http://[::1]:9180/` or `http://localhost:9180`, as the bundle's check lets through.
fn loopback(url: &str) -> Option<SocketAddr> {
    let rest = url.strip_prefix("http://")?.trim_end_matches('/');
    let named = rest
        .strip_prefix("localhost:")
        .map(|port| format!("127.0.0.1:{port}"));
    named.as_deref().unwrap_or(rest).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::loopback;

    #[test]
    fn addresses_of_signing_servers() {
        for (url, address) in [
            ("http://127.0.0.1:9180", Some("127.0.0.1:9180")),
            ("http://[::1]:9180/", Some("[::1]:9180")),
            ("http://localhost:80", Some("127.0.0.1:80")),
            ("https://127.0.0.1:9180", None),
            ("http://127.0.0.1", None),
        ] {
            assert_eq!(loopback(url).map(|it| it.to_string()).as_deref(), address);
        }
    }
}
