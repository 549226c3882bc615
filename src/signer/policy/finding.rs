use std::fmt;
use std::ops::Range;

/// Most findings that are reported; whoever has more will not read them all.
const MAX_FINDINGS: usize = 100;

/// One thing that is wrong with a policy, with its place in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyFinding {
    /// Bytes of the file.
    pub span: Range<usize>,
    /// Line, from 1.
    pub line: usize,
    /// Character in the line, from 1.
    pub column: usize,
    /// What is wrong, as a sentence fragment in lower case. May quote the file.
    pub message: String,
    /// What may be there instead, or what to do.
    pub help: Option<String>,
}

/// Why text is not a policy.
#[derive(Debug, PartialEq, Eq)]
pub struct PolicyError {
    /// Everything that is wrong, by position; never empty.
    pub findings: Vec<PolicyFinding>,
}

impl std::error::Error for PolicyError {}

impl fmt::Display for PolicyError {
    /// The first finding with its place.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(first) = self.findings.first() else {
            return f.write_str("the policy is not acceptable");
        };
        write!(
            f,
            "line {}, column {}: {}",
            first.line, first.column, first.message
        )?;
        match self.findings.len() {
            1 => Ok(()),
            count => write!(f, " (and {} more)", count - 1),
        }
    }
}

/// Collects findings.
pub(super) struct Findings<'t> {
    text: &'t str,
    found: Vec<(usize, PolicyFinding)>,
}

impl<'t> Findings<'t> {
    pub(super) fn of(text: &'t str) -> Self {
        Self {
            text,
            found: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, span: &Range<usize>, message: impl Into<String>, help: Option<String>) {
        let (line, column) = position(self.text, span.start);
        let finding = PolicyFinding {
            span: span.clone(),
            line,
            column,
            message: message.into(),
            help,
        };
        self.found.push((span.start, finding));
    }

    pub(super) fn line(&self, at: usize) -> usize {
        position(self.text, at).0
    }

    pub(super) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    pub(super) fn into_error(mut self) -> PolicyError {
        self.found.sort_by_key(|(at, _)| *at);
        self.found.truncate(MAX_FINDINGS);
        PolicyError {
            findings: self.found.into_iter().map(|(_, finding)| finding).collect(),
        }
    }
}

/// Line and character of a byte, both from 1.
fn position(text: &str, at: usize) -> (usize, usize) {
    let at = (0..=at.min(text.len()))
        .rev()
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or_default();
    let before = &text[..at];
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
    (line, before[line_start..].chars().count() + 1)
}
