use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::signer::{Caller, Reply};

/// Requests of one caller that are being answered at once, and as many that wait for an outcome.
const PER_CALLER: usize = 64;

/// Counts the requests that are being answered for each caller. Callers are few: allowed users and one token.
#[derive(Default)]
pub(super) struct InFlight {
    callers: Mutex<HashMap<Caller, [Arc<Semaphore>; 2]>>,
}

impl InFlight {
    /// Takes a place among the requests of this caller that are worked on.
    pub(super) fn work(&self, caller: &Caller) -> Result<OwnedSemaphorePermit, Reply> {
        self.take(caller, 0)
    }

    /// Takes a place among the requests of this caller that wait.
    pub(super) fn wait(&self, caller: &Caller) -> Result<OwnedSemaphorePermit, Reply> {
        self.take(caller, 1)
    }

    fn take(&self, caller: &Caller, kind: usize) -> Result<OwnedSemaphorePermit, Reply> {
        // Nothing in here panics while it holds the lock.
        let mut callers = self.callers.lock().unwrap_or_else(PoisonError::into_inner);
        let places = callers
            .entry(caller.clone())
            .or_insert_with(|| std::array::from_fn(|_| Arc::new(Semaphore::new(PER_CALLER))));
        Arc::clone(&places[kind]).try_acquire_owned().map_err(|_| {
            Reply::refused(
                429,
                "too-many-in-flight",
                format!("{PER_CALLER} requests of this caller are being answered already"),
            )
        })
    }
}
