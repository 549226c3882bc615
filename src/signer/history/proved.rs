//! What others proved that we signed, as the log has it.

use serde::Deserialize;

use super::History;
use crate::audit::{Entry, Event, Head};
use crate::envelope::Action;

/// `kind` of the record of a nonce that somebody proved.
const PROVED_NONCE: &str = "proved-nonce";
/// `kind` of the record with which a person accepts that the log does not lead to a head which they signed.
const ACCEPTED_HEAD: &str = "accepted-head";
/// Most heads that are accepted; the oldest go first. There is one for each log that was lost.
const MAX_ACCEPTED: usize = 16;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProvedNonce {
    action: String,
    nonce: u64,
}

/// The record of a nonce that is proved to be signed, though not by what is in this log. For [`History::apply`].
pub(in crate::signer) fn proved_nonce(action: Action, nonce: u64, now: u64) -> Entry {
    let action = action.as_str();
    let summary = format!(
        "a guardian proves that {action} was signed with nonce {nonce}, which is not in this log: only higher ones are \
         signed from now on"
    );
    Entry {
        payload: Some(format!(r#"{{"action":"{action}","nonce":{nonce}}}"#)),
        ..Entry::new(now, Event::Operation, summary).about(PROVED_NONCE)
    }
}

/// The record of an accepted head. For [`History::apply`].
pub(in crate::signer) fn accepted_head(head: &Head, summary: String, now: u64) -> Entry {
    Entry {
        payload: Some(head.signed_bytes()),
        ..Entry::new(now, Event::Forced, summary).about(ACCEPTED_HEAD)
    }
}

impl History {
    /// Takes in a record of one of the kinds here; others change nothing.
    pub(super) fn apply_proved(&mut self, entry: &Entry) {
        let payload = entry.payload.as_deref().unwrap_or_default();
        match (entry.event, entry.kind.as_deref()) {
            (Event::Operation | Event::Forced, Some(PROVED_NONCE)) => {
                if let Ok(ProvedNonce { action, nonce }) = serde_json::from_str(payload)
                    && let Some(action) = Action::named(&action)
                {
                    self.raise_nonce(action, nonce);
                }
            }
            (Event::Forced, Some(ACCEPTED_HEAD)) => {
                if let Some(head) = Head::parse_signed_bytes(payload) {
                    self.accept(head);
                }
            }
            _ => {}
        }
    }

    pub(super) fn accept(&mut self, head: Head) {
        self.accepted.retain(|accepted| *accepted != head);
        if self.accepted.len() >= MAX_ACCEPTED {
            self.accepted.remove(0);
        }
        self.accepted.push(head);
    }

    /// Whether a person accepted that the log does not lead to this head.
    pub(in crate::signer) fn is_accepted(&self, head: &Head) -> bool {
        self.accepted.contains(head)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::Hash;

    fn head(seq: u64) -> Head {
        Head {
            seq,
            hash: Hash::from_bytes([7; 32]),
            at: 1_764_000_000,
        }
    }

    #[test]
    fn what_was_proved_is_in_the_log_and_in_a_checkpoint() {
        let mut history = History::default();
        history.apply(&proved_nonce(Action::AlertPublish, 70, 5));
        history.apply(&proved_nonce(Action::AlertPublish, 60, 6));
        history.apply(&Entry {
            event: Event::Forced,
            ..proved_nonce(Action::FederationJoin, 80, 7)
        });
        history.apply(&accepted_head(&head(9), String::new(), 8));
        for history in [
            &history,
            &History::from_json(history.to_json().as_bytes()).unwrap(),
        ] {
            assert_eq!(history.nonce(Action::AlertPublish), Some(70));
            assert_eq!(history.nonce(Action::FederationJoin), Some(80));
            assert!(history.is_accepted(&head(9)) && !history.is_accepted(&head(10)));
            assert_eq!(history.latest(), 8);
        }
    }

    #[test]
    fn accepted_heads_are_bounded() {
        let mut history = History::default();
        for seq in 1..=MAX_ACCEPTED as u64 + 1 {
            history.apply(&accepted_head(&head(seq), String::new(), 8));
            history.apply(&accepted_head(&head(seq), String::new(), 8));
        }
        assert!(!history.is_accepted(&head(1)) && history.is_accepted(&head(2)));
        assert_eq!(history.accepted.len(), MAX_ACCEPTED);
    }
}
