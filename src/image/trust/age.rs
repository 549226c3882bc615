//! How old a trust root may be. The file itself has no date and never expires, so that an old one that still lists a
//! compromised key as good would be believed for ever.

use std::fmt;
use std::time::{Duration, SystemTime};

use super::TrustError;

/// Age in days from which on there is a warning.
pub const WARN_DAYS: u64 = 180;
/// Age in days from which on nothing is verified without a word from the operator.
pub const REFUSE_DAYS: u64 = 400;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// How old a trust root is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Age {
    /// Nobody knows: a file that the operator named.
    Undated,
    /// By the clock of this machine.
    Old(Duration),
    /// The clock of this machine is this far before the root's date: it is wrong, and so are all ages.
    ClockBehind(Duration),
}

/// What an operator should know of the age before relying on the verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AgeNote {
    /// [`Age::Undated`]
    Undated,
    /// [`WARN_DAYS`] or more.
    Ageing {
        /// Whole days.
        days: u64,
        /// RFC 3339 date.
        as_of: String,
    },
    /// [`REFUSE_DAYS`] or more, and used all the same.
    Stale {
        /// Whole days.
        days: u64,
        /// RFC 3339 date.
        as_of: String,
    },
    /// [`Age::ClockBehind`]
    ClockBehind {
        /// RFC 3339 date.
        as_of: String,
    },
}

impl Age {
    /// The age at `now` of what is as of `as_of`.
    pub fn at(now: SystemTime, as_of: Option<SystemTime>) -> Self {
        match as_of.map(|as_of| now.duration_since(as_of)) {
            None => Self::Undated,
            Some(Ok(age)) => Self::Old(age),
            Some(Err(ahead)) => Self::ClockBehind(ahead.duration()),
        }
    }

    /// Whole days, where known.
    pub fn days(self) -> Option<u64> {
        match self {
            Self::Old(age) => Some(age.as_secs() / DAY.as_secs()),
            Self::Undated | Self::ClockBehind(_) => None,
        }
    }

    /// Whether a root of this age may be used, and what is to be said about it. `allow_stale` is the operator's word.
    ///
    /// # Errors
    /// [`TrustError::Stale`]
    pub(super) fn judge(
        self,
        as_of: Option<SystemTime>,
        allow_stale: bool,
    ) -> Result<Option<AgeNote>, TrustError> {
        let Some(as_of) = as_of.map(date) else {
            return Ok(Some(AgeNote::Undated));
        };
        Ok(match self.days() {
            None => Some(AgeNote::ClockBehind { as_of }),
            Some(days) if days >= REFUSE_DAYS && allow_stale => Some(AgeNote::Stale { days, as_of }),
            Some(days) if days >= REFUSE_DAYS => return Err(TrustError::Stale { days, as_of }),
            Some(days) if days >= WARN_DAYS => Some(AgeNote::Ageing { days, as_of }),
            Some(_) => None,
        })
    }
}

/// The day of a time, as `2026-10-13`.
pub(super) fn date(time: SystemTime) -> String {
    let mut text = humantime::format_rfc3339_seconds(time).to_string();
    text.truncate("2026-10-13".len());
    text
}

impl fmt::Display for AgeNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Undated => f.write_str("nothing says how old this trust root is: its age was not judged"),
            Self::Ageing { days, as_of } => {
                write!(
                    f,
                    "the trust root is {days} days old (as of {as_of}); run: oc-guardian trust update"
                )
            }
            Self::Stale { days, as_of } => write!(
                f,
                "the trust root is {days} days old (as of {as_of}) and used because you said so: keys that were \
                 revoked since then still count"
            ),
            Self::ClockBehind { as_of } => write!(
                f,
                "this machine's clock is before the trust root's date ({as_of}): set the clock, no age can be judged"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(days: u64, allow_stale: bool) -> Result<Option<AgeNote>, TrustError> {
        let as_of = SystemTime::UNIX_EPOCH + 20_000 * DAY;
        let now = as_of + u32::try_from(days).unwrap() * DAY;
        // The last second of the day before counts as the day before.
        let just_before = now - Duration::from_secs(1);
        assert_eq!(Age::at(just_before, Some(as_of)).days(), days.checked_sub(1));
        Age::at(now, Some(as_of)).judge(Some(as_of), allow_stale)
    }

    #[test]
    fn warns_then_refuses() {
        let as_of = || "2024-10-04".to_owned();
        assert_eq!(judged(0, false).unwrap(), None);
        assert_eq!(judged(179, false).unwrap(), None);
        for days in [180, 399] {
            let note = AgeNote::Ageing { days, as_of: as_of() };
            assert_eq!(judged(days, false).unwrap(), Some(note.clone()));
            assert_eq!(judged(days, true).unwrap(), Some(note));
        }
        for days in [400, 40_000] {
            assert!(
                matches!(judged(days, false), Err(TrustError::Stale { days: found, .. }) if found == days)
            );
            let note = AgeNote::Stale { days, as_of: as_of() };
            assert_eq!(judged(days, true).unwrap(), Some(note));
        }
    }

    #[test]
    fn a_clock_that_is_behind_is_named() {
        let as_of = SystemTime::UNIX_EPOCH + 20_000 * DAY;
        let age = Age::at(SystemTime::UNIX_EPOCH, Some(as_of));
        assert_eq!(age, Age::ClockBehind(20_000 * DAY));
        let note = age.judge(Some(as_of), false).unwrap().unwrap();
        assert!(note.to_string().contains("set the clock"), "{note}");
    }

    #[test]
    fn a_file_without_a_date_is_not_judged() {
        let age = Age::at(SystemTime::now(), None);
        assert_eq!(age.judge(None, false).unwrap(), Some(AgeNote::Undated));
    }
}
