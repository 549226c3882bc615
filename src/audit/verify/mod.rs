//! Proves a log: every hash, every place in the chain, every signature, and the heads that were noted elsewhere.

mod exported;
mod finding;
mod known;
mod signatures;
mod trace;

#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::Arc;

pub use exported::{exported_by, verify_export};
pub(super) use finding::Findings;
pub use finding::{Finding, Reason};
pub use signatures::SignatureCheck;
pub(super) use trace::{Place, Trace};

use super::disk::{Disk, RealDisk};
use super::epoch::Epoch;
use super::layout::{CURRENT, Layout};
use super::lines::Lines;
use super::operations;
use super::sealer::Sealer;
use super::{AuditError, ChainKey, Event, Hash, Head, Record};
use crate::store::Folders;
use signatures::Checker;
use trace::Seen;

/// Most heads of the other chain that are remembered, the newest.
const MAX_OPERATION_HEADS: usize = 4096;

/// A record that somebody knows to have been there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotedHead {
    seq: u64,
    hash: Hash,
    /// Who knows, to complete `record 7 is the one …`.
    by: &'static str,
    /// File that would have it.
    file: Arc<str>,
    mismatch: Reason,
    beyond: Reason,
}

impl NotedHead {
    /// A head that a person noted elsewhere.
    pub fn elsewhere(seq: u64, hash: Hash) -> Self {
        Self {
            seq,
            hash,
            by: "that was noted",
            file: CURRENT.into(),
            mismatch: Reason::Rebuilt,
            beyond: Reason::CutTail,
        }
    }

    /// The same, told of another file.
    fn in_file(&self, file: &Arc<str>) -> Self {
        Self {
            file: file.clone(),
            ..self.clone()
        }
    }

    fn by_epoch(epoch: Epoch) -> Self {
        Self {
            seq: epoch.seq,
            hash: epoch.hash,
            by: "that the epoch file knows",
            file: CURRENT.into(),
            mismatch: Reason::StateForked,
            beyond: Reason::StateOlder,
        }
    }

    fn in_the_log(head: Head) -> Self {
        Self {
            seq: head.seq,
            hash: head.hash,
            by: "that the audit log notes",
            file: operations::FILE.into(),
            mismatch: Reason::Rebuilt,
            beyond: Reason::CutTail,
        }
    }
}

/// What the proof showed.
#[derive(Clone, Debug)]
pub struct Report {
    /// Records whose hash is right.
    pub records: u64,
    /// Files that were read.
    pub segments: u64,
    /// The last good record.
    pub head: Head,
    /// Signatures that verify.
    pub signatures: u64,
    /// Signatures that cannot be verified by themselves: shares of a threshold signature.
    pub unverified: u64,
    /// Bytes at the end that are no whole record: a server is writing it, or the next start cuts it off.
    pub torn: u64,
    /// Record that the epoch file knows; `None` where there is no epoch file.
    pub epoch: Option<u64>,
    /// Records of `operations.jsonl`.
    pub operations: u64,
    /// The first 1,000 findings.
    pub findings: Vec<Finding>,
    /// How many there are.
    pub total: u64,
}

/// Reads the whole log and says what is wrong with it. Needs no lock: a server may be writing. `check` says of a record
/// whether its signature is good; it is called from several threads.
///
/// # Errors
/// [`AuditError::Read`], [`AuditError::Store`], [`AuditError::Epoch`]: what could not be read at all. What is wrong with what
/// was read is in the report.
pub fn verify(
    folders: &Folders,
    key: &ChainKey,
    noted: &[NotedHead],
    check: &(dyn Fn(&Record) -> SignatureCheck + Sync),
) -> Result<Report, AuditError> {
    let once = || verify_on(&RealDisk, &Layout::of(folders), key, noted, check);
    let report = once()?;
    if report.total == 0 {
        return Ok(report);
    }
    // A server whose disk was full takes a batch back, perhaps while it was being read: what is wrong stays wrong.
    once()
}

pub(super) fn verify_on(
    disk: &dyn Disk,
    layout: &Layout,
    key: &ChainKey,
    noted: &[NotedHead],
    check: &(dyn Fn(&Record) -> SignatureCheck + Sync),
) -> Result<Report, AuditError> {
    // Before the log: a server that writes meanwhile only gets further.
    let epoch = Epoch::read(disk, &layout.epoch, key)?;
    let mut known = noted.to_vec();
    known.extend(epoch.map(NotedHead::by_epoch));
    let segments = layout.segments(disk)?;
    let count = segments.len() as u64;
    let mut trace = Trace::new(known);
    let mut torn = 0;
    let mut operation_heads = Vec::new();
    let checked = Checker::run(check, |checker| {
        for segment in segments {
            let named = segment.first.filter(|_| !segment.current);
            let file = name(&segment.path);
            trace.start_file(file.clone(), named);
            let lines = Lines::new(segment.content, &segment.path);
            let end = read_lines(
                lines,
                &file,
                Sealer::Keyed(key),
                &mut trace,
                &mut |place, record| {
                    operation_heads.extend(operations::noted_head(&record));
                    if operation_heads.len() > 2 * MAX_OPERATION_HEADS {
                        operation_heads.drain(..MAX_OPERATION_HEADS);
                    }
                    checker.give(place, record);
                },
            )?;
            if end > 0 && !segment.current {
                let place = Place { file, line: 0 };
                trace
                    .findings
                    .push(place.finding(Reason::Removed, "the end of its last line is missing"));
            } else {
                torn = end;
            }
        }
        Ok(())
    })?;
    if trace.finish() {
        torn = torn.max(1);
    }
    let mut findings = trace.findings;
    for finding in checked.bad {
        findings.push(finding);
    }
    let heads = operation_heads.into_iter().map(NotedHead::in_the_log).collect();
    let operations = operations::verify_on(disk, layout, heads, &mut findings)?;
    Ok(Report {
        records: trace.records,
        segments: count,
        head: trace.head,
        signatures: checked.good,
        unverified: checked.unverified,
        torn,
        epoch: epoch.map(|epoch| epoch.seq),
        operations,
        findings: findings.kept,
        total: findings.total,
    })
}

/// Follows all whole lines of a file; returns how many bytes at its end are no whole line.
pub(super) fn read_lines(
    mut lines: Lines,
    file: &Arc<str>,
    sealer: Sealer<'_>,
    trace: &mut Trace,
    take: &mut dyn FnMut(Place, Record),
) -> Result<u64, AuditError> {
    while let Some(line) = lines.next_line()? {
        if !line.complete {
            return Ok(line.bytes.len() as u64);
        }
        let place = Place {
            file: file.clone(),
            line: line.number,
        };
        match Record::parse(line.bytes) {
            Ok(record) if record.is_sealed_by(line.bytes, |pieces| sealer.hash(pieces)) => {
                trace.line(place.clone(), Seen::Good(&record));
                take(place, record);
            }
            Ok(record) => trace.line(place, Seen::Forged(&record)),
            Err(error) => {
                let hole = line.bytes.contains(&0);
                trace.line(place, Seen::Malformed { error, hole });
            }
        }
    }
    Ok(0)
}

pub(super) fn name(path: &Path) -> Arc<str> {
    path.file_name().unwrap_or_default().to_string_lossy().into()
}

/// Whether a record holds a signature that stands for itself.
pub(super) fn is_signed(record: &Record) -> bool {
    matches!(record.entry.event, Event::Signed | Event::Head) && record.entry.signature.is_some()
}
