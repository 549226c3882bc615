//! A guardian process in the background, and the other ends of what it speaks.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::signer::{Answer, FEDERATION, PUBKEY_HEX, exchange, http, tcp};
use super::{Home, OPERATOR_ID};

/// A bundle of the operator of [`Home::with_identity`], below its folder, whose guardian keeps its data in `data`.
pub fn bundle(home: &Home, portal: &str, more: &Value) -> Value {
    let mut bundle = json!({
        "operator_id": OPERATOR_ID,
        "operator_pubkey_hex": PUBKEY_HEX,
        "federation_slug": FEDERATION,
        "attestation_post_url": format!("{portal}/api/operator/attestation"),
        "log_level": "debug",
        "data_dir": home.path("data").display().to_string(),
    });
    for (name, value) in more.as_object().unwrap() {
        bundle[name] = value.clone();
    }
    bundle
}

/// A portal that nobody answers for.
pub const NO_PORTAL: &str = "http://127.0.0.1:9";

/// A guardian; ends with the value.
pub struct RunningGuardian {
    pub child: Child,
    /// What it said first.
    pub started: Value,
    /// From the start of the process to its first word.
    pub took: Duration,
    log: Arc<Mutex<String>>,
}

impl RunningGuardian {
    /// Writes the bundle as `name` and starts with it, on free ports, attesting ten times a second.
    #[track_caller]
    pub fn start(home: &Home, name: &str, bundle: &Value) -> Self {
        home.write(name, bundle.to_string());
        Self::start_command(Self::command(home, name))
    }

    pub fn command(home: &Home, bundle: &str) -> Command {
        home.command(&[
            "guardian",
            "--config",
            bundle,
            "--json",
            "--api-listen",
            "127.0.0.1:0",
            "--p2p-listen",
            "127.0.0.1:0",
            "--attest-interval",
            "100ms",
        ])
    }

    #[track_caller]
    pub fn start_command(mut command: Command) -> Self {
        let begin = Instant::now();
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = Arc::new(Mutex::new(String::new()));
        let (kept, errors) = (Arc::clone(&log), BufReader::new(child.stderr.take().unwrap()));
        std::thread::spawn(move || {
            for line in errors.lines().map_while(Result::ok) {
                let mut log = kept.lock().unwrap();
                *log += &line;
                *log += "\n";
            }
        });
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut first = String::new();
        output.read_line(&mut first).unwrap();
        let took = begin.elapsed();
        std::thread::spawn(move || std::io::copy(&mut output, &mut std::io::sink()));
        let started: Value = serde_json::from_str(&first)
            .unwrap_or_else(|_| panic!("it does not start: {first}{}", log.lock().unwrap()));
        assert_eq!(started["event"], "serving", "{first}");
        Self {
            child,
            started,
            took,
            log,
        }
    }

    fn port(&self, name: &str) -> u16 {
        let address = self.started[name].as_str().unwrap();
        address.rsplit(':').next().unwrap().parse().unwrap()
    }

    pub fn api(&self) -> u16 {
        self.port("api")
    }

    pub fn p2p(&self) -> u16 {
        self.port("p2p")
    }

    pub fn get(&self, path: &str) -> Answer {
        get(self.api(), path)
    }

    pub fn healthz(&self) -> Value {
        self.get("/healthz").json()
    }

    pub fn state(&self) -> String {
        self.healthz()["state"].as_str().unwrap_or("none").to_owned()
    }

    /// A message to the port of other guardians.
    pub fn tell(&self, body: &str) -> Answer {
        self.tell_as(body, &[])
    }

    /// With more headers.
    pub fn tell_as(&self, body: &str, more: &[(&str, &str)]) -> Answer {
        let headers = [
            &[("host", "guardian"), ("content-type", "application/json")],
            more,
        ]
        .concat();
        exchange(&mut tcp(self.p2p()), http("POST", "/v1/peer", &headers, body))
    }

    pub fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    pub fn signal(&self, signal: rustix::process::Signal) {
        rustix::process::kill_process(rustix::process::Pid::from_child(&self.child), signal).unwrap();
    }

    /// SIGTERM; returns the exit code.
    #[track_caller]
    pub fn stop(mut self) -> Option<i32> {
        self.signal(rustix::process::Signal::TERM);
        let code = super::signer::eventually(|| self.child.try_wait().unwrap()).expect("it does not stop");
        code.code()
    }

    /// SIGKILL.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for RunningGuardian {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One request to a port of this machine.
#[track_caller]
pub fn get(port: u16, path: &str) -> Answer {
    exchange(&mut tcp(port), http("GET", path, &[("host", "guardian")], ""))
}

/// The kit's end of an RPC connection, over any stream.
pub struct Kit<R, W> {
    reader: R,
    writer: W,
    next: u64,
}

/// Over the socket in the data folder.
pub fn kit(home: &Home) -> Kit<UnixStream, UnixStream> {
    kit_in(home, "data")
}

#[track_caller]
pub fn kit_in(home: &Home, data: &str) -> Kit<UnixStream, UnixStream> {
    let path = home.path(data).join("rpc.sock");
    let stream = super::signer::eventually(|| UnixStream::connect(&path).ok()).expect("no RPC socket");
    stream.set_read_timeout(Some(Duration::from_secs(40))).unwrap();
    Kit::over(stream.try_clone().unwrap(), stream)
}

impl<R: Read, W: Write> Kit<R, W> {
    pub fn over(reader: R, writer: W) -> Self {
        Self {
            reader,
            writer,
            next: 1,
        }
    }

    pub fn send_bytes(&mut self, bytes: &[u8]) {
        // The guardian may have closed.
        let _ = self.writer.write_all(bytes);
        let _ = self.writer.flush();
    }

    pub fn send(&mut self, method: &str, params: &Value) -> u64 {
        let id = self.next;
        self.next += 1;
        let json = json!({ "id": id, "method": method, "params": params }).to_string();
        let length = u32::try_from(json.len()).unwrap().to_be_bytes();
        self.send_bytes(&[&length[..], json.as_bytes()].concat());
        id
    }

    /// The next answer; `None` where the guardian closes instead.
    pub fn receive(&mut self) -> Option<Value> {
        let mut length = [0; 4];
        self.reader.read_exact(&mut length).ok()?;
        let mut bytes = vec![0; u32::from_be_bytes(length) as usize];
        self.reader.read_exact(&mut bytes).ok()?;
        Some(serde_json::from_slice(&bytes).unwrap())
    }

    /// A call and its answer.
    #[track_caller]
    pub fn call(&mut self, method: &str, params: &Value) -> Value {
        let id = self.send(method, params);
        let answer = self.receive().unwrap_or_else(|| panic!("no answer to {method}"));
        assert_eq!(answer["id"], id, "{answer}");
        answer
    }

    /// A call that must not fail.
    #[track_caller]
    pub fn result(&mut self, method: &str, params: &Value) -> Value {
        let answer = self.call(method, params);
        assert!(answer["error"].is_null(), "{method}: {answer}");
        answer["result"].clone()
    }

    /// A call that must fail; its reason.
    #[track_caller]
    pub fn refusal(&mut self, method: &str, params: &Value) -> String {
        let answer = self.call(method, params);
        answer["error"]["reason"]
            .as_str()
            .unwrap_or_else(|| panic!("{method}: {answer}"))
            .to_owned()
    }

    #[track_caller]
    pub fn greet(mut self) -> Self {
        self.result("hello", &hello());
        self
    }

    /// The requests that wait now.
    #[track_caller]
    pub fn pending(&mut self, wait: u64) -> Vec<Value> {
        let found = self.result("pending", &json!({ "wait": wait, "known": [] }));
        found["requests"].as_array().unwrap().clone()
    }
}

pub fn hello() -> Value {
    json!({ "version": 1, "program": "0.0.1", "operator_id": OPERATOR_ID })
}

/// A connection that has sent something and never goes on.
pub fn stalled(port: u16, bytes: &[u8]) -> TcpStream {
    let mut stream = tcp(port);
    stream.write_all(bytes).unwrap();
    stream
}

/// A kit that signs whatever is asked for with the small key of this number, until it is dropped.
pub struct SigningKit {
    stop: Arc<std::sync::atomic::AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl SigningKit {
    /// Comes back to the socket whenever it is there.
    pub fn of(home: &Home, data: &str, secret: u8) -> Self {
        let path = home.path(data).join("rpc.sock");
        let stop = Arc::new(std::sync::atomic::AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            while !stopped.load(std::sync::atomic::Ordering::SeqCst) {
                if let Ok(stream) = UnixStream::connect(&path) {
                    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
                    let mut kit = Kit::over(stream.try_clone().unwrap(), stream);
                    while !stopped.load(std::sync::atomic::Ordering::SeqCst)
                        && answer_all(&mut kit, secret).is_some()
                    {}
                }
                std::thread::sleep(Duration::from_millis(20));
            }
        });
        Self {
            stop,
            thread: Some(thread),
        }
    }
}

impl Drop for SigningKit {
    fn drop(&mut self) {
        self.stop.store(true, std::sync::atomic::Ordering::SeqCst);
        let _ = self.thread.take().unwrap().join();
    }
}

/// Fetches and answers once; `None` when the connection is gone.
fn answer_all(kit: &mut Kit<UnixStream, UnixStream>, secret: u8) -> Option<()> {
    if kit.next == 1 {
        let operator_id = super::federation::small_key(secret).public().operator_id();
        kit.send(
            "hello",
            &json!({ "version": 1, "program": "0.0.1", "operator_id": operator_id }),
        );
        kit.receive()?;
    }
    kit.send("pending", &json!({ "wait": 1, "known": [] }));
    let found = kit.receive()?;
    for request in found["result"]["requests"].as_array()? {
        let body = json!({ "ok": true, "id": request["id"], "envelope": envelope(request, secret) });
        kit.send(
            "answer",
            &json!({ "id": request["id"], "status": 200, "body": body }),
        );
        kit.receive()?;
    }
    Some(())
}

/// The signed envelope that a request asks for.
pub fn envelope(request: &Value, secret: u8) -> Value {
    use oc_guardian::envelope::{ActionPayload, GuardianKeyPayload, HealthAttestation, Payload};
    fn sign<P: Payload>(payload: &Value, secret: u8) -> Value {
        let payload = P::from_value(payload).unwrap();
        let text = super::portal::signed(&super::federation::small_key(secret), P::TAG, &payload);
        serde_json::from_str(&text).unwrap()
    }
    let payload = &request["payload"];
    match request["kind"].as_str().unwrap() {
        "attestation" => sign::<HealthAttestation>(payload, secret),
        "guardian-key" => sign::<GuardianKeyPayload>(payload, secret),
        _ => sign::<ActionPayload>(payload, secret),
    }
}

/// The devnet's portal on the machine's clock, with one federation of these operators.
pub fn portal(secrets: &[u8]) -> oc_guardian::devnet::portal::Portal {
    use oc_guardian::devnet::portal::{Federation, Operator, Portal, PortalConfig};
    let keys: Vec<_> = secrets
        .iter()
        .map(|secret| super::federation::small_key(*secret).public())
        .collect();
    let operators = keys.iter().enumerate().map(|(at, key)| Operator {
        name: format!("Operator {at}"),
        key: key.clone(),
    });
    let federation = Federation {
        slug: FEDERATION.into(),
        name: "Test federation".into(),
        threshold: 1,
        members: keys
            .iter()
            .map(oc_guardian::operator::PublicKey::operator_id)
            .collect(),
        pins: Vec::new(),
    };
    let listen = std::net::SocketAddr::from(([127, 0, 0, 1], 0));
    Portal::start(PortalConfig::new(listen, operators.collect(), vec![federation])).unwrap()
}

/// The row of its board for the operator at this place.
pub fn board_row(portal: &oc_guardian::devnet::portal::Portal, at: usize) -> Value {
    let port = portal.url().rsplit(':').next().unwrap().parse().unwrap();
    let path = format!("/api/operator/attestation?federation={FEDERATION}");
    get(port, &path).json()["operators"][at].clone()
}

/// Ports that are free now.
pub fn free_ports(count: usize) -> Vec<u16> {
    let taken: Vec<_> = (0..count)
        .map(|_| std::net::TcpListener::bind("127.0.0.1:0").unwrap())
        .collect();
    taken.iter().map(|it| it.local_addr().unwrap().port()).collect()
}
