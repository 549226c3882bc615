//! Whose turn it is: guardians of a federation tell each other that they upgrade, and do so one after the other.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::envelope::{Action, ActionPayload, CLOSES_NOTICE, Envelope, Severity};
use crate::federation::Membership;
use crate::operator::OperatorId;

/// How long a notice counts, in milliseconds.
pub const NOTICE_COUNTS: u64 = 15 * 60 * 1000;
/// Within this time one notice of an operator counts, in milliseconds: endless notices must not hold up others' security
/// upgrades.
pub const NOTICE_EVERY: u64 = 2 * 60 * 60 * 1000;
/// How far a notice may be ahead of our clock, in milliseconds; the portal and the signing server allow as much.
const AHEAD: u64 = 5 * 60 * 1000;
/// Tag of the alert.
const TAG: &str = "upgrade";

/// A guardian's word that it upgrades. Who said it first goes first; of two at the same time, the lower operator id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Notice {
    /// When, in Unix milliseconds: the nonce of its envelope.
    pub at: u64,
    /// Who.
    pub operator: OperatorId,
}

/// Whose turn it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Ours.
    Ours,
    /// Another guardian's.
    Theirs {
        /// Whose.
        notice: Notice,
        /// For how many more seconds at most.
        wait: u64,
    },
}

/// The notices of others that count at `now` (Unix milliseconds), first one first: those that a member signed for this
/// federation, that are not over, and that are the only one of their operator in two hours, among these `envelopes`.
pub fn counting<'a>(
    membership: &Membership,
    ours: &OperatorId,
    envelopes: impl IntoIterator<Item = &'a RawValue>,
    now: u64,
) -> Vec<Notice> {
    let mut said: BTreeMap<OperatorId, BTreeSet<u64>> = BTreeMap::new();
    let mut closed: BTreeSet<(OperatorId, u64)> = BTreeSet::new();
    for envelope in envelopes {
        match read(membership, envelope) {
            Some((operator, Word::Upgrades(at))) if at <= now + AHEAD => {
                said.entry(operator).or_default().insert(at);
            }
            Some((operator, Word::IsDone(at))) => {
                closed.insert((operator, at));
            }
            _ => {}
        }
    }
    said.remove(ours);
    let mut counting: Vec<Notice> = said
        .into_iter()
        .filter_map(|(operator, times)| {
            let at = last_counted(&times)?;
            let is_over = now >= at + NOTICE_COUNTS || closed.contains(&(operator.clone(), at));
            (!is_over).then_some(Notice { at, operator })
        })
        .collect();
    counting.sort();
    counting
}

/// The first one counts, and each that is two hours after the last one that did.
fn last_counted(times: &BTreeSet<u64>) -> Option<u64> {
    let mut last: Option<u64> = None;
    for at in times {
        if last.is_none_or(|last| *at >= last + NOTICE_EVERY) {
            last = Some(*at);
        }
    }
    last
}

/// Whose turn it is. `ours` is our own notice, once it is published.
pub fn turn(ours: Option<&Notice>, others: &[Notice], now: u64) -> Turn {
    match others.iter().min() {
        Some(first) if ours.is_none_or(|ours| first < ours) => Turn::Theirs {
            notice: first.clone(),
            wait: (first.at + NOTICE_COUNTS).saturating_sub(now).div_ceil(1000),
        },
        _ => Turn::Ours,
    }
}

enum Word {
    Upgrades(u64),
    IsDone(u64),
}

/// To know under whose key it is to be verified.
#[derive(Deserialize)]
struct Signed {
    pubkey: String,
}

fn read(membership: &Membership, envelope: &RawValue) -> Option<(OperatorId, Word)> {
    let signed: Signed = serde_json::from_str(envelope.get()).ok()?;
    let member = membership
        .guardians()
        .iter()
        .find(|it| it.public.to_hex() == signed.pubkey)?;
    let verified = Envelope::<ActionPayload>::verify(envelope.get().as_bytes(), &member.public).ok()?;
    let payload = verified.into_payload();
    let alert = payload
        .alert()
        .filter(|_| payload.action == Action::AlertPublish)?;
    if payload.federation != membership.slug()
        || alert.severity != Severity::Info
        || alert.tag.as_deref() != Some(TAG)
    {
        return None;
    }
    let word = match alert.body.strip_prefix(CLOSES_NOTICE) {
        Some(nonce) => Word::IsDone(nonce.parse().ok()?),
        None => Word::Upgrades(payload.nonce),
    };
    Some((member.operator_id(), word))
}

#[cfg(test)]
#[path = "turn_tests.rs"]
mod tests;
