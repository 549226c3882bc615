use std::time::{Duration, Instant};

/// What lived that long had started well: its end says nothing about the next start.
const SETTLED: Duration = Duration::from_secs(10);
/// Longest pause before a start, unless the first one is longer.
const LONGEST: Duration = Duration::from_secs(30);

/// When a process that ended is started anew: after the first pause, and after twice as long each time that it has ended
/// soon.
#[derive(Debug)]
pub(super) struct Backoff {
    first: Duration,
    soon: u32,
}

impl Backoff {
    pub(super) fn new(first: Duration) -> Self {
        Self { first, soon: 0 }
    }

    /// It has just ended; when it is to be started.
    pub(super) fn ended(&mut self, started: Instant, now: Instant) -> Instant {
        if now.duration_since(started) >= SETTLED {
            self.soon = 0;
        }
        let factor = 2_u32.saturating_pow(self.soon.min(16));
        self.soon += 1;
        now + (self.first * factor).min(LONGEST.max(self.first))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn longer_each_time_it_ends_soon_and_short_again_after_that() {
        let start = Instant::now();
        let mut backoff = Backoff::new(Duration::from_secs(1));
        let soon = start + Duration::from_secs(2);
        let pauses: Vec<u64> = (0..7)
            .map(|_| (backoff.ended(start, soon) - soon).as_secs())
            .collect();
        assert_eq!(pauses, [1, 2, 4, 8, 16, 30, 30]);
        let late = start + SETTLED;
        assert_eq!(backoff.ended(start, late) - late, Duration::from_secs(1));
        let mut patient = Backoff::new(Duration::from_secs(60));
        assert_eq!(patient.ended(start, soon) - soon, Duration::from_secs(60));
    }
}
