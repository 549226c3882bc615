use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// Where the portal reads the time: the system's, or a test's.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> SystemTime + Send + Sync>);

impl Clock {
    /// The system's clock.
    pub fn system() -> Self {
        Self::new(SystemTime::now)
    }

    /// A clock of one's own.
    pub fn new(time: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        Self(Arc::new(time))
    }

    /// The time it is.
    pub(super) fn now(&self) -> Now {
        let since = (self.0)().duration_since(UNIX_EPOCH).unwrap_or_default();
        Now {
            millis: u64::try_from(since.as_millis()).unwrap_or(u64::MAX),
        }
    }
}

/// A moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Now {
    /// Unix milliseconds: what nonces are made of.
    pub(super) millis: u64,
}

impl Now {
    /// Unix seconds: what everything else is told in.
    pub(super) fn secs(self) -> u64 {
        self.millis / 1000
    }
}
