//! Signatures take longer to check than everything else: on all processors, a bounded number at a time.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use super::finding::{Finding, Reason};
use super::is_signed;
use super::trace::Place;
use crate::audit::{AuditError, Record};

/// Records that go to a thread together.
const CHUNK: usize = 64;
/// Threads at most.
const MAX_THREADS: usize = 16;

/// Verdict on the signature in a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignatureCheck {
    /// It verifies.
    Good,
    /// It does not.
    Bad,
    /// It cannot be verified by itself: a share of a threshold signature.
    Unverified,
}

type Chunk = Vec<(Place, Record)>;

/// Hands records to the threads that check their signatures.
pub(super) struct Checker {
    chunk: Chunk,
    to: SyncSender<Chunk>,
}

/// Verdicts on all.
pub(super) struct Checked {
    pub(super) good: u64,
    pub(super) unverified: u64,
    pub(super) bad: Vec<Finding>,
}

impl Checker {
    /// Does `read` while the threads run, and waits for them.
    pub(super) fn run(
        check: &(dyn Fn(&Record) -> SignatureCheck + Sync),
        read: impl FnOnce(&mut Self) -> Result<(), AuditError>,
    ) -> Result<Checked, AuditError> {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let threads = threads.min(MAX_THREADS);
        let (to, from) = sync_channel::<Chunk>(2 * threads);
        let from = Mutex::new(from);
        let (good, unverified) = (AtomicU64::new(0), AtomicU64::new(0));
        let bad = Mutex::new(Vec::new());
        let verdict = |place: &Place, record: &Record| match check(record) {
            SignatureCheck::Good => {
                good.fetch_add(1, Ordering::Relaxed);
            }
            SignatureCheck::Unverified => {
                unverified.fetch_add(1, Ordering::Relaxed);
            }
            SignatureCheck::Bad => {
                let detail = format!("the signature in record {} does not verify", record.seq);
                lock(&bad).push(place.finding(Reason::BadSignature, detail));
            }
        };
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    while let Some(chunk) = next(&from) {
                        for (place, record) in &chunk {
                            verdict(place, record);
                        }
                    }
                });
            }
            let mut checker = Self {
                chunk: Vec::with_capacity(CHUNK),
                to,
            };
            let done = read(&mut checker);
            checker.flush();
            // Dropping the checker closes the channel, which ends the threads.
            drop(checker);
            done
        })?;
        let mut bad = bad
            .into_inner()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        bad.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
        Ok(Checked {
            good: good.into_inner(),
            unverified: unverified.into_inner(),
            bad,
        })
    }

    /// Takes a record; one without a signature is done with.
    pub(super) fn give(&mut self, place: Place, record: Record) {
        if !is_signed(&record) {
            return;
        }
        self.chunk.push((place, record));
        if self.chunk.len() == CHUNK {
            self.flush();
        }
    }

    fn flush(&mut self) {
        if !self.chunk.is_empty() {
            let chunk = std::mem::replace(&mut self.chunk, Vec::with_capacity(CHUNK));
            // The threads outlive this end of the channel.
            let _ = self.to.send(chunk);
        }
    }
}

fn next(from: &Mutex<Receiver<Chunk>>) -> Option<Chunk> {
    lock(from).recv().ok()
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
