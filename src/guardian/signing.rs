//! How the guardian gets a signature: it asks the operator's signing server, or waits for it to come.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::value::RawValue;
use tokio::sync::{Notify, oneshot};

use super::clock::unix_now;
use super::queue::{Queue, QueueError, Waiting};
use crate::envelope::{ActionPayload, Envelope, GuardianKeyPayload, HealthAttestation, Payload};
use crate::operator::PublicKey;
use crate::signer::client::{Client, ClientError, Outcome};
use crate::signer::frames::{Answered, MAX_FRAME};
use crate::signer::{Kind, RequestId};

/// A signing server at an address that answered within this time is `connected`.
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
    #[error("the signing server refused, {reason}: {detail}")]
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
    waiters: HashMap<RequestId, Waiter>,
    /// When the one at an address answered last.
    last_heard: Option<Instant>,
    /// Connections of kits that fetch requests.
    fetching: usize,
    /// When the last signature came, in Unix seconds.
    signed_at: Option<u64>,
}

/// Who waits for the signature under a request.
struct Waiter {
    sender: oneshot::Sender<Box<RawValue>>,
    /// The last refusal: what is said in the end, if no signature comes.
    refused: Option<Refusal>,
}

/// Takes a request out when nobody waits for it any more, however that came about.
struct Enqueued<'a> {
    signing: &'a Signing,
    id: RequestId,
}

impl Drop for Enqueued<'_> {
    fn drop(&mut self) {
        let mut inner = self.signing.inner();
        inner.queue.remove(&self.id);
        inner.waiters.remove(&self.id);
    }
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

    /// Whether the bundle names a signing server.
    pub(super) fn has_client(&self) -> bool {
        self.client.is_some()
    }

    /// Whether the signing server that we ask answered lately, or one is there that fetches requests.
    pub(super) fn is_connected(&self) -> bool {
        let inner = self.inner();
        match self.client {
            Some(_) => inner.last_heard.is_some_and(|at| at.elapsed() < CONNECTED),
            None => inner.fetching > 0,
        }
    }

    /// A kit fetches requests from now on.
    pub(super) fn began_fetching(&self) {
        self.inner().fetching += 1;
    }

    /// Its connection has ended.
    pub(super) fn ended_fetching(&self) {
        let mut inner = self.inner();
        inner.fetching = inner.fetching.saturating_sub(1);
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
        let envelope = match &self.client {
            Some(client) => tokio::time::timeout(left, self.through_client(client, &id, &json))
                .await
                .unwrap_or(Err(SigningError::Expired))?,
            None => {
                let waiting = Waiting {
                    id,
                    kind: wanted.kind,
                    json,
                    expires_at: wanted.expires_at,
                };
                self.through_queue(waiting, left).await?
            }
        };
        // Whatever the way: only a signature over exactly what was asked for is one.
        match Envelope::<P>::verify(envelope.get().as_bytes(), &self.operator) {
            Ok(signed) if signed.payload() == wanted.payload => {
                self.inner().signed_at = Some(unix_now());
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
        let outcome = client.sign_and_wait(json.as_bytes(), &id.to_string()).await?;
        self.inner().last_heard = Some(Instant::now());
        match outcome {
            Outcome::Signed(signed) => Ok(signed.envelope),
            Outcome::Waiting { .. } => Err(SigningError::Expired),
            Outcome::Refused(refused) => Err(SigningError::Refused {
                reason: refused.reason,
                detail: refused.detail,
            }),
        }
    }

    async fn through_queue(&self, waiting: Waiting, left: Duration) -> Result<Box<RawValue>, SigningError> {
        let id = waiting.id;
        let (sender, receiver) = oneshot::channel();
        {
            let mut inner = self.inner();
            if let Some(replaced) = inner.queue.push(waiting, unix_now())? {
                inner.waiters.remove(&replaced);
            }
            let refused = None;
            inner.waiters.insert(id, Waiter { sender, refused });
        }
        let _out = Enqueued { signing: self, id };
        self.arrived.notify_waiters();
        match tokio::time::timeout(left, receiver).await {
            Ok(answer) => answer.map_err(|_| SigningError::Replaced),
            Err(_) => {
                let refused = self.inner().waiters.remove(&id).and_then(|it| it.refused);
                Err(
                    refused.map_or(SigningError::Expired, |refused| SigningError::Refused {
                        reason: refused.reason,
                        detail: refused.detail,
                    }),
                )
            }
        }
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
        let Some(request) = inner.queue.get(&id) else {
            return Ok(false);
        };
        if answered.status != 200 {
            // Asked of a person: neither a yes nor a no.
            if answered.status != 202
                && let Some(waiter) = inner.waiters.get_mut(&id)
            {
                waiter.refused = Some(Refusal::read(answered));
            }
            return Ok(false);
        }
        let signed: Signed =
            serde_json::from_str(answered.body.get()).map_err(|_| "the answer holds no signed envelope")?;
        if !is_signature_under(request, &signed.envelope, &self.operator) {
            return Err("the envelope is not what was asked for, signed by the operator's key");
        }
        inner.queue.remove(&id);
        if let Some(waiter) = inner.waiters.remove(&id) {
            // Whoever asked may be gone.
            let _ = waiter.sender.send(signed.envelope);
        }
        Ok(true)
    }

    /// When the operator's signing server signed last for this process, in Unix seconds.
    pub(super) fn signed_at(&self) -> Option<u64> {
        self.inner().signed_at
    }

    /// How many requests wait.
    pub(super) fn waiting(&self) -> usize {
        self.inner().queue.len()
    }
}

/// Looked at before the request is taken out of the queue: an answer that is none must not lose it.
fn is_signature_under(request: &Waiting, envelope: &RawValue, operator: &PublicKey) -> bool {
    let bytes = envelope.get().as_bytes();
    let signed = match request.kind {
        Kind::Attestation => signed_bytes::<HealthAttestation>(bytes, operator),
        Kind::Action => signed_bytes::<ActionPayload>(bytes, operator),
        Kind::GuardianKey => signed_bytes::<GuardianKeyPayload>(bytes, operator),
        Kind::FrostCommit | Kind::FrostSign | Kind::Ceremony => None,
    };
    // The payload is the last field of a request, as the signed bytes have it.
    signed.is_some_and(|payload| request.json.ends_with(&format!(r#","payload":{payload}}}"#)))
}

fn signed_bytes<P: Payload>(envelope: &[u8], operator: &PublicKey) -> Option<String> {
    let verified = Envelope::<P>::verify(envelope, operator).ok()?;
    verified.payload().signed_bytes().ok()
}

/// What a signing server says instead of a signature.
#[derive(Debug, serde::Deserialize)]
struct Refusal {
    reason: String,
    #[serde(default)]
    detail: String,
}

impl Refusal {
    fn read(answered: &Answered) -> Self {
        serde_json::from_str(answered.body.get()).unwrap_or_else(|_| Self {
            reason: "refused".into(),
            detail: format!("status {}", answered.status),
        })
    }
}

#[derive(serde::Deserialize)]
struct Signed {
    envelope: Box<RawValue>,
}

#[cfg(test)]
#[path = "signing_tests.rs"]
mod tests;
