//! `operations.jsonl`: what is done without the key. Same form as the audit log, with plain SHA-256; the audit log notes its
//! head at each start of the signing server.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::disk::Disk;
use super::layout::Layout;
use super::lines::Lines;
use super::record::Record;
use super::sealer::Sealer;
use super::verify::{Findings, NotedHead, Trace, read_lines};
use super::{AuditError, Entry, Event, Hash, Head};
use crate::store::{self, Folders, Lock, StoreError};

/// Name of the file, in the state folder.
pub(super) const FILE: &str = "operations.jsonl";
const LOCK: &str = "operations.lock";
/// `kind` of the records in the audit log that note the head of this one.
const HEAD_KIND: &str = "operations-head";
/// How long to wait for another process that appends.
const PATIENCE: Duration = Duration::from_secs(10);

/// Appends a record durably, whoever else does so at the same time, and returns the new head.
///
/// # Errors
/// [`AuditError::Damaged`] where the last line is not a record; [`AuditError::Store`], [`AuditError::Entry`].
pub fn append(folders: &Folders, entry: &Entry) -> Result<Head, AuditError> {
    entry.check()?;
    store::create_dir_private(&folders.state)?;
    let _lock = lock(&folders.state.join(LOCK))?;
    let path = folders.state.join(FILE);
    let disk = super::disk::RealDisk;
    let end = find_end(&disk, &path)?;
    let failed = |source| StoreError::Write {
        path: path.clone(),
        source,
    };
    let mut file = disk.open_log(&path)?;
    // What an interrupted append left.
    file.truncate(end.length).map_err(failed)?;
    let mut text = String::new();
    let seq = end.head.seq + 1;
    let hash = Record::append_sealed(&mut text, seq, end.head.hash, entry, |pieces| {
        Sealer::Plain.hash(pieces)
    });
    let mut rest = text.as_bytes();
    while !rest.is_empty() {
        match file.append(rest) {
            Ok(0) => return Err(failed(std::io::ErrorKind::WriteZero.into()).into()),
            Ok(count) => rest = &rest[count..],
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => {
                // Not promised: taken back as far as that goes, or cut off by the next append.
                let _ = file.truncate(end.length);
                return Err(failed(error).into());
            }
        }
    }
    file.sync().map_err(failed)?;
    disk.sync_folder(&folders.state)?;
    Ok(Head {
        seq,
        hash,
        at: entry.at,
    })
}

/// The last record.
///
/// # Errors
/// [`AuditError::Damaged`], [`AuditError::Read`], [`AuditError::Store`].
pub fn head(folders: &Folders) -> Result<Head, AuditError> {
    Ok(find_end(&super::disk::RealDisk, &folders.state.join(FILE))?.head)
}

/// What the audit log records of that at a start of the server, at `now` (Unix seconds).
pub fn head_entry(head: Head, now: u64) -> Entry {
    Entry {
        payload: Some(head.signed_bytes()),
        ..Entry::new(
            now,
            Event::Operation,
            format!("{FILE} ends with record {}", head.seq),
        )
        .about(HEAD_KIND)
    }
}

/// The head that a record of the audit log notes.
pub(super) fn noted_head(record: &Record) -> Option<Head> {
    let entry = &record.entry;
    let is_head = entry.event == Event::Operation && entry.kind.as_deref() == Some(HEAD_KIND);
    let head = Head::parse_signed_bytes(entry.payload.as_deref().filter(|_| is_head)?)?;
    (head.seq > 0).then_some(head)
}

/// Proves the file against itself and against the heads that the audit log notes; returns how many records it has.
pub(super) fn verify_on(
    disk: &dyn Disk,
    layout: &Layout,
    noted: Vec<NotedHead>,
    findings: &mut Findings,
) -> Result<u64, AuditError> {
    let path = layout.state.join(FILE);
    let mut trace = Trace::new(noted);
    match disk.open(&path) {
        Err(StoreError::NotFound { .. }) => {}
        opened => {
            let file: Arc<str> = FILE.into();
            trace.start_file(file.clone(), None);
            let lines = Lines::new(opened?, &path);
            read_lines(lines, &file, Sealer::Plain, &mut trace, &mut |_, _| {})?;
        }
    }
    trace.finish();
    findings.append(trace.findings);
    Ok(trace.records)
}

/// Waits for whoever appends at the moment: that takes milliseconds.
fn lock(path: &Path) -> Result<Lock, StoreError> {
    let start = Instant::now();
    loop {
        match Lock::acquire(path) {
            Err(StoreError::Locked { .. }) if start.elapsed() < PATIENCE => {
                std::thread::sleep(Duration::from_millis(5));
            }
            done => return done,
        }
    }
}

struct End {
    head: Head,
    /// Bytes up to the last whole line.
    length: u64,
}

/// The last whole line, which must be a record.
fn find_end(disk: &dyn Disk, path: &Path) -> Result<End, AuditError> {
    let mut end = End {
        head: Head::EMPTY,
        length: 0,
    };
    let content = match disk.open(path) {
        Err(StoreError::NotFound { .. }) => return Ok(end),
        opened => opened?,
    };
    let mut lines = Lines::new(content, path);
    let mut last: Option<(u64, Vec<u8>)> = None;
    while let Some(line) = lines.next_line()? {
        if line.complete {
            end.length = line.offset + line.bytes.len() as u64 + 1;
            let (number, bytes) = last.get_or_insert_with(Default::default);
            *number = line.number;
            bytes.clear();
            bytes.extend_from_slice(line.bytes);
        }
    }
    let Some((line, bytes)) = last else {
        return Ok(end);
    };
    let damaged = |detail: String| AuditError::Damaged {
        path: path.to_owned(),
        line,
        detail,
    };
    let record = Record::parse(&bytes).map_err(|error| damaged(error.to_string()))?;
    if !record.is_sealed_by(&bytes, |pieces| Sealer::Plain.hash(pieces)) {
        return Err(damaged("it was changed".into()));
    }
    let hash: Hash = record.hash;
    end.head = Head {
        seq: record.seq,
        hash,
        at: record.entry.at,
    };
    Ok(end)
}

#[cfg(test)]
#[path = "operations_tests.rs"]
mod tests;
