//! What guardians of one membership tell each other: health, upgrade notices, heads of audit logs.

mod door;
mod follows;
mod known;
mod message;
mod replay;
mod sender;
mod silence;
#[cfg(test)]
pub(super) mod test_support;

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio::sync::Notify;

pub use message::{Believed, Body, MAX_SKEW, Message, MessageError, believe};
pub use replay::Replay;

use super::clock::unix_now;
use crate::federation::Directory;
use crate::operator::OperatorId;
use crate::signer::Reply;
use door::Door;
pub(super) use follows::NotTaken;
use follows::follows;
use known::Known;
pub(in crate::guardian) use known::closing_body;
pub use known::{PeerHealth, PeerState};
pub(super) use sender::Sender;
use silence::Silences;

/// Messages of one guardian within [`RATE_WINDOW`]; a guardian that works sends one or two a minute.
const RATE: u32 = 30;
const RATE_WINDOW: Duration = Duration::from_secs(60);

/// Params of the RPC's `submit-notice`.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SubmitNotice {
    pub(super) envelope: Box<RawValue>,
}

/// Params of the RPC's `request-notice`: has an upgrade notice signed by the operator's signing server, and told to the peers.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RequestNotice {
    /// One line of 1 to 120 characters.
    pub title: String,
    /// The nonce of the notice that this one ends; null begins an upgrade.
    pub closes: Option<u64>,
}

/// What is known of the other guardians, and the door at which they knock.
pub(super) struct Peers {
    ours: OperatorId,
    /// Known once the directory was read and every charter signature in it checked.
    directory: Mutex<Option<Arc<Directory>>>,
    inner: Mutex<Inner>,
    door: Mutex<Door>,
    silences: Mutex<Silences>,
    /// Something is to be told to the others.
    pub(super) news: Notify,
}

#[derive(Default)]
struct Inner {
    replay: Replay,
    rates: HashMap<OperatorId, (Instant, u32)>,
    known: Known,
    /// A newer head of our operator's log is to be told.
    head_is_news: bool,
    /// Notices of our own operator that are to be told.
    notices: Vec<String>,
}

/// What the sender fetches.
pub(super) struct News {
    pub(super) head: bool,
    pub(super) notices: Vec<String>,
}

impl Peers {
    pub(super) fn new(ours: OperatorId) -> Self {
        Self {
            ours,
            directory: Mutex::new(None),
            inner: Mutex::default(),
            door: Mutex::new(Door::new(Instant::now())),
            silences: Mutex::default(),
            news: Notify::new(),
        }
    }

    fn door(&self) -> std::sync::MutexGuard<'_, Door> {
        self.door.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn silences(&self) -> std::sync::MutexGuard<'_, Silences> {
        self.silences.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn inner(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on messages of this membership are believed. A process serves in one membership: another one is not taken,
    /// and the same one only for what may change, and only forward.
    ///
    /// # Errors
    /// [`NotTaken`]
    pub(super) fn set_directory(&self, directory: Directory) -> Result<(), NotTaken> {
        let mut place = self.directory.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = place.as_ref() {
            follows(known, &directory)?;
        }
        *place = Some(Arc::new(directory));
        Ok(())
    }

    /// The membership that we serve in, and where its guardians are.
    pub(super) fn directory(&self) -> Option<Arc<Directory>> {
        self.directory
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Whether a message from this address is looked at; if not, what is said instead of reading it.
    pub(super) fn admit(&self, from: IpAddr) -> Result<(), Reply> {
        if self.door().admits(from, Instant::now()) {
            return Ok(());
        }
        Err(Reply::refused(
            429,
            "too-many-refused",
            "too many messages from this address, or from strangers, were refused",
        ))
    }

    /// `POST /v1/peer`; `address` is where it came from.
    pub(super) fn receive(&self, bytes: &[u8], address: IpAddr) -> Reply {
        let reply = self.take(bytes);
        let now = Instant::now();
        if reply.status == 200 {
            self.door().taken(address, now);
        } else {
            self.door().refused(address, now);
        }
        reply
    }

    fn take(&self, bytes: &[u8]) -> Reply {
        let Some(directory) = self.directory() else {
            return Reply::refused(403, "no-membership", "this guardian serves in no membership yet");
        };
        let now = unix_now();
        let believed = match believe(bytes, &directory.membership, &self.ours, now) {
            Ok(believed) => believed,
            Err(error) => return refused(&error),
        };
        let from = believed.message.from.clone();
        let mut inner = self.inner();
        if let Err(error) = inner.replay.admit(&believed, now) {
            return refused(&error);
        }
        self.silences().heard(&from);
        if !inner.admits(&from) {
            return Reply::refused(
                429,
                "too-many",
                format!("more than {RATE} messages a minute of {from}"),
            );
        }
        let member = directory.membership.member(&from);
        let Some(member) = member else {
            return refused(&MessageError::Stranger(from.to_string()));
        };
        let taken = match &believed.message.body {
            Body::Health(text) => inner.known.take_health(member, text, &directory.membership, now),
            Body::Notice(text) => inner.known.take_notice(member, text, &directory.membership, now),
            Body::Head(text) => inner.known.take_head(member, text),
            Body::Recall => {
                return Reply::json(
                    200,
                    &serde_json::json!({ "ok": true, "audit": inner.known.head(&from) }),
                );
            }
        };
        match taken {
            Ok(()) => Reply::json(200, &serde_json::json!({ "ok": true })),
            Err(why) => Reply::refused(422, "bad-document", why),
        }
    }

    /// The RPC's `peer-health`.
    pub(super) fn health(&self) -> PeerHealth {
        let inner = self.inner();
        match self.directory() {
            Some(directory) => inner.known.report(&directory.membership, &self.ours, unix_now()),
            None => PeerHealth::default(),
        }
    }

    /// A newer head of our operator's log is there.
    pub(super) fn tell_of_head(&self) {
        self.inner().head_is_news = true;
        self.news.notify_one();
    }

    /// The RPC's `submit-notice`: keeps a notice of our own operator and tells the others.
    pub(super) fn submit_notice(&self, envelope: &RawValue) -> Result<(), String> {
        let directory = self.directory().ok_or("this guardian serves in no membership")?;
        let member = directory
            .membership
            .member(&self.ours)
            .ok_or("this operator is not in the membership")?;
        let text = envelope.get().to_owned();
        let mut inner = self.inner();
        inner
            .known
            .take_own_notice(member, &text, &directory.membership, unix_now())?;
        inner.notices.push(text);
        drop(inner);
        self.news.notify_one();
        Ok(())
    }

    /// What is to be told, once.
    pub(super) fn take_news(&self) -> News {
        let mut inner = self.inner();
        News {
            head: std::mem::take(&mut inner.head_is_news),
            notices: std::mem::take(&mut inner.notices),
        }
    }
}

impl Inner {
    fn admits(&mut self, from: &OperatorId) -> bool {
        let now = Instant::now();
        let (since, count) = self.rates.entry(from.clone()).or_insert((now, 0));
        if now.duration_since(*since) >= RATE_WINDOW {
            (*since, *count) = (now, 0);
        }
        *count += 1;
        *count <= RATE
    }
}

fn refused(error: &MessageError) -> Reply {
    let status = match error {
        MessageError::Shape(_) => 422,
        MessageError::Replayed => 409,
        _ => 403,
    };
    Reply::refused(status, error.reason(), error.to_string())
}

/// Shared by those that send and receive.
pub(super) type SharedPeers = Arc<Peers>;

#[cfg(test)]
#[path = "peers_tests.rs"]
mod tests;
