use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::AuditError;
use super::record::MAX_LINE_BYTES;

/// Reads lines of bounded length, whatever a file holds.
pub(super) struct Lines {
    reader: BufReader<Box<dyn Read + Send>>,
    path: PathBuf,
    line: Vec<u8>,
    number: u64,
    offset: u64,
}

/// A line of a file.
pub(super) struct Line<'a> {
    /// From 1.
    pub(super) number: u64,
    /// Where it starts.
    pub(super) offset: u64,
    /// Without its newline; cut off one byte after [`MAX_LINE_BYTES`], which is then too long for a record.
    pub(super) bytes: &'a [u8],
    /// Whether it ended with a newline, not with the file.
    pub(super) complete: bool,
}

impl Lines {
    pub(super) fn new(content: Box<dyn Read + Send>, path: &Path) -> Self {
        Self {
            reader: BufReader::with_capacity(256 * 1024, content),
            path: path.to_owned(),
            line: Vec::new(),
            number: 0,
            offset: 0,
        }
    }

    /// Bytes read so far.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// The next line, or `None` at the end of the file.
    pub(super) fn next_line(&mut self) -> Result<Option<Line<'_>>, AuditError> {
        self.line.clear();
        let start = self.offset;
        let complete = loop {
            let chunk = match self.reader.fill_buf() {
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                chunk => chunk.map_err(|source| AuditError::Read {
                    path: self.path.clone(),
                    source: Arc::new(source),
                })?,
            };
            if chunk.is_empty() {
                break false;
            }
            let end = chunk.iter().position(|byte| *byte == b'\n');
            let taken = &chunk[..end.unwrap_or(chunk.len())];
            let room = (MAX_LINE_BYTES + 1).saturating_sub(self.line.len());
            self.line.extend_from_slice(&taken[..taken.len().min(room)]);
            let used = taken.len() + usize::from(end.is_some());
            self.reader.consume(used);
            self.offset += used as u64;
            if end.is_some() {
                break true;
            }
        };
        if !complete && self.offset == start {
            return Ok(None);
        }
        self.number += 1;
        Ok(Some(Line {
            number: self.number,
            offset: start,
            bytes: &self.line,
            complete,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_bounded_and_the_last_one_says_whether_it_is_whole() {
        let mut bytes = b"one\n\n".to_vec();
        bytes.extend(vec![b'x'; 3 * MAX_LINE_BYTES]);
        bytes.extend(b"\nlast");
        let mut lines = Lines::new(Box::new(std::io::Cursor::new(bytes)), Path::new("f"));
        let mut seen = Vec::new();
        while let Some(line) = lines.next_line().unwrap() {
            seen.push((line.number, line.offset, line.bytes.len(), line.complete));
        }
        let end = 3 * MAX_LINE_BYTES as u64 + 6;
        assert_eq!(
            seen,
            [
                (1, 0, 3, true),
                (2, 4, 0, true),
                (3, 5, MAX_LINE_BYTES + 1, true),
                (4, end, 4, false)
            ]
        );
    }
}
