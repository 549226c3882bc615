//! What a start reads: the records after the last checkpoint, each checked against the chain, and what the epoch file knows.

use super::Replay;
use crate::audit::checkpoint::Checkpoint;
use crate::audit::disk::Disk;
use crate::audit::epoch::Epoch;
use crate::audit::layout::{Layout, Segment};
use crate::audit::lines::Lines;
use crate::audit::{AuditError, ChainKey, Event, Hash, Head, Record};

/// Most bytes after the last good record that can be what an interrupted write left. A batch is smaller.
const MAX_TORN_BYTES: u64 = 4 * 1024 * 1024;

/// A log as it was found.
pub(super) struct Recovered {
    /// The last record.
    pub(super) head: Head,
    /// The last record that signs a head, of those that were read.
    pub(super) signed: Option<Head>,
    /// First record of the current segment.
    pub(super) first: u64,
    /// Bytes of the current segment up to the last good record.
    pub(super) length: u64,
    /// What is after that, left by an interrupted write.
    pub(super) torn: Option<Torn>,
    /// Bytes of records that no checkpoint covers.
    pub(super) uncovered: u64,
    /// What the epoch file says; `None` where there is none.
    pub(super) epoch: Option<Epoch>,
    /// What the operator should know.
    pub(super) notes: Vec<String>,
}

/// What an interrupted write left.
pub(super) struct Torn {
    pub(super) bytes: u64,
    /// The number that its record would have had.
    pub(super) seq: u64,
}

/// Reads the log from the last checkpoint on.
pub(super) fn recover(
    disk: &dyn Disk,
    layout: &Layout,
    key: &ChainKey,
    replay: &mut dyn Replay,
) -> Result<Recovered, AuditError> {
    disk.forget(&layout.current)?;
    let mut notes = Vec::new();
    let epoch = Epoch::read(disk, &layout.epoch, key)?;
    let covered = match Checkpoint::read(disk, &layout.checkpoint, key)? {
        Ok(Some(checkpoint)) if replay.checkpoint(&checkpoint.bytes) => checkpoint.head,
        Ok(Some(_)) => {
            notes.push("the checkpoint was made by another release: the whole audit log is read".into());
            Head::EMPTY
        }
        Ok(None) => Head::EMPTY,
        Err(note) => {
            notes.push(format!("{note}: the whole audit log is read"));
            Head::EMPTY
        }
    };
    let known = epoch.unwrap_or(Epoch {
        seq: covered.seq,
        hash: covered.hash,
    });
    let mut segments = layout.segments(disk)?;
    let start = start_at(&segments, covered.seq.min(known.seq) + 1);
    let mut walk = Walk {
        layout,
        key,
        covered,
        known,
        head: Head::EMPTY,
        started: false,
        first: 0,
        length: 0,
        current: false,
        torn: None,
        signed: None,
        uncovered: 0,
    };
    for segment in segments.drain(start..) {
        walk.segment(segment, replay)?;
    }
    walk.check_end()?;
    if !walk.current {
        // Interrupted after the last segment was closed, before the next one was made.
        walk.length = 0;
    }
    Ok(Recovered {
        head: walk.head,
        signed: walk.signed,
        first: if walk.length == 0 {
            walk.head.seq + 1
        } else {
            walk.first
        },
        length: walk.length,
        torn: walk.torn,
        uncovered: walk.uncovered,
        epoch,
        notes,
    })
}

/// The segment that holds record `seq`, or would hold it. An empty one says nothing of what came before it.
fn start_at(segments: &[Segment], seq: u64) -> usize {
    let holds = |segment: &Segment| segment.first.is_some_and(|first| first <= seq);
    segments.iter().rposition(holds).unwrap_or(0)
}

struct Walk<'a> {
    layout: &'a Layout,
    key: &'a ChainKey,
    /// The record up to which a checkpoint stands for everything.
    covered: Head,
    /// The record that is known to have been durable.
    known: Epoch,
    head: Head,
    started: bool,
    /// Of the segment that was read last.
    first: u64,
    length: u64,
    current: bool,
    torn: Option<Torn>,
    signed: Option<Head>,
    uncovered: u64,
}

impl Walk<'_> {
    fn segment(&mut self, segment: Segment, replay: &mut dyn Replay) -> Result<(), AuditError> {
        let Segment {
            path,
            first,
            current,
            content,
        } = segment;
        let damaged = |line, detail: String| AuditError::Damaged {
            path: path.clone(),
            line,
            detail,
        };
        self.first = first.unwrap_or(self.head.seq + 1);
        self.length = 0;
        self.current = current;
        let mut lines = Lines::new(content, &path);
        let mut bad: Option<(u64, u64, bool, String)> = None;
        while let Some(line) = lines.next_line()? {
            let end = line.offset + line.bytes.len() as u64 + u64::from(line.complete);
            if let Some((_, _, torn, _)) = &mut bad {
                // Whole lines after a bad one: only pages that the disk never got can explain that.
                *torn &= self.length + MAX_TORN_BYTES >= end;
                continue;
            }
            let record = match self.check(line.bytes, first) {
                Ok(record) if line.complete => record,
                checked => {
                    let hole = line.bytes.contains(&0);
                    let detail = match checked {
                        Ok(_) => "its end is missing".to_owned(),
                        Err(detail) => detail,
                    };
                    let torn = current && (hole || !line.complete);
                    bad = Some((line.number, line.offset, torn, detail));
                    continue;
                }
            };
            self.length = end;
            self.take(&record, end - line.offset, replay)?;
        }
        let end = lines.offset();
        match bad {
            None => {}
            Some((_, _, true, _)) if end <= self.length + MAX_TORN_BYTES => {
                self.torn = Some(Torn {
                    bytes: end - self.length,
                    seq: self.head.seq + 1,
                });
            }
            Some((line, _, _, detail)) => return Err(damaged(line, detail)),
        }
        if self.length == 0 && !current {
            return Err(damaged(1, "it has no records".into()));
        }
        Ok(())
    }

    /// Whether a line is the record that comes next.
    fn check(&self, line: &[u8], named: Option<u64>) -> Result<Record, String> {
        let record = Record::parse(line).map_err(|error| error.to_string())?;
        if !record.is_sealed_by(line, |pieces| self.key.record(pieces)) {
            return Err("it was changed, or written under another operator key".into());
        }
        let expected = if self.started {
            self.head.seq + 1
        } else {
            // Where the first segment that is read begins is checked against its name and against what is known.
            let first = named.unwrap_or(1);
            if first > self.covered.seq.min(self.known.seq) + 1 {
                return Err(format!("it is record {first}: the records before it are missing"));
            }
            first
        };
        if record.seq != expected {
            return Err(format!(
                "it is record {}, but record {expected} comes next",
                record.seq
            ));
        }
        let prev = if self.started {
            Some(self.head.hash)
        } else if record.seq == 1 {
            Some(Hash::ZERO)
        } else {
            None
        };
        if prev.is_some_and(|prev| prev != record.prev) {
            return Err("it does not follow from the record before it".into());
        }
        Ok(record)
    }

    /// Takes a record that was checked.
    fn take(&mut self, record: &Record, bytes: u64, replay: &mut dyn Replay) -> Result<(), AuditError> {
        if !self.started {
            self.compare(record.seq - 1, record.prev)?;
        }
        self.started = true;
        self.compare(record.seq, record.hash)?;
        self.head = Head {
            seq: record.seq,
            hash: record.hash,
            at: record.entry.at,
        };
        if record.entry.event == Event::Head {
            self.signed = Some(self.head);
        }
        if record.seq > self.covered.seq {
            self.uncovered += bytes;
            replay.record(record);
        }
        Ok(())
    }

    /// Whether a record is the one that the epoch file, and the checkpoint, know under its number.
    fn compare(&self, seq: u64, hash: Hash) -> Result<(), AuditError> {
        let is = |known_seq, known_hash| seq != known_seq || seq == 0 || hash == known_hash;
        if is(self.known.seq, self.known.hash) && is(self.covered.seq, self.covered.hash) {
            Ok(())
        } else {
            Err(AuditError::StateForked {
                state: self.layout.state.clone(),
                epoch: self.layout.epoch.clone(),
                seq,
            })
        }
    }

    fn check_end(&self) -> Result<(), AuditError> {
        let expected = self.known.seq.max(self.covered.seq);
        if self.head.seq >= expected {
            return Ok(());
        }
        Err(AuditError::StateOlder {
            state: self.layout.state.clone(),
            epoch: self.layout.epoch.clone(),
            found: self.head.seq,
            expected,
        })
    }
}
