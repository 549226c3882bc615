use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::Deserialize;
use tokio::sync::Semaphore;

use super::{Body, Message, SharedPeers};
use crate::federation::Address;
use crate::guardian::clock::unix_now;
use crate::guardian::transport::Transport;
use crate::operator::OperatorId;

/// How long one message may take.
const TIMEOUT: Duration = Duration::from_secs(5);
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
    seq: AtomicU64,
}

#[derive(Deserialize)]
struct Recalled {
    audit: Option<String>,
}

impl Sender {
    pub(in crate::guardian) fn new(ours: OperatorId, transport: Arc<Transport>, peers: SharedPeers) -> Self {
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(TIMEOUT))
            .max_redirects(0)
            .http_status_as_error(false)
            .max_idle_connections_per_host(1)
            .build();
        // Forward from one start to the next, although each start has a key of its own anyway.
        let seq = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |it| u64::try_from(it.as_micros()).unwrap_or(0));
        Self {
            ours,
            transport,
            peers,
            agent: config.into(),
            places: Arc::new(Semaphore::new(AT_ONCE)),
            seq: AtomicU64::new(seq),
        }
    }

    /// Tells every other guardian whose address is known. Who does not answer is told the next thing, not this one again.
    pub(in crate::guardian) async fn tell(&self, body: &Body) {
        let sends = self
            .addresses()
            .into_iter()
            .map(|address| self.send(address, body));
        let mut tasks = tokio::task::JoinSet::new();
        for send in sends.flatten() {
            tasks.spawn(send);
        }
        while tasks.join_next().await.is_some() {}
    }

    /// What the others remember of our operator's log.
    pub(in crate::guardian) async fn recall(&self) -> Vec<String> {
        let mut tasks = tokio::task::JoinSet::new();
        for send in self
            .addresses()
            .into_iter()
            .filter_map(|it| self.send(it, &Body::Recall))
        {
            tasks.spawn(send);
        }
        let mut heads = Vec::new();
        while let Some(answer) = tasks.join_next().await {
            let text = answer.ok().flatten();
            let head = text.and_then(|text| serde_json::from_str::<Recalled>(&text).ok()?.audit);
            heads.extend(head);
        }
        heads
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

    /// One message, ready to be sent; `None` while we have no delegation for this membership.
    fn send(&self, address: Address, body: &Body) -> Option<impl Future<Output = Option<String>> + use<>> {
        let membership_hash = self.peers.directory()?.membership.hash();
        let delegation = self.transport.delegation()?;
        if delegation.membership_hash.as_deref() != Some(membership_hash.to_string().as_str()) {
            return None;
        }
        let message = Message {
            from: self.ours.clone(),
            to: address.operator_id,
            membership_hash,
            at: unix_now(),
            seq: self.seq.fetch_add(1, Ordering::Relaxed),
            body: body.clone(),
        };
        let bytes = message.signed_bytes().ok()?;
        let signature = self.transport.sign_peer(bytes.as_bytes());
        let text = Message::assemble(&bytes, &delegation.envelope, &signature);
        let url = format!("{}/v1/peer", address.p2p_url.trim_end_matches('/'));
        let (agent, places) = (self.agent.clone(), Arc::clone(&self.places));
        Some(async move {
            let _place = places.acquire_owned().await.ok()?;
            tokio::task::spawn_blocking(move || post(&agent, &url, &text))
                .await
                .ok()?
        })
    }
}

fn post(agent: &ureq::Agent, url: &str, text: &str) -> Option<String> {
    let mut response = agent
        .post(url)
        .header("Content-Type", "application/json")
        .send(text)
        .ok()?;
    let mut answer = String::new();
    let read = response
        .body_mut()
        .as_reader()
        .take(MAX_ANSWER)
        .read_to_string(&mut answer);
    (response.status() == 200 && read.is_ok()).then_some(answer)
}
