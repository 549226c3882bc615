//! Where the log's files are, and in which order they are read.

use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::AuditError;
use super::disk::Disk;
use super::record::{MAX_LINE_BYTES, Record};
use crate::store::{Folders, StoreError};

/// The segment that is written.
pub(super) const CURRENT: &str = "audit.jsonl";
const CLOSED_PREFIX: &str = "audit-";
const CLOSED_SUFFIX: &str = ".jsonl";
const CLOSED_DIGITS: usize = 16;

/// Folders and files of one identity's log.
#[derive(Clone)]
pub(super) struct Layout {
    /// Holds the segments and the checkpoint.
    pub(super) state: PathBuf,
    /// The segment that is written.
    pub(super) current: PathBuf,
    /// What stands for all records up to one.
    pub(super) checkpoint: PathBuf,
    /// Beside the key, not beside the log: a state folder that is put back does not take it along.
    pub(super) epoch: PathBuf,
}

/// A file of the log.
pub(super) struct Segment {
    pub(super) path: PathBuf,
    /// Number of its first record, as its name says; for the current one, as its first whole line says, and `None` where
    /// it has none.
    pub(super) first: Option<u64>,
    /// Whether it is the one that is written.
    pub(super) current: bool,
    /// Opened when it was listed: a segment that is closed meanwhile changes its name, but is still this file.
    pub(super) content: Box<dyn Read + Send>,
}

impl Layout {
    pub(super) fn of(folders: &Folders) -> Self {
        Self {
            state: folders.state.clone(),
            current: folders.state.join(CURRENT),
            checkpoint: folders.state.join("audit.checkpoint"),
            epoch: folders.data.join("audit.epoch"),
        }
    }

    /// Name of a closed segment.
    pub(super) fn closed(&self, first: u64) -> PathBuf {
        let name = format!("{CLOSED_PREFIX}{first:0CLOSED_DIGITS$}{CLOSED_SUFFIX}");
        self.state.join(name)
    }

    /// The closed segment that holds record `seq`, unless the current one does.
    pub(super) fn closed_with(&self, disk: &dyn Disk, seq: u64) -> Result<Option<PathBuf>, AuditError> {
        let names = disk.list(&self.state)?;
        let firsts = names.iter().filter_map(|name| closed_first(name));
        let first = firsts.filter(|first| *first <= seq).max();
        Ok(first.map(|first| self.closed(first)))
    }

    /// All segments in order, the current one last. Can be called while a server writes and closes segments.
    pub(super) fn segments(&self, disk: &dyn Disk) -> Result<Vec<Segment>, AuditError> {
        // The current one first: if it is closed after this, it is listed below under its new name and left out there.
        let current = match disk.open(&self.current) {
            Ok(content) => {
                let (first, content) = peek_first(content, &self.current)?;
                Some(Segment {
                    path: self.current.clone(),
                    first,
                    current: true,
                    content,
                })
            }
            Err(StoreError::NotFound { .. }) => None,
            Err(error) => return Err(error.into()),
        };
        let end = current.as_ref().and_then(|segment| segment.first);
        let mut closed: Vec<u64> = disk
            .list(&self.state)?
            .iter()
            .filter_map(|name| closed_first(name))
            .filter(|first| end.is_none_or(|end| *first < end))
            .collect();
        closed.sort_unstable();
        let mut segments = Vec::with_capacity(closed.len() + 1);
        for first in closed {
            let path = self.closed(first);
            let content = disk.open(&path)?;
            segments.push(Segment {
                path,
                first: Some(first),
                current: false,
                content,
            });
        }
        segments.extend(current);
        Ok(segments)
    }
}

/// Number in the name of a closed segment. Only the one spelling that we write: others are not ours.
fn closed_first(name: &str) -> Option<u64> {
    let digits = name.strip_prefix(CLOSED_PREFIX)?.strip_suffix(CLOSED_SUFFIX)?;
    let plain = digits.len() >= CLOSED_DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit());
    let first = plain.then(|| digits.parse().ok()).flatten()?;
    (format!("{first:0CLOSED_DIGITS$}") == digits).then_some(first)
}

/// Number of the first record, and the content with nothing taken away from it.
fn peek_first(
    mut content: Box<dyn Read + Send>,
    path: &Path,
) -> Result<(Option<u64>, Box<dyn Read + Send>), AuditError> {
    let mut start = Vec::new();
    content
        .by_ref()
        .take(MAX_LINE_BYTES as u64 + 1)
        .read_to_end(&mut start)
        .map_err(|source| AuditError::Read {
            path: path.to_owned(),
            source: Arc::new(source),
        })?;
    // A line without its newline is what an interrupted write left, however good it looks: it will be cut off, and what
    // comes before it must be read then.
    let end = start.iter().position(|byte| *byte == b'\n');
    let first = end.and_then(|end| Record::parse(&start[..end]).ok().map(|record| record.seq));
    Ok((first, Box::new(Cursor::new(start).chain(content))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_spelling_of_a_name_is_a_segment() {
        let layout = Layout::of(&Folders::under(Path::new("/h")));
        assert_eq!(
            layout.closed(17),
            Path::new("/h/state/audit-0000000000000017.jsonl")
        );
        assert_eq!(closed_first("audit-0000000000000017.jsonl"), Some(17));
        let long = format!("audit-{}.jsonl", u64::MAX);
        assert_eq!(closed_first(&long), Some(u64::MAX));
        for other in [
            "audit.jsonl",
            "audit-17.jsonl",
            "audit-+000000000000017.jsonl",
            "audit-00000000000000017.jsonl",
            "audit-0000000000000017.jsonl.bak",
            "audit-99999999999999999999.jsonl",
        ] {
            assert_eq!(closed_first(other), None, "{other}");
        }
    }
}
