//! The open log: one thread writes what many hand it.

mod recover;
mod writer;

#[cfg(test)]
mod campaign;
#[cfg(test)]
pub(super) mod faulty;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::checkpoint::MAX_CHECKPOINT_BYTES;
use super::disk::{Disk, RealDisk};
use super::epoch::Epoch;
use super::layout::Layout;
use super::ticket::{self, Promise};
use super::{AuditError, ChainKey, Entry, Event, Head, MAX_AT, Record, Ticket};
use crate::store::{self, Folders, StoreError};
use recover::Torn;
use writer::Writer;

/// Learns at a start what the log says: first a checkpoint, if there is one, then each record after it, in order.
pub trait Replay {
    /// The bytes once given to [`Ledger::checkpoint`]. `false`: they cannot be used, so every record is replayed.
    fn checkpoint(&mut self, bytes: &[u8]) -> bool;
    /// A record, whose hash and place were checked.
    fn record(&mut self, record: &Record);
}

/// For those who only append.
impl Replay for () {
    fn checkpoint(&mut self, _bytes: &[u8]) -> bool {
        true
    }

    fn record(&mut self, _record: &Record) {}
}

/// Sizes and intervals; smaller in tests.
#[derive(Clone, Copy)]
pub(super) struct Limits {
    /// A segment of this many bytes takes no further batch.
    segment_bytes: u64,
    /// Records after which the epoch file is advanced.
    epoch_records: u64,
    /// Records after which a head is signed.
    head_records: u64,
    /// Seconds after which a head is signed.
    head_seconds: u64,
    /// How often a full disk is tried again.
    retry: Duration,
}

impl Limits {
    const STANDARD: Self = Self {
        segment_bytes: 64 * 1024 * 1024,
        epoch_records: 4096,
        head_records: 4096,
        head_seconds: 3600,
        retry: Duration::from_secs(1),
    };
}

/// Most bytes of entries that wait for the disk.
const MAX_QUEUED_BYTES: usize = 16 * 1024 * 1024;

/// What was found when a log was opened.
#[derive(Clone, Debug)]
pub struct Opened {
    /// Its last record.
    pub head: Head,
    /// What the operator should know: a torn line was cut, the epoch file was missing.
    pub notes: Vec<String>,
}

/// The log of one identity, open for appending. The caller holds the identity's lock.
///
/// Can be shared between threads. Dropping it writes what is waiting, as [`Ledger::close`] does.
pub struct Ledger {
    shared: Arc<Shared>,
    limits: Limits,
    writer: Mutex<Option<JoinHandle<()>>>,
}

/// Between those who append and the writer.
struct Shared {
    state: Mutex<State>,
    work: Condvar,
}

struct State {
    queue: VecDeque<Command>,
    queued_bytes: usize,
    /// The last durable record.
    head: Head,
    /// The last durable record that signs a head.
    signed: Option<Head>,
    /// Bytes of records that no checkpoint covers.
    uncovered: u64,
    trouble: Option<AuditError>,
    closing: bool,
}

enum Command {
    Append(Entry, Promise),
    Checkpoint(Vec<u8>, Promise),
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing in here panics while it holds the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, command: Command, bytes: usize) -> Result<(), AuditError> {
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

impl Ledger {
    /// Opens the log in the state folder, checks its tail against the chain and the epoch file in the data folder, cuts a
    /// torn last line off, and replays what a checkpoint does not cover.
    ///
    /// The first record appended should be [`Event::Started`]: the epoch is advanced with it, before its ticket is ready.
    ///
    /// # Errors
    /// [`AuditError::Damaged`], [`AuditError::StateOlder`], [`AuditError::StateForked`], [`AuditError::Epoch`],
    /// [`AuditError::Read`], [`AuditError::Store`].
    pub fn open(
        folders: &Folders,
        key: ChainKey,
        replay: &mut dyn Replay,
    ) -> Result<(Self, Opened), AuditError> {
        store::create_dir_private(&folders.state)?;
        store::create_dir_private(&folders.data)?;
        store::sweep_temporaries(&folders.state);
        Self::open_on(
            Arc::new(RealDisk),
            Layout::of(folders),
            key,
            Limits::STANDARD,
            replay,
        )
    }

    pub(super) fn open_on(
        disk: Arc<dyn Disk>,
        layout: Layout,
        key: ChainKey,
        limits: Limits,
        replay: &mut dyn Replay,
    ) -> Result<(Self, Opened), AuditError> {
        let found = recover::recover(&*disk, &layout, &key, replay)?;
        let file = writer::open_current(&*disk, &layout, &found)?;
        let mut notes = found.notes.clone();
        let mut entries = Vec::new();
        if let Some(torn) = &found.torn {
            let cut = torn.describe();
            notes.push(format!("{}: {cut}", layout.current.display()));
            entries.push(Entry::new(now(), Event::Operation, cut).about("tail-cut"));
        }
        if found.epoch.is_none() && found.head.seq > 0 {
            let missing =
                "the epoch file was missing, so that an older copy of the log would not have been noticed";
            notes.push(format!("{}: {missing}", layout.epoch.display()));
            entries.push(Entry::new(now(), Event::Operation, missing).about("epoch-renewed"));
        }
        let epoch = match found.epoch {
            Some(epoch) => epoch,
            None => {
                let epoch = Epoch {
                    seq: found.head.seq,
                    hash: found.head.hash,
                };
                epoch.write(&*disk, &layout.epoch, &key)?;
                epoch
            }
        };
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                queue: VecDeque::new(),
                queued_bytes: 0,
                head: found.head,
                signed: found.signed,
                uncovered: found.uncovered,
                trouble: None,
                closing: false,
            }),
            work: Condvar::new(),
        });
        let head = found.head;
        let writer = Writer::new(
            shared.clone(),
            disk,
            layout.clone(),
            key,
            limits,
            file,
            &found,
            epoch,
        );
        let thread = std::thread::Builder::new()
            .name("audit".into())
            .spawn(move || writer.run())
            .map_err(|source| StoreError::Write {
                path: layout.current,
                source,
            })?;
        let ledger = Self {
            shared,
            limits,
            writer: Mutex::new(Some(thread)),
        };
        for entry in entries {
            // Written before whatever the caller appends; nobody waits for it.
            drop(ledger.append(entry)?);
        }
        Ok((ledger, Opened { head, notes }))
    }

    /// Hands an entry over to be written; its place is that of this call among all. Cheap: does not touch the disk.
    ///
    /// # Errors
    /// [`AuditError::Entry`], [`AuditError::Backlog`], [`AuditError::Poisoned`], [`AuditError::Closed`].
    pub fn append(&self, entry: Entry) -> Result<Ticket, AuditError> {
        entry.check()?;
        let weight = entry.weight();
        let (promise, ticket) = ticket::promise();
        self.shared.push(Command::Append(entry, promise), weight)?;
        Ok(ticket)
    }

    /// The last record that is durable.
    pub fn head(&self) -> Head {
        self.shared.lock().head
    }

    /// Whether a record can be expected to become durable. A full disk is well again by itself when there is room.
    ///
    /// # Errors
    /// [`AuditError::Full`], [`AuditError::Poisoned`], [`AuditError::EpochNotWritten`]: nothing may be signed.
    pub fn healthy(&self) -> Result<(), AuditError> {
        self.shared.lock().trouble.clone().map_or(Ok(()), Err)
    }

    /// Whether it is time to sign the head: an hour or 4,096 records after the last one, and there is something new. `now`
    /// in Unix seconds.
    pub fn head_due(&self, now: u64) -> bool {
        let state = self.shared.lock();
        let Some(signed) = state.signed else {
            return state.head.seq > 0;
        };
        let new = state.head.seq - signed.seq;
        new >= self.limits.head_records
            || (new > 0 && now.saturating_sub(signed.at) >= self.limits.head_seconds)
    }

    /// Whether it is time for a [`Ledger::checkpoint`]: what a start would have to read is nearly a whole segment.
    pub fn checkpoint_due(&self) -> bool {
        self.shared.lock().uncovered >= self.limits.segment_bytes / 8 * 7
    }

    /// Closes the segment and keeps `bytes` (at most [`super::MAX_CHECKPOINT_BYTES`]), authenticated, for the next start:
    /// they stand for every record handed over before this call. The caller sees to it that nobody appends meanwhile.
    ///
    /// # Errors
    /// As [`Ledger::append`]. That of the ticket is no reason to stop: a start then reads more.
    pub fn checkpoint(&self, bytes: Vec<u8>) -> Result<Ticket, AuditError> {
        if bytes.len() > MAX_CHECKPOINT_BYTES {
            return Err(AuditError::Entry {
                field: "checkpoint",
                limit: MAX_CHECKPOINT_BYTES,
            });
        }
        let (promise, ticket) = ticket::promise();
        // Not counted as waiting: refusing it would only make the backlog longer.
        self.shared.push(Command::Checkpoint(bytes, promise), 0)?;
        Ok(ticket)
    }

    /// Writes what is waiting, advances the epoch and ends. Further calls do nothing.
    ///
    /// # Errors
    /// As [`Ledger::healthy`].
    pub fn close(&self) -> Result<(), AuditError> {
        self.shared.lock().closing = true;
        self.shared.work.notify_one();
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(writer) = writer {
            // It does not panic; if it did, its promises were settled as they were dropped.
            let _ = writer.join();
        }
        self.healthy()
    }
}

impl Drop for Ledger {
    fn drop(&mut self) {
        let _ = self.close();
    }
}

impl Torn {
    fn describe(&self) -> String {
        format!(
            "{} bytes that an interrupted write of record {} left were cut off",
            self.bytes, self.seq
        )
    }
}

/// For records that the ledger makes of itself. Nothing is decided by it.
fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs()).min(MAX_AT)
}
