//! A portal on loopback, made reachable for containers: over TLS on all addresses, with a certificate for one of them.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection};

use super::Home;

/// Listens until the test process ends.
pub struct TlsRelay {
    pub port: u16,
}

impl TlsRelay {
    /// Leaves the certificate, which vouches for itself, as `ca.pem` in the home.
    pub fn start(home: &Home, address: &str, to: u16) -> Self {
        let subject = format!("subjectAltName=IP:{address}");
        let made = Command::new("openssl")
            .args([
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-nodes",
            ])
            .args(["-days", "2", "-subj", "/CN=portal", "-addext", &subject])
            .args(["-addext", "basicConstraints=critical,CA:FALSE", "-keyout"])
            .arg(home.path("ca.key"))
            .arg("-out")
            .arg(home.path("ca.pem"))
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        home.chmod("ca.pem", 0o644);
        let certificate = CertificateDer::from_pem_file(home.path("ca.pem")).unwrap();
        let key = PrivateKeyDer::from_pem_file(home.path("ca.key")).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .unwrap();
        let config = Arc::new(config);
        let listener = TcpListener::bind("0.0.0.0:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let config = Arc::clone(&config);
                std::thread::spawn(move || relay(stream, config, to));
            }
        });
        Self { port }
    }
}

/// One request and its answer: who asks is told to close afterwards.
fn relay(stream: TcpStream, config: Arc<ServerConfig>, to: u16) -> Option<()> {
    let connection = ServerConnection::new(config).ok()?;
    let mut outside = rustls::StreamOwned::new(connection, stream);
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let read = outside.read(&mut buffer).ok().filter(|read| *read > 0)?;
        request.extend_from_slice(&buffer[..read]);
        let text = String::from_utf8_lossy(&request).to_lowercase();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "));
            if body.len() >= length.map_or(0, |length| length.trim().parse().unwrap()) {
                break;
            }
        }
    }
    let mut portal = TcpStream::connect(("127.0.0.1", to)).ok()?;
    let text = String::from_utf8(request).ok()?;
    let (line, rest) = text.split_once("\r\n")?;
    // Its own name is the only one that the portal answers to.
    let rest: Vec<&str> = rest
        .split("\r\n")
        .filter(|it| !it.to_lowercase().starts_with("host:"))
        .collect();
    let head = format!("{line}\r\nhost: 127.0.0.1:{to}\r\nconnection: close\r\n");
    portal.write_all((head + &rest.join("\r\n")).as_bytes()).ok()?;
    let mut answer = Vec::new();
    portal.read_to_end(&mut answer).ok()?;
    outside.write_all(&answer).ok()?;
    outside.conn.send_close_notify();
    outside.flush().ok()
}
