//! Times for people.

use std::time::{Duration, UNIX_EPOCH};

/// Unix seconds as RFC 3339 in UTC, `2026-11-23T02:07:50Z`; `-` for a time that no calendar has.
pub fn moment(seconds: u64) -> String {
    // The year 9999, beyond which the format has no spelling.
    const LAST: u64 = 253_402_300_799;
    if seconds > LAST {
        return "-".into();
    }
    humantime::format_rfc3339_seconds(UNIX_EPOCH + Duration::from_secs(seconds)).to_string()
}

/// A length of time in its largest unit: `12 s`, `3 min`, `5 h`, `2 days`.
pub fn span(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_short_and_never_panic() {
        assert_eq!(moment(1_764_000_000), "2025-11-24T16:00:00Z");
        assert_eq!(moment(u64::MAX), "-");
        let spans = [0, 119, 120, 7199, 7200, 172_800].map(span);
        assert_eq!(spans, ["0 s", "119 s", "2 min", "119 min", "2 h", "2 days"]);
    }
}
