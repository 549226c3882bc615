use std::collections::{BTreeMap, HashMap};

use tokio::sync::watch;

use super::asks::Asks;
use super::entries::Denials;
use crate::envelope::Action;
use crate::operator::Signature;
use crate::signer::{History, Plan, Policy, Reply, RequestId};

/// What decisions are made on.
pub(super) struct Core {
    pub(super) policy: Policy,
    pub(super) history: History,
    pub(super) asks: Asks,
    /// Requests that are decided, and whose record is not durable yet.
    pub(super) flights: HashMap<RequestId, Flight>,
    pub(super) denials: Denials,
    /// Nonces that were proved and count, but whose record may not be durable.
    pub(super) unrecorded: BTreeMap<Action, u64>,
}

/// A request between its decision and the durability of its record.
pub(super) struct Flight {
    /// For whoever asks the same meanwhile.
    pub(super) outcome: watch::Receiver<Option<Reply>>,
    /// What the log was handed and may not have written yet: it belongs into a checkpoint, but to nobody else.
    pub(super) handed_over: Option<(Plan, Signature)>,
}

impl Core {
    /// Takes what a signature uses up. The sender is for its outcome.
    pub(super) fn reserve(&mut self, plan: &Plan) -> watch::Sender<Option<Reply>> {
        self.history.reserve(plan);
        let (sender, outcome) = watch::channel(None);
        let flight = Flight {
            outcome,
            handed_over: None,
        };
        self.flights.insert(plan.id, flight);
        sender
    }

    /// The history as the log will have it when all that it was handed is written.
    pub(super) fn checkpoint(&self) -> String {
        let mut history = self.history.clone();
        for (plan, signature) in self.flights.values().filter_map(|it| it.handed_over.as_ref()) {
            history.signed(plan, signature);
        }
        history.to_json()
    }
}

#[cfg(test)]
#[path = "core_tests.rs"]
mod tests;
