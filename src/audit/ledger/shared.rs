//! What those who append and the writer share.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::audit::ticket::Promise;
use crate::audit::{AuditError, Entry, Head};

/// Sizes and intervals; smaller in tests.
#[derive(Clone, Copy)]
pub(in crate::audit) struct Limits {
    /// A segment of this many bytes takes no further batch.
    pub(super) segment_bytes: u64,
    /// Records after which the epoch file is advanced.
    pub(super) epoch_records: u64,
    /// Records after which a head is signed.
    pub(super) head_records: u64,
    /// Seconds after which a head is signed.
    pub(super) head_seconds: u64,
    /// How often a full disk is tried again.
    pub(super) retry: Duration,
}

impl Limits {
    pub(super) const STANDARD: Self = Self {
        segment_bytes: 64 * 1024 * 1024,
        epoch_records: 4096,
        head_records: 4096,
        head_seconds: 3600,
        retry: Duration::from_secs(1),
    };
}

/// Most bytes of entries that wait for the disk.
const MAX_QUEUED_BYTES: usize = 16 * 1024 * 1024;

/// Between those who append and the writer.
pub(super) struct Shared {
    pub(super) state: Mutex<State>,
    pub(super) work: Condvar,
}

pub(super) struct State {
    pub(super) queue: VecDeque<Command>,
    pub(super) queued_bytes: usize,
    /// The last durable record.
    pub(super) head: Head,
    /// The last durable record that signs a head.
    pub(super) signed: Option<Head>,
    /// Bytes of records that no checkpoint covers.
    pub(super) uncovered: u64,
    pub(super) trouble: Option<AuditError>,
    pub(super) closing: bool,
}

pub(super) enum Command {
    Append(Entry, Promise),
    Checkpoint(Vec<u8>, Promise),
}

impl Shared {
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing in here panics while it holds the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn push(&self, command: Command, bytes: usize) -> Result<(), AuditError> {
        let mut state = self.lock();
        if state.closing {
            return Err(AuditError::Closed);
        }
        // A full disk may have room by now: the write itself will tell.
        if let Some(error @ AuditError::Poisoned { .. }) = &state.trouble {
            return Err(error.clone());
        }
        if state.queued_bytes > MAX_QUEUED_BYTES {
            return Err(AuditError::Backlog);
        }
        state.queued_bytes += bytes;
        state.queue.push_back(command);
        drop(state);
        self.work.notify_one();
        Ok(())
    }
}
