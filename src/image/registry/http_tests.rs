use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::thread;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::*;

/// A key that is used nowhere else, and a certificate for 127.0.0.1 that it signed itself, good until 2126.
const KEY: &str = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgo1acyQtbco89SIuHoRUZPW/AHLTLdOR7AVvKb8jsOqihRANCAARg\
    msntbyjvycdsiL6DFEvXK8ogViWxKxfCvEtq5f9aH1xgzdK7InMXrM3zdg8/blqbllFDrbxUEIiz1O1PzNNm";
const CERTIFICATE: &str = "MIIBlDCCATqgAwIBAgIUHRLx7DT/fFGU0VtvidZAcQ9uKHIwCgYIKoZIzj0EAwIwFjEUMBIGA1UEAwwLc2VsZi1zaWduZWQwIBcN\
    MjYxMTI0MjE1MDI2WhgPMjEyNjEwMzEyMTUwMjZaMBYxFDASBgNVBAMMC3NlbGYtc2lnbmVkMFkwEwYHKoZIzj0CAQYIKoZIzj0D\
    AQcDQgAEYJrJ7W8o78nHbIi+gxRL1yvKIFYlsSsXwrxLauX/Wh9cYM3SuyJzF6zN83YPP25am5ZRQ628VBCIs9TtT8zTZqNkMGIw\
    HQYDVR0OBBYEFOXSsyyrkDEdyTqH1/DqscoUAP9pMB8GA1UdIwQYMBaAFOXSsyyrkDEdyTqH1/DqscoUAP9pMA8GA1UdEwEB/wQF\
    MAMBAf8wDwYDVR0RBAgwBocEfwAAATAKBggqhkjOPQQDAgNIADBFAiBnFb8HwUmAhf21ijb8S0GsHn6NVzupzqkWfPYOodB23gIh\
    AL/7wRAsH1+8mXh8LhNK3wSPgvhPEssEfC6erEjOoULg";

/// Answers connections with these bytes, whatever is asked.
fn server(answer: &'static [u8]) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(answer);
        }
    });
    address
}

fn http() -> Http {
    let limits = Limits {
        read: Duration::from_secs(5),
        request: Duration::from_secs(5),
        ..Limits::default()
    };
    Http::new(limits, None, "registry.example")
}

fn ask(uri: &Uri) -> Ask<'_> {
    Ask {
        uri,
        accept: "*/*",
        authorization: None,
        form: None,
        limit: 100,
    }
}

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

#[test]
fn a_server_without_tls_is_told() {
    let uri = format!("https://{}/", server(OK)).parse().unwrap();
    let trouble = http().registry(ask(&uri)).err();
    assert!(
        matches!(trouble, Some(Trouble::Outage(Outage::Tls(_)))),
        "{trouble:?}"
    );
}

#[test]
fn local_addresses_are_for_local_registries() {
    let uri: Uri = format!("http://{}/", server(OK)).parse().unwrap();
    let http = http();
    let trouble = http.other(ask(&uri)).err();
    assert!(
        matches!(trouble, Some(Trouble::Misbehaviour(Misbehaviour::LocalAddress))),
        "{trouble:?}"
    );
    assert_eq!(http.registry(ask(&uri)).unwrap().body, b"ok");
    assert_eq!(http.other(ask(&uri)).unwrap().body, b"ok");
}

/// Speaks TLS under [`CERTIFICATE`].
fn tls_server() -> SocketAddr {
    let certificate = CertificateDer::from(STANDARD.decode(CERTIFICATE).unwrap());
    let key = PrivatePkcs8KeyDer::from(STANDARD.decode(KEY).unwrap());
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key.into())
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut stream = StreamOwned::new(connection, stream.unwrap());
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(OK);
        }
    });
    address
}

#[test]
fn a_certificate_of_an_unknown_authority_is_told() {
    let uri = format!("https://{}/", tls_server()).parse().unwrap();
    let trouble = http().registry(ask(&uri)).err();
    let Some(Trouble::Outage(Outage::Tls(problem))) = &trouble else {
        panic!("{trouble:?}");
    };
    assert!(problem.starts_with("invalid peer certificate: "), "{problem}");
}
