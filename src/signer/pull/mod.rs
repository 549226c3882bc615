//! The door that goes to the guardian: requests wait on its RPC, the kit fetches and answers them.

mod remembered;
mod rpc;

use std::collections::{HashSet, VecDeque};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::value::RawValue;
use tokio::task::JoinSet;

use super::frames::{Answered, CallError, FrameError, Hello, Leave, Pending, RPC_VERSION, Requests};
use super::{Caller, CallerId, Engine, Reply, Stop};
use crate::operator::OperatorId;
pub use remembered::{Remembered, RolledBack, verified_head};
use rpc::Rpc;

/// Requests of one guardian that are worked on at once.
const WAITING: usize = 64;
/// Refused requests that the guardian still has, and that are not fetched again.
const REFUSED: usize = 512;
/// Longest that a call for requests waits.
const LONG_POLL: Duration = Duration::from_secs(30);
/// How long any other call may take.
const CALL_TIME: Duration = Duration::from_secs(10);
/// After which a request is tried again that was too fast, or met a full disk.
const AGAIN: Duration = Duration::from_secs(2);
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Why a guardian's requests could not be fetched.
#[derive(Debug, thiserror::Error)]
pub enum PullError {
    /// Nobody listens.
    #[error("no guardian answers at {}: {source}", path.display())]
    Unreachable {
        /// Its RPC socket.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// It did not answer in time.
    #[error("the guardian did not answer within {} s", .0.as_secs())]
    Silent(Duration),
    /// It spoke something else.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// It answered with an error.
    #[error("the guardian refused {method}: {} ({})", error.detail, error.reason)]
    Refused {
        /// What was called.
        method: &'static str,
        /// What it said; from outside.
        error: CallError,
    },
    /// It is another operator's guardian.
    #[error("the guardian at {} is that of {found}, not of {expected}", path.display())]
    Foreign {
        /// Its RPC socket.
        path: PathBuf,
        /// Whose it says it is; from outside.
        found: String,
        /// Whose it should be.
        expected: OperatorId,
    },
    /// It speaks another version of the RPC.
    #[error("the guardian speaks version {0} of the RPC, this kit version {RPC_VERSION}")]
    Version(u64),
}

/// A guardian whose requests are fetched from its RPC socket.
#[derive(Clone, Debug)]
pub struct Guardian {
    path: PathBuf,
    operator: OperatorId,
}

/// What the screen may want to say about a guardian.
#[derive(Debug)]
pub enum Link {
    /// Its requests are fetched now.
    Up,
    /// They are not; it is tried again. Told once for each time that it went down.
    Down(PullError),
    /// What it proves that we did is more than our log knows: nothing is signed any more.
    RolledBack(RolledBack),
}

impl Guardian {
    /// The guardian of `operator` whose RPC socket is at `path`.
    pub fn at(path: &Path, operator: OperatorId) -> Self {
        Self {
            path: path.to_owned(),
            operator,
        }
    }

    /// Asks what the guardian remembers of us, with proof.
    ///
    /// # Errors
    /// [`PullError`]
    pub async fn remembered(&self, public: &crate::operator::PublicKey) -> Result<Remembered, PullError> {
        let rpc = self.connect().await?;
        Remembered::ask(&rpc, public).await
    }

    /// Fetches and answers requests until `stop` turns true, through restarts of the guardian: it is found again under
    /// the same name.
    pub async fn pull(self, engine: Arc<Engine>, mut stop: Stop, tell: impl Fn(Link) + Send + Sync) {
        let mut pause = FIRST_PAUSE;
        let mut told_down = false;
        loop {
            let session = async {
                let rpc = self.connect().await?;
                let remembered = Remembered::ask(&rpc, engine.public()).await?;
                if let Err(rolled_back) = engine.compare(&remembered) {
                    tell(Link::RolledBack(rolled_back));
                }
                tell(Link::Up);
                Ok::<_, PullError>(rpc)
            };
            let outcome = tokio::select! {
                () = stop.wait() => return,
                outcome = session => outcome,
            };
            let error = match outcome {
                Ok(rpc) => {
                    (pause, told_down) = (FIRST_PAUSE, false);
                    tokio::select! {
                        () = stop.wait() => return,
                        error = Session::new(&rpc, &engine, self.caller()).run() => error,
                    }
                }
                Err(error) => error,
            };
            if !told_down {
                told_down = true;
                tell(Link::Down(error));
            }
            tokio::select! {
                () = stop.wait() => return,
                () = tokio::time::sleep(pause) => {}
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    fn caller(&self) -> Caller {
        Caller::Guardian(CallerId::new(format!("guardian at {}", self.path.display())))
    }

    async fn connect(&self) -> Result<Rpc, PullError> {
        let rpc = Rpc::connect(&self.path).await?;
        let hello = Hello {
            version: RPC_VERSION,
            program: env!("CARGO_PKG_VERSION").to_owned(),
            operator_id: self.operator.to_string(),
        };
        let theirs: Hello = rpc.call("hello", &hello, CALL_TIME).await?;
        if theirs.version != RPC_VERSION {
            return Err(PullError::Version(theirs.version));
        }
        if theirs.operator_id != hello.operator_id {
            return Err(PullError::Foreign {
                path: self.path.clone(),
                found: theirs.operator_id,
                expected: self.operator.clone(),
            });
        }
        Ok(rpc)
    }
}

/// One connection to a guardian, from when its requests are fetched.
struct Session<'a> {
    rpc: &'a Rpc,
    engine: &'a Arc<Engine>,
    caller: Caller,
    working: HashSet<String>,
    /// Of these the guardian keeps asking, until they expire: only a signature takes a request from its queue. `Some`:
    /// asked for again after that.
    refused: VecDeque<(String, Option<Instant>)>,
    jobs: JoinSet<(String, Reply)>,
}

impl<'a> Session<'a> {
    fn new(rpc: &'a Rpc, engine: &'a Arc<Engine>, caller: Caller) -> Self {
        Self {
            rpc,
            engine,
            caller,
            working: HashSet::new(),
            refused: VecDeque::new(),
            jobs: JoinSet::new(),
        }
    }

    /// Works until the connection fails.
    async fn run(mut self) -> PullError {
        let rpc = self.rpc;
        let mut heads = self.engine.heads();
        // What was signed before this connection is worth remembering, too.
        heads.mark_changed();
        // One call for requests at a time; it goes on while answers are given.
        let mut fetch = std::pin::pin!(fetch(rpc, self.known()));
        let mut is_fetching = true;
        loop {
            let outcome = tokio::select! {
                requests = fetch.as_mut(), if is_fetching => {
                    is_fetching = false;
                    requests.map(|requests| self.start(requests))
                }
                Some(done) = self.jobs.join_next() => self.answer(done).await,
                Ok(()) = heads.changed() => {
                    let head = heads.borrow_and_update().clone();
                    self.leave(head).await
                }
                // A new call ends the one before it, which told the guardian not to send what is tried again now.
                () = tokio::time::sleep(AGAIN), if self.is_due() => {
                    is_fetching = false;
                    Ok(())
                }
            };
            if let Err(error) = outcome {
                return error;
            }
            if !is_fetching && self.working.len() < WAITING {
                fetch.set(self::fetch(rpc, self.known()));
                is_fetching = true;
            }
        }
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

    fn start(&mut self, requests: Requests) {
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
