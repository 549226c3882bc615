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

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
