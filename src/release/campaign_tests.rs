//! Every operation, with images good and bad, killed before every change, with the engine restarted or not, and killed again
//! while it recovers: afterwards exactly one guardian serves, and nothing is left over.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::SystemTime;

use super::simulated::{Kind, Kit, Trouble, World};
use super::*;
use crate::image::Digest;

/// Nothing in the simulation waits.
pub(super) fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("the simulation waits"),
    }
}

const MAIN: &str = "oc-guardian";

/// A guardian that serves, and the one before it.
fn world() -> (World, Old) {
    let mut world = World::default();
    let prev = world.add("oc-guardian-prev", Kind::Good, false);
    world.containers.get_mut(&prev).unwrap().stopped_by_hand = true;
    let id = world.add(MAIN, Kind::Good, true);
    world.containers.get_mut(&id).unwrap().restart = Restart::UnlessStopped;
    world.start(&id).unwrap();
    let restart = "unless-stopped".into();
    let was_running = true;
    (
        world,
        Old {
            id,
            restart,
            was_running,
        },
    )
}

fn journal(operation: Operation, strategy: Strategy, old: Option<Old>, new: Option<String>) -> Journal {
    let begin = Begin {
        operation,
        strategy,
        container: MAIN.into(),
        engine: "unix:///var/run/docker.sock".into(),
        network: NETWORK.into(),
        old,
        new,
        image: Image {
            name: "ghcr.io/orangecheck/oc-guardian".into(),
            digest: Digest::of(b"image"),
            version: None,
        },
        settle: 60,
    };
    Journal::new("00112233aabbccdd".into(), begin, SystemTime::UNIX_EPOCH)
}

/// How a world is found at the start of a history.
pub(super) struct Scene {
    pub(super) operation: Operation,
    pub(super) strategy: Strategy,
    pub(super) creates: Kind,
}

impl Scene {
    pub(super) fn begin(&self) -> (World, Journal) {
        match self.operation {
            Operation::Run => (
                World::default(),
                journal(Operation::Run, self.strategy, None, None),
            ),
            Operation::Upgrade => {
                let (world, old) = world();
                (world, journal(Operation::Upgrade, self.strategy, Some(old), None))
            }
            Operation::Rollback => {
                let (mut world, old) = world();
                let prev = world.named("oc-guardian-prev").unwrap().0.clone();
                world.containers.get_mut(&prev).unwrap().kind = self.creates;
                (
                    world,
                    journal(Operation::Rollback, self.strategy, Some(old), Some(prev)),
                )
            }
        }
    }

    /// Runs it with a kit that makes so many changes.
    pub(super) fn run(
        &self,
        world: &mut World,
        journal: &mut Journal,
        lives: Option<usize>,
    ) -> (Outcome<Trouble>, usize) {
        let mut kit = Kit {
            world,
            creates: self.creates,
            lives,
            trace: Vec::new(),
        };
        let outcome = now(forward(&mut kit, journal));
        let changes = kit.trace.len();
        (outcome, changes)
    }
}

/// What holds after every operation, however it went.
#[track_caller]
pub(super) fn check(world: &World, scene: &Scene, context: &str) -> &'static str {
    assert!(world.journal.is_none(), "{context}: journal left: {world:#?}");
    assert!(!world.stage, "{context}: stage network left");
    assert!(
        world
            .containers
            .values()
            .all(|it| !it.staged && !it.name.contains("-old-") && !it.name.ends_with("-next")),
        "{context}: container left: {world:#?}"
    );
    let serving = world.serving();
    if scene.operation == Operation::Run && serving.is_empty() {
        assert!(world.containers.is_empty(), "{context}: {world:#?}");
        return "none";
    }
    assert_eq!(serving.len(), 1, "{context}: {world:#?}");
    let (id, container) = serving[0];
    assert_eq!(container.name, MAIN, "{context}: {world:#?}");
    assert_eq!(container.restart, Restart::UnlessStopped, "{context}: {world:#?}");
    assert_eq!(world.holder.as_ref(), Some(id), "{context}: {world:#?}");
    let running = world.containers.values().filter(|it| it.running).count();
    assert_eq!(running, 1, "{context}: {world:#?}");
    let others = world.containers.values().filter(|it| it.name != MAIN);
    assert!(
        others.clone().all(|it| it.restart == Restart::No),
        "{context}: {world:#?}"
    );
    let is_old = id.ends_with('2') && scene.operation != Operation::Run;
    if is_old {
        // A rollback is as possible as before.
        assert!(world.named("oc-guardian-prev").is_some(), "{context}: {world:#?}");
        "old"
    } else {
        assert_eq!(container.kind, Kind::Good, "{context}: a bad one serves");
        "new"
    }
}

pub(super) fn scenes() -> Vec<Scene> {
    let kinds = [
        Kind::Good,
        Kind::Crashes,
        Kind::Mute,
        Kind::DiesLater,
        Kind::StaysStandby,
    ];
    let mut scenes = Vec::new();
    for operation in [Operation::Run, Operation::Upgrade, Operation::Rollback] {
        for strategy in [Strategy::Handover, Strategy::Restart] {
            for creates in kinds {
                scenes.push(Scene {
                    operation,
                    strategy,
                    creates,
                });
            }
        }
    }
    scenes
}

#[test]
fn undisturbed_a_good_image_takes_over_and_a_bad_one_does_not() {
    for scene in scenes() {
        let (mut world, mut journal) = scene.begin();
        let (outcome, _) = scene.run(&mut world, &mut journal, None);
        let context = format!(
            "{:?} {:?} {:?}: {outcome:?}",
            scene.operation, scene.strategy, scene.creates
        );
        let serves = check(&world, &scene, &context);
        match scene.creates {
            Kind::Good => {
                assert!(matches!(outcome, Outcome::NewServes), "{context}");
                assert_eq!(serves, "new", "{context}");
                assert_eq!(
                    world.floor_raised,
                    scene.operation != Operation::Rollback,
                    "{context}"
                );
            }
            _ => {
                assert!(matches!(outcome, Outcome::OldServes(_)), "{context}");
                assert!(!world.floor_raised, "{context}");
            }
        }
    }
}

/// Goes on as a later command would, until nothing is left to recover. Whoever finds an operation recovers it.
pub(super) fn recover_all(scene: &Scene, world: &mut World, mut lives: Option<usize>, context: &str) {
    for _ in 0..20 {
        let Some(mut journal) = world.journal.clone() else {
            return;
        };
        let mut kit = Kit {
            world,
            creates: scene.creates,
            lives: lives.take(),
            trace: Vec::new(),
        };
        match now(recover(&mut kit, &mut journal)) {
            Ok(Recovered::Lost) => panic!("{context}: lost"),
            Ok(_) | Err(Trouble::Killed) => {}
            Err(error) => panic!("{context}: {error}: {world:#?}"),
        }
    }
    panic!("{context}: it never ends: {world:#?}");
}

#[test]
#[allow(clippy::print_stdout, reason = "a table to be read with --nocapture")]
fn killed_before_every_change_and_again_while_it_recovers() {
    let mut table: BTreeMap<String, BTreeMap<&str, usize>> = BTreeMap::new();
    let mut histories = 0;
    for scene in scenes() {
        let (mut world, mut journal) = scene.begin();
        let (_, changes) = scene.run(&mut world, &mut journal, None);
        for lives in 0..=changes {
            for restart_engine in [false, true] {
                for again in (0..=changes + 16).map(Some).chain([None]) {
                    let (mut world, mut journal) = scene.begin();
                    scene.run(&mut world, &mut journal, Some(lives));
                    let step = world.journal.as_ref().map_or("ended", |it| it.step.as_str());
                    let context = format!(
                        "{:?} {:?} {:?} killed after {lives} of {changes} changes at {step}, engine restarted: \
                         {restart_engine}, again after {again:?}",
                        scene.operation, scene.strategy, scene.creates
                    );
                    if restart_engine {
                        world.restart_engine();
                    }
                    recover_all(&scene, &mut world, again, &context);
                    // Killed before it had written anything down, nothing had changed either.
                    let serves = check(&world, &scene, &context);
                    histories += 1;
                    if again.is_none() {
                        let row = format!("{step:18} engine restarted: {restart_engine}");
                        *table.entry(row).or_default().entry(serves).or_default() += 1;
                    }
                }
            }
        }
    }
    println!("{histories} histories");
    for (row, outcomes) in &table {
        println!("{row:45} {outcomes:?}");
    }
    assert!(histories > 10_000, "{histories}");
}
