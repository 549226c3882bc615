//! Looks at the board and at every guardian, as anybody could.

use std::collections::HashMap;
use std::io::Read;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde::Deserialize;

use super::DevnetError;
use super::settings::SLUG;
use crate::operator::OperatorId;
use crate::portal::{Base, Board, Client, Settings};

const EVERY: Duration = Duration::from_millis(400);
/// How long an answer may take. On this machine it is there in milliseconds, or the process hangs.
const PATIENCE: Duration = Duration::from_millis(500);
/// Largest health document that is read, in bytes.
const MAX_HEALTH: u64 = 16 * 1024;

/// What `/healthz` says, as far as it matters here.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Health {
    #[serde(default)]
    pub(super) state: Option<String>,
    #[serde(default)]
    pub(super) signer: Option<String>,
}

/// What was seen last.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    pub(super) board: Option<Board>,
    pub(super) health: HashMap<OperatorId, Health>,
}

/// A thread that looks, until it is dropped.
pub(super) struct Watch {
    seen: Arc<Mutex<Option<Seen>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Watch {
    /// `guardians` are their operators and the base URLs of their health.
    pub(super) fn start(portal: &Base, guardians: Vec<(OperatorId, String)>) -> Result<Self, DevnetError> {
        let client = Client::new(Settings {
            time: PATIENCE,
            ..Settings::new(portal.clone())
        })?;
        let seen = Arc::new(Mutex::new(None));
        let stop = Arc::new(AtomicBool::new(false));
        let (writing, stopped) = (Arc::clone(&seen), Arc::clone(&stop));
        let thread = std::thread::Builder::new()
            .name("watch".into())
            .spawn(move || {
                let agent = agent();
                while !stopped.load(Ordering::Relaxed) {
                    let now = Seen {
                        board: client.attestations(SLUG).ok(),
                        health: guardians
                            .iter()
                            .filter_map(|(id, url)| Some((id.clone(), health(&agent, url)?)))
                            .collect(),
                    };
                    *writing.lock().unwrap_or_else(PoisonError::into_inner) = Some(now);
                    std::thread::park_timeout(EVERY);
                }
            })
            .map_err(DevnetError::Thread)?;
        Ok(Self {
            seen,
            stop,
            thread: Some(thread),
        })
    }

    pub(super) fn seen(&self) -> Seen {
        self.look().unwrap_or_default()
    }

    /// So that nothing is shown as gone that was not looked for yet; not longer than that takes.
    pub(super) fn wait_for_first_look(&self) {
        let start = Instant::now();
        while self.look().is_none() && start.elapsed() < PATIENCE * 2 {
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn look(&self) -> Option<Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            // Not waited for: it holds nothing but sockets of its own, and may wait for an answer.
            drop(thread);
        }
    }
}

fn agent() -> ureq::Agent {
    let config = ureq::Agent::config_builder()
        .timeout_global(Some(PATIENCE))
        .max_redirects(0)
        .http_status_as_error(false)
        .proxy(None);
    config.build().into()
}

fn health(agent: &ureq::Agent, url: &str) -> Option<Health> {
    let mut answer = agent.get(format!("{url}/healthz")).call().ok()?;
    let mut body = Vec::new();
    answer
        .body_mut()
        .as_reader()
        .take(MAX_HEALTH)
        .read_to_end(&mut body)
        .ok()?;
    serde_json::from_slice(&body).ok()
}
