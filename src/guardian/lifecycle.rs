use std::time::{Duration, Instant};

use serde::Serialize;

/// How long sessions may take to end once the guardian was asked to stand by or to stop.
pub const DRAIN: Duration = Duration::from_secs(10);
/// How long a guardian that was asked to stand by leaves the lock to others.
pub const YIELD: Duration = Duration::from_secs(30);
/// How often a standby tries the lock where it cannot wait for it.
pub const RETRY: Duration = Duration::from_millis(20);

/// What `/healthz` says of a guardian; each of them answers 200.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Warm, but another process holds the data folder, or it was asked to leave it to another one.
    Standby,
    /// Holds the data folder: attests, answers the operator's RPC and peers.
    Active,
    /// Ends its sessions, and takes no new ones.
    Draining,
}

impl State {
    /// Whether messages of other guardians are taken in.
    pub(super) fn answers_peers(self) -> bool {
        self != Self::Standby
    }

    /// The name in `/healthz`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Standby => "standby",
            Self::Active => "active",
            Self::Draining => "draining",
        }
    }
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The lock was tried, and is ours.
    LockTaken,
    /// The lock was tried, and another process has it.
    LockBusy,
    /// `guardian standby`.
    StandBy,
    /// `guardian activate`.
    Activate,
    /// SIGTERM or SIGINT.
    Stop,
    /// The last session ended.
    Drained,
    /// Time has passed.
    Tick,
}

/// What to do about it, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Try to take the data folder's lock, and report back.
    TryLock,
    /// Begin to attest and to answer; the lock is ours.
    Serve,
    /// Take no new sessions, and report when the last one ended.
    Drain,
    /// Close the RPC, then release the lock.
    Release,
    /// End the process with code 0.
    Exit,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Wants the lock.
    Contending,
    /// Leaves the lock to others until then.
    Yielding(Instant),
    Active,
    /// Until then at the latest; then stand by or exit.
    Draining(Instant, After),
    Ended,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum After {
    Yield,
    Exit,
}

/// Which of the processes that share a data folder serves: a state machine without a clock, a lock or a signal of its own.
///
/// A guardian that steps back does not contend for the lock for [`YIELD`]: it would otherwise take its own lock back before
/// the other process has noticed that it is free. It takes over again after that, or at once when told to, so that a
/// handover whose second half never comes leaves a guardian that serves.
#[derive(Debug)]
pub struct Lifecycle {
    phase: Phase,
}

impl Default for Lifecycle {
    fn default() -> Self {
        Self {
            phase: Phase::Contending,
        }
    }
}

impl Lifecycle {
    /// What to tell the world.
    pub fn state(&self) -> State {
        match self.phase {
            Phase::Contending | Phase::Yielding(_) => State::Standby,
            Phase::Active => State::Active,
            Phase::Draining(..) | Phase::Ended => State::Draining,
        }
    }

    /// When to send [`Event::Tick`] at the latest; `None` where only an event can change anything.
    pub fn wake_at(&self, now: Instant) -> Option<Instant> {
        match self.phase {
            Phase::Contending => Some(now + RETRY),
            Phase::Yielding(until) | Phase::Draining(until, _) => Some(until),
            Phase::Active | Phase::Ended => None,
        }
    }

    /// Takes in what happened at `now`.
    pub fn on(&mut self, event: Event, now: Instant) -> Vec<Command> {
        match (self.phase, event) {
            (Phase::Contending, Event::LockTaken) => {
                self.phase = Phase::Active;
                vec![Command::Serve]
            }
            // Asked to step back, or to end, between the try and its outcome: the lock must not stay with us.
            (Phase::Yielding(_) | Phase::Draining(..), Event::LockTaken) => vec![Command::Release],
            (Phase::Contending, Event::Tick) => vec![Command::TryLock],
            (Phase::Contending | Phase::Yielding(_), Event::Stop) => {
                self.phase = Phase::Ended;
                vec![Command::Exit]
            }
            (Phase::Contending | Phase::Yielding(_), Event::StandBy) => {
                self.phase = Phase::Yielding(now + YIELD);
                Vec::new()
            }
            (Phase::Yielding(_), Event::Activate) => self.contend(),
            (Phase::Yielding(until), Event::Tick) if now >= until => self.contend(),
            (Phase::Active, Event::StandBy) => {
                self.phase = Phase::Draining(now + DRAIN, After::Yield);
                vec![Command::Drain]
            }
            (Phase::Active, Event::Stop) => {
                self.phase = Phase::Draining(now + DRAIN, After::Exit);
                vec![Command::Drain]
            }
            (Phase::Draining(until, After::Yield), Event::Stop) => {
                self.phase = Phase::Draining(until, After::Exit);
                Vec::new()
            }
            (Phase::Draining(_, after), Event::Drained) => self.drained(after, now),
            (Phase::Draining(until, after), Event::Tick) if now >= until => self.drained(after, now),
            _ => Vec::new(),
        }
    }

    fn contend(&mut self) -> Vec<Command> {
        self.phase = Phase::Contending;
        vec![Command::TryLock]
    }

    fn drained(&mut self, after: After, now: Instant) -> Vec<Command> {
        match after {
            After::Yield => {
                self.phase = Phase::Yielding(now + YIELD);
                vec![Command::Release]
            }
            After::Exit => {
                self.phase = Phase::Ended;
                vec![Command::Release, Command::Exit]
            }
        }
    }
}

#[cfg(test)]
#[path = "lifecycle_tests.rs"]
mod tests;
