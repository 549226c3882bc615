use std::path::PathBuf;
use std::time::Duration;

use crate::federation::{MAX_GUARDIANS, MIN_GUARDIANS};

/// Name of every devnet's federation.
pub const SLUG: &str = "oc-devnet";

/// What a devnet is to be like.
#[derive(Clone, Debug)]
pub struct Settings {
    /// This program: what the processes are started from.
    pub program: PathBuf,
    /// In which folder its own folder is made.
    pub base: PathBuf,
    /// How many guardians there are (`n`).
    pub guardians: usize,
    /// How many make a signature (`m`).
    pub threshold: usize,
    /// Where the portal listens on 127.0.0.1; `None` takes a free port.
    pub port: Option<u16>,
    /// Time between two health envelopes of a guardian.
    pub attest_interval: Duration,
    /// After how many seconds the board takes a guardian for dead.
    pub stale_after: u64,
    /// How long a process that ended stays away at least.
    pub restart_after: Duration,
    /// Whether the signing servers fetch requests from the guardians, instead of being asked by them: as where the guardian
    /// runs on another machine than its operator's key.
    pub pull: bool,
    /// What the guardians say they run, and what the portal accepts at first: `sha256:` and 64 hex digits.
    pub image_digest: String,
}

/// Why there cannot be such a devnet.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum SettingsError {
    /// Too few or too many.
    #[error("--guardians is {0}, and a federation has {MIN_GUARDIANS} to {MAX_GUARDIANS}")]
    Guardians(usize),
    /// A minority, or more than there are.
    #[error("--threshold is {threshold}, and for {guardians} guardians it must be from {} to {guardians}", guardians / 2 + 1)]
    Threshold {
        /// What was asked for.
        threshold: usize,
        /// How many guardians there are.
        guardians: usize,
    },
    /// Attestations have whole seconds; two in one would be one.
    #[error("--attest-interval is {}, and must be from 1s to 1h", humantime::format_duration(*.0))]
    Interval(Duration),
    /// One late attestation would turn the board red.
    #[error(
        "--stale-after is {}, and must be at least twice --attest-interval ({}), and at most 1day",
        humantime::format_duration(*stale_after),
        humantime::format_duration(*interval)
    )]
    Stale {
        /// What was asked for.
        stale_after: Duration,
        /// The interval.
        interval: Duration,
    },
    /// Longer than anybody waits.
    #[error("--restart-after is {}, and must be from 100ms to 10m", humantime::format_duration(*.0))]
    Restart(Duration),
}

impl Settings {
    /// Whether there can be such a devnet.
    ///
    /// # Errors
    /// [`SettingsError`]
    pub fn check(&self) -> Result<(), SettingsError> {
        let (n, m) = (self.guardians, self.threshold);
        if !(MIN_GUARDIANS..=MAX_GUARDIANS).contains(&n) {
            return Err(SettingsError::Guardians(n));
        }
        if !(n / 2 + 1..=n).contains(&m) {
            return Err(SettingsError::Threshold {
                threshold: m,
                guardians: n,
            });
        }
        let interval = self.attest_interval;
        if interval < Duration::from_secs(1) || interval > Duration::from_secs(3600) {
            return Err(SettingsError::Interval(interval));
        }
        let stale_after = Duration::from_secs(self.stale_after);
        if stale_after < interval * 2 || stale_after > Duration::from_secs(86_400) {
            return Err(SettingsError::Stale {
                stale_after,
                interval,
            });
        }
        if self.restart_after < Duration::from_millis(100) || self.restart_after > Duration::from_secs(600) {
            return Err(SettingsError::Restart(self.restart_after));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> Settings {
        Settings {
            program: "/bin/true".into(),
            base: "/tmp".into(),
            guardians: 4,
            threshold: 3,
            port: None,
            attest_interval: Duration::from_secs(10),
            stale_after: 30,
            restart_after: Duration::from_secs(1),
            pull: false,
            image_digest: format!("sha256:{}", "0".repeat(64)),
        }
    }

    #[test]
    fn what_cannot_be_is_named_by_its_flag() {
        assert_eq!(settings().check(), Ok(()));
        type Change = fn(&mut Settings);
        let cases: [(Change, &str); 7] = [
            (|it| it.guardians = 3, "--guardians is 3"),
            (|it| it.guardians = 33, "--guardians is 33"),
            (|it| it.threshold = 2, "must be from 3 to 4"),
            (|it| it.threshold = 5, "must be from 3 to 4"),
            (
                |it| it.attest_interval = Duration::from_millis(999),
                "--attest-interval is 999ms",
            ),
            (|it| it.stale_after = 19, "at least twice --attest-interval (10s)"),
            (|it| it.restart_after = Duration::ZERO, "--restart-after is 0s"),
        ];
        for (change, says) in cases {
            let mut bad = settings();
            change(&mut bad);
            let error = bad.check().unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        }
    }
}
