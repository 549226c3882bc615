//! A running signing server, and whoever knocks at its doors with bytes of their own.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::{Home, OPERATOR_ID};

pub const FEDERATION: &str = "oc-me-v1";
pub const PUBKEY_HEX: &str = "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";
pub const GUARDIAN_SOCKET: &str = "home/run/guardian/signer.sock";
pub const OPERATOR_SOCKET: &str = "home/run/operator/operator.sock";
pub const TOKEN: &str = "home/run/token";
pub const POLICY: &str = "home/config/policy.toml";
pub const LOG: &str = "home/state/audit.jsonl";

/// Signs what is routine and upgrade notices, asks about all else; without rates, which are tried elsewhere.
pub const OPEN_POLICY: &str = r#"version = 1
[[rule]]
kind = ["attestation", "guardian-key"]
decision = "allow"
[[rule]]
kind = "action"
action = ["alert-publish"]
severity = "info"
decision = "allow"
[[rule]]
kind = "action"
action = ["program-apply"]
decision = "deny"
[[rule]]
kind = "*"
decision = "ask"
timeout = "5m"
"#;

/// A server in the background; ends with the value.
pub struct SigningServer {
    pub child: Child,
    /// What it printed on standard output, line by line.
    lines: Arc<Mutex<Vec<String>>>,
    /// The first of these.
    pub started: Value,
}

/// `sign --serve` with everything that it needs to start unattended.
pub fn serve_command(home: &Home, extra: &[&str]) -> Command {
    if !home.path("home/config/oc-guardian.config").exists() {
        let bundle = json!({
            "operator_id": OPERATOR_ID,
            "operator_pubkey_hex": PUBKEY_HEX,
            "federation_slug": FEDERATION,
            "attestation_post_url": "https://me.ochk.io/api/operator/attestation",
            "log_level": "info",
        });
        home.write("home/config/oc-guardian.config", bundle.to_string());
    }
    let mut arguments = vec!["sign", "--serve", "--json", "--passphrase-file", "pass.txt"];
    if !extra.contains(&"--guardian") {
        // The machine's own container of that name is not the test's.
        arguments.extend(["--guardian", "none"]);
    }
    arguments.extend(extra);
    home.command(&arguments)
}

impl SigningServer {
    /// Starts under [`OPEN_POLICY`], unless the home has a policy, and waits until it serves.
    #[track_caller]
    pub fn start(home: &Home, extra: &[&str]) -> Self {
        if !home.path(POLICY).exists() {
            home.write(POLICY, OPEN_POLICY);
        }
        Self::start_command(serve_command(home, extra), home)
    }

    #[track_caller]
    pub fn start_command(mut command: Command, home: &Home) -> Self {
        let errors = std::fs::File::create(home.path("serve.err")).unwrap();
        let mut child = command.stdout(Stdio::piped()).stderr(errors).spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let lines = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&lines);
        // From here on it ends with the value, also where this panics.
        let mut server = Self {
            child,
            lines,
            started: Value::Null,
        };
        let mut first = String::new();
        output.read_line(&mut first).unwrap();
        let Ok(started) = serde_json::from_str(&first) else {
            panic!("it does not start: {first}{}", home.text("serve.err"));
        };
        server.started = started;
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                kept.lock().unwrap().push(line);
            }
        });
        assert_eq!(server.started["event"], "serving", "{first}");
        server
    }

    /// What it told, with this `event`.
    pub fn events(&self, event: &str) -> Vec<Value> {
        let lines = self.lines.lock().unwrap();
        lines
            .iter()
            .map(|line| serde_json::from_str::<Value>(line).unwrap())
            .filter(|line| line["event"] == event)
            .collect()
    }

    /// Waits until it has told that.
    #[track_caller]
    pub fn wait_for(&self, event: &str) -> Value {
        eventually(|| self.events(event).pop())
            .unwrap_or_else(|| panic!("no {event}: {:?}", self.lines.lock()))
    }

    pub fn port(&self) -> u16 {
        let address = self.started["listen"].as_str().unwrap();
        address.rsplit(':').next().unwrap().parse().unwrap()
    }

    pub fn signal(&self, signal: rustix::process::Signal) {
        rustix::process::kill_process(rustix::process::Pid::from_child(&self.child), signal).unwrap();
    }

    /// SIGTERM; returns the exit code.
    #[track_caller]
    pub fn stop(mut self) -> Option<i32> {
        self.signal(rustix::process::Signal::TERM);
        let code = eventually(|| self.child.try_wait().unwrap()).expect("it does not stop");
        code.code()
    }

    /// SIGKILL.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for SigningServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What `look` finds within 20 seconds.
pub fn eventually<T>(mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let started = Instant::now();
    loop {
        if let Some(found) = look() {
            return Some(found);
        }
        if started.elapsed() > Duration::from_secs(20) {
            return None;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// An HTTP answer.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    /// Status line and headers, in lower case.
    pub head: String,
    pub body: String,
}

impl Answer {
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Status and reason slug.
    #[track_caller]
    pub fn says(&self) -> String {
        match self.json()["reason"].as_str() {
            Some(reason) => format!("{} {reason}", self.status),
            None => self.status.to_string(),
        }
    }
}

/// Either kind of connection.
pub trait Stream: Read + Write {
    fn set_patience(&self, time: Duration);
    fn end_writing(&self);
}

impl Stream for UnixStream {
    fn set_patience(&self, time: Duration) {
        self.set_read_timeout(Some(time)).unwrap();
    }
    fn end_writing(&self) {
        self.shutdown(std::net::Shutdown::Write).unwrap();
    }
}

impl Stream for TcpStream {
    fn set_patience(&self, time: Duration) {
        self.set_read_timeout(Some(time)).unwrap();
    }
    fn end_writing(&self) {
        self.shutdown(std::net::Shutdown::Write).unwrap();
    }
}

pub fn unix(home: &Home, socket: &str) -> UnixStream {
    let stream = UnixStream::connect(home.path(socket)).unwrap_or_else(|error| panic!("{socket}: {error}"));
    stream.set_patience(Duration::from_secs(40));
    stream
}

pub fn tcp(port: u16) -> TcpStream {
    let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_patience(Duration::from_secs(40));
    stream
}

/// Reads one answer; `None` where the connection ends before it.
pub fn read_answer(stream: &mut impl Read) -> Option<Answer> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read(&mut byte) {
            Ok(1) => head.push(byte[0]),
            // A signal to this process, of a child that ended.
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Ok(_) | Err(_) => return None,
        }
    }
    let head = String::from_utf8(head).unwrap().to_lowercase();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .map_or(0, |length| length.trim().parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    Some(Answer {
        status,
        head,
        body: String::from_utf8(body).unwrap(),
    })
}

/// A request as it goes over the wire.
pub fn http(method: &str, target: &str, headers: &[(&str, &str)], body: &str) -> String {
    let mut text = format!("{method} {target} HTTP/1.1\r\n");
    for (name, value) in headers {
        text += &format!("{name}: {value}\r\n");
    }
    if !body.is_empty() {
        text += &format!("content-length: {}\r\n", body.len());
    }
    text + "\r\n" + body
}

/// Sends bytes and reads one answer.
#[track_caller]
pub fn exchange(stream: &mut (impl Read + Write), bytes: impl AsRef<[u8]>) -> Answer {
    // The server may answer and close before it has read all.
    let _ = stream.write_all(bytes.as_ref());
    read_answer(stream).expect("no answer")
}

#[track_caller]
pub fn post(home: &Home, socket: &str, target: &str, body: &str) -> Answer {
    let headers = [("host", "localhost"), ("content-type", "application/json")];
    exchange(&mut unix(home, socket), http("POST", target, &headers, body))
}

#[track_caller]
pub fn get(home: &Home, socket: &str, target: &str) -> Answer {
    exchange(
        &mut unix(home, socket),
        http("GET", target, &[("host", "localhost")], ""),
    )
}

/// One request through the guardian's socket.
#[track_caller]
pub fn sign(home: &Home, request: &Value) -> Answer {
    post(home, GUARDIAN_SOCKET, "/v1/sign", &request.to_string())
}

pub fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    u64::try_from(since.as_millis()).unwrap()
}

pub fn now() -> u64 {
    now_ms() / 1000
}

/// A request id that no other request of this process has.
pub fn new_id() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let next = NEXT.fetch_add(1, Ordering::Relaxed);
    format!("{:08x}{:016x}{next:08x}", now(), std::process::id())
}

pub fn request(kind: &str, payload: &Value) -> Value {
    let id = new_id();
    let at = u64::from_str_radix(&id[..8], 16).unwrap();
    json!({ "id": id, "at": at, "kind": kind, "federation": FEDERATION, "payload": payload })
}

pub fn attestation() -> Value {
    attestation_of(OPERATOR_ID)
}

pub fn attestation_of(operator_id: &str) -> Value {
    request(
        "attestation",
        &json!({
            "kind": "oc-guardian-attestation", "operator_id": operator_id, "federation_slug": FEDERATION,
            "hosted_request_id": null, "fedimintd_version": "1.2.3", "p2p_url": "http://host:9001",
            "api_url": "http://host:9000", "status": "running", "attested_at": now(), "image_digest": null,
        }),
    )
}

/// An action with the next nonce.
pub fn action(name: &str, params: &Value) -> Value {
    static LAST: Mutex<u64> = Mutex::new(0);
    let mut last = LAST.lock().unwrap();
    *last = now_ms().max(*last + 1);
    request(
        "action",
        &json!({
            "action": name, "params": params, "nonce": *last, "expires_at": now() + 3600, "federation": FEDERATION,
        }),
    )
}

pub fn alert(severity: &str, title: &str) -> Value {
    let params = json!({ "severity": severity, "tag": "upgrade", "title": title, "body": "" });
    action("alert-publish", &params)
}

pub fn guardian_key() -> Value {
    let payload = json!({
        "transport_pubkey_hex": "ab".repeat(32), "operator_id": OPERATOR_ID, "membership_hash": null,
        "expires_at": now() + 3600,
    });
    let mut request = request("guardian-key", &payload);
    request["federation"] = FEDERATION.into();
    request
}

/// The records of the log, all segments.
pub fn records(home: &Home) -> Vec<Value> {
    let text = home.text(LOG);
    let complete = text.rsplit_once('\n').map_or("", |(complete, _)| complete);
    complete
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// The records of one event.
pub fn records_of(home: &Home, event: &str) -> Vec<Value> {
    let all = records(home).into_iter();
    all.filter(|record| record["event"] == event).collect()
}
