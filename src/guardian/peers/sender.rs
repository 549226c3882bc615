use std::collections::HashMap;
use std::io::Read;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde::Deserialize;
use tokio::sync::{Mutex as AsyncMutex, Semaphore};

use super::{Body, Message, SharedPeers};
use crate::federation::Address;
use crate::guardian::clock::unix_now;
use crate::guardian::transport::Transport;
use crate::operator::OperatorId;

/// How long one message may take.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Pauses, in seconds, before a notice that was not taken is sent again; after that it hardly counts any more.
const PAUSES: [u64; 8] = [1, 2, 4, 8, 16, 32, 64, 128];
/// Messages that are under way at once.
const AT_ONCE: usize = 4;
/// Largest answer that is read, in bytes.
const MAX_ANSWER: u64 = 64 * 1024;

/// Sends messages to the other guardians of the membership.
pub(in crate::guardian) struct Sender {
    ours: OperatorId,
    transport: Arc<Transport>,
    peers: SharedPeers,
    agent: ureq::Agent,
    places: Arc<Semaphore>,
    /// One message at a time to each: a sequence number that is overtaken is taken for a replay.
    turns: Mutex<HashMap<OperatorId, Arc<AsyncMutex<()>>>>,
    seq: AtomicU64,
}

#[derive(Deserialize)]
struct Recalled {
    audit: Option<String>,
}

impl Sender {
    pub(in crate::guardian) fn new(
        ours: OperatorId,
        transport: Arc<Transport>,
        peers: SharedPeers,
        agent: ureq::Agent,
    ) -> Self {
        // Forward from one start to the next, although each start has a key of its own anyway.
        let seq = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |it| u64::try_from(it.as_micros()).unwrap_or(0));
        Self {
            ours,
            transport,
            peers,
            agent,
            places: Arc::new(Semaphore::new(AT_ONCE)),
            turns: Mutex::default(),
            seq: AtomicU64::new(seq),
        }
    }

    /// Tells every other guardian whose address is known. Who does not answer is told the next thing, not this one again.
    pub(in crate::guardian) async fn tell(self: &Arc<Self>, body: &Body) {
        self.send_all(body).await;
    }

    /// As [`Sender::tell`], and in the background again and again until each has taken it: what is told once must not be lost
    /// because a port changed hands just then.
    pub(in crate::guardian) fn tell_surely(self: &Arc<Self>, body: &Body) {
        for address in self.addresses() {
            let (sender, body) = (Arc::clone(self), body.clone());
            tokio::spawn(async move {
                for pause in PAUSES {
                    if sender.send(address.clone(), body.clone()).await.is_some() {
                        return;
                    }
                    tokio::time::sleep(Duration::from_secs(pause)).await;
                }
            });
        }
    }

    /// What the others remember of our operator's log.
    pub(in crate::guardian) async fn recall(self: &Arc<Self>) -> Vec<String> {
        let answers = self.send_all(&Body::Recall).await.into_iter();
        answers
            .filter_map(|text| serde_json::from_str::<Recalled>(&text).ok()?.audit)
            .collect()
    }

    async fn send_all(self: &Arc<Self>, body: &Body) -> Vec<String> {
        let mut tasks = tokio::task::JoinSet::new();
        for address in self.addresses() {
            let (sender, body) = (Arc::clone(self), body.clone());
            tasks.spawn(async move { sender.send(address, body).await });
        }
        let mut answers = Vec::new();
        while let Some(answer) = tasks.join_next().await {
            answers.extend(answer.ok().flatten());
        }
        answers
    }

    fn addresses(&self) -> Vec<Address> {
        let Some(directory) = self.peers.directory() else {
            return Vec::new();
        };
        let others = directory
            .addresses
            .iter()
            .filter(|address| address.operator_id != self.ours);
        others.cloned().collect()
    }

    fn turn(&self, to: &OperatorId) -> Arc<AsyncMutex<()>> {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(turns.entry(to.clone()).or_default())
    }

    /// Sends one message and returns the answer to one that was taken. Nothing is sent while we have no delegation for this
    /// membership, and no health while the health before it is still on its way: a peer that is down collects no queue.
    /// Who did not answer is left alone for a while; only a notice, which comes once, is tried all the same.
    async fn send(&self, address: Address, body: Body) -> Option<String> {
        let turn = self.turn(&address.operator_id);
        let _turn = match body {
            Body::Health(_) => turn.try_lock_owned().ok()?,
            _ => turn.lock_owned().await,
        };
        let to = address.operator_id;
        let is_notice = matches!(body, Body::Notice(_));
        if !is_notice && !self.peers.silences().may_try(&to, Instant::now()) {
            return None;
        }
        let _place = self.places.acquire().await.ok()?;
        let membership_hash = self.peers.directory()?.membership.hash();
        let delegation = self.transport.delegation()?;
        if delegation.membership_hash.as_deref() != Some(membership_hash.to_string().as_str()) {
            return None;
        }
        let message = Message {
            from: self.ours.clone(),
            to: to.clone(),
            membership_hash,
            at: unix_now(),
            seq: self.seq.fetch_add(1, Ordering::Relaxed),
            body,
        };
        let bytes = message.signed_bytes().ok()?;
        let signature = self.transport.sign_peer(bytes.as_bytes());
        let text = Message::assemble(&bytes, &delegation.envelope, &signature);
        let url = format!("{}/v1/peer", address.p2p_url.trim_end_matches('/'));
        let agent = self.agent.clone();
        let answer = tokio::task::spawn_blocking(move || post(&agent, &url, &text))
            .await
            .ok()?;
        match answer {
            Answer::None => {
                // Without randomness there is only no jitter.
                let mut random = [0; 4];
                let _ = getrandom::fill(&mut random);
                let random = u32::from_le_bytes(random);
                self.peers.silences().failed(&to, Instant::now(), random);
                None
            }
            Answer::Refused => {
                self.peers.silences().heard(&to);
                None
            }
            Answer::Taken(text) => {
                self.peers.silences().heard(&to);
                Some(text)
            }
        }
    }
}

enum Answer {
    /// None within the time, or a proxy's word that nobody is there.
    None,
    Refused,
    Taken(String),
}

fn post(agent: &ureq::Agent, url: &str, text: &str) -> Answer {
    let request = agent.post(url).config().timeout_global(Some(TIMEOUT)).build();
    let Ok(mut response) = request.header("Content-Type", "application/json").send(text) else {
        return Answer::None;
    };
    let mut answer = String::new();
    let read = response
        .body_mut()
        .as_reader()
        .take(MAX_ANSWER)
        .read_to_string(&mut answer);
    match response.status().as_u16() {
        200 if read.is_ok() => Answer::Taken(answer),
        // A guardian says 503 while it stands by, and is there a moment later.
        500..=599 if !answer.contains("\"not-active\"") => Answer::None,
        _ => Answer::Refused,
    }
}
