use std::fmt;

/// Findings that are kept; more are only counted.
const MAX_KEPT: usize = 1000;

/// What is wrong at a place in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What kind of thing.
    pub reason: Reason,
    /// Name of the file.
    pub file: String,
    /// Line in it, from 1; 0 where it is about the file as a whole.
    pub line: u64,
    /// In words.
    pub detail: String,
}

/// Kinds of findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    /// A record was changed after it was written.
    Edited,
    /// A line is no record.
    Malformed,
    /// Records are missing.
    Removed,
    /// A record is not in its place.
    Reordered,
    /// A line is there that the chain goes past: a copy, or one made without the key.
    Inserted,
    /// The signature in a record does not verify.
    BadSignature,
    /// The log ends before a head that was noted.
    CutTail,
    /// Another record is there than the one that was noted, or a record does not follow from the one before it.
    Rebuilt,
    /// A file is not the segment that its name says, or holds nothing written under this key.
    Replaced,
    /// The log ends before the record that the epoch file knows: an older copy, or a cut one.
    StateOlder,
    /// Another record is there than the one that the epoch file knows.
    StateForked,
    /// A head that was signed is not that of the record that it names.
    HeadMismatch,
}

impl Reason {
    /// Every kind.
    pub const ALL: [Self; 12] = [
        Self::Edited,
        Self::Malformed,
        Self::Removed,
        Self::Reordered,
        Self::Inserted,
        Self::BadSignature,
        Self::CutTail,
        Self::Rebuilt,
        Self::Replaced,
        Self::StateOlder,
        Self::StateForked,
        Self::HeadMismatch,
    ];

    /// Stable name for programs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Edited => "edited",
            Self::Malformed => "malformed",
            Self::Removed => "removed",
            Self::Reordered => "reordered",
            Self::Inserted => "inserted",
            Self::BadSignature => "bad-signature",
            Self::CutTail => "cut-tail",
            Self::Rebuilt => "rebuilt",
            Self::Replaced => "replaced",
            Self::StateOlder => "state-older",
            Self::StateForked => "state-forked",
            Self::HeadMismatch => "head-mismatch",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The first findings, and how many there are.
#[derive(Clone, Debug, Default)]
pub(in crate::audit) struct Findings {
    pub(in crate::audit) kept: Vec<Finding>,
    pub(in crate::audit) total: u64,
}

impl Findings {
    pub(super) fn push(&mut self, finding: Finding) {
        self.total += 1;
        if self.kept.len() < MAX_KEPT {
            self.kept.push(finding);
        }
    }

    pub(in crate::audit) fn append(&mut self, other: Self) {
        let uncounted = other.total - other.kept.len() as u64;
        for finding in other.kept {
            self.push(finding);
        }
        self.total += uncounted;
    }

    /// Takes a finding back that turned out to be another one.
    pub(super) fn retract(&mut self, finding: &Finding) {
        if let Some(at) = self.kept.iter().position(|kept| kept == finding) {
            self.kept.remove(at);
            self.total -= 1;
        }
    }
}
