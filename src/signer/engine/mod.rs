//! Joins the pure core, the key and the log. Every door calls this; it knows no door.
//!
//! One request goes: decide and reserve under one lock; sign; hand the record over under the same lock; wait until it is
//! durable; answer. So no signature leaves before its record, and no two requests are decided on the same past.

mod asks;
mod compare;
mod core;
mod entries;
mod metrics;
mod questions;
mod replay;
mod signing;
mod trusted;
mod upkeep;

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::json;
use serde_json::value::RawValue;
use tokio::sync::watch;

use self::core::Core;
use super::notice::{Notice, Watcher};
use super::{Caller, Facts, INTERRUPTED, Kind, Policy, PolicyFile, Reply, RequestId, TrustedMembership};
use crate::audit::{AuditError, ChainKey, Entry, Event, Ledger};
use crate::operator::{OperatorId, PublicKey, SecretKey};
use crate::store::Folders;
use asks::{Asks, Look};
pub use compare::CompareError;
use entries::Denials;
pub(super) use metrics::Metrics;
use replay::Rebuild;
use trusted::Trusted;

/// What an engine works with.
pub struct Setup {
    /// The operator key.
    pub key: SecretKey,
    /// What the policy file says now.
    pub policy: Policy,
    /// Where it is read again from.
    pub policy_file: PathBuf,
    /// The federation of the config bundle.
    pub federation: Option<String>,
    /// Nothing is signed without a person.
    pub ask_only: bool,
    /// What a guardian proves beyond our log does not stop signing.
    pub dangerously_accept_rollback: bool,
}

/// The running signing server, without its doors.
pub struct Engine {
    key: SecretKey,
    public: PublicKey,
    operator_id: OperatorId,
    policy_file: PathBuf,
    federation: Option<String>,
    ask_only: bool,
    accepts_rollback: bool,
    started: SystemTime,
    folders: Folders,
    ledger: Ledger,
    trusted: Trusted,
    core: Mutex<Core>,
    /// Whether a comparison with what others remember has ended well.
    compared: AtomicBool,
    /// Set once, when something shows that no signature may leave before a restart.
    halted: Mutex<Option<Halt>>,
    /// One reload at a time: else the older of two files could be read last.
    reloading: tokio::sync::Mutex<()>,
    watcher: Watcher,
    metrics: Metrics,
    /// The last signed head, as it is left with guardians.
    heads: watch::Sender<Option<Box<RawValue>>>,
}

/// Why nothing is signed until a restart.
#[derive(Clone)]
struct Halt {
    reason: &'static str,
    detail: String,
}

impl Engine {
    /// Opens the log, learns from it what must not be forgotten, and records the start. Returns also what the operator
    /// should know. Only for the holder of the identity's lock.
    ///
    /// # Errors
    /// [`AuditError`]
    pub fn open(folders: &Folders, setup: Setup) -> Result<(Arc<Self>, Vec<String>), AuditError> {
        let mut rebuild = Rebuild::default();
        let (ledger, opened) = Ledger::open(folders, ChainKey::derive(&setup.key), &mut rebuild)?;
        let Rebuild(history) = rebuild;
        let public = setup.key.public();
        let engine = Self {
            operator_id: public.operator_id(),
            public,
            key: setup.key,
            policy_file: setup.policy_file,
            federation: setup.federation,
            ask_only: setup.ask_only,
            accepts_rollback: setup.dangerously_accept_rollback,
            started: SystemTime::now(),
            folders: folders.clone(),
            ledger,
            trusted: Trusted::new(folders),
            core: Mutex::new(Core {
                policy: setup.policy,
                history,
                asks: Asks::default(),
                flights: HashMap::new(),
                denials: Denials::default(),
                unrecorded: BTreeMap::new(),
            }),
            compared: AtomicBool::new(false),
            halted: Mutex::new(None),
            reloading: tokio::sync::Mutex::default(),
            watcher: Watcher::default(),
            metrics: Metrics::default(),
            heads: watch::Sender::new(None),
        };
        let started = format!("oc-guardian {} started", env!("CARGO_PKG_VERSION"));
        let ticket = engine.append(Entry::new(unix_now(), Event::Started, started))?;
        engine.expire_left_over()?;
        ticket.wait()?;
        let notes = opened.notes.into_iter().chain(engine.trusted.reload());
        let notes = notes.collect();
        Ok((Arc::new(engine), notes))
    }

    /// Records that nobody will be asked any more what was asked before the start.
    fn expire_left_over(&self) -> Result<(), AuditError> {
        let mut core = self.core();
        let asked: Vec<(RequestId, Kind)> = core.history.asked().collect();
        let now = unix_now();
        for (id, kind) in asked {
            let entry = Entry {
                request_id: Some(id.to_string()),
                ..Entry::new(now, Event::Expired, INTERRUPTED).about(kind.as_str())
            };
            drop(self.append(entry)?);
            core.history.interrupted(id, kind, now);
        }
        Ok(())
    }

    /// Whose signatures these are.
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// What happens from now on, for one screen.
    pub fn subscribe(&self) -> Receiver<Notice> {
        self.watcher.subscribe()
    }

    /// The last signed head, and each new one.
    pub(super) fn heads(&self) -> watch::Receiver<Option<Box<RawValue>>> {
        self.heads.subscribe()
    }

    pub(super) fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// `GET /healthz`
    pub fn health(&self) -> Reply {
        match self.stopped() {
            None => Reply::json(
                200,
                &json!({ "ok": true, "version": env!("CARGO_PKG_VERSION"), "operator_id": self.operator_id }),
            ),
            Some(halt) => Reply::refused(503, halt.reason, halt.detail),
        }
    }

    /// `GET /v1/identity`
    pub fn identity(&self) -> Reply {
        let federations: Vec<_> = self
            .trusted
            .memberships()
            .iter()
            .map(|it| json!({ "slug": it.federation, "membership_hash": it.hash }))
            .collect();
        Reply::json(
            200,
            &json!({
                "ok": true,
                "operator_id": self.operator_id,
                "scheme": self.public.scheme(),
                "operator_pubkey_hex": self.public.to_hex(),
                "federations": federations,
            }),
        )
    }

    /// `GET /metrics`
    pub fn metrics_text(&self) -> Reply {
        let waiting = self.core().asks.count();
        let uptime = self.started.elapsed().unwrap_or_default().as_secs();
        Reply::metrics(self.metrics.text(&[
            (
                "waiting",
                "Questions that wait for a person.",
                u64::try_from(waiting).unwrap_or(u64::MAX),
            ),
            (
                "audit_records",
                "Records of the audit log.",
                self.ledger.head().seq,
            ),
            (
                "healthy",
                "Whether signatures can leave.",
                u64::from(self.stopped().is_none()),
            ),
            ("uptime_seconds", "Seconds since the start.", uptime),
        ]))
    }

    /// `GET /v1/requests/{id}`: the outcome of a request that a person was asked about; waits for it as long as `wait`. While
    /// it waits for a person, the operator's own door is shown the whole question.
    pub async fn outcome(&self, caller: &Caller, id: &str, wait: Duration) -> Reply {
        let Ok(id) = id.parse() else {
            return Reply::refused(422, "malformed-request", "the id is not 32 digits 0-9 a-f");
        };
        let look = self.core().asks.look(caller, id);
        match look {
            Look::Settled(reply) => reply,
            Look::Nothing => Reply::refused(
                404,
                "no-such-request",
                "no question of this caller has this id; the request can be sent again",
            ),
            Look::Waiting(expires_at, mut outcome) => {
                let settled = tokio::time::timeout(wait, outcome.wait_for(Option::is_some)).await;
                match settled {
                    Ok(Ok(reply)) => reply
                        .clone()
                        .unwrap_or_else(|| self.still_waiting(caller, id, expires_at)),
                    // It ended without an answer: a request can be sent again.
                    Ok(Err(_)) => unavailable("interrupted", "the question was not answered"),
                    Err(_) => self.still_waiting(caller, id, expires_at),
                }
            }
        }
    }

    /// 202; for the person who is to answer, with everything that there is to look at.
    fn still_waiting(&self, caller: &Caller, id: RequestId, expires_at: u64) -> Reply {
        let core = self.core();
        match core.asks.get(id) {
            Some(ask) if *caller == Caller::Operator => Reply::json(
                202,
                &json!({
                    "ok": true, "id": id.to_string(), "expires_at": expires_at, "question": ask.question,
                }),
            ),
            _ => waiting(id, expires_at),
        }
    }

    /// Reads the policy file and the trusted federations again; a policy that is not acceptable changes nothing.
    pub async fn reload(self: &Arc<Self>) -> Reply {
        let _one = self.reloading.lock().await;
        let engine = Arc::clone(self);
        let loaded = tokio::task::spawn_blocking(move || {
            engine.trusted.reload();
            PolicyFile::load(&engine.policy_file)
        })
        .await;
        let error = match loaded {
            Ok(Ok(file)) => {
                let mut core = self.core();
                core.policy = file.policy;
                // A yes for an hour was said under the old one.
                core.history.revoke_grants();
                drop(core);
                self.watcher.tell(Notice::Policy(Ok(())));
                return Reply::json(200, &json!({ "ok": true }));
            }
            Ok(Err(error)) => error.to_string(),
            Err(error) => error.to_string(),
        };
        self.watcher.tell(Notice::Policy(Err(error.clone())));
        Reply::refused(422, "bad-policy", error)
    }

    /// Why no signature can leave now, for a person in the same process.
    pub fn stop_reason(&self) -> Option<String> {
        self.stopped().map(|halt| halt.detail)
    }

    /// Why no signature can leave now.
    fn stopped(&self) -> Option<Halt> {
        let halted = self.halted.lock().unwrap_or_else(PoisonError::into_inner).clone();
        halted.or_else(|| {
            let error = self.ledger.healthy().err()?;
            Some(Halt {
                reason: ledger_reason(&error),
                detail: error.to_string(),
            })
        })
    }

    fn halt(&self, reason: &'static str, detail: String) {
        self.halted
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get_or_insert(Halt { reason, detail });
    }

    fn core(&self) -> MutexGuard<'_, Core> {
        // A panic while deciding leaves at worst a reservation too many: the next decision is still a safe one.
        self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn facts<'a>(&'a self, caller: &'a Caller, memberships: &'a [TrustedMembership]) -> Facts<'a> {
        Facts {
            public: &self.public,
            operator_id: &self.operator_id,
            caller,
            now_ms: unix_now_ms(),
            image: caller.image(),
            memberships,
            federation: self.federation.as_deref(),
            ask_only: self.ask_only,
        }
    }
}

fn ledger_reason(error: &AuditError) -> &'static str {
    match error {
        AuditError::Full { .. } => "disk-full",
        AuditError::Backlog => "backlog",
        AuditError::Closed => "stopping",
        _ => "audit-failed",
    }
}

/// 202
fn waiting(id: RequestId, expires_at: u64) -> Reply {
    Reply::json(
        202,
        &json!({ "ok": true, "id": id.to_string(), "expires_at": expires_at }),
    )
}

/// 503: nothing is wrong with the request, which can be sent again.
fn unavailable(reason: &str, detail: impl Into<String>) -> Reply {
    Reply::refused(503, reason, detail)
}

fn unix_now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

fn unix_now() -> u64 {
    unix_now_ms() / 1000
}
