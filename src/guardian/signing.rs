//! How the guardian gets a signature: it asks the operator's signing server, or waits for it to come.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::value::RawValue;
use tokio::sync::{Notify, oneshot};

use super::clock::unix_now;
use super::queue::{Queue, QueueError, Waiting};
use crate::envelope::{Envelope, Payload};
use crate::operator::PublicKey;
use crate::signer::client::{Client, ClientError, Outcome};
use crate::signer::frames::{Answered, MAX_FRAME};
use crate::signer::{Kind, RequestId};

/// A signing server that was heard of within this time is `connected`.
const CONNECTED: Duration = Duration::from_secs(90);
/// What stands around the requests in a frame.
const FRAME_OVERHEAD: usize = 256;

/// What the guardian wants signed.
pub(super) struct Wanted<'a, P> {
    pub(super) kind: Kind,
    pub(super) federation: Option<&'a str>,
    pub(super) payload: &'a P,
    /// After this second nobody needs the signature any more.
    pub(super) expires_at: u64,
}

/// Why there is no signature.
#[derive(Debug, thiserror::Error)]
pub(super) enum SigningError {
    #[error("no signing server answered in time")]
    Expired,
    #[error("a newer request took its place")]
    Replaced,
    #[error("the signing server refused: {detail} ({reason})")]
    Refused { reason: String, detail: String },
    #[error("the signing server answered with something else than the signature that was asked for")]
    Foreign,
    #[error(transparent)]
    Queue(#[from] QueueError),
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error("the request cannot be written: {0}")]
    Payload(#[from] crate::envelope::PayloadError),
    #[error("no randomness: {0}")]
    Random(getrandom::Error),
}

/// The way to the operator's key.
pub(super) struct Signing {
    operator: PublicKey,
    /// Where the bundle names a signing server.
    client: Option<Client>,
    inner: Mutex<Inner>,
    /// Something new waits.
    arrived: Notify,
}

#[derive(Default)]
struct Inner {
    queue: Queue,
    waiters: HashMap<RequestId, oneshot::Sender<Box<RawValue>>>,
    last_heard: Option<Instant>,
    /// The last refusal, for whoever looks why nothing is signed.
    refused: Option<String>,
}

impl Signing {
    pub(super) fn new(operator: PublicKey, client: Option<Client>) -> Self {
        Self {
            operator,
            client,
            inner: Mutex::default(),
            arrived: Notify::new(),
        }
    }

    fn inner(&self) -> std::sync::MutexGuard<'_, Inner> {
        // Nothing in here panics while it holds the lock.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a signing server was heard of lately.
    pub(super) fn is_connected(&self) -> bool {
        self.inner().last_heard.is_some_and(|at| at.elapsed() < CONNECTED)
    }

    /// A signing server has just spoken to us.
    pub(super) fn heard(&self) {
        self.inner().last_heard = Some(Instant::now());
    }

    /// The last refusal since a signature.
    pub(super) fn refused(&self) -> Option<String> {
        self.inner().refused.clone()
    }

    /// Gets the signed envelope of a payload, verified under the operator's key.
    pub(super) async fn sign<P: Payload + PartialEq>(
        &self,
        wanted: Wanted<'_, P>,
    ) -> Result<String, SigningError> {
        let now = unix_now();
        let mut random = [0; 12];
        getrandom::fill(&mut random).map_err(SigningError::Random)?;
        let id = RequestId::new(now, random);
        let json = format!(
            r#"{{"id":"{id}","at":{now},"kind":"{}","federation":{},"payload":{}}}"#,
            wanted.kind.as_str(),
            serde_json::Value::from(wanted.federation),
            wanted.payload.signed_bytes()?
        );
        let left = Duration::from_secs(wanted.expires_at.saturating_sub(now));
        let outcome = match &self.client {
            Some(client) => tokio::time::timeout(left, self.through_client(client, &id, &json)).await,
            None => {
                tokio::time::timeout(left, self.through_queue(id, wanted.kind, json, wanted.expires_at)).await
            }
        };
        let envelope = match outcome {
            Ok(outcome) => outcome?,
            Err(_) => {
                let mut inner = self.inner();
                inner.queue.remove(&id);
                inner.waiters.remove(&id);
                return Err(SigningError::Expired);
            }
        };
        // Whatever the way: only a signature over exactly what was asked for is one.
        match Envelope::<P>::verify(envelope.get().as_bytes(), &self.operator) {
            Ok(signed) if signed.payload() == wanted.payload => {
                let mut inner = self.inner();
                inner.last_heard = Some(Instant::now());
                inner.refused = None;
                Ok(envelope.get().to_owned())
            }
            _ => Err(SigningError::Foreign),
        }
    }

    async fn through_client(
        &self,
        client: &Client,
        id: &RequestId,
        json: &str,
    ) -> Result<Box<RawValue>, SigningError> {
        match client.sign_and_wait(json.as_bytes(), &id.to_string()).await? {
            Outcome::Signed(signed) => Ok(signed.envelope),
            Outcome::Waiting { .. } => Err(SigningError::Expired),
            Outcome::Refused(refused) => {
                let mut inner = self.inner();
                inner.last_heard = Some(Instant::now());
                inner.refused = Some(refused.reason.clone());
                Err(SigningError::Refused {
                    reason: refused.reason,
                    detail: refused.detail,
                })
            }
        }
    }

    async fn through_queue(
        &self,
        id: RequestId,
        kind: Kind,
        json: String,
        expires_at: u64,
    ) -> Result<Box<RawValue>, SigningError> {
        let (sender, receiver) = oneshot::channel();
        {
            let mut inner = self.inner();
            let waiting = Waiting {
                id,
                kind,
                json,
                expires_at,
            };
            if let Some(replaced) = inner.queue.push(waiting, unix_now())? {
                inner.waiters.remove(&replaced);
            }
            inner.waiters.insert(id, sender);
        }
        self.arrived.notify_waiters();
        receiver.await.map_err(|_| SigningError::Replaced)
    }

    /// What waits and is not known to the kit, at most as much as fits into a frame; waits for something to come.
    pub(super) async fn pending(&self, known: &[String], wait: Duration) -> Vec<String> {
        let deadline = Instant::now() + wait;
        loop {
            // Registered before looking: what comes in between wakes us.
            let arrived = self.arrived.notified();
            tokio::pin!(arrived);
            arrived.as_mut().enable();
            let found: Vec<String> = self
                .inner()
                .queue
                .pending(known, MAX_FRAME - FRAME_OVERHEAD, unix_now())
                .into_iter()
                .map(|request| request.json.clone())
                .collect();
            let left = deadline.saturating_duration_since(Instant::now());
            if !found.is_empty() || left.is_zero() {
                return found;
            }
            let _ = tokio::time::timeout(left, arrived).await;
        }
    }

    /// Takes in what the kit says to a request. Returns whether it was a signature that somebody waited for.
    pub(super) fn answer(&self, answered: &Answered) -> Result<bool, &'static str> {
        let id: RequestId = answered.id.parse().map_err(|_| "the id is not one")?;
        let mut inner = self.inner();
        inner.last_heard = Some(Instant::now());
        let Some(kind) = inner.queue.get(&id).map(|request| request.kind) else {
            return Ok(false);
        };
        if answered.status != 200 {
            let reason = serde_json::from_str::<Refusal>(answered.body.get()).map(|it| it.reason);
            // Asked of a person: neither a yes nor a no.
            if answered.status != 202 {
                inner.refused = Some(reason.unwrap_or_else(|_| format!("status {}", answered.status)));
            }
            return Ok(false);
        }
        let signed: Signed =
            serde_json::from_str(answered.body.get()).map_err(|_| "the answer holds no signed envelope")?;
        if !is_signed_by(kind, &signed.envelope, &self.operator) {
            return Err("the envelope is not signed by the operator's key");
        }
        inner.queue.remove(&id);
        if let Some(waiter) = inner.waiters.remove(&id) {
            // Whoever asked may be gone.
            let _ = waiter.send(signed.envelope);
        }
        Ok(true)
    }

    /// How many requests wait.
    pub(super) fn waiting(&self) -> usize {
        self.inner().queue.len()
    }
}

/// Before it is taken out of the queue: an answer that is none must not lose the request.
fn is_signed_by(kind: Kind, envelope: &RawValue, operator: &PublicKey) -> bool {
    use crate::envelope::{ActionPayload, GuardianKeyPayload, HealthAttestation};
    let bytes = envelope.get().as_bytes();
    match kind {
        Kind::Attestation => Envelope::<HealthAttestation>::verify(bytes, operator).is_ok(),
        Kind::Action => Envelope::<ActionPayload>::verify(bytes, operator).is_ok(),
        Kind::GuardianKey => Envelope::<GuardianKeyPayload>::verify(bytes, operator).is_ok(),
        Kind::FrostCommit | Kind::FrostSign | Kind::Ceremony => false,
    }
}

#[derive(serde::Deserialize)]
struct Refusal {
    reason: String,
}

#[derive(serde::Deserialize)]
struct Signed {
    envelope: Box<RawValue>,
}
