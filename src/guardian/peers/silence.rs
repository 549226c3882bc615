use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::operator::OperatorId;

/// Pause after the first message that was not answered.
const FIRST: Duration = Duration::from_secs(5);
/// Longest pause. Short enough for a peer to be known as healthy within minutes of the end of a network's failure.
const LONGEST: Duration = Duration::from_secs(240);

/// Which guardians do not answer, and until when they are left alone: a message to one that is gone takes seconds, and one of
/// few places.
#[derive(Debug, Default)]
pub(super) struct Silences(HashMap<OperatorId, Silence>);

#[derive(Debug)]
struct Silence {
    failures: u32,
    until: Instant,
}

impl Silences {
    /// Whether this one may be tried now.
    pub(super) fn may_try(&self, peer: &OperatorId, now: Instant) -> bool {
        self.0.get(peer).is_none_or(|silence| now >= silence.until)
    }

    /// It did not answer: it is left alone for twice as long as last time, less up to a quarter, so that guardians which lost
    /// one at the same moment do not come back to it together. `random` is uniform over all its values.
    pub(super) fn failed(&mut self, peer: &OperatorId, now: Instant, random: u32) {
        let silence = self.0.entry(peer.clone()).or_insert(Silence {
            failures: 0,
            until: now,
        });
        let factor = 2_u32.saturating_pow(silence.failures.min(16));
        silence.failures = silence.failures.saturating_add(1);
        let pause = (FIRST * factor).min(LONGEST);
        let share = f64::from(random) / f64::from(u32::MAX);
        silence.until = now + pause.mul_f64(1.0 - share / 4.0);
    }

    /// It answered, or spoke to us.
    pub(super) fn heard(&mut self, peer: &OperatorId) {
        self.0.remove(peer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guardian::peers::test_support::id;

    /// Seconds until it is tried again, after each of so many failures.
    fn pauses(random: u32) -> Vec<f64> {
        let (mut silences, peer, now) = (Silences::default(), id(2), Instant::now());
        let pause = |silences: &mut Silences| {
            silences.failed(&peer, now, random);
            (silences.0[&peer].until - now).as_secs_f64()
        };
        (0..40).map(|_| pause(&mut silences)).collect()
    }

    #[test]
    fn twice_as_long_each_time_up_to_four_minutes_less_up_to_a_quarter() {
        assert_eq!(pauses(0)[..8], [5.0, 10.0, 20.0, 40.0, 80.0, 160.0, 240.0, 240.0]);
        assert_eq!(pauses(u32::MAX)[..2], [3.75, 7.5]);
        assert_eq!((pauses(0)[39], pauses(u32::MAX)[39]), (240.0, 180.0));
    }

    #[test]
    fn only_the_silent_one_is_left_alone_and_until_it_is_heard() {
        let (mut silences, now) = (Silences::default(), Instant::now());
        assert!(silences.may_try(&id(2), now));
        silences.failed(&id(2), now, 0);
        assert!(!silences.may_try(&id(2), now + Duration::from_secs(4)));
        assert!(silences.may_try(&id(3), now));
        assert!(silences.may_try(&id(2), now + FIRST));
        silences.heard(&id(2));
        assert!(silences.may_try(&id(2), now));
        silences.failed(&id(2), now, 0);
        assert!(silences.may_try(&id(2), now + FIRST), "it begins anew");
    }
}
