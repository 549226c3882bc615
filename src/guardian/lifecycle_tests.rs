use proptest::prelude::*;

use super::*;

fn after(start: Instant, seconds: u64) -> Instant {
    start + Duration::from_secs(seconds)
}

fn active(now: Instant) -> Lifecycle {
    let mut guardian = Lifecycle::default();
    assert_eq!(guardian.on(Event::Tick, now), [Command::TryLock]);
    assert_eq!(guardian.on(Event::LockTaken, now), [Command::Serve]);
    guardian
}

#[test]
fn a_standby_takes_over_when_the_lock_is_free() {
    let now = Instant::now();
    let mut guardian = Lifecycle::default();
    for _ in 0..3 {
        assert_eq!(guardian.on(Event::Tick, now), [Command::TryLock]);
        assert_eq!(guardian.on(Event::LockBusy, now), []);
        assert_eq!(guardian.state(), State::Standby);
    }
    assert_eq!(guardian.on(Event::Tick, now), [Command::TryLock]);
    assert_eq!(guardian.on(Event::LockTaken, now), [Command::Serve]);
    assert_eq!(guardian.state(), State::Active);
}

#[test]
fn one_that_steps_back_does_not_contend_for_30_seconds() {
    let now = Instant::now();
    let mut guardian = active(now);
    assert_eq!(guardian.on(Event::StandBy, now), [Command::Drain]);
    assert_eq!(guardian.state(), State::Draining);
    assert_eq!(guardian.on(Event::Drained, after(now, 1)), [Command::Release]);
    assert_eq!(guardian.state(), State::Standby);
    assert_eq!(guardian.on(Event::Tick, after(now, 30)), []);
    assert_eq!(guardian.wake_at(now), Some(after(now, 31)));
    assert_eq!(guardian.on(Event::Tick, after(now, 31)), [Command::TryLock]);
}

#[test]
fn it_comes_back_at_once_when_told_to() {
    let now = Instant::now();
    let mut guardian = active(now);
    guardian.on(Event::StandBy, now);
    guardian.on(Event::Drained, now);
    assert_eq!(guardian.on(Event::Activate, now), [Command::TryLock]);
    assert_eq!(guardian.on(Event::LockTaken, now), [Command::Serve]);
}

#[test]
fn sessions_that_do_not_end_are_cut_after_10_seconds() {
    let now = Instant::now();
    let mut guardian = active(now);
    guardian.on(Event::StandBy, now);
    assert_eq!(guardian.on(Event::Tick, after(now, 9)), []);
    assert_eq!(guardian.on(Event::Tick, after(now, 10)), [Command::Release]);
}

#[test]
fn stopping_releases_the_lock_before_it_ends() {
    let now = Instant::now();
    let mut guardian = active(now);
    assert_eq!(guardian.on(Event::Stop, now), [Command::Drain]);
    assert_eq!(
        guardian.on(Event::Drained, now),
        [Command::Release, Command::Exit]
    );
    assert_eq!(guardian.on(Event::Activate, now), []);
    assert_eq!(Lifecycle::default().on(Event::Stop, now), [Command::Exit]);
}

#[test]
fn a_stop_while_stepping_back_ends_it() {
    let now = Instant::now();
    let mut guardian = active(now);
    guardian.on(Event::StandBy, now);
    assert_eq!(guardian.on(Event::Stop, now), []);
    assert_eq!(
        guardian.on(Event::Drained, now),
        [Command::Release, Command::Exit]
    );
}

/// What one process does, and whether it thinks that it holds the lock.
struct Process {
    lifecycle: Lifecycle,
    holds: bool,
    serves: bool,
}

fn event() -> impl Strategy<Value = (usize, Event)> {
    let events = prop_oneof![
        4 => Just(Event::Tick),
        2 => Just(Event::Drained),
        1 => Just(Event::StandBy),
        1 => Just(Event::Activate),
    ];
    (0_usize..2, events)
}

proptest! {
    /// Two processes over one lock, whatever happens when: at most one serves, only the holder does, and with time alone
    /// one of them ends up serving.
    #[test]
    fn at_most_one_serves_and_one_does_in_the_end(events in proptest::collection::vec((event(), 0_u64..12), 0..60)) {
        let mut now = Instant::now();
        let mut holder: Option<usize> = None;
        let mut processes: Vec<Process> = (0..2)
            .map(|_| Process { lifecycle: Lifecycle::default(), holds: false, serves: false })
            .collect();
        let ticks = (0..40_u64).flat_map(|_| [((0, Event::Tick), 2), ((1, Event::Tick), 2)]);
        for ((index, event), seconds) in events.into_iter().chain(ticks) {
            now += Duration::from_secs(seconds);
            let mut open = vec![event];
            while let Some(event) = open.pop() {
                for command in processes[index].lifecycle.on(event, now) {
                    match command {
                        Command::TryLock if holder.is_none() => {
                            holder = Some(index);
                            processes[index].holds = true;
                            open.push(Event::LockTaken);
                        }
                        Command::TryLock => open.push(Event::LockBusy),
                        Command::Serve => {
                            prop_assert!(processes[index].holds);
                            processes[index].serves = true;
                        }
                        Command::Drain => {}
                        Command::Release => {
                            prop_assert_eq!(holder, Some(index));
                            holder = None;
                            processes[index].holds = false;
                            processes[index].serves = false;
                        }
                        Command::Exit => prop_assert!(false, "nobody asked it to end"),
                    }
                }
            }
            prop_assert!(processes.iter().filter(|it| it.serves).count() <= 1);
        }
        prop_assert_eq!(processes.iter().filter(|it| it.lifecycle.state() == State::Active).count(), 1);
    }
}
