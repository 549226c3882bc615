//! What others prove that we signed, against what our log knows.

use std::sync::atomic::Ordering;

use super::{Engine, unix_now};
use crate::audit::{AuditError, ChainKey, Entry, Event, Head, record_at};
use crate::envelope::Action;
use crate::signer::history::{accepted_head, proved_nonce};
use crate::signer::pull::{Remembered, RolledBack};

/// Why a comparison did not end well.
#[derive(Debug, thiserror::Error)]
pub enum CompareError {
    /// The state folder is an older copy: nothing is signed any more.
    #[error(transparent)]
    RolledBack(#[from] RolledBack),
    /// What is proved could not be recorded.
    #[error("what the guardian proves could not be recorded: {0}")]
    Audit(#[from] AuditError),
}

impl Engine {
    /// Stops signing, for good, when somebody proves that we signed what our log does not know: then the state folder is
    /// an older copy, and nonces that were used could be used again. Returns what the operator should know. Blocks until
    /// what is learned is durable.
    ///
    /// A higher nonce alone is evidence of an older copy only at the start, until the first comparison has ended well. After
    /// it, another machine with the same key has signed: the nonce is taken over.
    ///
    /// # Errors
    /// [`CompareError`]
    pub fn compare(&self, remembered: &Remembered) -> Result<Vec<String>, CompareError> {
        let mut notes = Vec::new();
        let is_start = !self.is_behind_by_choice() && !self.compared.load(Ordering::Acquire);
        if !is_start {
            // All of them, and before anything else can end this: what is proved to be signed is never signed again.
            self.adopt(remembered.nonces(), &mut notes)?;
        }
        if let Some((head, missing)) = self.missing_head(remembered, &mut notes) {
            if !self.accepts_rollback {
                return Err(self.roll_back(missing));
            }
            notes.push(format!("{missing}: accepted"));
            self.accept(&head, &missing)?;
        }
        if is_start && let Some(missing) = remembered.higher_nonce(|action| self.core().history.nonce(action))
        {
            return Err(self.roll_back(missing));
        }
        self.compared.store(true, Ordering::Release);
        Ok(notes)
    }

    fn roll_back(&self, missing: RolledBack) -> CompareError {
        self.halt("rolled-back", missing.to_string());
        missing.into()
    }

    /// Raises nonces to those that are proved, and records that.
    fn adopt(&self, proved: &[(Action, u64)], notes: &mut Vec<String>) -> Result<(), AuditError> {
        let mut tickets = Vec::new();
        let recorded = {
            let mut core = self.core();
            for (action, nonce) in proved {
                if core.history.nonce(*action).is_none_or(|known| known < *nonce) {
                    core.unrecorded.insert(*action, *nonce);
                }
            }
            // Also what could not be recorded before.
            let recorded = core.unrecorded.clone();
            let entries: Vec<_> = recorded.iter().map(|it| self.proved(it)).collect();
            // All count before the first of them can fail to be recorded. Under one lock with the records, so that a
            // checkpoint holds all that is before it in the log.
            for entry in &entries {
                notes.push(entry.summary.clone());
                core.history.apply(entry);
            }
            for entry in entries {
                tickets.push(self.append(entry)?);
            }
            recorded
        };
        for ticket in tickets {
            ticket.wait()?;
        }
        self.core()
            .unrecorded
            .retain(|action, nonce| recorded.get(action) != Some(nonce));
        Ok(())
    }

    fn proved(&self, (action, nonce): (&Action, &u64)) -> Entry {
        let event = if self.accepts_rollback {
            Event::Forced
        } else {
            Event::Operation
        };
        Entry {
            event,
            ..proved_nonce(*action, *nonce, unix_now())
        }
    }

    /// The head that a guardian has, where our log has another record in its place or ends before it.
    fn missing_head(&self, remembered: &Remembered, notes: &mut Vec<String>) -> Option<(Head, RolledBack)> {
        // Who leaves no heads with guardians finds only those of the other machine there.
        let head = remembered.head().filter(|_| !self.ask_only)?;
        if self.core().history.is_accepted(&head) {
            return None;
        }
        let ours = self.ledger.head();
        if head.seq > ours.seq {
            let missing = RolledBack::Record {
                remembered: head.seq,
                ours: ours.seq,
            };
            return Some((head, missing));
        }
        let found = if head.seq == ours.seq {
            Ok(Some(ours))
        } else {
            record_at(&self.folders, &ChainKey::derive(&self.key), head.seq)
        };
        match found {
            Ok(Some(found)) if found.hash == head.hash => None,
            Ok(Some(_)) => Some((head, RolledBack::Fork { seq: head.seq })),
            Ok(None) => {
                notes.push(format!(
                    "the guardian has a signed head of record {}, which is not here any more to be compared",
                    head.seq
                ));
                None
            }
            Err(error) => {
                notes.push(format!(
                    "the guardian's signed head of record {} could not be compared: {error}",
                    head.seq
                ));
                None
            }
        }
    }

    /// Records that a person accepts the head of a log that is lost. It is no evidence any more, at this start and at later
    /// ones.
    fn accept(&self, head: &Head, missing: &RolledBack) -> Result<(), AuditError> {
        let ticket = {
            let mut core = self.core();
            let entry = accepted_head(head, format!("--accept-rollback: {missing}"), unix_now());
            core.history.apply(&entry);
            self.append(entry)?
        };
        ticket.wait().map(|_| ())
    }
}

#[cfg(test)]
#[path = "compare_tests.rs"]
mod tests;
