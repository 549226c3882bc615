use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use serde_json::value::RawValue;
use tokio::io::AsyncWriteExt;
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use super::methods::{self, answer, error, hello, pending};
use crate::guardian::shared::Shared;
use crate::signer::Stop;
use crate::signer::frames::{Answer, Call, frame, parse_frame, read_frame};

/// Answers of one connection that wait to be sent.
const ANSWERS: usize = 16;
/// How long a kit may take to say hello, and afterwards to read what we send.
const PATIENCE: Duration = Duration::from_secs(10);

/// Talks with one kit until either side ends it.
pub(super) async fn converse(stream: UnixStream, shared: Arc<Shared>, mut stop: Stop) {
    let (reader, writer) = stream.into_split();
    let (answers, outgoing) = mpsc::channel(ANSWERS);
    let reading = pin!(read(reader, answers, shared));
    let mut writing = pin!(write(writer, outgoing));
    tokio::select! {
        () = stop.wait() => {}
        // The kit does not read.
        () = writing.as_mut() => {}
        // What was answered last says why: it still goes out.
        () = reading => {
            let _ = tokio::time::timeout(PATIENCE, writing).await;
        }
    }
}

async fn write(mut writer: OwnedWriteHalf, mut outgoing: mpsc::Receiver<Answer>) {
    while let Some(answer) = outgoing.recv().await {
        let bytes = framed(answer);
        let sent = writer.write_all(&bytes);
        if !matches!(tokio::time::timeout(PATIENCE, sent).await, Ok(Ok(()))) {
            return;
        }
    }
}

/// Takes calls in until the connection ends, or what comes is none.
async fn read(mut reader: OwnedReadHalf, answers: mpsc::Sender<Answer>, shared: Arc<Shared>) {
    let mut polls = Polls::new(&shared);
    let mut greeted = false;
    loop {
        let patience = if greeted {
            shared.settings.rpc_idle
        } else {
            PATIENCE
        };
        let Ok(Ok(bytes)) = tokio::time::timeout(patience, read_frame(&mut reader)).await else {
            return;
        };
        let Ok(call) = parse_frame::<Call<'_>>(&bytes) else {
            return;
        };
        let (id, method, params) = (call.id, call.method.into_owned(), call.params.to_owned());
        if !greeted {
            let answer = hello(&shared, &method, &params);
            greeted = answer.is_ok();
            if answers.send(answer_of(id, answer)).await.is_err() || !greeted {
                return;
            }
            continue;
        }
        if method == "pending" {
            polls.begin(id, params, answers.clone()).await;
            continue;
        }
        // The kit's answers wait for it; so then do its calls.
        if answers
            .send(answer_of(id, answer(&shared, &method, &params)))
            .await
            .is_err()
        {
            return;
        }
    }
}

/// The long polls of one connection, of which there is one at a time: a new one ends the one before it, which then has
/// nothing to tell. The kit asks anew when what it knows has changed.
struct Polls {
    shared: Arc<Shared>,
    /// The last one, and how it is ended.
    last: Option<(oneshot::Sender<()>, JoinSet<()>)>,
}

impl Polls {
    fn new(shared: &Arc<Shared>) -> Self {
        Self {
            shared: Arc::clone(shared),
            last: None,
        }
    }

    async fn begin(&mut self, id: u64, params: Box<RawValue>, answers: mpsc::Sender<Answer>) {
        match self.last.take() {
            Some((end, mut last)) => {
                drop(end);
                while last.join_next().await.is_some() {}
            }
            // From now on this connection is a signing server's.
            None => self.shared.signing.began_fetching(),
        }
        let (end, ended) = oneshot::channel();
        let mut task = JoinSet::new();
        let shared = Arc::clone(&self.shared);
        task.spawn(async move {
            let answer = pending(&shared, &params, ended).await;
            let _ = answers.send(answer_of(id, answer)).await;
        });
        self.last = Some((end, task));
    }
}

impl Drop for Polls {
    fn drop(&mut self) {
        if self.last.is_some() {
            self.shared.signing.ended_fetching();
        }
    }
}

/// The bytes of an answer; one that does not fit into a frame says so instead of not coming.
fn framed(answer: Answer) -> Vec<u8> {
    let id = answer.id;
    let bytes = |answer: Answer| {
        let json = serde_json::to_vec(&answer).expect("an answer serialises");
        frame(&json)
    };
    bytes(answer)
        .or_else(|_| {
            bytes(answer_of(
                id,
                Err(error("too-large", "the answer does not fit into a frame")),
            ))
        })
        .expect("a short answer fits into a frame")
}

fn answer_of(id: u64, result: methods::Result) -> Answer {
    let (result, error) = match result {
        Ok(result) => (Some(result), None),
        Err(error) => (None, Some(error)),
    };
    Answer { id, result, error }
}
