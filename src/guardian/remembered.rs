//! What the guardian remembers of its operator, so that a signing server whose state was rolled back is told.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::audit::Head;
use crate::envelope::{Action, ActionPayload, Envelope};
use crate::operator::PublicKey;
use crate::signer::verified_head;
use crate::store::{self, Access, StoreError};

const FILE: &str = "remembered.json";
/// Nine actions of at most 64 KiB, and a head.
const MAX_BYTES: usize = 10 * 64 * 1024;

/// What the operator signed last: the head of its audit log, and the action envelope with the highest nonce of each action.
/// Only what verifies under the operator's key gets in, and only forward.
pub(super) struct Remembered {
    operator: PublicKey,
    path: PathBuf,
    record: Mutex<Record>,
    /// Something is known that is not in the file.
    is_unsaved: AtomicBool,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    version: u64,
    audit: Option<Box<RawValue>>,
    actions: BTreeMap<String, Box<RawValue>>,
}

impl Remembered {
    /// Remembers nothing yet.
    pub(super) fn new(data_dir: &Path, operator: PublicKey) -> Self {
        Self {
            operator,
            path: data_dir.join(FILE),
            record: Mutex::new(Record {
                version: 1,
                ..Record::default()
            }),
            is_unsaved: AtomicBool::new(false),
        }
    }

    /// Reads what an earlier process kept; only for the holder of the data folder's lock. What does not verify is dropped:
    /// it could not be passed on as proof. A damaged file counts as empty.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be read.
    pub(super) fn load(&self) -> Result<(), StoreError> {
        let bytes = match store::read(&self.path, MAX_BYTES) {
            Ok(bytes) => bytes,
            Err(StoreError::NotFound { .. } | StoreError::TooLarge { .. }) => return Ok(()),
            Err(error) => return Err(error),
        };
        let read: Record = serde_json::from_slice(&bytes).unwrap_or_default();
        if let Some(head) = read.audit {
            self.take_head(&head);
        }
        for envelope in read.actions.into_values() {
            self.take_action(&envelope);
        }
        Ok(())
    }

    fn record(&self) -> std::sync::MutexGuard<'_, Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The signed audit head with the highest sequence, or the envelope of an action with the highest nonce.
    pub(super) fn known(&self, of: &str) -> Option<Box<RawValue>> {
        let record = self.record();
        if of == "audit" {
            record.audit.clone()
        } else {
            record.actions.get(of).cloned()
        }
    }

    /// Takes in a signed head, durably. Returns whether it is the operator's.
    pub(super) fn learn_head(&self, signed: &RawValue) -> Result<bool, StoreError> {
        self.keep(self.take_head(signed))
    }

    /// Takes in an action envelope, durably. Returns whether it is the operator's.
    pub(super) fn learn_action(&self, envelope: &RawValue) -> Result<bool, StoreError> {
        self.keep(self.take_action(envelope))
    }

    fn keep(&self, is_news: Option<bool>) -> Result<bool, StoreError> {
        let Some(is_news) = is_news else {
            return Ok(false);
        };
        // What was said before and could not be written is not durable by being said again.
        if is_news || self.is_unsaved.load(Ordering::Relaxed) {
            self.is_unsaved.store(true, Ordering::Relaxed);
            self.save()?;
            self.is_unsaved.store(false, Ordering::Relaxed);
        }
        Ok(true)
    }

    /// `None`: not the operator's. Else whether it is news.
    fn take_head(&self, signed: &RawValue) -> Option<bool> {
        let head: Head = verified_head(signed, &self.operator)?;
        let mut record = self.record();
        let known = record
            .audit
            .as_ref()
            .and_then(|it| verified_head(it, &self.operator));
        let news = known.is_none_or(|known| head.seq > known.seq);
        if news {
            record.audit = Some(signed.to_owned());
        }
        Some(news)
    }

    fn take_action(&self, envelope: &RawValue) -> Option<bool> {
        let verify =
            |it: &RawValue| Envelope::<ActionPayload>::verify(it.get().as_bytes(), &self.operator).ok();
        let verified = verify(envelope)?;
        let (action, nonce): (Action, u64) = (verified.payload().action, verified.payload().nonce);
        let mut record = self.record();
        let known = record.actions.get(action.as_str()).and_then(|it| verify(it));
        let news = known.is_none_or(|known| nonce > known.payload().nonce);
        if news {
            record
                .actions
                .insert(action.as_str().to_owned(), envelope.to_owned());
        }
        Some(news)
    }

    fn save(&self) -> Result<(), StoreError> {
        let json = serde_json::to_vec(&*self.record()).expect("strings and JSON serialise");
        store::replace(&self.path, &json, Access::Private)
    }
}

#[cfg(test)]
#[path = "remembered_tests.rs"]
mod tests;
