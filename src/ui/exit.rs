/// Exit codes of every verb.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Done.
    Done = 0,
    /// Failed, or a checked file is bad.
    Failed = 1,
    /// Wrong usage.
    Usage = 2,
    /// Image or artifact not trusted.
    Untrusted = 3,
    /// A check found a problem.
    CheckFailed = 4,
    /// The policy or the operator said no.
    Refused = 5,
    /// Ctrl-C.
    Interrupted = 130,
}

impl Exit {
    /// Every exit code, in order.
    pub const ALL: [Self; 7] = [
        Self::Done,
        Self::Failed,
        Self::Usage,
        Self::Untrusted,
        Self::CheckFailed,
        Self::Refused,
        Self::Interrupted,
    ];

    /// What it says, in a few words.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Usage => "wrong usage",
            Self::Untrusted => "image not trusted",
            Self::CheckFailed => "a check found a problem",
            Self::Refused => "refused by policy or operator",
            Self::Interrupted => "interrupted",
        }
    }
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
