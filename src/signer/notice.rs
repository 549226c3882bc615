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
        /// `approved`, `denied`, `expired`, or `refused`: by the server, after a yes that came too late.
        how: &'static str,
    },
    /// A person said yes, and nothing could be signed for now: the question waits on, and is told again.
    NotSigned {
        /// Of the request.
        id: String,
        /// Why not.
        detail: String,
    },
    /// The policy was read again, or could not be and the old one stays.
    Policy(Result<(), String>),
    /// No signature leaves from now on; or again, where there is no reason.
    Stopped(Option<String>),
    /// A guardian's requests are fetched from now on; or are not, and why.
    Guardian(Result<(), String>),
    /// Signing goes on, but the operator should know this.
    Warned(String),
    /// Notices were lost, because the screen is slow. What waits, and whether signing is stopped, has to be looked up.
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

/// A question as a list of them has it: without what can be as long as a request.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct QuestionSummary {
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
    /// Length of the bytes that would be signed.
    pub payload_bytes: usize,
    /// SHA-256 of these bytes, in hex.
    pub payload_sha256: String,
    /// When nobody has answered by then, the answer is no; Unix seconds.
    pub expires_at: u64,
    /// Whether the answer may hold for an hour.
    pub may_repeat: bool,
}

impl From<&Question> for QuestionSummary {
    fn from(question: &Question) -> Self {
        Self {
            id: question.id.clone(),
            kind: question.kind.clone(),
            summary: question.summary.clone(),
            caller: question.caller.clone(),
            rule: question.rule.clone(),
            payload_bytes: question.payload.len(),
            payload_sha256: question.payload_sha256.clone(),
            expires_at: question.expires_at,
            may_repeat: question.may_repeat,
        }
    }
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
        tell_lost(sender, lost);
        if sender.try_send(notice).is_err() {
            *lost += 1;
        }
    }

    /// Says that notices were lost, where nothing new comes that would.
    pub(super) fn catch_up(&self) {
        let mut watcher = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((sender, lost)) = watcher.as_mut() {
            tell_lost(sender, lost);
        }
    }
}

fn tell_lost(sender: &SyncSender<Notice>, lost: &mut u64) {
    if *lost > 0 && sender.try_send(Notice::Lost(*lost)).is_ok() {
        *lost = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loss_is_told_though_nothing_follows() {
        let watcher = Watcher::default();
        let screen = watcher.subscribe();
        for _ in 0..BACKLOG + 3 {
            watcher.tell(Notice::Stopped(None));
        }
        watcher.catch_up();
        assert_eq!(screen.try_iter().last(), Some(Notice::Stopped(None)));
        watcher.catch_up();
        watcher.catch_up();
        assert_eq!(screen.try_iter().collect::<Vec<_>>(), [Notice::Lost(3)]);
    }
}
