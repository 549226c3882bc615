//! A typed client of the signing server, for guardians and for our own verbs.
//!
//! Whatever goes wrong on the way, a request is only ever repeated with the same bytes under the same id, for which the
//! server has one answer: no repetition can lead to a second signature.

mod error;
mod outcome;
mod wire;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::sync::Mutex;
use zeroize::Zeroizing;

pub use error::ClientError;
use outcome::refused;
pub use outcome::{Outcome, Refused, Signed, read_outcome};

use super::{Question, QuestionSummary};
use wire::{Answer, Wire};

/// Where a signing server is.
pub enum Endpoint {
    /// A Unix socket.
    Socket(PathBuf),
    /// A loopback port; the token is read anew for each connection, since each start of the server makes another.
    Loopback {
        /// Of the server.
        address: std::net::SocketAddr,
        /// File with the token.
        token_file: PathBuf,
    },
}

/// How long things may take.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// One attempt, from connecting to the end of the answer.
    pub attempt: Duration,
    /// All attempts together.
    pub total: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            attempt: Duration::from_secs(10),
            total: Duration::from_secs(30),
        }
    }
}

/// First pause before an attempt is repeated; doubled each time up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// Longest wait of one question for an outcome.
const WAIT: Duration = Duration::from_secs(30);

/// A connection to a signing server, made anew when it is lost.
pub struct Client {
    endpoint: Endpoint,
    patience: Patience,
    wire: Mutex<Option<Wire>>,
}

impl Client {
    /// Connects to nothing yet.
    pub fn new(endpoint: Endpoint) -> Self {
        Self::with_patience(endpoint, Patience::default())
    }

    /// As [`Client::new`], with time-outs of one's own.
    pub fn with_patience(endpoint: Endpoint, patience: Patience) -> Self {
        Self {
            endpoint,
            patience,
            wire: Mutex::new(None),
        }
    }

    /// Asks for a signature. `request` is the JSON of one request with its id; it is sent as it is, each time.
    ///
    /// # Errors
    /// [`ClientError`] when the server could not be reached in time: whether it has signed is then unknown, and the same
    /// request can be sent again.
    pub async fn sign(&self, request: &[u8]) -> Result<Outcome, ClientError> {
        let answer = self
            .repeat("POST", "/v1/sign", request, self.patience.attempt)
            .await?;
        outcome(&answer)
    }

    /// Waits for the outcome of a request of ours that a person was asked about, at most `wait`.
    ///
    /// # Errors
    /// [`ClientError`]
    pub async fn outcome(&self, id: &str, wait: Duration) -> Result<Outcome, ClientError> {
        let deadline = Instant::now() + wait;
        loop {
            let left = deadline.saturating_duration_since(Instant::now()).min(WAIT);
            let path = format!("/v1/requests/{id}?wait={}", left.as_secs());
            let answer = self
                .repeat("GET", &path, b"", self.patience.attempt + left)
                .await?;
            match outcome(&answer)? {
                Outcome::Waiting { .. } if Instant::now() + Duration::from_secs(1) < deadline => {}
                other => return Ok(other),
            }
        }
    }

    /// [`Client::sign`], then as often as needed [`Client::outcome`], until the question expires.
    ///
    /// # Errors
    /// [`ClientError`]
    pub async fn sign_and_wait(&self, request: &[u8], id: &str) -> Result<Outcome, ClientError> {
        let mut outcome = self.sign(request).await?;
        while let Outcome::Waiting { .. } = outcome {
            outcome = self.outcome(id, WAIT).await?;
        }
        Ok(outcome)
    }

    /// The document of a path: `/healthz`, `/v1/identity`; at the operator's socket also `/v1/requests`.
    ///
    /// # Errors
    /// [`ClientError`]; an answer other than 200 is [`ClientError::Refused`].
    pub async fn get(&self, path: &str) -> Result<Value, ClientError> {
        document(&self.repeat("GET", path, b"", self.patience.attempt).await?)
    }

    /// The questions that wait for a person, in short; only at the operator's socket.
    ///
    /// # Errors
    /// [`ClientError`]
    pub async fn pending(&self) -> Result<Vec<QuestionSummary>, ClientError> {
        let mut document = self.get("/v1/requests").await?;
        serde_json::from_value(document["requests"].take()).map_err(shape)
    }

    /// The whole question about a request, with the bytes that would be signed; `None` where it does not wait (any more).
    /// Only at the operator's socket. `id` is one that a server gave, or 32 hex digits.
    ///
    /// # Errors
    /// [`ClientError`]
    pub async fn question(&self, id: &str) -> Result<Option<Question>, ClientError> {
        let path = format!("/v1/requests/{id}");
        let answer = self.repeat("GET", &path, b"", self.patience.attempt).await?;
        match answer.status {
            202 => {
                let mut document: Value = serde_json::from_slice(&answer.body).map_err(shape)?;
                serde_json::from_value(document["question"].take()).map_err(shape)
            }
            // Signed, or turned down: whoever asked is told.
            200 | 403 | 404 | 409 => Ok(None),
            _ => Err(ClientError::Refused(refused(answer.status, &answer.body)?)),
        }
    }

    /// Says yes to a question; only at the operator's socket. `payload_sha256` is that of what was shown. Not repeated:
    /// whoever says yes should see what became of it.
    ///
    /// # Errors
    /// [`ClientError`]
    pub async fn approve(
        &self,
        id: &str,
        payload_sha256: &str,
        for_an_hour: bool,
    ) -> Result<Value, ClientError> {
        let scope = if for_an_hour { "hour" } else { "once" };
        let body = serde_json::json!({ "payload_sha256": payload_sha256, "scope": scope }).to_string();
        self.once(&format!("/v1/requests/{id}/approve"), &body).await
    }

    /// Says no to a question; only at the operator's socket.
    ///
    /// # Errors
    /// [`ClientError`]
    pub async fn deny(&self, id: &str) -> Result<Value, ClientError> {
        self.once(&format!("/v1/requests/{id}/deny"), "{}").await
    }

    /// Has the policy read again; only at the operator's socket.
    ///
    /// # Errors
    /// [`ClientError`]
    pub async fn reload(&self) -> Result<Value, ClientError> {
        self.once("/v1/reload", "{}").await
    }

    async fn once(&self, path: &str, body: &str) -> Result<Value, ClientError> {
        let answer = self
            .attempt("POST", path, body.as_bytes(), self.patience.attempt)
            .await?;
        document(&answer)
    }

    /// Repeats until there is an answer that repeating would not change.
    async fn repeat(
        &self,
        method: &'static str,
        path: &str,
        body: &[u8],
        time: Duration,
    ) -> Result<Answer, ClientError> {
        let deadline = Instant::now() + self.patience.total.max(time);
        let mut pause = FIRST_PAUSE;
        loop {
            let outcome = self.attempt(method, path, body, time).await;
            let again = match &outcome {
                // 503: the server starts, stops, or cannot write its log now. 401: it was started anew, and so was the
                // token. A rate of the policy is no reason to press on.
                Ok(answer) => answer.status == 503 || answer.status == 401,
                Err(error) => error.may_pass(),
            };
            if !again || Instant::now() + pause > deadline {
                return outcome;
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    async fn attempt(
        &self,
        method: &'static str,
        path: &str,
        body: &[u8],
        time: Duration,
    ) -> Result<Answer, ClientError> {
        let mut place = self.wire.lock().await;
        // Taken out: an attempt that ends early leaves no half-read answer for the next one.
        let kept = place.take();
        let exchange = async {
            let mut wire = match kept {
                Some(wire) if wire.is_open() => wire,
                _ => self.connect().await?,
            };
            let answer = wire.exchange(method, path, body).await?;
            Ok::<_, ClientError>((wire, answer))
        };
        let (wire, answer) = tokio::time::timeout(time, exchange)
            .await
            .map_err(|_| ClientError::TimedOut(time))??;
        *place = Some(wire);
        Ok(answer)
    }

    async fn connect(&self) -> Result<Wire, ClientError> {
        match &self.endpoint {
            Endpoint::Socket(path) => Wire::unix(path).await,
            Endpoint::Loopback { address, token_file } => {
                let bytes = crate::store::read_private(token_file, 128, 0o700)?;
                let text = std::str::from_utf8(&bytes).map_err(|_| ClientError::Token(token_file.clone()))?;
                let token = Zeroizing::new(text.trim_end().to_owned());
                Wire::loopback(*address, &token)
                    .await
                    .ok_or_else(|| ClientError::Token(token_file.clone()))?
            }
        }
    }
}

fn document(answer: &Answer) -> Result<Value, ClientError> {
    if answer.status != 200 {
        return Err(ClientError::Refused(refused(answer.status, &answer.body)?));
    }
    serde_json::from_slice(&answer.body).map_err(shape)
}

#[allow(clippy::needless_pass_by_value, reason = "for map_err")]
fn shape(error: serde_json::Error) -> ClientError {
    ClientError::Answer(error.to_string())
}

fn outcome(answer: &Answer) -> Result<Outcome, ClientError> {
    read_outcome(answer.status, &answer.body)
}
