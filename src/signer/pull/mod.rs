//! The door that goes to the guardian: requests wait on its RPC, the kit fetches and answers them.

mod remembered;
mod rpc;
mod session;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::frames::{CallError, FrameError, Hello, RPC_VERSION};
use super::{Caller, CallerId, Engine, Stop};
use crate::operator::OperatorId;
pub use remembered::{Remembered, RolledBack, verified_head};
use rpc::Rpc;
use session::Session;

/// How long any other call may take.
const CALL_TIME: Duration = Duration::from_secs(10);
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
