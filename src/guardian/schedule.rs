use std::time::Duration;

/// Longest pause between two tries while the portal does not take what is sent, in attestation intervals. Short enough for
/// the board to be green again within minutes of the portal's return.
const MAX_BACKOFF: u32 = 4;

/// When the next health envelope is due: every interval with a jitter of a twelfth either way, so that guardians which were
/// started together do not post together; twice as long after each failure, up to [`MAX_BACKOFF`] intervals.
#[derive(Clone, Debug)]
pub struct Schedule {
    interval: Duration,
    failures: u32,
}

impl Schedule {
    /// `interval` is 60 s outside tests: the board calls a guardian stale after 120 s.
    pub fn new(interval: Duration) -> Self {
        Self {
            interval,
            failures: 0,
        }
    }

    /// It was accepted.
    pub fn accepted(&mut self) {
        self.failures = 0;
    }

    /// It was not.
    pub fn failed(&mut self) {
        self.failures = self.failures.saturating_add(1);
    }

    /// How long to wait now. `random` is uniform over all its values.
    pub fn pause(&self, random: u32) -> Duration {
        // The first failure is tried again after an interval, as if nothing had been.
        let factor = 2_u32
            .saturating_pow(self.failures.saturating_sub(1))
            .min(MAX_BACKOFF);
        let pause = self.interval * factor;
        let jitter = self.interval / 6;
        pause.saturating_sub(jitter / 2) + jitter.mul_f64(f64::from(random) / f64::from(u32::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pauses(schedule: &Schedule) -> [u128; 3] {
        [0, u32::MAX / 2, u32::MAX].map(|random| schedule.pause(random).as_millis())
    }

    #[test]
    fn every_minute_give_or_take_five_seconds() {
        assert_eq!(
            pauses(&Schedule::new(Duration::from_secs(60))),
            [55_000, 59_999, 65_000]
        );
    }

    #[test]
    fn doubles_while_it_fails_up_to_four_minutes_and_recovers_at_once() {
        let mut schedule = Schedule::new(Duration::from_secs(60));
        let mut middles = Vec::new();
        for _ in 0..40 {
            schedule.failed();
            middles.push((pauses(&schedule)[1] + 1) / 60_000);
        }
        assert_eq!(middles[..7], [1, 2, 4, 4, 4, 4, 4]);
        assert_eq!(middles[39], 4);
        schedule.accepted();
        assert_eq!(pauses(&schedule)[1], 59_999);
    }
}
