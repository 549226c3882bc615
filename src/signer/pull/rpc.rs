use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::{RawValue, to_raw_value};
use tokio::io::{AsyncRead, AsyncWrite, ReadHalf, WriteHalf};
use tokio::net::UnixStream;
use tokio::sync::{Mutex as AsyncMutex, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::PullError;
use crate::signer::frames::{Answer, Call, FrameError, parse_frame, read_frame, write_frame};

/// How long the guardian may take to read a call.
const SEND_TIME: Duration = Duration::from_secs(10);

type Waiting = Arc<Mutex<Option<HashMap<u64, oneshot::Sender<Answer>>>>>;

/// Our end of a connection to a guardian's RPC. Calls can overlap.
pub(super) struct Rpc {
    writer: AsyncMutex<WriteHalf<Box<dyn Stream>>>,
    /// `None` when the connection has ended.
    waiting: Waiting,
    next: AtomicU64,
    reader: JoinHandle<()>,
}

/// What frames can be spoken over.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

impl Rpc {
    /// Connects to the RPC socket of a bare process.
    pub(super) async fn connect(path: &Path) -> Result<Self, PullError> {
        let stream = timeout(SEND_TIME, UnixStream::connect(path))
            .await
            .map_err(|_| PullError::Silent(SEND_TIME))?
            .map_err(|source| PullError::Unreachable {
                path: path.to_owned(),
                source,
            })?;
        Ok(Self::over(Box::new(stream)))
    }

    /// Speaks over any stream.
    pub(super) fn over(stream: Box<dyn Stream>) -> Self {
        let (reader, writer) = tokio::io::split(stream);
        let waiting = Waiting::new(Mutex::new(Some(HashMap::new())));
        Self {
            writer: AsyncMutex::new(writer),
            next: AtomicU64::new(1),
            reader: tokio::spawn(read(reader, Arc::clone(&waiting))),
            waiting,
        }
    }

    /// Calls a method and waits for its result, at most `time`.
    pub(super) async fn call<T: DeserializeOwned>(
        &self,
        method: &'static str,
        params: &impl Serialize,
        time: Duration,
    ) -> Result<T, PullError> {
        let params = to_raw_value(params).map_err(|error| FrameError::Shape(error.to_string()))?;
        self.call_raw(method, &params, time).await
    }

    async fn call_raw<T: DeserializeOwned>(
        &self,
        method: &'static str,
        params: &RawValue,
        time: Duration,
    ) -> Result<T, PullError> {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let (sender, receiver) = oneshot::channel();
        match lock(&self.waiting).as_mut() {
            Some(waiting) => waiting.insert(id, sender),
            None => return Err(FrameError::Closed.into()),
        };
        let _forget = Forget {
            waiting: &self.waiting,
            id,
        };
        let call = Call {
            id,
            method: method.into(),
            params,
        };
        let json = serde_json::to_vec(&call).map_err(|error| FrameError::Shape(error.to_string()))?;
        let sent = async {
            let mut writer = self.writer.lock().await;
            write_frame(&mut *writer, &json).await
        };
        // A frame that was sent in part would be followed by another one: the caller drops the connection.
        timeout(SEND_TIME, sent)
            .await
            .map_err(|_| PullError::Silent(SEND_TIME))??;
        let answer = timeout(time, receiver)
            .await
            .map_err(|_| PullError::Silent(time))?
            .map_err(|_| FrameError::Closed)?;
        match (answer.result, answer.error) {
            (Some(result), None) => Ok(parse_frame(result.get().as_bytes())?),
            (None, Some(error)) => Err(PullError::Refused { method, error }),
            _ => Err(FrameError::Shape("an answer has either result or error".into()).into()),
        }
    }
}

/// Forgets a call whose answer nobody waits for any more.
struct Forget<'a> {
    waiting: &'a Waiting,
    id: u64,
}

impl Drop for Forget<'_> {
    fn drop(&mut self) {
        if let Some(waiting) = lock(self.waiting).as_mut() {
            waiting.remove(&self.id);
        }
    }
}

impl Drop for Rpc {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

async fn read(mut reader: ReadHalf<Box<dyn Stream>>, waiting: Waiting) {
    while let Ok(bytes) = read_frame(&mut reader).await {
        let Ok(answer) = parse_frame::<Answer>(&bytes) else {
            break;
        };
        let sender = lock(&waiting)
            .as_mut()
            .and_then(|waiting| waiting.remove(&answer.id));
        // An answer to no call is dropped: the call may have timed out.
        if let Some(sender) = sender {
            let _ = sender.send(answer);
        }
    }
    // Whoever waits learns it by the sender's end.
    lock(&waiting).take();
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // Nothing in here panics while it holds the lock.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
