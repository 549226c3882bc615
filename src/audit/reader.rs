//! Reading the log without its lock, while a server may be writing it.

use std::ops::ControlFlow;
use std::sync::Arc;

use super::disk::RealDisk;
use super::layout::Layout;
use super::lines::Lines;
use super::verify::name;
use super::{AuditError, ChainKey, Head, Record};
use crate::store::Folders;

/// A line of the log.
pub enum Found<'a> {
    /// A record. Its hash was not checked.
    Record {
        /// What it says.
        record: Record,
        /// The line itself, without its newline.
        line: &'a str,
    },
    /// A line that is no record.
    Damaged {
        /// Name of the file.
        file: Arc<str>,
        /// From 1.
        line: u64,
    },
}

/// Shows every whole line of the log, oldest first, until `visit` breaks off.
///
/// # Errors
/// [`AuditError::Read`], [`AuditError::Store`]
pub fn read(
    folders: &Folders,
    visit: &mut dyn FnMut(Found<'_>) -> ControlFlow<()>,
) -> Result<(), AuditError> {
    for segment in Layout::of(folders).segments(&RealDisk)? {
        let file = name(&segment.path);
        let mut lines = Lines::new(segment.content, &segment.path);
        while let Some(line) = lines.next_line()? {
            if !line.complete {
                break;
            }
            let text = std::str::from_utf8(line.bytes).ok();
            let found = match text.zip(Record::parse(line.bytes).ok()) {
                Some((line, record)) => Found::Record { record, line },
                None => Found::Damaged {
                    file: file.clone(),
                    line: line.number,
                },
            };
            if visit(found).is_break() {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// The last record, whose hash is checked; that of those before it is not.
///
/// # Errors
/// [`AuditError::Damaged`], [`AuditError::Read`], [`AuditError::Store`]
pub fn last_head(folders: &Folders, key: &ChainKey) -> Result<Head, AuditError> {
    for segment in Layout::of(folders).segments(&RealDisk)?.into_iter().rev() {
        let mut lines = Lines::new(segment.content, &segment.path);
        let (mut number, mut last) = (0, Vec::new());
        while let Some(line) = lines.next_line()? {
            if line.complete {
                number = line.number;
                last.clear();
                last.extend_from_slice(line.bytes);
            }
        }
        if number == 0 {
            continue;
        }
        return match Record::parse(&last) {
            Ok(record) if record.is_sealed_by(&last, |pieces| key.record(pieces)) => Ok(record.head()),
            parsed => Err(AuditError::Damaged {
                path: segment.path,
                line: number,
                detail: parsed.map_or_else(
                    |error| error.to_string(),
                    |_| "it was changed, or written under another operator key".into(),
                ),
            }),
        };
    }
    Ok(Head::EMPTY)
}
