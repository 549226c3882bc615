//! What protects against replay, kept between requests and rebuilt from the audit log after a restart.

mod answers;
mod apply;
mod checkpoint;
mod given;
mod proved;
mod window;

use std::collections::{BTreeMap, HashMap};

use self::answers::Answers;
pub use self::answers::Outcome;
pub(super) use self::answers::refused_after_yes;
pub use self::apply::ACCEPT_CLOCK;
pub(super) use self::apply::INTERRUPTED;
pub use self::checkpoint::HistoryError;
use self::given::Given;
pub(super) use self::proved::{accepted_head, proved_nonce};
use self::window::Window;
use super::policy::Rate;
use super::{Caller, CallerId, Kind, Operation, Plan, RequestId};
use crate::audit::Head;
use crate::envelope::Action;
use crate::operator::Signature;

/// Most requests that wait for a person at once, and of these from one guardian.
pub(super) const MAX_ASKED: usize = 64;
pub(super) const MAX_ASKED_OF_ONE: usize = 16;
/// Most requests that are being worked on at once.
pub(super) const MAX_UNDERWAY: usize = 4096;
/// Most rules whose rates are remembered; those of former policies go first.
const MAX_WINDOWS: usize = 256;
/// Most approvals for an hour.
const MAX_GRANTS: usize = 64;
/// Counts what persons refused or left unanswered.
const TURNED_DOWN: &str = "turned down";

/// What the decisions depend on besides the request and the policy.
///
/// Live: [`History::reserve`] under the same lock as the decision, then [`History::signed`] once the record is appended.
/// After a restart: [`History::apply`] to every record since the checkpoint. Both ways lead to the same history, but for what
/// no record tells: approvals for an hour, who asked and until when, and the nonce and the count of a request that
/// [`History::release`] gave up.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    /// Time of the last record or decision, in Unix seconds.
    latest: u64,
    /// Highest nonce of each action.
    nonces: BTreeMap<Action, u64>,
    given: Given,
    /// Signed heads of logs that are lost, which a person accepted.
    accepted: Vec<Head>,
    answers: Answers,
    windows: BTreeMap<String, Window>,
    /// Being signed, or waiting for a person.
    underway: HashMap<RequestId, Underway>,
    /// In memory only: a restart asks again.
    grants: Vec<Grant>,
}

/// A request that has no outcome yet.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Underway {
    kind: Kind,
    pub(super) content: [u8; 32],
    /// When a person's time is over; `None`: nobody has to be asked any more.
    pub(super) expires_at: Option<u64>,
    pub(super) asked_by: Option<CallerId>,
}

/// A person's approval of everything of a sort, for a while.
#[derive(Clone, Debug, PartialEq)]
struct Grant {
    kind: Kind,
    operation: Option<Operation>,
    federation: Option<String>,
    /// Key of the rule that asked: what another rule asks about was not approved.
    rule: String,
    /// Whose request was approved.
    caller: Caller,
    until: u64,
}

impl History {
    /// Time of the last record or decision, in Unix seconds: the clock must not be behind it.
    pub fn latest(&self) -> u64 {
        self.latest
    }

    /// The highest nonce signed for an action: the next is above it.
    pub fn nonce(&self, action: Action) -> Option<u64> {
        self.nonces.get(&action).copied()
    }

    /// The nonce for an action that came without one at `now_ms` (Unix milliseconds): where the same request was there before,
    /// the one that it got then; else the next.
    pub fn nonce_for(&self, id: RequestId, action: Action, now_ms: u64) -> u64 {
        self.given.get(id).unwrap_or_else(|| {
            let next = self.nonce(action).map_or(0, |last| last.saturating_add(1));
            next.max(now_ms)
        })
    }

    /// What became of a request; `None` where it is not known (any more).
    pub fn outcome(&self, id: RequestId) -> Option<&Outcome> {
        self.answers.get(id).map(|kept| &kept.outcome)
    }

    /// Requests that wait for a person. After a restart these are the ones that nobody will be asked about any more: record
    /// them as expired.
    pub fn asked(&self) -> impl Iterator<Item = (RequestId, Kind)> {
        let asked = self.underway.iter().filter(|(_, it)| it.expires_at.is_some());
        asked.map(|(id, it)| (*id, it.kind))
    }

    /// Takes what the plan uses up, before anything is signed: the id, an action's nonce, one of the rule's rate. Call it
    /// under the lock under which the plan was made.
    pub fn reserve(&mut self, plan: &Plan) {
        self.advance(plan.at);
        if let (Some(nonce), Some(Operation::Action(action))) = (plan.nonce, plan.operation) {
            self.raise_nonce(action, nonce);
            self.given.note(plan.id, nonce);
        }
        let underway = Underway {
            kind: plan.kind,
            content: plan.content,
            expires_at: None,
            asked_by: None,
        };
        // Whoever was asked about has been counted then.
        if self.underway.insert(plan.id, underway).is_none() {
            self.count(&plan.rule_key, plan.at);
        }
    }

    /// The same for a request that a person is asked about.
    pub fn reserve_ask(&mut self, plan: &Plan, timeout: u64, caller: &Caller) {
        self.advance(plan.at);
        if let Some(nonce) = plan.nonce {
            self.given.note(plan.id, nonce);
        }
        let underway = Underway {
            kind: plan.kind,
            content: plan.content,
            expires_at: Some(plan.at + timeout),
            asked_by: caller.guardian(),
        };
        self.underway.insert(plan.id, underway);
        self.count(&plan.rule_key, plan.at);
    }

    /// Nothing came of it, and no signature was recorded. Its nonce stays used up.
    pub fn release(&mut self, id: RequestId) {
        self.underway.remove(&id);
    }

    /// The signature's record is in the log.
    pub fn signed(&mut self, plan: &Plan, signature: &Signature) {
        self.advance(plan.at);
        self.finish(
            plan.id,
            plan.kind,
            plan.content,
            Outcome::Signed(signature.clone()),
            plan.valid_until,
        );
    }

    /// A person said no, or nobody answered in time, or the yes came too late, at `now`; its record is in the log.
    pub fn turned_down(&mut self, id: RequestId, kind: Kind, outcome: Outcome, now: u64) {
        self.advance(now);
        if let Some(underway) = self.underway.get(&id) {
            let content = underway.content;
            if !matches!(outcome, Outcome::Refused(_)) {
                self.count(TURNED_DOWN, now);
            }
            self.finish(id, kind, content, outcome, now);
        }
    }

    /// The server stopped while a person was asked, which says nothing about what persons think of such requests.
    pub fn interrupted(&mut self, id: RequestId, kind: Kind, now: u64) {
        self.advance(now);
        if let Some(underway) = self.underway.get(&id) {
            let content = underway.content;
            self.finish(id, kind, content, Outcome::Expired, now);
        }
    }

    /// A person's yes could not be recorded for a reason that passes: they can say it again. `nonce` is the action's highest
    /// before the plan took its own; it stands again, unless a later one was taken since.
    pub fn ask_again(&mut self, plan: &Plan, expires_at: u64, caller: &Caller, nonce: Option<u64>) {
        if let Some(Operation::Action(action)) = plan.operation
            && self.nonce(action) == plan.nonce
        {
            match nonce {
                Some(nonce) => self.nonces.insert(action, nonce),
                None => self.nonces.remove(&action),
            };
        }
        let underway = Underway {
            kind: plan.kind,
            content: plan.content,
            expires_at: Some(expires_at),
            asked_by: caller.guardian(),
        };
        self.underway.insert(plan.id, underway);
    }

    /// A person approved everything of this sort until `until` (Unix seconds); what is always asked is not affected. Of too
    /// many approvals the oldest ends: that only asks again.
    pub fn grant(&mut self, plan: &Plan, caller: &Caller, until: u64) {
        let latest = self.latest;
        self.grants.retain(|grant| grant.until > latest);
        if self.grants.len() >= MAX_GRANTS {
            self.grants.remove(0);
        }
        self.grants.push(Grant {
            kind: plan.kind,
            operation: plan.operation,
            federation: plan.federation.clone(),
            rule: plan.rule_key.clone(),
            caller: caller.clone(),
            until,
        });
    }

    /// Takes all approvals for a while back.
    pub fn revoke_grants(&mut self) {
        self.grants.clear();
    }

    pub(super) fn is_granted(&self, plan: &Plan, caller: &Caller) -> bool {
        self.grants.iter().any(|grant| {
            grant.kind == plan.kind
                && grant.operation == plan.operation
                && grant.federation == plan.federation
                && grant.rule == plan.rule_key
                && grant.caller == *caller
                && plan.at < grant.until
        })
    }

    pub(super) fn answers(&self) -> &Answers {
        &self.answers
    }

    pub(super) fn underway(&self, id: RequestId) -> Option<&Underway> {
        self.underway.get(&id)
    }

    pub(super) fn underway_count(&self) -> usize {
        self.underway.len()
    }

    /// How many wait for a person: all, and those of this guardian.
    pub(super) fn asked_counts(&self, caller: &Caller) -> (usize, usize) {
        let asked = self.underway.values().filter(|it| it.expires_at.is_some());
        asked.fold((0, 0), |(all, own), it| {
            let is_own = match caller {
                Caller::Guardian(id) => it.asked_by.as_ref() == Some(id),
                Caller::Operator => false,
            };
            (all + 1, own + usize::from(is_own))
        })
    }

    /// Whether a rule has used up its rate.
    pub(super) fn is_exhausted(&self, rule: &str, rate: Rate, now: u64) -> bool {
        let window = self.windows.get(rule);
        window.is_some_and(|window| window.count(rate.unit, now) >= rate.count)
    }

    /// How many requests persons turned down in the last hour.
    pub(super) fn turned_down_lately(&self, now: u64) -> u32 {
        let window = self.windows.get(TURNED_DOWN);
        window.map_or(0, |window| window.count(super::policy::Unit::Hour, now))
    }

    fn advance(&mut self, now: u64) {
        self.latest = self.latest.max(now);
    }

    /// This nonce was signed, as the log or somebody with a signature proves: the next is above it.
    pub fn raise_nonce(&mut self, action: Action, nonce: u64) {
        let highest = self.nonces.entry(action).or_default();
        *highest = (*highest).max(nonce);
    }

    /// `name` is a rule's key, or says what else is counted.
    fn count(&mut self, name: &str, now: u64) {
        if let Some(window) = self.windows.get_mut(name) {
            window.add(now);
            return;
        }
        if self.windows.len() >= MAX_WINDOWS {
            self.windows.retain(|_, window| !window.is_stale(now));
        }
        if self.windows.len() >= MAX_WINDOWS
            && let Some(oldest) = self.windows.iter().min_by_key(|(_, window)| window.newest())
        {
            let oldest = oldest.0.clone();
            self.windows.remove(&oldest);
        }
        self.windows.entry(name.to_owned()).or_default().add(now);
    }

    fn finish(&mut self, id: RequestId, kind: Kind, content: [u8; 32], outcome: Outcome, valid_until: u64) {
        self.underway.remove(&id);
        self.answers
            .keep(id, kind, content, outcome, valid_until, self.latest);
    }
}

#[cfg(test)]
#[path = "../history_tests.rs"]
mod tests;
