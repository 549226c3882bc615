//! The same operations while the engine misbehaves and the kit lives on: at every single call it refuses, or does what was
//! asked and says that it did not (a time-out), or is restarted. What could not be put right at once, a later command does.

use std::collections::BTreeMap;

use super::campaign_tests::{Scene, check, now, recover_all, scenes};
use super::simulated::{Kind, Kit, Trouble};
use super::*;

/// What the engine does at one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// Refuses, and changes nothing.
    Refuses,
    /// Refuses from then on, until the command has ended.
    StaysAway,
    /// Does it, and the answer is lost.
    AnswerLost,
    /// Is restarted, and then does it.
    Restarts,
    /// Does it, and is restarted.
    RestartsAfter,
}

const FAULTS: [Fault; 5] = [
    Fault::Refuses,
    Fault::StaysAway,
    Fault::AnswerLost,
    Fault::Restarts,
    Fault::RestartsAfter,
];

/// A kit whose engine does that at its n-th call.
struct Faulty<'a> {
    kit: Kit<'a>,
    fault: Fault,
    at: usize,
    calls: usize,
}

impl Faulty<'_> {
    /// Counts a call; returns whether it is made.
    fn before(&mut self) -> Result<(), Trouble> {
        self.calls += 1;
        let is_now = self.calls == self.at;
        match self.fault {
            Fault::Refuses if is_now => Err(Trouble::Refused("fault".into())),
            Fault::StaysAway if self.calls >= self.at => Err(Trouble::Refused("fault".into())),
            Fault::Restarts if is_now => {
                self.kit.world.restart_engine();
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn after(&mut self) -> Result<(), Trouble> {
        if self.calls == self.at {
            match self.fault {
                Fault::AnswerLost => return Err(Trouble::Refused("answer lost".into())),
                Fault::RestartsAfter => self.kit.world.restart_engine(),
                _ => {}
            }
        }
        Ok(())
    }
}

impl Host for Faulty<'_> {
    type Error = Trouble;

    /// The disk is not the engine's; it has faults of its own.
    fn save(&mut self, journal: &Journal) -> Result<(), Trouble> {
        self.kit.save(journal)
    }

    async fn look(&mut self, journal: &Journal) -> Result<Seen, Trouble> {
        self.before()?;
        let seen = self.kit.look(journal).await?;
        self.after()?;
        Ok(seen)
    }

    async fn perform(&mut self, journal: &mut Journal, action: &Action) -> Result<(), Trouble> {
        // These two are the disk's.
        if matches!(action, Action::Forget | Action::RaiseFloor) {
            return self.kit.perform(journal, action).await;
        }
        self.before()?;
        self.kit.perform(journal, action).await?;
        self.after()
    }

    async fn wait(&mut self, journal: &Journal) -> Result<(), Trouble> {
        self.before()?;
        self.kit.wait(journal).await?;
        self.after()
    }

    fn begins(&mut self, _: &Journal) {}
}

fn kit<'a>(scene: &Scene, world: &'a mut simulated::World) -> Kit<'a> {
    Kit {
        world,
        creates: scene.creates,
        lives: None,
        trace: Vec::new(),
    }
}

#[test]
#[allow(clippy::print_stdout, reason = "a table to be read with --nocapture")]
fn whatever_the_engine_does_at_any_call_one_guardian_serves_in_the_end() {
    let mut table: BTreeMap<String, BTreeMap<&str, usize>> = BTreeMap::new();
    let mut histories = 0;
    for scene in scenes() {
        for fault in FAULTS {
            for at in 1.. {
                let (mut world, mut journal) = scene.begin();
                let mut host = Faulty {
                    kit: kit(&scene, &mut world),
                    fault,
                    at,
                    calls: 0,
                };
                let outcome = now(forward(&mut host, &mut journal));
                let calls = host.calls;
                if calls < at {
                    break;
                }
                let context = format!(
                    "{:?} {:?} {:?} {fault:?} at {at} of {calls}: {outcome:?}",
                    scene.operation, scene.strategy, scene.creates
                );
                let was_left = world.journal.is_some();
                match &outcome {
                    Outcome::NewServes | Outcome::OldServes(_) => assert!(!was_left, "{context}"),
                    Outcome::NewServesUntidily(_) | Outcome::Stuck { .. } => assert!(was_left, "{context}"),
                }
                recover_all(&scene, &mut world, None, &context);
                let serves = check(&world, &scene, &context);
                if matches!(outcome, Outcome::NewServes | Outcome::NewServesUntidily(_)) {
                    assert_eq!(serves, "new", "{context}: it said so");
                    assert_eq!(scene.creates, Kind::Good, "{context}");
                } else if matches!(outcome, Outcome::OldServes(_)) {
                    assert_ne!(serves, "new", "{context}: it said otherwise");
                }
                histories += 1;
                let left = if was_left {
                    "recovered later"
                } else {
                    "settled at once"
                };
                let row = format!("{fault:?}, {left}");
                *table.entry(row).or_default().entry(serves).or_default() += 1;
            }
        }
    }
    println!("{histories} histories");
    for (row, outcomes) in &table {
        println!("{row:32} {outcomes:?}");
    }
    assert!(histories > 1000, "{histories}");
}

/// Nobody calls the kit again: a power cut in the night.
#[test]
fn an_engine_that_is_restarted_has_one_guardian_hold_the_data_without_any_help() {
    for scene in scenes().into_iter().filter(|it| it.creates == Kind::Good) {
        let (mut world, mut journal) = scene.begin();
        let (_, changes) = scene.run(&mut world, &mut journal, None);
        for lives in 0..=changes {
            let (mut world, mut journal) = scene.begin();
            scene.run(&mut world, &mut journal, Some(lives));
            let step = world.journal.as_ref().map(|it| it.step);
            world.restart_engine();
            let context = format!(
                "{:?} {:?} killed after {lives} at {step:?}: {world:#?}",
                scene.operation, scene.strategy
            );
            let running = world.containers.values().filter(|it| it.running).count();
            if matches!(step, Some(Step::Settle | Step::Commit)) {
                // What was handed over stays so, and serves.
                assert_eq!(running, 1, "{context}");
                let [(id, container)] = world.serving()[..] else {
                    panic!("{context}");
                };
                assert_eq!(world.holder.as_ref(), Some(id), "{context}");
                assert_eq!(container.name, journal.container, "{context}");
                assert!(
                    !id.ends_with('2') || scene.operation == Operation::Run,
                    "{context}"
                );
            } else {
                // While ports and names change hands, the old one may come back without ports, or none at all after it
                // was stopped; never two that contend.
                assert!(running <= 1, "{context}");
            }
        }
    }
}

#[test]
fn an_engine_that_is_restarted_while_a_later_command_recovers_changes_nothing_of_that() {
    let mut histories = 0;
    for scene in scenes() {
        let (mut world, mut journal) = scene.begin();
        let (_, changes) = scene.run(&mut world, &mut journal, None);
        for lives in 0..=changes {
            for fault in FAULTS {
                for at in 1.. {
                    let (mut world, mut journal) = scene.begin();
                    scene.run(&mut world, &mut journal, Some(lives));
                    let Some(mut journal) = world.journal.clone() else {
                        break;
                    };
                    let context = format!(
                        "{:?} {:?} {:?} killed after {lives} at {}, recovering {fault:?} at {at}",
                        scene.operation,
                        scene.strategy,
                        scene.creates,
                        journal.step.as_str()
                    );
                    let mut host = Faulty {
                        kit: kit(&scene, &mut world),
                        fault,
                        at,
                        calls: 0,
                    };
                    let _ = now(recover(&mut host, &mut journal));
                    if host.calls < at {
                        break;
                    }
                    recover_all(&scene, &mut world, None, &context);
                    check(&world, &scene, &context);
                    histories += 1;
                }
            }
        }
    }
    assert!(histories > 1000, "{histories}");
}
