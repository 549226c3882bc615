use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use serde_json::value::RawValue;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};

use super::rpc::Rpc;
use super::{CALL_TIME, PullError};
use crate::signer::frames::{Answered, FrameError, Leave, Pending, Requests};
use crate::signer::{Caller, Engine, Reply};

/// Requests of one guardian that are worked on at once.
const WAITING: usize = 64;
/// Refused requests that the guardian still has, and that are not fetched again.
const REFUSED: usize = 512;
/// Longest that a call for requests waits.
const LONG_POLL: Duration = Duration::from_secs(30);
/// After which a request is tried again that was too fast, or met a full disk.
const AGAIN: Duration = Duration::from_secs(2);
/// At least so long between an answer with requests and the next call for more.
const PACE: Duration = Duration::from_millis(20);
/// A guardian that has nothing lets a call wait; one that answers it sooner than this is asked at longer and longer
/// intervals, up to [`LONGEST_PACE`].
const PATIENT: Duration = Duration::from_secs(1);
const LONGEST_PACE: Duration = Duration::from_secs(5);

/// One connection to a guardian, from when its requests are fetched.
pub(super) struct Session<'a> {
    rpc: &'a Rpc,
    engine: &'a Arc<Engine>,
    caller: Caller,
    working: HashSet<String>,
    /// Of these the guardian keeps asking, until they expire: only a signature takes a request from its queue. `Some`:
    /// asked for again after that.
    refused: VecDeque<(String, Option<Instant>)>,
    jobs: JoinSet<(String, Reply)>,
    /// A signature was handed over.
    served: bool,
    /// Until the next call for requests, after an answer to the last one.
    pace: Duration,
}

impl<'a> Session<'a> {
    pub(super) fn new(rpc: &'a Rpc, engine: &'a Arc<Engine>, caller: Caller) -> Self {
        Self {
            rpc,
            engine,
            caller,
            working: HashSet::new(),
            refused: VecDeque::new(),
            jobs: JoinSet::new(),
            served: false,
            pace: PACE,
        }
    }

    /// Whether it was of use to the guardian.
    pub(super) fn has_served(&self) -> bool {
        self.served
    }

    /// Works until the connection fails.
    pub(super) async fn run(&mut self) -> PullError {
        let rpc = self.rpc;
        let mut heads = self.engine.heads();
        // What was signed before this connection is worth remembering, too.
        heads.mark_changed();
        // One call for requests at a time; it goes on while answers are given.
        let mut fetch = std::pin::pin!(fetch(rpc, self.known()));
        let mut is_fetching = true;
        let (mut called, mut next) = (Instant::now(), Instant::now());
        loop {
            let outcome = tokio::select! {
                requests = fetch.as_mut(), if is_fetching => {
                    is_fetching = false;
                    requests.map(|requests| {
                        let started = self.start(requests);
                        self.set_pace(started, called.elapsed());
                        next = Instant::now() + self.pace;
                    })
                }
                Some(done) = self.jobs.join_next() => self.answer(done).await,
                Ok(()) = heads.changed() => {
                    let head = heads.borrow_and_update().clone();
                    self.leave(head).await
                }
                // A new call ends the one before it, which told the guardian not to send what is tried again now.
                () = sleep(AGAIN), if self.is_due() => {
                    is_fetching = false;
                    Ok(())
                }
                () = sleep_until(next), if !is_fetching && self.working.len() < WAITING => {
                    fetch.set(self::fetch(rpc, self.known()));
                    (is_fetching, called) = (true, Instant::now());
                    Ok(())
                }
            };
            if let Err(error) = outcome {
                return error;
            }
        }
    }

    /// `started` requests came after `took`.
    fn set_pace(&mut self, started: usize, took: Duration) {
        self.pace = if started > 0 || took >= PATIENT {
            PACE
        } else {
            (self.pace * 2).min(LONGEST_PACE)
        };
    }

    fn is_due(&self) -> bool {
        self.refused.iter().any(|(_, again)| again.is_some())
    }

    fn known(&mut self) -> Pending {
        let now = Instant::now();
        self.refused
            .retain(|(_, again)| again.is_none_or(|again| again > now));
        Pending {
            wait: LONG_POLL.as_secs(),
            known: self
                .working
                .iter()
                .chain(self.refused.iter().map(|(id, _)| id))
                .cloned()
                .collect(),
        }
    }

    /// Starts work on what is new, and says how many these are.
    fn start(&mut self, requests: Requests) -> usize {
        let before = self.working.len();
        for request in requests.requests {
            // What has no id cannot be answered; a guardian of ours sends none.
            let Some(id) = id_of(&request) else {
                continue;
            };
            let is_refused = self.refused.iter().any(|(refused, _)| *refused == id);
            if self.working.len() >= WAITING || is_refused || !self.working.insert(id.clone()) {
                continue;
            }
            let (engine, caller) = (Arc::clone(self.engine), self.caller.clone());
            self.jobs.spawn(async move {
                let body = request.get().as_bytes().to_vec();
                let mut reply = engine.sign(caller.clone(), body).await;
                while reply.status == 202 {
                    reply = engine.outcome(&caller, &id, LONG_POLL).await;
                }
                (id, reply)
            });
        }
        self.working.len() - before
    }

    async fn answer(
        &mut self,
        done: Result<(String, Reply), tokio::task::JoinError>,
    ) -> Result<(), PullError> {
        let Ok((id, reply)) = done else {
            // A job that panicked; its request is fetched again on the next connection.
            return Ok(());
        };
        self.working.remove(&id);
        if reply.status != 200 {
            if self.refused.len() == REFUSED {
                self.refused.pop_front();
            }
            // What is too fast, or met a full disk, may succeed later.
            let may_pass = matches!(reply.status, 429 | 503);
            let again = may_pass.then(|| Instant::now() + AGAIN);
            self.refused.push_back((id.clone(), again));
        }
        let body = RawValue::from_string(reply.body).map_err(|error| FrameError::Shape(error.to_string()))?;
        let answered = Answered {
            id,
            status: reply.status,
            body,
        };
        let _: serde_json::Map<String, serde_json::Value> =
            self.rpc.call("answer", &answered, CALL_TIME).await?;
        self.served |= answered.status == 200;
        Ok(())
    }

    async fn leave(&self, head: Option<Box<RawValue>>) -> Result<(), PullError> {
        let Some(head) = head else {
            return Ok(());
        };
        let _: serde_json::Map<String, serde_json::Value> =
            self.rpc.call("leave-head", &Leave { head }, CALL_TIME).await?;
        Ok(())
    }
}

async fn fetch(rpc: &Rpc, pending: Pending) -> Result<Requests, PullError> {
    rpc.call("pending", &pending, LONG_POLL + CALL_TIME).await
}

fn id_of(request: &RawValue) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Id {
        id: String,
    }
    let Id { id } = serde_json::from_str(request.get()).ok()?;
    (id.len() == 32 && crate::store::hex::is_lower_hex(&id)).then_some(id)
}
