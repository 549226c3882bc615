//! How long nobody answered: asks `GET /healthz` over and over, through the published port, as a client would.

use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde::Deserialize;

/// Largest answer that is read, in bytes.
const MAX_ANSWER: u64 = 16 * 1024;
/// What is asked next waits so long for an answer at least: a question that hangs must not hide that the next one would
/// have been answered.
const SHORTEST_WAIT: Duration = Duration::from_millis(50);
const LONGEST_WAIT: Duration = Duration::from_secs(2);
/// Between two questions while a pause is measured, and otherwise.
const CLOSE: Duration = Duration::from_millis(1);
const CALM: Duration = Duration::from_millis(250);

/// A thread that asks, until it is dropped.
#[derive(Debug)]
pub struct Prober {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

/// What it saw since [`Prober::mark`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// Longest time without a successful answer, the time that still lasts included.
    pub longest_pause: Duration,
    /// Questions with an answer of a guardian.
    pub answered: u64,
    /// Questions without.
    pub failed: u64,
    /// What the last answer said.
    pub last: Option<Health>,
    /// How long ago the last answer was.
    pub silent_for: Duration,
}

/// `/healthz`, as far as it matters here. Texts come from outside.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Health {
    /// Whether it is healthy.
    pub ok: bool,
    /// Version of the program.
    #[serde(default)]
    pub version: Option<String>,
    /// Name of its federation.
    #[serde(default)]
    pub federation_slug: Option<String>,
    /// `standby`, `active` or `draining`.
    #[serde(default)]
    pub state: Option<String>,
    /// Whose guardian it is.
    #[serde(default)]
    pub operator_id: Option<String>,
    /// `connected` or `waiting`.
    #[serde(default)]
    pub signer: Option<String>,
    /// When its process got a signature last, in Unix seconds.
    #[serde(default)]
    pub signed_at: Option<u64>,
    /// When the portal took what its process posted last, in Unix seconds.
    #[serde(default)]
    pub attested_at: Option<u64>,
    /// What is wrong, where something is, as slugs.
    #[serde(default)]
    pub problems: Vec<String>,
}

impl Health {
    /// Reads a health document; `None` where it is none.
    pub fn read(json: &[u8]) -> Option<Self> {
        serde_json::from_slice(json).ok()
    }
}

#[derive(Debug)]
struct Shared {
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    stop: bool,
    pace: Duration,
    last_success: Instant,
    longest: Duration,
    answered: u64,
    failed: u64,
    last: Option<Health>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Prober {
    /// Asks at this host and port; `None` where nobody answers there now: then there is nothing to measure against.
    pub fn start(host: &str, port: u16) -> Option<Self> {
        let address = resolve(host, port)?;
        let began = Instant::now();
        let health = ask(address, LONGEST_WAIT)?;
        // Over a long line answers take longer than here.
        let wait = (began.elapsed() * 4).clamp(SHORTEST_WAIT, LONGEST_WAIT);
        let shared = Arc::new(Shared {
            inner: Mutex::new(Inner {
                stop: false,
                pace: CALM,
                last_success: Instant::now(),
                longest: Duration::ZERO,
                answered: 1,
                failed: 0,
                last: Some(health),
            }),
        });
        let asked = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("prober".into())
            .spawn(move || run(&asked, address, wait))
            .ok()?;
        Some(Self {
            shared,
            thread: Some(thread),
        })
    }

    /// Counts anew from now on, a question each millisecond.
    pub fn mark(&self) {
        let mut inner = self.shared.lock();
        inner.pace = CLOSE;
        inner.last_success = Instant::now();
        inner.longest = Duration::ZERO;
        (inner.answered, inner.failed) = (0, 0);
        // What was said before says nothing of who answers from now on.
        inner.last = None;
    }

    /// Goes on with four questions a second: what is measured is over.
    pub fn calm_down(&self) {
        self.shared.lock().pace = CALM;
    }

    /// What it saw.
    pub fn reading(&self) -> Reading {
        let inner = self.shared.lock();
        let silent_for = inner.last_success.elapsed();
        // At a slow pace silence is no pause before a question has failed.
        let lasting = if inner.pace == CLOSE {
            silent_for
        } else {
            Duration::ZERO
        };
        Reading {
            longest_pause: inner.longest.max(lasting),
            answered: inner.answered,
            failed: inner.failed,
            last: inner.last.clone(),
            silent_for,
        }
    }
}

impl Drop for Prober {
    fn drop(&mut self) {
        self.shared.lock().stop = true;
        if let Some(thread) = self.thread.take() {
            // It looks at least every two seconds.
            let _ = thread.join();
        }
    }
}

fn run(shared: &Shared, address: SocketAddr, wait: Duration) {
    loop {
        let health = ask(address, wait);
        let pace = {
            let mut inner = shared.lock();
            if inner.stop {
                return;
            }
            match health {
                Some(health) => {
                    let now = Instant::now();
                    let pause = now.duration_since(inner.last_success);
                    if inner.pace == CLOSE {
                        inner.longest = inner.longest.max(pause);
                    }
                    inner.last_success = now;
                    inner.answered += 1;
                    inner.last = Some(health);
                }
                None => inner.failed += 1,
            }
            inner.pace
        };
        std::thread::sleep(pace);
    }
}

/// One question, on a connection of its own: an old connection would go on reaching the old guardian.
pub fn ask(address: SocketAddr, wait: Duration) -> Option<Health> {
    let end = Instant::now() + wait;
    let left = || {
        let left = end.saturating_duration_since(Instant::now());
        (!left.is_zero()).then_some(left)
    };
    let mut stream = TcpStream::connect_timeout(&address, left()?).ok()?;
    stream.set_nodelay(true).ok()?;
    stream.set_write_timeout(Some(left()?)).ok()?;
    let question = format!("GET /healthz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(question.as_bytes()).ok()?;
    let mut answer = Vec::new();
    let mut piece = [0; 2048];
    loop {
        stream.set_read_timeout(Some(left()?)).ok()?;
        match stream.read(&mut piece) {
            Ok(0) => break,
            Ok(read) => answer.extend_from_slice(&piece[..read]),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(_) => return None,
        }
        if answer.len() as u64 > MAX_ANSWER {
            return None;
        }
        if let Some(health) = whole(&answer) {
            return Some(health);
        }
    }
    whole(&answer)
}

/// The document of a whole answer with status 200.
fn whole(answer: &[u8]) -> Option<Health> {
    let end = answer.windows(4).position(|it| it == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&answer[..end]).ok()?;
    head.strip_prefix("HTTP/1.1 200")?;
    Health::read(&answer[end + 4..])
}

fn resolve(host: &str, port: u16) -> Option<SocketAddr> {
    match host.parse::<IpAddr>() {
        Ok(address) => Some((address, port).into()),
        Err(_) => (host, port).to_socket_addrs().ok()?.next(),
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    /// Answers while `open` is true; else ends connections without a word.
    fn guardian(open: Arc<AtomicBool>) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                if !open.load(Ordering::SeqCst) {
                    continue;
                }
                let mut piece = [0; 512];
                let _ = stream.read(&mut piece);
                let body = r#"{"ok":true,"version":"1.2.3","state":"active"}"#;
                let _ = write!(
                    stream,
                    "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}",
                    body.len()
                );
            }
        });
        address
    }

    #[test]
    fn a_pause_is_as_long_as_nobody_answered() {
        let open = Arc::new(AtomicBool::new(true));
        let address = guardian(Arc::clone(&open));
        let prober = Prober::start("127.0.0.1", address.port()).unwrap();
        prober.mark();
        std::thread::sleep(Duration::from_millis(100));
        open.store(false, Ordering::SeqCst);
        std::thread::sleep(Duration::from_millis(300));
        let during = prober.reading();
        assert!(during.longest_pause >= Duration::from_millis(250), "{during:?}");
        open.store(true, Ordering::SeqCst);
        let end = Instant::now() + Duration::from_secs(10);
        let after = loop {
            let reading = prober.reading();
            if reading.silent_for < Duration::from_millis(50) || Instant::now() > end {
                break reading;
            }
            std::thread::sleep(Duration::from_millis(5));
        };
        assert!(after.longest_pause >= Duration::from_millis(290), "{after:?}");
        assert!(after.failed > 0 && after.answered > 0, "{after:?}");
        assert_eq!(after.last.unwrap().version.as_deref(), Some("1.2.3"));
    }

    #[test]
    fn what_is_no_health_is_no_answer() {
        for answer in [
            "HTTP/1.1 503 No\r\n\r\n{\"ok\":false}",
            "HTTP/1.1 200 OK\r\n\r\n<html>",
            "HTTP/1.1 200 OK\r\n\r\n{\"ok\":tr",
            "SSH-2.0-x\r\n\r\n{\"ok\":true}",
            "",
        ] {
            assert_eq!(whole(answer.as_bytes()), None, "{answer}");
        }
        assert!(whole(b"HTTP/1.1 200 OK\r\n\r\n{\"ok\":true}").unwrap().ok);
    }

    #[test]
    fn nobody_there_is_nothing_to_measure() {
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        assert!(Prober::start("127.0.0.1", port).is_none());
    }
}
