use std::collections::BTreeMap;

use super::super::id::NEW_ID_AGE;
use super::super::{Kind, RequestId};
use crate::operator::Signature;

/// Longest time that an answer is kept, in seconds.
pub(super) const MAX_KEPT: u64 = 24 * 60 * 60;
/// Most answers to routine requests (about 200 bytes each).
const ROUTINE: usize = 32_768;
/// Most answers to all others. Their own share, so that a flood of routine requests cannot push them out.
const OTHERS: usize = 8_192;

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was signed.
    Signed(Signature),
    /// A person said no.
    Denied,
    /// A person said yes, and by then it was refused: the reason's slug, one of [`refused_after_yes`].
    Refused(&'static str),
    /// Nobody answered in time.
    Expired,
}

/// What a request can be refused for after a person's yes, and the HTTP status of that.
const AFTER_YES: [(&str, u16); 12] = [
    ("attestation-time", 403),
    ("denied-by-policy", 403),
    ("expired-payload", 403),
    ("expires-too-late", 403),
    ("image-mismatch", 403),
    ("kind-unsupported", 422),
    ("membership-not-trusted", 403),
    ("no-rule", 403),
    ("nonce-ahead", 403),
    ("nonce-not-forward", 409),
    ("not-our-operator", 403),
    ("not-waiting", 409),
];

/// The slug and the status of a refusal after a person's yes, where `reason` is that of one.
pub(in crate::signer) fn refused_after_yes(reason: &str) -> Option<(&'static str, u16)> {
    AFTER_YES.into_iter().find(|(slug, _)| *slug == reason)
}

/// What is remembered of a request that has its outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::signer) struct Kept {
    pub(in crate::signer) content: [u8; 32],
    pub(in crate::signer) outcome: Outcome,
    /// Unix seconds.
    pub(super) keep_until: u64,
}

/// The answers that were given, until their payload can no longer be valid and their ids are too old to be new.
///
/// A guardian can make ids as fast as the policy's rates let it. So the answers are bounded in number: where there are
/// too many the oldest go first, and no id up to the last one that went is taken from a guardian as new. Being old is
/// then what refuses it, not being known, and still no id is ever answered in two ways.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::signer) struct Answers {
    pub(super) routine: BTreeMap<RequestId, Kept>,
    pub(super) others: BTreeMap<RequestId, Kept>,
    pub(super) floor: Option<RequestId>,
}

impl Answers {
    pub(in crate::signer) fn get(&self, id: RequestId) -> Option<&Kept> {
        self.routine.get(&id).or_else(|| self.others.get(&id))
    }

    /// Whether an id that is not known may have been forgotten.
    pub(in crate::signer) fn is_below_floor(&self, id: RequestId) -> bool {
        self.floor.is_some_and(|floor| id <= floor)
    }

    pub(super) fn keep(
        &mut self,
        id: RequestId,
        kind: Kind,
        content: [u8; 32],
        outcome: Outcome,
        valid_until: u64,
        now: u64,
    ) {
        let kept = Kept {
            content,
            outcome,
            keep_until: valid_until.min(now + MAX_KEPT),
        };
        self.insert(id, is_routine(kind), kept, now);
    }

    pub(super) fn insert(&mut self, id: RequestId, routine: bool, kept: Kept, now: u64) {
        let (pool, most) = if routine {
            (&mut self.routine, ROUTINE)
        } else {
            (&mut self.others, OTHERS)
        };
        if pool.len() >= most {
            pool.retain(|id, kept| !is_over(*id, kept, now));
            // Some at once, so that the look at all of them is rare.
            while pool.len() > most - most / 8 {
                let Some((gone, _)) = pool.pop_first() else { break };
                self.floor = self.floor.max(Some(gone));
            }
        }
        pool.insert(id, kept);
    }

    /// The clock was set back to `now`, with the operator's word for it. No id of up to then is taken as new, since it may
    /// have been answered and forgotten. What lies more than a day ahead is forgotten: it would take up the room for years,
    /// and its id can come back only when the clock gets there; nonces stay used up for ever.
    pub(super) fn cut(&mut self, now: u64) {
        let far = RequestId::last_of(now + MAX_KEPT);
        self.routine.retain(|id, _| *id <= far);
        self.others.retain(|id, _| *id <= far);
        for kept in self.routine.values_mut().chain(self.others.values_mut()) {
            kept.keep_until = kept.keep_until.min(now + MAX_KEPT);
        }
        let floor = self.floor.filter(|floor| *floor <= far);
        self.floor = floor.max(Some(RequestId::last_of(now)));
    }
}

fn is_routine(kind: Kind) -> bool {
    matches!(kind, Kind::Attestation | Kind::FrostCommit)
}

/// Its payload is no longer valid, and its id would be refused as too old.
fn is_over(id: RequestId, kept: &Kept, now: u64) -> bool {
    kept.keep_until < now && id.time() + NEW_ID_AGE < now
}
