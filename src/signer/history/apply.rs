//! History from the audit log.

use super::super::request::content_hash;
use super::super::{Kind, Meaning, RequestId};
use super::{History, Outcome, Underway, refused_after_yes};
use crate::audit::{Entry, Event};
use crate::envelope::canonical;
use crate::operator::Signature;
use crate::store::hex;

/// `kind` of the record with which the operator accepts the clock after a jump.
pub const ACCEPT_CLOCK: &str = "accept-clock";

/// The key of the rule that decided, as [`super::super::Plan::entry`] writes it.
fn key_of(entry: &Entry) -> &str {
    let rule = entry.rule.as_deref().unwrap_or_default();
    rule.rsplit_once(" #").map_or(rule, |(_, key)| key)
}

fn meaning(kind: Kind, entry: &Entry) -> Option<(Meaning, String)> {
    let value = canonical::parse_strict(entry.payload.as_deref()?.as_bytes()).ok()?;
    Meaning::read(kind, &value).ok()
}
/// Summary of the record of a question that ended because the server did.
pub(in crate::signer) const INTERRUPTED: &str = "the server stopped before an answer";

impl History {
    /// Takes in one record of the log, in its order. Records are authenticated by the chain, and this server wrote them:
    /// one that does not read as such (of a later release, say) still moves the clock.
    pub fn apply(&mut self, entry: &Entry) {
        if entry.event == Event::Forced && entry.kind.as_deref() == Some(ACCEPT_CLOCK) {
            self.accept_clock(entry.at);
            return;
        }
        self.advance(entry.at);
        self.apply_proved(entry);
        let id = entry.request_id.as_deref().and_then(|id| id.parse().ok());
        let kind = entry.kind.as_deref().and_then(Kind::named);
        if let (Some(id), Some(kind)) = (id, kind) {
            self.apply_to(id, kind, entry);
        }
    }

    fn apply_to(&mut self, id: RequestId, kind: Kind, entry: &Entry) {
        match entry.event {
            Event::Signed => self.apply_signed(id, kind, entry),
            Event::Asked => {
                if let Some((Meaning::Action(action), _)) = meaning(kind, entry) {
                    self.given.note(id, action.nonce);
                }
                let underway = Underway {
                    kind,
                    content: content_hash(kind, entry.payload.as_deref().unwrap_or_default()),
                    // How long that was does not matter any more: nobody will be asked again.
                    expires_at: Some(entry.at),
                    asked_by: None,
                };
                self.underway.insert(id, underway);
                self.count(key_of(entry), entry.at);
            }
            // Only of a request that was asked about; what is refused without a question leaves nothing behind.
            Event::Denied => self.turned_down(id, kind, denied(&entry.summary), entry.at),
            Event::Expired if entry.summary == INTERRUPTED => self.interrupted(id, kind, entry.at),
            Event::Expired => self.turned_down(id, kind, Outcome::Expired, entry.at),
            _ => {}
        }
    }

    fn apply_signed(&mut self, id: RequestId, kind: Kind, entry: &Entry) {
        let mut bytes = [0; 64];
        let (Some(payload), Some(signature)) = (&entry.payload, &entry.signature) else {
            return;
        };
        if !hex::decode_into(signature, &mut bytes) {
            return;
        }
        let meaning = meaning(kind, entry);
        let mut valid_until = entry.at;
        if let Some((meaning, _)) = &meaning {
            valid_until = meaning.valid_until().unwrap_or(entry.at);
            if let Meaning::Action(action) = meaning {
                self.raise_nonce(action.action, action.nonce);
                self.given.note(id, action.nonce);
            }
        }
        // A checkpoint may hold what the log was handed and had not written yet.
        if self
            .answers
            .get(id)
            .is_some_and(|kept| matches!(kept.outcome, Outcome::Signed(_)))
        {
            return;
        }
        if !self.underway.contains_key(&id) {
            self.count(key_of(entry), entry.at);
        }
        self.finish(
            id,
            kind,
            content_hash(kind, payload),
            Outcome::Signed(Signature::from_bytes(bytes)),
            valid_until,
        );
    }

    /// The operator accepts that the clock says `now`, though records are newer. Nonces stay used up.
    pub fn accept_clock(&mut self, now: u64) {
        if now < self.latest {
            self.answers.cut(now);
            for window in self.windows.values_mut() {
                window.cut(now);
            }
            self.grants.clear();
        }
        self.latest = now;
    }
}

/// A record of a refusal says in its summary why, before all else.
fn denied(summary: &str) -> Outcome {
    let reason = summary.split(':').next().unwrap_or_default();
    refused_after_yes(reason).map_or(Outcome::Denied, |(reason, _)| Outcome::Refused(reason))
}
