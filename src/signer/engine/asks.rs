//! Questions that a person has to answer, and what became of them.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use tokio::sync::watch;

use crate::signer::{Caller, Question, Reply, Request, RequestId};

/// Outcomes that are kept for whoever asks for them; who asks later sends the request again.
const KEPT: usize = 1024;
/// A question that waits.
pub(super) struct Ask {
    pub(super) request: Arc<Request>,
    pub(super) caller: Caller,
    pub(super) question: Question,
    outcome: watch::Sender<Option<Reply>>,
}

impl Ask {
    /// Tells everybody who waits for it.
    pub(super) fn settle(self, asks: &mut Asks, reply: Reply) {
        if asks.kept.len() >= KEPT
            && let Some(oldest) = asks.order.pop_front()
        {
            asks.kept.remove(&oldest);
        }
        let id = self.request.id;
        asks.taken.remove(&id);
        asks.order.push_back(id);
        asks.kept.insert(id, (self.caller, reply.clone()));
        self.outcome.send_replace(Some(reply));
    }
}

/// What is left of a question that somebody answers just now.
struct Taken {
    caller: Caller,
    expires_at: u64,
    outcome: watch::Receiver<Option<Reply>>,
}

/// What somebody asked with [`Asks::look`].
pub(super) enum Look {
    /// Not theirs, or nothing of that id.
    Nothing,
    /// It is answered.
    Settled(Reply),
    /// A person has until then.
    Waiting(u64, watch::Receiver<Option<Reply>>),
}

/// All of them.
#[derive(Default)]
pub(super) struct Asks {
    // Ids sort by age.
    waiting: BTreeMap<RequestId, Ask>,
    /// Taken out, and answered in a moment.
    taken: HashMap<RequestId, Taken>,
    kept: HashMap<RequestId, (Caller, Reply)>,
    order: VecDeque<RequestId>,
}

impl Asks {
    pub(super) fn add(&mut self, request: Arc<Request>, caller: Caller, question: Question) {
        // The same id can have been answered with no, and be asked again. Its old place goes too: else that would later
        // take the new outcome out long before its time.
        if self.kept.remove(&request.id).is_some() {
            self.order.retain(|id| *id != request.id);
        }
        let (outcome, _) = watch::channel(None);
        let ask = Ask {
            request,
            caller,
            question,
            outcome,
        };
        self.waiting.insert(ask.request.id, ask);
    }

    /// Takes a question out, so that nobody else answers it.
    pub(super) fn take(&mut self, id: RequestId) -> Option<Ask> {
        let ask = self.waiting.remove(&id)?;
        let taken = Taken {
            caller: ask.caller.clone(),
            expires_at: ask.question.expires_at,
            outcome: ask.outcome.subscribe(),
        };
        self.taken.insert(id, taken);
        Some(ask)
    }

    /// Puts back what could not be answered.
    pub(super) fn put_back(&mut self, ask: Ask) {
        self.taken.remove(&ask.request.id);
        self.waiting.insert(ask.request.id, ask);
    }

    pub(super) fn get(&self, id: RequestId) -> Option<&Ask> {
        self.waiting.get(&id)
    }

    pub(super) fn questions(&self) -> impl Iterator<Item = &Question> {
        self.waiting.values().map(|ask| &ask.question)
    }

    pub(super) fn count(&self) -> usize {
        self.waiting.len()
    }

    /// Ids whose time is over at `now`.
    pub(super) fn expired(&self, now: u64) -> Vec<RequestId> {
        let over = self
            .waiting
            .iter()
            .filter(|(_, ask)| ask.question.expires_at <= now);
        over.map(|(id, _)| *id).collect()
    }

    /// All ids that wait.
    pub(super) fn ids(&self) -> Vec<RequestId> {
        self.waiting.keys().copied().collect()
    }

    pub(super) fn look(&self, caller: &Caller, id: RequestId) -> Look {
        if let Some(ask) = self.waiting.get(&id)
            && (ask.caller == *caller || *caller == Caller::Operator)
        {
            return Look::Waiting(ask.question.expires_at, ask.outcome.subscribe());
        }
        if let Some(taken) = self.taken.get(&id)
            && (taken.caller == *caller || *caller == Caller::Operator)
        {
            return Look::Waiting(taken.expires_at, taken.outcome.clone());
        }
        match self.kept.get(&id) {
            Some((owner, reply)) if owner == caller || *caller == Caller::Operator => {
                Look::Settled(reply.clone())
            }
            _ => Look::Nothing,
        }
    }
}

#[cfg(test)]
#[path = "asks_tests.rs"]
mod tests;
