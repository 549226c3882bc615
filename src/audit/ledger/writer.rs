use std::io;
use std::sync::{Arc, PoisonError};

use super::recover::Recovered;
use super::{Command, Limits, Shared};
use crate::audit::checkpoint::Checkpoint;
use crate::audit::disk::{Disk, LogFile};
use crate::audit::epoch::Epoch;
use crate::audit::layout::Layout;
use crate::audit::ticket::Promise;
use crate::audit::{AuditError, ChainKey, Entry, Event, Head, Record};
use crate::store::StoreError;

/// A batch takes no further entry at this size, in bytes. What a sync costs is then long spread over many.
const BATCH_BYTES: usize = 1024 * 1024;

/// The thread that writes.
pub(super) struct Writer {
    shared: Arc<Shared>,
    disk: Arc<dyn Disk>,
    layout: Layout,
    key: ChainKey,
    limits: Limits,
    /// The current segment; `None` where it was closed and the next one could not be made yet.
    file: Option<Box<dyn LogFile>>,
    /// Number of its first record.
    first: u64,
    /// Bytes of it that are durable; all it has, between two batches.
    length: u64,
    head: Head,
    signed: Option<Head>,
    uncovered: u64,
    epoch: Epoch,
    /// Nothing was written since the start.
    fresh: bool,
    poisoned: Option<AuditError>,
    full: Option<AuditError>,
    behind: Option<AuditError>,
    text: String,
}

enum Work {
    Batch(Vec<(Entry, Promise)>),
    Checkpoint(Vec<u8>, Promise),
    Retry,
    Stop,
}

/// Opens the current segment and cuts off what an interrupted write left.
pub(super) fn open_current(
    disk: &dyn Disk,
    layout: &Layout,
    found: &Recovered,
) -> Result<Box<dyn LogFile>, AuditError> {
    let failed = |source| StoreError::Write {
        path: layout.current.clone(),
        source,
    };
    let mut file = disk.open_log(&layout.current)?;
    disk.sync_folder(&layout.state)?;
    if found.torn.is_some() {
        file.truncate(found.length).map_err(failed)?;
        file.sync().map_err(failed)?;
    }
    if file.length().map_err(failed)? != found.length {
        return Err(failed(changed()).into());
    }
    Ok(file)
}

fn changed() -> io::Error {
    io::Error::other("another program changed it while it was open")
}

impl Writer {
    #[expect(
        clippy::too_many_arguments,
        reason = "called once, by the one who has all of them"
    )]
    pub(super) fn new(
        shared: Arc<Shared>,
        disk: Arc<dyn Disk>,
        layout: Layout,
        key: ChainKey,
        limits: Limits,
        file: Box<dyn LogFile>,
        found: &Recovered,
        epoch: Epoch,
    ) -> Self {
        Self {
            shared,
            disk,
            layout,
            key,
            limits,
            file: Some(file),
            first: found.first,
            length: found.length,
            head: found.head,
            signed: found.signed,
            uncovered: found.uncovered,
            epoch,
            fresh: true,
            poisoned: None,
            full: None,
            behind: None,
            text: String::new(),
        }
    }

    pub(super) fn run(mut self) {
        loop {
            match self.next() {
                Work::Batch(batch) => self.batch(batch),
                Work::Checkpoint(bytes, promise) => {
                    let outcome = self.checkpoint(bytes);
                    self.publish();
                    promise.settle(outcome);
                }
                Work::Retry => self.retry(),
                Work::Stop => break,
            }
            self.publish();
        }
        if self.head.seq > self.epoch.seq {
            self.advance_epoch();
        }
        self.publish();
    }

    fn next(&self) -> Work {
        let mut state = self.shared.lock();
        loop {
            match state.queue.pop_front() {
                Some(Command::Checkpoint(bytes, promise)) => return Work::Checkpoint(bytes, promise),
                Some(Command::Append(entry, promise)) => {
                    let mut bytes = entry.weight();
                    let mut batch = vec![(entry, promise)];
                    while bytes < BATCH_BYTES {
                        match state.queue.pop_front() {
                            Some(Command::Append(entry, promise)) => {
                                bytes += entry.weight();
                                batch.push((entry, promise));
                            }
                            Some(checkpoint) => {
                                state.queue.push_front(checkpoint);
                                break;
                            }
                            None => break,
                        }
                    }
                    state.queued_bytes = state.queued_bytes.saturating_sub(bytes);
                    return Work::Batch(batch);
                }
                None if state.closing => return Work::Stop,
                None if self.full.is_some() || self.behind.is_some() => {
                    let waited = self.shared.work.wait_timeout(state, self.limits.retry);
                    let (woken, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
                    if timeout.timed_out() && woken.queue.is_empty() && !woken.closing {
                        return Work::Retry;
                    }
                    state = woken;
                }
                None => {
                    state = self
                        .shared
                        .work
                        .wait(state)
                        .unwrap_or_else(PoisonError::into_inner);
                }
            }
        }
    }

    /// Lets everybody see where the log is.
    fn publish(&self) {
        let trouble = [&self.poisoned, &self.full, &self.behind];
        let mut state = self.shared.lock();
        state.head = self.head;
        state.signed = self.signed;
        state.uncovered = self.uncovered;
        state.trouble = trouble.into_iter().flatten().next().cloned();
    }

    fn batch(&mut self, batch: Vec<(Entry, Promise)>) {
        let (entries, promises): (Vec<Entry>, Vec<Promise>) = batch.into_iter().unzip();
        let before = self.head.seq;
        let written = self.write(&entries);
        match &written {
            Ok(()) => {
                self.full = None;
                if self.fresh {
                    // Whoever waits for the first record may rely on the epoch: a copy of the state folder made before
                    // this start is noticed from here on.
                    self.advance_epoch();
                    self.fresh = false;
                }
            }
            Err(error @ AuditError::Full { .. }) => self.full = Some(error.clone()),
            Err(error) => self.poisoned = Some(error.clone()),
        }
        // Before the tickets, so that nobody who has seen a record durable finds an older head.
        self.publish();
        for (seq, promise) in (before + 1..).zip(promises) {
            promise.settle(written.clone().map(|()| seq));
        }
        if self.head.seq - self.epoch.seq >= self.limits.epoch_records {
            self.advance_epoch();
        }
    }

    /// Writes entries and makes them durable, all or none.
    fn write(&mut self, entries: &[Entry]) -> Result<(), AuditError> {
        if let Some(error) = &self.poisoned {
            return Err(error.clone());
        }
        if self.length >= self.limits.segment_bytes {
            // One that cannot be closed is only longer than others.
            let _ = self.close_segment();
        }
        self.make_segment()?;
        let mut head = self.head;
        let mut signed = self.signed;
        self.text.clear();
        for entry in entries {
            let seq = head.seq + 1;
            let hash = Record::append_sealed(&mut self.text, seq, head.hash, entry, |pieces| {
                self.key.record(pieces)
            });
            head = Head {
                seq,
                hash,
                at: entry.at,
            };
            if entry.event == Event::Head {
                signed = Some(head);
            }
        }
        self.put()?;
        self.length += self.text.len() as u64;
        self.uncovered += self.text.len() as u64;
        self.head = head;
        self.signed = signed;
        self.text.shrink_to(2 * BATCH_BYTES);
        Ok(())
    }

    fn put(&mut self) -> Result<(), AuditError> {
        let Self {
            file: Some(file),
            layout,
            length,
            text,
            ..
        } = self
        else {
            return Err(AuditError::Closed);
        };
        let poisoned = |source| AuditError::Poisoned {
            path: layout.current.clone(),
            source: Arc::new(source),
        };
        if file.length().map_err(poisoned)? != *length {
            return Err(poisoned(changed()));
        }
        match write_all(&mut **file, text.as_bytes()) {
            Ok(()) => file.sync().map_err(poisoned),
            Err(error) if is_full(&error) => {
                // Nothing of the batch was promised: take it back, and be sure that it is gone.
                file.truncate(*length).map_err(poisoned)?;
                file.sync().map_err(poisoned)?;
                if file.length().map_err(poisoned)? != *length {
                    return Err(poisoned(changed()));
                }
                Err(AuditError::Full {
                    path: layout.current.clone(),
                    source: Arc::new(error),
                })
            }
            Err(error) => Err(poisoned(error)),
        }
    }

    /// Gives the current segment its lasting name. The next write makes a new one.
    fn close_segment(&mut self) -> Result<(), StoreError> {
        self.disk
            .rename(&self.layout.current, &self.layout.closed(self.first))?;
        self.file = None;
        Ok(())
    }

    fn make_segment(&mut self) -> Result<(), AuditError> {
        if self.file.is_some() {
            return Ok(());
        }
        let made = self
            .disk
            .open_log(&self.layout.current)
            .and_then(|file| self.disk.sync_folder(&self.layout.state).map(|()| file));
        match made {
            Ok(file) => {
                self.file = Some(file);
                self.first = self.head.seq + 1;
                self.length = 0;
                Ok(())
            }
            Err(StoreError::Write { path, source }) if is_full(&source) => Err(AuditError::Full {
                path,
                source: Arc::new(source),
            }),
            Err(StoreError::Write { path, source }) => Err(AuditError::Poisoned {
                path,
                source: Arc::new(source),
            }),
            Err(error) => Err(AuditError::Poisoned {
                path: self.layout.current.clone(),
                source: Arc::new(io::Error::other(error.to_string())),
            }),
        }
    }

    fn checkpoint(&mut self, bytes: Vec<u8>) -> Result<u64, AuditError> {
        // What it stands for was handed over, but did not all become durable.
        if let Some(error) = self.poisoned.as_ref().or(self.full.as_ref()) {
            return Err(error.clone());
        }
        let head = self.head;
        Checkpoint { head, bytes }.write(&*self.disk, &self.layout.checkpoint, &self.key)?;
        self.uncovered = 0;
        if self.file.is_some() && self.length > 0 {
            self.close_segment()?;
        }
        self.advance_epoch();
        Ok(head.seq)
    }

    fn advance_epoch(&mut self) {
        let epoch = Epoch {
            seq: self.head.seq,
            hash: self.head.hash,
        };
        match epoch.write(&*self.disk, &self.layout.epoch, &self.key) {
            Ok(()) => {
                self.epoch = epoch;
                self.behind = None;
            }
            Err(error) => self.behind = Some(AuditError::EpochNotWritten(Arc::new(error))),
        }
    }

    /// Looks whether what failed would work by now.
    fn retry(&mut self) {
        if self.full.is_some() && self.disk.probe(&self.layout.state).is_ok() {
            self.full = None;
        }
        if self.behind.is_some() {
            self.advance_epoch();
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // However it ends, nobody hands it more, and nobody is left waiting.
        let mut state = self.shared.lock();
        state.closing = true;
        if std::thread::panicking() {
            state.trouble = Some(AuditError::Closed);
        }
        let left = std::mem::take(&mut state.queue);
        drop(state);
        drop(left);
    }
}

fn write_all(file: &mut dyn LogFile, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match file.append(bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => bytes = &bytes[count..],
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Whether there was no room: the one error after which nothing is in doubt.
fn is_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge
    )
}
