use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};

/// Notices that may wait for the screen.
const BACKLOG: usize = 1024;

/// Something that the operator may want to see as it happens. All texts may come from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// A signature left.
    Signed {
        /// Kind of the request.
        kind: &'static str,
        /// What was signed, in a line.
        summary: String,
        /// Who asked.
        caller: String,
        /// What decided.
        rule: String,
        /// Signed every minute without anybody being asked: worth a count, not a line.
        routine: bool,
    },
    /// A request was refused.
    Refused {
        /// Kind of the request, where it has one.
        kind: Option<&'static str>,
        /// What was asked for, in a line.
        summary: String,
        /// Who asked.
        caller: String,
        /// Stable slug.
        reason: String,
        /// Why.
        detail: String,
    },
    /// A person has to answer.
    Asked(Box<Question>),
    /// A question is answered, wherever that was, or its time is over.
    Settled {
        /// Of the request.
        id: String,
        /// `approved`, `denied` or `expired`.
        how: &'static str,
    },
    /// The policy was read again, or could not be and the old one stays.
    Policy(Result<(), String>),
    /// No signature leaves from now on; or again, where there is no reason.
    Stopped(Option<String>),
    /// A guardian's requests are fetched from now on; or are not, and why.
    Guardian(Result<(), String>),
    /// Signing goes on, but the operator should know this.
    Warned(String),
    /// Notices were lost, because the screen is slow.
    Lost(u64),
}

/// A request that a person has to answer, decoded.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Question {
    /// Of the request.
    pub id: String,
    /// Kind of the request.
    pub kind: String,
    /// What would be signed, in a line.
    pub summary: String,
    /// Who asks.
    pub caller: String,
    /// The policy rule that says ask.
    pub rule: String,
    /// What it does, in a sentence.
    pub effect: String,
    /// Name and value of everything in it.
    pub fields: Vec<(String, String)>,
    /// What is out of the ordinary about it.
    pub unusual: Vec<String>,
    /// The exact bytes that would be signed.
    pub payload: String,
    /// SHA-256 of these bytes, in hex: an approval names it.
    pub payload_sha256: String,
    /// When nobody has answered by then, the answer is no; Unix seconds.
    pub expires_at: u64,
    /// Whether the answer may hold for an hour.
    pub may_repeat: bool,
}

/// How long an approval holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// For this request.
    #[default]
    Once,
    /// For this kind and action, for an hour.
    Hour,
}

/// Whoever watches; nobody, or one screen. It never makes a signature wait.
#[derive(Default)]
pub(super) struct Watcher(Mutex<Option<(SyncSender<Notice>, u64)>>);

impl Watcher {
    pub(super) fn subscribe(&self) -> Receiver<Notice> {
        let (sender, receiver) = sync_channel(BACKLOG);
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((sender, 0));
        receiver
    }

    /// Whoever watches sees the end.
    pub(super) fn close(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    pub(super) fn tell(&self, notice: Notice) {
        let mut watcher = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((sender, lost)) = watcher.as_mut() else {
            return;
        };
        if *lost > 0 && sender.try_send(Notice::Lost(*lost)).is_ok() {
            *lost = 0;
        }
        if sender.try_send(notice).is_err() {
            *lost += 1;
        }
    }
}
