use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use zeroize::Zeroizing;

use super::TlsFiles;
use crate::store;

/// Largest PEM file, in bytes.
const MAX_PEM: usize = 256 << 10;

/// What a TLS session needs. Only the authority in the files vouches for the engine: whoever any other authority certifies is
/// not the engine that was set up.
pub(super) fn config(files: &TlsFiles) -> Result<Arc<ClientConfig>, String> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(&files.ca)? {
        let bad = |error| format!("{}: {error}", files.ca.display());
        roots.add(certificate).map_err(bad)?;
    }
    // Not the process's provider: the library does not rely on who installed one.
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots);
    let config = match &files.client {
        None => builder.with_no_client_auth(),
        Some((certificate, key)) => builder
            .with_client_auth_cert(certificates(certificate)?, private_key(key)?)
            .map_err(|error| format!("{}: {error}", certificate.display()))?,
    };
    Ok(Arc::new(config))
}

/// A session over a connection.
pub(super) async fn open(
    config: Arc<ClientConfig>,
    host: &str,
    tcp: TcpStream,
) -> Result<TlsStream<TcpStream>, String> {
    let name = ServerName::try_from(host.to_owned()).map_err(|error| error.to_string())?;
    let connecting = TlsConnector::from(config).connect(name, tcp);
    connecting.await.map_err(|error| error.to_string())
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let bytes = store::read(path, MAX_PEM).map_err(|error| error.to_string())?;
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
    match read {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        _ => Err(format!("{}: no certificate in it", path.display())),
    }
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, String> {
    let bytes = Zeroizing::new(store::read(path, MAX_PEM).map_err(|error| error.to_string())?);
    PrivateKeyDer::from_pem_slice(&bytes).map_err(|_| format!("{}: no private key in it", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_are_no_certificates_are_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let files = TlsFiles {
            ca: folder.path().join("ca.pem"),
            client: None,
        };
        let absent = config(&files).unwrap_err();
        assert!(absent.contains("ca.pem does not exist"), "{absent}");
        std::fs::write(&files.ca, "hello").unwrap();
        let empty = config(&files).unwrap_err();
        assert!(empty.ends_with("ca.pem: no certificate in it"), "{empty}");
        std::fs::write(&files.ca, vec![b' '; MAX_PEM + 1]).unwrap();
        assert!(config(&files).unwrap_err().contains("larger than"));
    }
}
