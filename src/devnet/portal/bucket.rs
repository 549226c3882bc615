//! Token buckets: so many at once, so many a second after that.

use std::collections::HashMap;
use std::hash::Hash;

/// Buckets that are kept at most; beyond that the fullest tell the least and are forgotten.
const MOST: usize = 4096;

/// How much is let through.
#[derive(Clone, Copy, Debug)]
pub struct Rate {
    /// At once.
    pub burst: u32,
    /// A second, after that.
    pub per_second: u32,
}

/// One bucket for each key.
pub(super) struct Buckets<K> {
    rate: Rate,
    buckets: HashMap<K, Bucket>,
}

#[derive(Clone, Copy)]
struct Bucket {
    /// Thousandths of a token.
    level: u64,
    /// Unix milliseconds.
    at: u64,
}

impl<K: Eq + Hash> Buckets<K> {
    pub(super) fn new(rate: Rate) -> Self {
        Self {
            rate,
            buckets: HashMap::new(),
        }
    }

    /// Whether one more of `key` may pass at this time (Unix milliseconds).
    pub(super) fn take(&mut self, key: K, now: u64) -> bool {
        let full = u64::from(self.rate.burst) * 1000;
        let per_second = u64::from(self.rate.per_second);
        let filled = |bucket: &Bucket| {
            let passed = now.saturating_sub(bucket.at);
            full.min(bucket.level.saturating_add(passed.saturating_mul(per_second)))
        };
        if self.buckets.len() >= MOST && !self.buckets.contains_key(&key) {
            self.buckets.retain(|_, bucket| filled(bucket) < full);
            if self.buckets.len() >= MOST {
                return false;
            }
        }
        let bucket = self.buckets.entry(key).or_insert(Bucket { level: full, at: now });
        *bucket = Bucket {
            level: filled(bucket),
            at: now,
        };
        let passes = bucket.level >= 1000;
        if passes {
            bucket.level -= 1000;
        }
        passes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lets_a_burst_through_and_then_the_rate() {
        let mut buckets = Buckets::new(Rate {
            burst: 3,
            per_second: 2,
        });
        let mut taken = |at: u64| (0..10).filter(|_| buckets.take("a", at)).count();
        assert_eq!(taken(1_000), 3);
        assert_eq!(taken(1_499), 0);
        assert_eq!(taken(1_500), 1);
        assert_eq!(taken(2_500), 2);
        assert_eq!(taken(60_000), 3);
        // A clock that goes back neither fills nor breaks it.
        assert_eq!(taken(1_000), 0);
    }

    #[test]
    fn one_key_does_not_use_up_another() {
        let mut buckets = Buckets::new(Rate {
            burst: 1,
            per_second: 1,
        });
        assert!(buckets.take("a", 0) && !buckets.take("a", 0) && buckets.take("b", 0));
    }

    #[test]
    fn memory_is_bounded() {
        let mut buckets = Buckets::new(Rate {
            burst: 1,
            per_second: 1,
        });
        let passed = (0..MOST + 50).filter(|key| buckets.take(*key, 0)).count();
        assert_eq!((passed, buckets.buckets.len()), (MOST, MOST));
        assert!(buckets.take(usize::MAX, 2_000), "full buckets make room");
        assert_eq!(buckets.buckets.len(), 1);
    }
}
