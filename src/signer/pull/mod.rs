//! The door that goes to the guardian: requests wait on its RPC, the kit fetches and answers them.

mod bridge;
mod container;
mod conversation;
mod distrust;
mod error;
mod remembered;
mod rpc;
mod session;
mod trust;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::frames::{FrameError, Hello, RPC_VERSION};
use super::{Caller, CallerId, CompareError, Engine, Stop};
use crate::audit::AuditError;
use crate::image::Digest;
use crate::operator::OperatorId;
pub use container::Place;
pub use conversation::Conversation;
pub use distrust::Distrust;
pub use error::PullError;
pub use remembered::{Remembered, RolledBack, verified_head};
use rpc::Rpc;
use session::Session;
pub use trust::{ImageError, ImageTrust};

/// How long any other call may take.
const CALL_TIME: Duration = Duration::from_secs(10);
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// A connection that held so long was none that failed at once, even if nothing was asked for.
const LASTED: Duration = Duration::from_secs(30);
/// How long after the end of a session another guardian may be taking over: twice as long as one may take to stand by.
const HANDOVER: Duration = Duration::from_secs(20);

/// A guardian whose requests are fetched from its RPC.
#[derive(Clone)]
pub struct Guardian {
    way: Way,
    operator: OperatorId,
}

/// How its RPC is reached.
#[derive(Clone)]
enum Way {
    /// The socket of a bare process.
    Socket(PathBuf),
    /// An exec in a container.
    Container(Arc<Place>),
}

/// A guardian that has said hello.
struct Connected {
    rpc: Rpc,
    /// What its container runs, where that was verified.
    digest: Option<Digest>,
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
            way: Way::Socket(path.to_owned()),
            operator,
        }
    }

    /// The guardian of `operator` in a container.
    pub fn in_container(place: Place, operator: OperatorId) -> Self {
        Self {
            way: Way::Container(Arc::new(place)),
            operator,
        }
    }

    /// Asks what the guardian remembers of us, with proof.
    ///
    /// # Errors
    /// [`PullError`]
    pub async fn remembered(&self, public: &crate::operator::PublicKey) -> Result<Remembered, PullError> {
        let connected = self.connect().await?;
        Remembered::ask(&connected.rpc, public).await
    }

    /// Fetches and answers requests until `stop` turns true, through restarts and handovers of the guardian: it is found
    /// again under the same name. However it behaves, it is not called faster than a few times a second while it has
    /// nothing to sign.
    pub async fn pull(self, engine: Arc<Engine>, mut stop: Stop, tell: impl Fn(Link) + Send + Sync) {
        let mut pause = FIRST_PAUSE;
        let mut told: Option<String> = None;
        // When a session ended last: another guardian may be taking over.
        let mut ended: Option<Instant> = None;
        loop {
            let session = async {
                let connected = self.connect().await?;
                let remembered = Remembered::ask(&connected.rpc, engine.public()).await?;
                compare(&engine, remembered, &tell).await?;
                tell(Link::Up);
                Ok::<_, PullError>(connected)
            };
            let quick = ended.is_some_and(|at| at.elapsed() < HANDOVER);
            let outcome = tokio::select! {
                () = stop.wait() => return,
                outcome = session => outcome,
                // What was begun leads to a container that is the wrong one by now.
                () = self.moved(quick) => {
                    pause = FIRST_PAUSE;
                    continue;
                }
            };
            let error = match outcome {
                Ok(connected) => {
                    told = None;
                    let begun = Instant::now();
                    let caller = self.caller(connected.digest);
                    let mut session = Session::new(&connected.rpc, &engine, caller);
                    let error = tokio::select! {
                        () = stop.wait() => return,
                        error = session.run() => error,
                        error = self.left() => error,
                    };
                    // Not every connection that was made: else who closes each at once would be called at full speed.
                    if session.has_served() || begun.elapsed() >= LASTED {
                        pause = FIRST_PAUSE;
                    }
                    ended = Some(Instant::now());
                    error
                }
                Err(error) => error,
            };
            // Each once, until it changes: a container that is away, then there, then not trusted.
            let text = error.to_string();
            if told.as_ref() != Some(&text) {
                told = Some(text);
                tell(Link::Down(error));
            }
            let quick = ended.is_some_and(|at| at.elapsed() < HANDOVER);
            tokio::select! {
                () = stop.wait() => return,
                () = tokio::time::sleep(pause) => pause = (pause * 2).min(LONGEST_PAUSE),
                () = self.moved(quick) => pause = FIRST_PAUSE,
            }
        }
    }

    fn caller(&self, digest: Option<Digest>) -> Caller {
        let id = CallerId::new(self.to_string());
        Caller::Guardian(match digest {
            Some(digest) => id.running(digest.to_string()),
            None => id,
        })
    }

    /// Returns when its name leads elsewhere than when it was connected to; a socket's never does.
    async fn moved(&self, quick: bool) {
        match &self.way {
            Way::Socket(_) => std::future::pending().await,
            Way::Container(place) => place.moved(quick).await,
        }
    }

    /// As [`Self::moved`], while a session is open.
    async fn left(&self) -> PullError {
        let Way::Container(place) = &self.way else {
            return std::future::pending().await;
        };
        place.left().await;
        let name = place.name().to_owned();
        PullError::Moved { name }
    }

    async fn connect(&self) -> Result<Connected, PullError> {
        let place = match &self.way {
            Way::Socket(path) => {
                let rpc = Rpc::connect(path).await?;
                self.greet(&rpc).await?;
                return Ok(Connected { rpc, digest: None });
            }
            Way::Container(place) => place,
        };
        let opened = place.open().await?;
        let rpc = Rpc::over(Box::new(opened.bridge));
        let greeted = self.greet(&rpc).await;
        if let Err(PullError::Frame(FrameError::Closed)) = greeted {
            let name = place.name().to_owned();
            let said = opened.complaints.text();
            return Err(PullError::Unbridged { name, said });
        }
        greeted?;
        Ok(Connected {
            rpc,
            digest: opened.digest,
        })
    }

    async fn greet(&self, rpc: &Rpc) -> Result<(), PullError> {
        greet(rpc, &self.operator, || self.to_string()).await
    }
}

/// Says hello, as the kit of this operator.
async fn greet(rpc: &Rpc, operator: &OperatorId, place: impl Fn() -> String) -> Result<(), PullError> {
    let hello = Hello {
        version: RPC_VERSION,
        program: env!("CARGO_PKG_VERSION").to_owned(),
        operator_id: operator.to_string(),
    };
    let theirs: Hello = rpc.call("hello", &hello, CALL_TIME).await?;
    if theirs.version != RPC_VERSION {
        return Err(PullError::Version(theirs.version));
    }
    if theirs.operator_id != hello.operator_id {
        return Err(PullError::Foreign {
            place: place(),
            found: theirs.operator_id,
            expected: operator.clone(),
        });
    }
    Ok(())
}

/// Who asks, as the log and the screen have it.
impl fmt::Display for Guardian {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.way {
            Way::Socket(path) => write!(f, "guardian at {}", path.display()),
            Way::Container(place) => write!(f, "guardian in container {}", place.name()),
        }
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
