use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use super::AuditError;

/// The promise of a record: ready when it is durable, or when it is known that it will not be.
///
/// A future, and something that a thread can wait on. Dropping it does not take the record back.
#[must_use = "what is recorded may take effect only when the record is durable"]
pub struct Ticket(Arc<Slot>);

/// The ledger's end of a [`Ticket`].
pub(super) struct Promise(Arc<Slot>);

#[derive(Default)]
struct Slot {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    outcome: Option<Result<u64, AuditError>>,
    waker: Option<Waker>,
}

impl Slot {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing in here panics while it holds the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Both ends.
pub(super) fn promise() -> (Promise, Ticket) {
    let slot = Arc::new(Slot::default());
    (Promise(slot.clone()), Ticket(slot))
}

impl Promise {
    /// Tells whoever waits.
    pub(super) fn settle(self, outcome: Result<u64, AuditError>) {
        self.set(outcome);
    }

    fn set(&self, outcome: Result<u64, AuditError>) {
        let mut state = self.0.lock();
        if state.outcome.is_some() {
            return;
        }
        state.outcome = Some(outcome);
        let waker = state.waker.take();
        drop(state);
        self.0.changed.notify_all();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl Drop for Promise {
    fn drop(&mut self) {
        // A writer that ended without an answer must not leave anybody waiting for ever.
        self.set(Err(AuditError::Closed));
    }
}

impl Ticket {
    /// Waits, blocking the thread, and returns the number of the record.
    ///
    /// # Errors
    /// [`AuditError::Full`], [`AuditError::Poisoned`], [`AuditError::Closed`]: the record must be taken for not written.
    pub fn wait(self) -> Result<u64, AuditError> {
        let mut state = self.0.lock();
        loop {
            if let Some(outcome) = state.outcome.clone() {
                return outcome;
            }
            state = self.0.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Future for Ticket {
    type Output = Result<u64, AuditError>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.0.lock();
        if let Some(outcome) = state.outcome.clone() {
            return Poll::Ready(outcome);
        }
        match &mut state.waker {
            Some(waker) => waker.clone_from(context.waker()),
            none => *none = Some(context.waker().clone()),
        }
        Poll::Pending
    }
}
