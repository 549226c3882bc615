use std::collections::HashMap;

use serde::Serialize;
use serde_json::value::RawValue;

use crate::envelope::{
    Action, ActionPayload, CLOSES_NOTICE, Envelope, HEALTH_FRESH, HealthAttestation, Severity,
};
use crate::federation::{Member, Membership};
use crate::operator::OperatorId;
use crate::signer::frames::MAX_FRAME;
use crate::signer::verified_head;

/// Largest documents, in bytes: with them, the reports of 32 guardians fit into one frame of the RPC.
const MAX_HEALTH: usize = 1536;
const MAX_NOTICE: usize = 4096;
const MAX_HEAD: usize = 1024;
/// What a report takes besides documents: for each peer, and around all.
const ROOM_PEER: usize = 160;
const ROOM_REST: usize = 512;

/// How long an upgrade notice counts, in seconds.
const NOTICE_COUNTS: u64 = 15 * 60;
/// Within this time only one notice of an operator counts, in seconds: endless notices must not hold others up.
const NOTICE_EVERY: u64 = 2 * 60 * 60;

/// The newest of what each guardian said, verified under its operator's key.
#[derive(Debug, Default)]
pub(super) struct Known {
    health: HashMap<OperatorId, Health>,
    heads: HashMap<OperatorId, String>,
    notices: HashMap<OperatorId, Notice>,
}

#[derive(Debug)]
struct Health {
    envelope: String,
    attested_at: u64,
    seen_at: u64,
}

#[derive(Debug)]
struct Notice {
    envelope: String,
    nonce: u64,
    seen_at: u64,
    /// Its operator said that the upgrade is over. Until the two hours are over no other one counts all the same.
    is_closed: bool,
}

/// The body of the notice that ends the one of this nonce.
pub(in crate::guardian) fn closing_body(nonce: u64) -> String {
    format!("{CLOSES_NOTICE}{nonce}")
}

/// What the operator's kit asks for before an upgrade. The kit verifies the envelopes again.
#[derive(Debug, Default, Serialize)]
pub struct PeerHealth {
    /// Every other guardian of the membership.
    pub peers: Vec<PeerState>,
    /// Upgrade notices that count now, our own included, as they were signed.
    pub notices: Vec<Box<RawValue>>,
}

/// What one guardian said of itself.
#[derive(Debug, Serialize)]
pub struct PeerState {
    /// Who.
    pub operator_id: OperatorId,
    /// Its newest health envelope; null: it was never heard of.
    pub health: Option<Box<RawValue>>,
    /// When that came, in Unix seconds.
    pub seen_at: Option<u64>,
    /// Whether it is at most 120 s old.
    pub fresh: bool,
}

impl Known {
    pub(super) fn take_health(
        &mut self,
        member: &Member,
        text: &str,
        membership: &Membership,
        now: u64,
    ) -> Result<(), String> {
        if text.len() > MAX_HEALTH {
            return Err(format!("the health envelope has more than {MAX_HEALTH} bytes"));
        }
        let verified = Envelope::<HealthAttestation>::verify(text.as_bytes(), &member.public)
            .map_err(|error| format!("the health envelope is not believed: {error}"))?;
        let attestation = verified.payload();
        if attestation.operator_id != member.operator_id() || attestation.federation_slug != membership.slug()
        {
            return Err("the health envelope is of another guardian".into());
        }
        if attestation.attested_at.abs_diff(now) > HEALTH_FRESH {
            return Err(format!(
                "the health envelope is not fresh: {HEALTH_FRESH} s are allowed"
            ));
        }
        let known = self.health.get(&attestation.operator_id);
        if known.is_none_or(|known| attestation.attested_at > known.attested_at) {
            let health = Health {
                envelope: text.to_owned(),
                attested_at: attestation.attested_at,
                seen_at: now,
            };
            self.health.insert(attestation.operator_id.clone(), health);
        }
        Ok(())
    }

    pub(super) fn take_head(&mut self, member: &Member, text: &str) -> Result<(), String> {
        if text.len() > MAX_HEAD {
            return Err(format!("the head has more than {MAX_HEAD} bytes"));
        }
        let read = |text: &str| {
            let raw: &RawValue = serde_json::from_str(text).ok()?;
            verified_head(raw, &member.public)
        };
        let head = read(text).ok_or("the head is not signed by its operator")?;
        let known = self
            .heads
            .get(&member.operator_id())
            .and_then(|known| read(known));
        if known.is_none_or(|known| head.seq > known.seq) {
            self.heads.insert(member.operator_id(), text.to_owned());
        }
        Ok(())
    }

    pub(super) fn head(&self, of: &OperatorId) -> Option<&str> {
        self.heads.get(of).map(String::as_str)
    }

    pub(super) fn take_notice(
        &mut self,
        member: &Member,
        text: &str,
        membership: &Membership,
        now: u64,
    ) -> Result<(), String> {
        if text.len() > MAX_NOTICE {
            return Err(format!("the notice has more than {MAX_NOTICE} bytes"));
        }
        let verified = Envelope::<ActionPayload>::verify(text.as_bytes(), &member.public)
            .map_err(|error| format!("the notice is not believed: {error}"))?;
        let payload = verified.payload();
        let alert = payload.alert().filter(|_| payload.action == Action::AlertPublish);
        let is_upgrade = alert
            .as_ref()
            .is_some_and(|alert| alert.severity == Severity::Info && alert.tag.as_deref() == Some("upgrade"));
        if !is_upgrade || payload.federation != membership.slug() {
            return Err("only an alert-publish of severity info with the tag upgrade, for this federation, is a notice".into());
        }
        if payload.expires_at <= now {
            return Err("the notice has expired".into());
        }
        let closes = alert
            .as_ref()
            .and_then(|alert| alert.body.strip_prefix(CLOSES_NOTICE))
            .map(str::to_owned);
        if let Some(closes) = closes {
            // Where the one that it ends is not known (this process is new), there is nothing to end.
            if let Some(known) = self.notices.get_mut(&member.operator_id())
                && known.nonce.to_string() == closes
            {
                known.is_closed = true;
            }
            return Ok(());
        }
        if let Some(known) = self.notices.get(&member.operator_id()) {
            if payload.nonce <= known.nonce {
                return if known.envelope == text {
                    Ok(())
                } else {
                    Err("the notice is older than one that was seen".into())
                };
            }
            if now < known.seen_at + NOTICE_EVERY {
                return Err("one notice of an operator counts in two hours".into());
            }
        }
        let notice = Notice {
            envelope: text.to_owned(),
            nonce: payload.nonce,
            seen_at: now,
            is_closed: false,
        };
        self.notices.insert(member.operator_id(), notice);
        Ok(())
    }

    /// As [`Self::take_notice`], of our own operator: two hours are for others to count. An upgrade that was undone may be
    /// tried again, and told again.
    pub(super) fn take_own_notice(
        &mut self,
        member: &Member,
        text: &str,
        membership: &Membership,
        now: u64,
    ) -> Result<(), String> {
        if let Some(known) = self.notices.get_mut(&member.operator_id()) {
            known.seen_at = known.seen_at.min(now.saturating_sub(NOTICE_EVERY));
        }
        self.take_notice(member, text, membership, now)
    }

    pub(super) fn report(&self, membership: &Membership, ours: &OperatorId, now: u64) -> PeerHealth {
        let peers: Vec<PeerState> = membership
            .guardians()
            .iter()
            .map(Member::operator_id)
            .filter(|id| id != ours)
            .map(|operator_id| {
                let health = self.health.get(&operator_id);
                PeerState {
                    health: health.and_then(|it| RawValue::from_string(it.envelope.clone()).ok()),
                    seen_at: health.map(|it| it.seen_at),
                    fresh: health.is_some_and(|it| it.attested_at.abs_diff(now) <= HEALTH_FRESH),
                    operator_id,
                }
            })
            .collect();
        let of_peers: usize = peers
            .iter()
            .map(|peer| ROOM_PEER + peer.health.as_ref().map_or(0, |it| it.get().len()))
            .sum();
        let mut room = MAX_FRAME.saturating_sub(of_peers + ROOM_REST);
        let mut counting: Vec<&Notice> = self
            .notices
            .values()
            .filter(|notice| !notice.is_closed && now < notice.seen_at + NOTICE_COUNTS)
            .collect();
        counting.sort_by_key(|notice| std::cmp::Reverse((notice.seen_at, notice.nonce)));
        let notices = counting
            .into_iter()
            .take_while(|notice| {
                let fits = notice.envelope.len() < room;
                room = room.saturating_sub(notice.envelope.len() + 1);
                fits
            })
            .filter_map(|notice| RawValue::from_string(notice.envelope.clone()).ok())
            .collect();
        PeerHealth { peers, notices }
    }
}

#[cfg(test)]
#[path = "known_tests.rs"]
mod tests;
