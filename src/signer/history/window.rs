use super::super::policy::Unit;

const SLOTS: usize = 60;

/// Counts of what happened lately: by second for a minute, by minute for an hour. Independent of any rule's own unit, so
/// that it can be rebuilt without knowing the policy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) seconds: Ring,
    pub(super) minutes: Ring,
}

/// Counts in the last [`SLOTS`] buckets of time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ring {
    /// Number of the newest bucket.
    newest: u64,
    counts: [u32; SLOTS],
}

impl Default for Ring {
    fn default() -> Self {
        Self {
            newest: 0,
            counts: [0; SLOTS],
        }
    }
}

impl Ring {
    fn slot(bucket: u64) -> usize {
        usize::try_from(bucket % SLOTS as u64).expect("less than 60")
    }

    pub(super) fn add(&mut self, bucket: u64, count: u32) {
        if bucket > self.newest {
            let passed = (bucket - self.newest).min(SLOTS as u64);
            for back in 0..passed {
                self.counts[Self::slot(bucket - back)] = 0;
            }
            self.newest = bucket;
        } else if self.newest - bucket >= SLOTS as u64 {
            return;
        }
        let slot = &mut self.counts[Self::slot(bucket)];
        *slot = slot.saturating_add(count);
    }

    /// Total of the last `buckets` up to `now`, and of any that are newer than `now`.
    fn sum(&self, now: u64, buckets: u64) -> u32 {
        let first = (now + 1).saturating_sub(buckets);
        self.filled()
            .filter(|(bucket, _)| *bucket >= first)
            .fold(0, |sum, (_, count)| sum.saturating_add(count))
    }

    /// The buckets that are not empty, the newest first.
    pub(super) fn filled(&self) -> impl Iterator<Item = (u64, u32)> {
        let oldest = (self.newest + 1).saturating_sub(SLOTS as u64);
        (oldest..=self.newest)
            .rev()
            .map(|bucket| (bucket, self.counts[Self::slot(bucket)]))
            .filter(|(_, count)| *count > 0)
    }

    /// Forgets what lies after `now`.
    fn cut(&mut self, now: u64) {
        if self.newest > now {
            *self = Self::default();
        }
    }
}

impl Window {
    pub(super) fn add(&mut self, now: u64) {
        self.seconds.add(now, 1);
        self.minutes.add(now / 60, 1);
    }

    pub(super) fn count(&self, unit: Unit, now: u64) -> u32 {
        let (width, buckets) = unit.buckets();
        if width == 1 {
            self.seconds.sum(now, buckets)
        } else {
            self.minutes.sum(now / width, buckets)
        }
    }

    pub(super) fn newest(&self) -> u64 {
        self.seconds.newest
    }

    pub(super) fn is_stale(&self, now: u64) -> bool {
        self.minutes.newest + (SLOTS as u64) < now / 60
    }

    /// The clock was set back to `now`, with the operator's word for it.
    pub(super) fn cut(&mut self, now: u64) {
        self.seconds.cut(now);
        self.minutes.cut(now / 60);
    }
}
