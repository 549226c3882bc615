//! The operator's RPC: a socket in the data folder, over which the kit fetches signing requests and brings answers.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::json;
use serde_json::value::{RawValue, to_raw_value};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::JoinSet;

use super::health::VERSION;
use super::shared::Shared;
use crate::signer::Stop;
use crate::signer::frames::{
    Answer, Answered, Call, CallError, Hello, Known, Leave, Pending, RPC_VERSION, Remembered, Requests,
    frame, parse_frame, read_frame,
};

/// Kits that are connected at once: one serves, others look.
const CONNECTIONS: usize = 8;
/// Calls of one connection that are answered at once; a long poll and an answer need two.
const CALLS: usize = 16;
/// How long a kit may take to say hello, and afterwards to read what we send.
const PATIENCE: Duration = Duration::from_secs(10);
/// A kit that sends nothing for longer than its longest poll is gone.
const IDLE: Duration = Duration::from_secs(180);
/// Longest poll.
const MAX_WAIT: u64 = 60;

/// The socket, removed when dropped.
pub(super) struct RpcSocket {
    listener: UnixListener,
    path: PathBuf,
}

impl RpcSocket {
    /// Only for the holder of the data folder's lock: what is in the way was left by a process that is gone.
    pub(super) fn bind(path: &Path) -> std::io::Result<Self> {
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = UnixListener::bind(path)?;
        // The folder is closed to others already; this says so to whoever looks at the socket.
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
        Ok(Self {
            listener,
            path: path.to_owned(),
        })
    }

    /// Answers until it is told to stop.
    pub(super) async fn serve(self, shared: Arc<Shared>, mut stop: Stop) {
        let places = Arc::new(Semaphore::new(CONNECTIONS));
        let own = rustix::process::geteuid().as_raw();
        let mut connections = JoinSet::new();
        loop {
            let accepted = tokio::select! {
                () = stop.wait() => break,
                Some(_) = connections.join_next() => continue,
                accepted = self.listener.accept() => accepted,
            };
            let Ok((stream, _)) = accepted else {
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            };
            // Root can reach everything anyway.
            let known = stream
                .peer_cred()
                .is_ok_and(|peer| peer.uid() == own || peer.uid() == 0);
            let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
                continue;
            };
            if known {
                let (shared, stop) = (Arc::clone(&shared), stop.clone());
                connections.spawn(async move {
                    converse(stream, shared, stop).await;
                    drop(place);
                });
            }
        }
        connections.shutdown().await;
    }
}

impl Drop for RpcSocket {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

async fn converse(stream: UnixStream, shared: Arc<Shared>, mut stop: Stop) {
    let (mut reader, mut writer) = stream.into_split();
    let (answers, mut outgoing) = mpsc::channel::<Answer>(CALLS);
    let write = async {
        while let Some(answer) = outgoing.recv().await {
            let bytes = framed(answer);
            let sent = tokio::io::AsyncWriteExt::write_all(&mut writer, &bytes);
            if !matches!(tokio::time::timeout(PATIENCE, sent).await, Ok(Ok(()))) {
                return;
            }
        }
    };
    let read = async {
        let places = Arc::new(Semaphore::new(CALLS));
        let polls = Arc::new(Polls::new(&shared));
        let mut calls = JoinSet::new();
        let mut greeted = false;
        loop {
            let patience = if greeted { IDLE } else { PATIENCE };
            let Ok(Ok(bytes)) = tokio::time::timeout(patience, read_frame(&mut reader)).await else {
                return;
            };
            let Ok(call) = parse_frame::<Call<'_>>(&bytes) else {
                return;
            };
            let (id, method, params) = (call.id, call.method.into_owned(), call.params.to_owned());
            if !greeted {
                let answer = hello(&shared, &method, &params);
                greeted = answer.is_ok();
                if answers.send(answer_of(id, answer)).await.is_err() || !greeted {
                    return;
                }
                continue;
            }
            while calls.try_join_next().is_some() {}
            let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
                let busy = error(
                    "too-many-calls",
                    format!("{CALLS} calls are being answered already"),
                );
                if answers.send(answer_of(id, Err(busy))).await.is_err() {
                    return;
                }
                continue;
            };
            let (shared, answers) = (Arc::clone(&shared), answers.clone());
            let polls = Arc::clone(&polls);
            // In the order of the calls, not of their tasks.
            let turn = (method == "pending").then(|| polls.turn());
            calls.spawn(async move {
                let answer = match turn {
                    Some(turn) => pending(&shared, &params, turn).await,
                    None => answer(&shared, &method, &params),
                };
                let _ = answers.send(answer_of(id, answer)).await;
                drop(place);
            });
        }
    };
    tokio::select! {
        () = stop.wait() => {}
        () = read => {}
        () = write => {}
    }
}

type Result = std::result::Result<Box<RawValue>, CallError>;

/// The long polls of one connection. A new one ends the one before it, which then has nothing to tell: the kit asks anew
/// when what it knows has changed.
struct Polls {
    shared: Arc<Shared>,
    newest: watch::Sender<u64>,
    /// Set by the first one: from then on this connection is a signing server's.
    is_fetching: AtomicBool,
}

impl Polls {
    fn new(shared: &Arc<Shared>) -> Self {
        Self {
            shared: Arc::clone(shared),
            newest: watch::Sender::new(0),
            is_fetching: AtomicBool::new(false),
        }
    }

    /// Ends the one before; returns when the next one comes.
    fn turn(&self) -> impl Future<Output = ()> + use<> {
        if !self.is_fetching.swap(true, Ordering::Relaxed) {
            self.shared.signing.began_fetching();
        }
        self.newest.send_modify(|newest| *newest += 1);
        let mut newest = self.newest.subscribe();
        async move {
            // An error means that the connection is gone.
            let _ = newest.changed().await;
        }
    }
}

impl Drop for Polls {
    fn drop(&mut self) {
        if self.is_fetching.load(Ordering::Relaxed) {
            self.shared.signing.ended_fetching();
        }
    }
}

/// The bytes of an answer; one that does not fit into a frame says so instead of not coming.
fn framed(answer: Answer) -> Vec<u8> {
    let id = answer.id;
    let bytes = |answer: Answer| {
        let json = serde_json::to_vec(&answer).expect("an answer serialises");
        frame(&json)
    };
    bytes(answer)
        .or_else(|_| {
            bytes(answer_of(
                id,
                Err(error("too-large", "the answer does not fit into a frame")),
            ))
        })
        .expect("a short answer fits into a frame")
}

fn answer_of(id: u64, result: Result) -> Answer {
    let (result, error) = match result {
        Ok(result) => (Some(result), None),
        Err(error) => (None, Some(error)),
    };
    Answer { id, result, error }
}

fn error(reason: &str, detail: impl Into<String>) -> CallError {
    CallError {
        reason: reason.to_owned(),
        detail: detail.into(),
    }
}

fn params<'a, T: serde::Deserialize<'a>>(params: &'a RawValue) -> std::result::Result<T, CallError> {
    serde_json::from_str(params.get()).map_err(|problem| error("malformed-params", problem.to_string()))
}

fn raw(value: &impl serde::Serialize) -> Box<RawValue> {
    to_raw_value(value).expect("an answer serialises")
}

fn hello(shared: &Shared, method: &str, text: &RawValue) -> Result {
    if method != "hello" {
        return Err(error("hello-missing", "the first call of a connection is hello"));
    }
    let theirs: Hello = params(text)?;
    let ours = shared.settings.operator_id();
    if theirs.version != RPC_VERSION {
        return Err(error(
            "unknown-version",
            format!("this guardian speaks version {RPC_VERSION}"),
        ));
    }
    if theirs.operator_id != ours.as_str() {
        return Err(error("foreign-operator", format!("this is a guardian of {ours}")));
    }
    Ok(raw(&Hello {
        version: RPC_VERSION,
        program: VERSION.to_owned(),
        operator_id: ours.as_str().to_owned(),
    }))
}

async fn pending(shared: &Shared, text: &RawValue, ended: impl Future<Output = ()>) -> Result {
    let asked: Pending = params(text)?;
    let wait = Duration::from_secs(asked.wait.min(MAX_WAIT));
    let found = tokio::select! {
        found = shared.signing.pending(&asked.known, wait) => found,
        () = ended => Vec::new(),
    };
    let requests = found
        .into_iter()
        .filter_map(|json| RawValue::from_string(json).ok())
        .collect();
    Ok(raw(&Requests { requests }))
}

fn answer(shared: &Shared, method: &str, text: &RawValue) -> Result {
    match method {
        "answer" => {
            let answered: Answered = params(text)?;
            match shared.signing.answer(&answered) {
                Ok(_) => Ok(raw(&json!({}))),
                Err(why) => Err(error("not-a-signature", why)),
            }
        }
        "head" => {
            let asked: Remembered = params(text)?;
            Ok(raw(&Known {
                known: shared.remembered.known(&asked.of),
            }))
        }
        "leave-head" => {
            let left: Leave = params(text)?;
            let learnt = shared.remembered.learn_head(&left.head);
            shared.written(learnt.as_ref().map(|_| ()));
            match learnt {
                Ok(true) => {
                    shared.peers.tell_of_head();
                    Ok(raw(&json!({})))
                }
                Ok(false) => Err(error("not-a-head", "the operator's key did not sign this head")),
                Err(problem) => Err(error("not-kept", problem.to_string())),
            }
        }
        "submit-notice" => {
            let notice: super::peers::SubmitNotice = params(text)?;
            match shared.peers.submit_notice(&notice.envelope) {
                Ok(()) => {
                    // Proof of its nonce, for a signing server whose log was put back.
                    let learnt = shared.remembered.learn_action(&notice.envelope);
                    shared.written(learnt.as_ref().map(|_| ()));
                    Ok(raw(&json!({})))
                }
                Err(why) => Err(error("not-a-notice", why)),
            }
        }
        "peer-health" => Ok(raw(&shared.peers.health())),
        _ => Err(error(
            "unknown-method",
            "hello, pending, answer, head, leave-head, submit-notice, peer-health are known",
        )),
    }
}
