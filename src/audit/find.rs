//! One record of the log by its number, without reading the log: a few pieces of one or two of its files.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;

use super::disk::RealDisk;
use super::layout::Layout;
use super::record::MAX_LINE_BYTES;
use super::{AuditError, ChainKey, Head, Record};
use crate::store::{self, Folders, StoreError};

/// Once so few bytes are left, they are read line by line.
const NEAR: u64 = 2 * MAX_LINE_BYTES as u64;

/// Record `seq`, whose hash is checked; `None` where the log does not have it (any more). Can be called while a server
/// writes.
///
/// # Errors
/// [`AuditError::Damaged`], [`AuditError::Read`], [`AuditError::Store`]
pub fn record_at(folders: &Folders, key: &ChainKey, seq: u64) -> Result<Option<Head>, AuditError> {
    let layout = Layout::of(folders);
    // The current one first: if it is closed after this, it is still this file.
    let current = match store::open_private(&layout.current) {
        Ok(file) => Some(file),
        Err(StoreError::NotFound { .. }) => None,
        Err(error) => return Err(error.into()),
    };
    if let Some(path) = layout.closed_with(&RealDisk, seq)?
        && let Some(line) = find(store::open_private(&path)?, &path, seq)?
    {
        return checked(&line, key, &path, seq).map(Some);
    }
    let Some(file) = current else { return Ok(None) };
    match find(file, &layout.current, seq)? {
        Some(line) => checked(&line, key, &layout.current, seq).map(Some),
        None => Ok(None),
    }
}

fn checked(line: &[u8], key: &ChainKey, path: &Path, seq: u64) -> Result<Head, AuditError> {
    let damaged = |detail| AuditError::Damaged {
        path: path.to_owned(),
        // From its first record on, there is one a line; the first one's number is in the name.
        line: seq,
        detail,
    };
    let record = Record::parse(line).map_err(|error| damaged(format!("record {seq}: {error}")))?;
    if record.is_sealed_by(line, |pieces| key.record(pieces)) {
        Ok(record.head())
    } else {
        Err(damaged(format!(
            "record {seq} was changed, or written under another operator key"
        )))
    }
}

/// The line of record `seq`, without its newline. Numbers rise through a file, so half of what is left is ruled out at
/// a time.
fn find(file: File, path: &Path, seq: u64) -> Result<Option<Vec<u8>>, AuditError> {
    let failed = |source| AuditError::Read {
        path: path.to_owned(),
        source: Arc::new(source),
    };
    let mut reader = BufReader::new(file);
    let (mut low, mut high) = (0, reader.seek(SeekFrom::End(0)).map_err(failed)?);
    let mut line = Vec::new();
    while high - low > NEAR {
        let middle = low + (high - low) / 2;
        reader.seek(SeekFrom::Start(middle)).map_err(failed)?;
        // The rest of a line, then a whole one.
        let rest = read_line(&mut reader, &mut line).map_err(failed)?;
        let start = middle + rest as u64;
        read_line(&mut reader, &mut line).map_err(failed)?;
        // What cannot be read is not looked behind.
        match number(&line) {
            Some(found) if found <= seq && start < high => low = start,
            _ => high = middle,
        }
    }
    reader.seek(SeekFrom::Start(low)).map_err(failed)?;
    // The line that ends after `high` begins before it.
    let end = high + MAX_LINE_BYTES as u64 + 1;
    while low < end {
        let length = read_line(&mut reader, &mut line).map_err(failed)?;
        if length == 0 {
            break;
        }
        low += length as u64;
        let whole = line.last() == Some(&b'\n');
        match number(&line) {
            Some(found) if found == seq && whole => {
                line.pop();
                return Ok(Some(line));
            }
            Some(found) if found > seq => break,
            _ => {}
        }
    }
    Ok(None)
}

fn read_line(reader: &mut BufReader<File>, line: &mut Vec<u8>) -> std::io::Result<usize> {
    line.clear();
    reader
        .by_ref()
        .take(MAX_LINE_BYTES as u64 + 1)
        .read_until(b'\n', line)
}

/// Every record begins with its number.
fn number(line: &[u8]) -> Option<u64> {
    let digits = line.strip_prefix(b"{\"seq\":")?;
    let end = digits.iter().take(21).position(|byte| *byte == b',')?;
    std::str::from_utf8(&digits[..end]).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::{Entry, Event, Ledger};
    use crate::operator::{Scheme, SecretKey};

    fn key(secret: u8) -> ChainKey {
        ChainKey::derive(&SecretKey::from_bytes(Scheme::Ed25519, &[secret; 32]).unwrap())
    }

    /// 3,000 records of very different lengths, in three segments.
    fn written() -> (tempfile::TempDir, Folders, Vec<Head>) {
        let home = tempfile::tempdir().unwrap();
        let folders = Folders::under(home.path());
        let (ledger, _) = Ledger::open(&folders, key(7), &mut ()).unwrap();
        let mut tickets = Vec::new();
        for number in 0..3000_usize {
            let mut entry = Entry::new(1_764_000_000, Event::Operation, "x".repeat(number % 1000));
            if number.is_multiple_of(500) {
                entry.payload = Some("\u{1}".repeat(crate::audit::MAX_PAYLOAD_BYTES));
            }
            tickets.push(ledger.append(entry).unwrap());
            if [900, 2400].contains(&number) {
                for ticket in tickets.drain(..) {
                    ticket.wait().unwrap();
                }
                ledger.checkpoint(Vec::new()).unwrap().wait().unwrap();
            }
        }
        ledger.close().unwrap();
        let mut heads = Vec::new();
        crate::audit::read(&folders, &mut |found| {
            if let crate::audit::Found::Record { record, .. } = found {
                heads.push(record.head());
            }
            std::ops::ControlFlow::Continue(())
        })
        .unwrap();
        assert_eq!(heads.len(), 3000);
        (home, folders, heads)
    }

    #[test]
    fn each_record_is_found_by_its_number() {
        let (_home, folders, heads) = written();
        let key = key(7);
        for head in &heads {
            assert_eq!(record_at(&folders, &key, head.seq).unwrap().as_ref(), Some(head));
        }
        for missing in [0, 3001, u64::MAX] {
            assert_eq!(record_at(&folders, &key, missing).unwrap(), None);
        }
    }

    #[test]
    fn what_is_gone_or_changed_is_not_taken_for_a_record() {
        let (_home, folders, heads) = written();
        assert!(matches!(
            record_at(&folders, &key(8), 5),
            Err(AuditError::Damaged { .. })
        ));
        let path = Layout::of(&folders).current;
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, text.replacen("xxxx\"", "xxxy\"", 1)).unwrap();
        let first = heads
            .iter()
            .find(|head| text.starts_with(&format!("{{\"seq\":{},", head.seq)))
            .unwrap();
        let changed = (first.seq..first.seq + 2)
            .filter(|seq| record_at(&folders, &key(7), *seq).is_err())
            .count();
        assert_eq!(changed, 1);
        // An operator may move closed segments away.
        std::fs::remove_file(Layout::of(&folders).closed(1)).unwrap();
        assert_eq!(record_at(&folders, &key(7), 5).unwrap(), None);
        assert_eq!(record_at(&folders, &key(7), 2000).unwrap(), Some(heads[1999]));
    }

    #[test]
    fn an_unfinished_line_is_no_record() {
        let home = tempfile::tempdir().unwrap();
        let folders = Folders::under(home.path());
        assert_eq!(record_at(&folders, &key(7), 1).unwrap(), None);
        let (ledger, _) = Ledger::open(&folders, key(7), &mut ()).unwrap();
        let entry = Entry::new(1, Event::Operation, "one");
        ledger.append(entry).unwrap().wait().unwrap();
        ledger.close().unwrap();
        assert_eq!(record_at(&folders, &key(7), 1).unwrap().unwrap().seq, 1);
        let path = Layout::of(&folders).current;
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, text.trim_end()).unwrap();
        assert_eq!(record_at(&folders, &key(7), 1).unwrap(), None);
    }
}
