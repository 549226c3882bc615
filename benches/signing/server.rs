//! `oc-guardian sign --serve` in a home of its own, and a raw HTTP/1.1 client that costs next to nothing.

use std::fmt::Write as _;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use oc_guardian::envelope::Tag;
use oc_guardian::operator::{PublicKey, Scheme, Signature};
use serde_json::Value;
use tempfile::TempDir;

use crate::load::Client;

const FEDERATION: &str = "bench-v1";
const PASSPHRASE: &str = "correct horse battery";
/// Every so many answers one is kept, to be verified after the clock has stopped.
const SAMPLE: u64 = 500;

#[derive(Clone, Copy)]
pub(crate) enum Door {
    Socket,
    Tcp,
}

impl Door {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Socket => "guardian socket",
            Self::Tcp => "loopback TCP",
        }
    }
}

/// A running signing server, ended when dropped.
pub(crate) struct Server {
    child: Child,
    home: TempDir,
    port: u16,
    public: PublicKey,
    samples: Samples,
    resident_after_unlock: f64,
}

/// Signed bytes and signature.
type Samples = std::sync::Arc<Mutex<Vec<(String, String)>>>;

impl Server {
    pub(crate) fn start(scheme: &str) -> Self {
        let home = tempfile::tempdir().unwrap();
        private(&home.path().join("pass.txt"), PASSPHRASE);
        private(&home.path().join("key.hex"), &format!("{:064x}", 1));
        let run = |arguments: &[&str]| {
            let output = kit(home.path()).args(arguments).output().unwrap();
            assert!(
                output.status.success(),
                "{arguments:?}: {}",
                String::from_utf8_lossy(&output.stderr)
            );
            output.stdout
        };
        run(&[
            "init",
            "--import-hex",
            "--scheme",
            scheme,
            "--from",
            "key.hex",
            "--passphrase-file",
            "pass.txt",
            "--yes",
        ]);
        run(&["config", "gen", "--federation", FEDERATION]);
        private(
            &home.path().join("home/config/policy.toml"),
            "version = 1\n[[rule]]\nkind = [\"attestation\"]\nfederation = \"bench-v1\"\ndecision = \"allow\"\n",
        );
        let shown: Value = serde_json::from_slice(&run(&["key", "show", "--json"])).unwrap();
        let scheme: Scheme = scheme.parse().unwrap();
        let public = PublicKey::from_hex(scheme, shown["operator_pubkey_hex"].as_str().unwrap()).unwrap();
        // Free a moment ago; nothing else of ours runs.
        let port = std::net::TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let child = kit(home.path())
            .args([
                "sign",
                "--serve",
                "--guardian",
                "none",
                "--passphrase-file",
                "pass.txt",
                "--listen",
            ])
            .arg(format!("127.0.0.1:{port}"))
            .stdout(Stdio::null())
            .stderr(fs::File::create(home.path().join("log")).unwrap())
            .spawn()
            .unwrap();
        let mut server = Self {
            child,
            home,
            port,
            public,
            samples: Samples::default(),
            resident_after_unlock: 0.0,
        };
        server.wait();
        // Unlocking needs 256 MiB for a second; from here on the peak is that of serving.
        let _ = fs::write(format!("/proc/{}/clear_refs", server.child.id()), "5");
        server.resident_after_unlock = server.resident_mib();
        server
    }

    fn wait(&mut self) {
        for _ in 0..3000 {
            if UnixStream::connect(self.socket()).is_ok() {
                return;
            }
            assert!(
                self.child.try_wait().unwrap().is_none(),
                "{}",
                fs::read_to_string(self.home.path().join("log")).unwrap()
            );
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("the server did not open its socket within 30 s");
    }

    fn socket(&self) -> PathBuf {
        self.home.path().join("home/run/guardian/signer.sock")
    }

    pub(crate) fn client(&self, door: Door, number: usize) -> SigningClient {
        let (stream, headers): (Box<dyn Stream>, String) = match door {
            Door::Socket => (
                Box::new(UnixStream::connect(self.socket()).unwrap()),
                "Host: localhost\r\n".into(),
            ),
            Door::Tcp => {
                let stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
                stream.set_nodelay(true).unwrap();
                let token = fs::read_to_string(self.home.path().join("home/run/token")).unwrap();
                let headers = format!(
                    "Host: 127.0.0.1:{}\r\nAuthorization: Bearer {}\r\n",
                    self.port,
                    token.trim()
                );
                (Box::new(stream), headers)
            }
        };
        SigningClient {
            stream,
            headers,
            operator_id: self.public.operator_id().as_str().to_owned(),
            number,
            samples: self.samples.clone(),
            buffer: Vec::new(),
        }
    }

    fn status(&self, field: &str) -> f64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with(field)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() / 1024.0
    }

    pub(crate) fn resident_mib(&self) -> f64 {
        self.status("VmRSS:")
    }

    pub(crate) fn peak_since_unlock_mib(&self) -> f64 {
        self.status("VmHWM:")
    }

    /// Verifies what was kept; returns how many.
    pub(crate) fn verify_samples(&self) -> usize {
        let samples = self.samples.lock().unwrap();
        for (bytes, signature) in samples.iter() {
            let mut raw = [0; 64];
            assert!(oc_guardian::store::hex::decode_into(signature, &mut raw));
            assert!(
                Tag::Attestation.verify(&self.public, bytes.as_bytes(), &Signature::from_bytes(raw)),
                "bad signature over {bytes}"
            );
        }
        samples.len()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

trait Stream: Read + Write + Send {}
impl<T: Read + Write + Send> Stream for T {}

pub(crate) struct SigningClient {
    stream: Box<dyn Stream>,
    headers: String,
    operator_id: String,
    number: usize,
    samples: Samples,
    buffer: Vec<u8>,
}

static ASKED: AtomicU64 = AtomicU64::new(0);

impl Client for SigningClient {
    fn ask(&mut self) {
        let asked = ASKED.fetch_add(1, Ordering::Relaxed);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        // As random as it has to be: nobody else asks.
        let id = format!("{now:08x}{:08x}{asked:016x}", self.number);
        // Written by hand: what the client spends is missing to the server.
        let bytes = format!(
            r#"{{"kind":"oc-guardian-attestation","operator_id":"{}","federation_slug":"{FEDERATION}","hosted_request_id":null,"fedimintd_version":"1.2.3","p2p_url":"http://host:9001","api_url":"http://host:9000","status":"running","attested_at":{now},"image_digest":null}}"#,
            self.operator_id
        );
        let body = format!(
            r#"{{"id":"{id}","at":{now},"kind":"attestation","federation":"{FEDERATION}","payload":{bytes}}}"#
        );
        let mut request = format!(
            "POST /v1/sign HTTP/1.1\r\n{}Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            self.headers,
            body.len()
        );
        let _ = write!(request, "{body}");
        self.stream.write_all(request.as_bytes()).unwrap();
        let answer = read_answer(&mut self.stream, &mut self.buffer);
        if asked.is_multiple_of(SAMPLE) {
            let answer: Value = serde_json::from_slice(&answer).unwrap();
            let signature = answer["signature_hex"]
                .as_str()
                .unwrap_or_else(|| panic!("{answer}"));
            self.samples.lock().unwrap().push((bytes, signature.to_owned()));
        }
    }
}

/// The body of an answer with status 200 and a length.
fn read_answer(stream: &mut impl Read, buffer: &mut Vec<u8>) -> Vec<u8> {
    buffer.clear();
    let mut chunk = [0; 4096];
    loop {
        let read = stream.read(&mut chunk).unwrap();
        assert!(read > 0, "closed after {}", String::from_utf8_lossy(buffer));
        buffer.extend_from_slice(&chunk[..read]);
        let Some(end) = buffer.windows(4).position(|it| it == b"\r\n\r\n") else {
            continue;
        };
        let head = std::str::from_utf8(&buffer[..end]).unwrap();
        let length: usize = head
            .lines()
            .find_map(|line| {
                line.to_ascii_lowercase()
                    .strip_prefix("content-length:")
                    .map(str::trim)
                    .map(str::to_owned)
            })
            .unwrap_or_else(|| panic!("{head}"))
            .parse()
            .unwrap();
        if buffer.len() >= end + 4 + length {
            let body = buffer[end + 4..].to_vec();
            assert!(
                head.starts_with("HTTP/1.1 200"),
                "{head}\n{}",
                String::from_utf8_lossy(&body)
            );
            return body;
        }
    }
}

fn private(path: &Path, content: &str) {
    fs::write(path, content).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

fn kit(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_oc-guardian"));
    command
        .current_dir(home)
        .env("OC_GUARDIAN_HOME", home.join("home"))
        .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus")
        .stdin(Stdio::null());
    command
}
