use std::ops::ControlFlow;
use std::time::Duration;

use bollard::container::LogOutput;
use bollard::errors::Error;
use bollard::query_parameters::LogsOptionsBuilder;
use futures_util::{Stream, StreamExt as _};

use super::containers::known;
use super::refusal::Asked;
use super::{Engine, EngineError};

/// Most of a log that is kept, in bytes; the end of it.
const MAX_LOG: usize = 256 << 10;
/// Longest line, in bytes. Longer ones come in pieces, each as a line.
const MAX_LINE: usize = 16 << 10;
/// How long the reading of a log may take that is not followed.
const READ: Duration = Duration::from_secs(30);

/// A line of a container's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Standard error rather than output.
    pub stderr: bool,
    /// Without the line's end.
    pub text: String,
}

impl Engine {
    /// The last lines of a container's log, output and errors; at most the last 256 KiB.
    ///
    /// # Errors
    /// [`EngineError::NoSuchContainer`], [`EngineError::Timeout`], and others.
    pub async fn logs(&self, id: &str, last_lines: u32) -> Result<String, EngineError> {
        let asked = Asked::Container("reading the log of", known(id)?);
        let mut parts = Box::pin(self.log_parts(id, last_lines, false));
        let read = async {
            let mut kept = Vec::new();
            while let Some(part) = parts.next().await {
                kept.extend_from_slice(&part?.into_bytes());
                // Not at each piece, which would move all of it for a few bytes.
                if kept.len() > 2 * MAX_LOG {
                    kept.drain(..kept.len() - MAX_LOG);
                }
            }
            kept.drain(..kept.len().saturating_sub(MAX_LOG));
            Ok(String::from_utf8_lossy(&kept).into_owned())
        };
        self.ask(asked, READ, read).await
    }

    /// The same line by line, and what comes afterwards, until `each` breaks or the container ends.
    ///
    /// # Errors
    /// [`EngineError::NoSuchContainer`], and those of a broken connection.
    pub async fn follow_logs(
        &self,
        id: &str,
        last_lines: u32,
        mut each: impl FnMut(Line) -> ControlFlow<()>,
    ) -> Result<(), EngineError> {
        let asked = Asked::Container("reading the log of", known(id)?);
        let mut parts = Box::pin(self.log_parts(id, last_lines, true));
        let mut lines = [Lines::default(), Lines::default()];
        while let Some(part) = parts.next().await {
            let part = part.map_err(|error| self.refused(asked, error))?;
            let stderr = matches!(part, LogOutput::StdErr { .. });
            for text in lines[usize::from(stderr)].add(&part.into_bytes()) {
                if each(Line { stderr, text }).is_break() {
                    return Ok(());
                }
            }
        }
        for (lines, stderr) in lines.into_iter().zip([false, true]) {
            if let Some(text) = lines.end()
                && each(Line { stderr, text }).is_break()
            {
                break;
            }
        }
        Ok(())
    }

    fn log_parts(
        &self,
        id: &str,
        last_lines: u32,
        follow: bool,
    ) -> impl Stream<Item = Result<LogOutput, Error>> + use<> {
        let options = LogsOptionsBuilder::new()
            .stdout(true)
            .stderr(true)
            .follow(follow)
            .tail(&last_lines.to_string())
            .build();
        self.docker.logs(id, Some(options))
    }
}

/// Pieces put together to lines.
#[derive(Default)]
struct Lines {
    begun: Vec<u8>,
}

impl Lines {
    fn add(&mut self, bytes: &[u8]) -> Vec<String> {
        let mut lines = Vec::new();
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            for piece in piece.chunks(MAX_LINE) {
                self.begun.extend_from_slice(piece);
                if self.begun.ends_with(b"\n") || self.begun.len() >= MAX_LINE {
                    lines.extend(std::mem::take(self).end());
                }
            }
        }
        lines
    }

    fn end(mut self) -> Option<String> {
        if self.begun.is_empty() {
            return None;
        }
        for end in [b'\n', b'\r'] {
            if self.begun.last() == Some(&end) {
                self.begun.pop();
            }
        }
        Some(String::from_utf8_lossy(&self.begun).into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_make_lines_of_bounded_length() {
        let mut lines = Lines::default();
        assert_eq!(lines.add(b"one\r\ntw"), ["one"]);
        assert_eq!(lines.add(b"o\n\nthree"), ["two", ""]);
        assert_eq!(lines.end(), Some("three".into()));
        let mut lines = Lines::default();
        let long = lines.add(&vec![b'x'; 3 * MAX_LINE + 1]);
        assert!(long.len() == 3 && long.iter().all(|line| line.len() == MAX_LINE));
        assert_eq!(lines.end(), Some("x".into()));
    }
}
