//! Asks `/healthz` at the published port each millisecond, as the kit's own prober does, and notes who answered.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use oc_guardian::release::pause::{Health, ask};

const PACE: Duration = Duration::from_millis(1);
/// What is asked next might be answered when this question hangs.
const WAIT: Duration = Duration::from_millis(50);
const PATIENCE: Duration = Duration::from_secs(60);
/// Watched on after the new one's first signature: a swap that comes back late is a pause, too.
const AFTERWARDS: Duration = Duration::from_millis(300);

/// What a swap cost.
pub struct Pauses {
    /// Longest time without an answer.
    pub http: Duration,
    /// From the last answer of an old one that was active to the first of a new one that has a signature.
    pub signing: Duration,
    /// Questions without an answer.
    pub failed: u64,
}

pub struct Watcher {
    /// The swap has come back.
    done: Arc<AtomicBool>,
    thread: JoinHandle<Pauses>,
}

impl Watcher {
    /// Waits until the one that serves has had a signature; watches from then on.
    pub fn start(port: u16) -> Self {
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let end = Instant::now() + PATIENCE;
        let old = loop {
            if let Some(health) = ask(address, WAIT).filter(|it| it.signed_at.is_some()) {
                break health.version;
            }
            assert!(Instant::now() < end, "the guardian gets no signature");
            std::thread::sleep(Duration::from_millis(20));
        };
        let done = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&done);
        let thread = std::thread::spawn(move || watch(address, old.as_deref(), &told));
        Self { done, thread }
    }

    /// After the swap: waits until the new one has had a signature.
    pub fn finish(self) -> Pauses {
        self.done.store(true, Ordering::SeqCst);
        self.thread.join().unwrap()
    }
}

fn watch(address: SocketAddr, old: Option<&str>, done: &AtomicBool) -> Pauses {
    let begin = Instant::now();
    let (mut answered, mut old_active) = (begin, begin);
    let mut signed: Option<Instant> = None;
    let mut http = Duration::ZERO;
    let mut failed = 0;
    // Past that, something hangs.
    let mut end: Option<Instant> = None;
    loop {
        match ask(address, WAIT) {
            None => failed += 1,
            Some(health) => {
                let now = Instant::now();
                http = http.max(now - answered);
                answered = now;
                let is_old = health.version.as_deref() == old;
                if is_old && health.state.as_deref() == Some("active") {
                    old_active = now;
                }
                if !is_old && is_signed(&health) {
                    signed.get_or_insert(now);
                }
            }
        }
        let is_done = done.load(Ordering::SeqCst);
        if let Some(signed) = signed
            && is_done
            && signed.elapsed() > AFTERWARDS
        {
            return Pauses {
                http,
                signing: signed - old_active,
                failed,
            };
        }
        if is_done {
            let end = *end.get_or_insert_with(|| Instant::now() + PATIENCE);
            assert!(Instant::now() < end, "the new guardian gets no signature");
        }
        std::thread::sleep(PACE);
    }
}

fn is_signed(health: &Health) -> bool {
    health.signed_at.is_some() && health.state.as_deref() == Some("active")
}
