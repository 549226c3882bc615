//! The door that goes to the guardian: requests wait on its RPC, the kit fetches and answers them.

mod remembered;
mod rpc;
mod session;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::frames::{CallError, FrameError, Hello, RPC_VERSION};
use super::{Caller, CallerId, CompareError, Engine, Stop};
use crate::audit::AuditError;
use crate::operator::OperatorId;
pub use remembered::{Remembered, RolledBack, verified_head};
use rpc::Rpc;
use session::Session;

/// How long any other call may take.
const CALL_TIME: Duration = Duration::from_secs(10);
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// A connection that held so long was none that failed at once, even if nothing was asked for.
const LASTED: Duration = Duration::from_secs(30);

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
    /// What it proves could not be recorded: nothing of it is served before.
    #[error("what the guardian proves could not be recorded: {0}")]
    NotRecorded(#[from] AuditError),
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
    /// What it proves is taken over, or could not be compared: a sentence fragment.
    Noted(String),
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
    /// the same name. However it behaves, it is not called faster than a few times a second while it has nothing to sign.
    pub async fn pull(self, engine: Arc<Engine>, mut stop: Stop, tell: impl Fn(Link) + Send + Sync) {
        let mut pause = FIRST_PAUSE;
        let mut told_down = false;
        loop {
            let session = async {
                let rpc = self.connect().await?;
                let remembered = Remembered::ask(&rpc, engine.public()).await?;
                compare(&engine, remembered, &tell).await?;
                tell(Link::Up);
                Ok::<_, PullError>(rpc)
            };
            let outcome = tokio::select! {
                () = stop.wait() => return,
                outcome = session => outcome,
            };
            let error = match outcome {
                Ok(rpc) => {
                    told_down = false;
                    let begun = Instant::now();
                    let mut session = Session::new(&rpc, &engine, self.caller());
                    let error = tokio::select! {
                        () = stop.wait() => return,
                        error = session.run() => error,
                    };
                    // Not every connection that was made: else who closes each at once would be called at full speed.
                    if session.has_served() || begun.elapsed() >= LASTED {
                        pause = FIRST_PAUSE;
                    }
                    error
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

/// Once on each connection. Reads files and waits for records.
async fn compare(
    engine: &Arc<Engine>,
    remembered: Remembered,
    tell: &(impl Fn(Link) + Send + Sync),
) -> Result<(), PullError> {
    let comparing = Arc::clone(engine);
    let compared = tokio::task::spawn_blocking(move || comparing.compare(&remembered)).await;
    match compared {
        Ok(Ok(notes)) => {
            for note in notes {
                tell(Link::Noted(note));
            }
            Ok(())
        }
        // The other doors have to know it, and so has the guardian: each request is answered with it.
        Ok(Err(CompareError::RolledBack(rolled_back))) => {
            tell(Link::RolledBack(rolled_back));
            Ok(())
        }
        Ok(Err(CompareError::Audit(error))) => Err(error.into()),
        Err(_) => Err(AuditError::Closed.into()),
    }
}
