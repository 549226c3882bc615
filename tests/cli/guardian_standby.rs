//! Several guardians on one data folder: one serves, the others stand by.

use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::json;

use crate::support::Home;
use crate::support::running::{NO_PORTAL, RunningGuardian, bundle, kit};
use crate::support::signer::eventually;

struct Pair {
    home: Home,
    active: RunningGuardian,
    standby: RunningGuardian,
}

fn pair() -> Pair {
    let home = Home::with_identity();
    let shared = bundle(&home, NO_PORTAL, &json!({}));
    let active = RunningGuardian::start(&home, "bundle", &shared);
    becomes(&active, "active");
    let standby = RunningGuardian::start(&home, "bundle", &shared);
    becomes(&standby, "standby");
    Pair {
        home,
        active,
        standby,
    }
}

/// Returns how long that took.
#[track_caller]
fn becomes(guardian: &RunningGuardian, state: &str) -> Duration {
    let begin = Instant::now();
    let is_so = eventually(|| (guardian.state() == state).then_some(()));
    assert!(is_so.is_some(), "not {state}: {}", guardian.log());
    begin.elapsed()
}

/// `guardian standby` or `activate` of this one.
#[track_caller]
fn switch(home: &Home, verb: &str, guardian: &RunningGuardian) -> serde_json::Value {
    let api = format!("http://127.0.0.1:{}", guardian.api());
    let pid = guardian.child.id().to_string();
    let run = home.run(&[
        "guardian", verb, "--config", "bundle", "--api", &api, "--pid", &pid, "--json",
    ]);
    assert_eq!(run.code, Some(0), "{}", run.text);
    serde_json::from_str(&run.stdout).unwrap()
}

#[test]
fn a_standby_is_healthy_and_takes_no_messages() {
    let pair = pair();
    let health = pair.standby.get("/healthz");
    assert_eq!((health.status, &health.json()["state"]), (200, &json!("standby")));
    assert_eq!(pair.standby.tell("{}").says(), "503 not-active");
    // The RPC is the active one's, and ends with it.
    kit(&pair.home).greet();
}

#[test]
fn the_standby_takes_over_when_the_other_one_is_terminated() {
    let pair = pair();
    let begin = Instant::now();
    pair.active.signal(Signal::TERM);
    becomes(&pair.standby, "active");
    let took = begin.elapsed();
    assert!(took < Duration::from_secs(3), "{took:?}");
    assert_eq!(pair.active.stop(), Some(0));
    kit(&pair.home).greet();
}

#[test]
fn the_standby_takes_over_when_the_other_one_is_killed() {
    let pair = pair();
    let begin = Instant::now();
    pair.active.kill();
    becomes(&pair.standby, "active");
    let took = begin.elapsed();
    assert!(took < Duration::from_secs(2), "{took:?}");
    // The dead one's socket was in the way.
    kit(&pair.home).greet();
}

#[test]
fn guardian_standby_hands_over_and_does_not_take_back() {
    let pair = pair();
    let switched = switch(&pair.home, "standby", &pair.active);
    assert_eq!(switched["state"], "standby");
    becomes(&pair.standby, "active");
    kit(&pair.home).greet();
    // Nor does the other one when it is free again.
    assert_eq!(pair.standby.stop(), Some(0));
    let begin = Instant::now();
    while begin.elapsed() < Duration::from_secs(3) {
        assert_eq!(pair.active.state(), "standby");
        std::thread::sleep(Duration::from_millis(20));
    }
    // Until it is told to.
    assert_eq!(switch(&pair.home, "activate", &pair.active)["state"], "active");
    kit(&pair.home).greet();
}

#[test]
fn it_serves_again_by_itself_half_a_minute_after_a_handover_that_nobody_took() {
    let home = Home::with_identity();
    let guardian = RunningGuardian::start(&home, "bundle", &bundle(&home, NO_PORTAL, &json!({})));
    becomes(&guardian, "active");
    let begin = Instant::now();
    switch(&home, "standby", &guardian);
    assert!(!home.path("data/rpc.sock").exists());
    while guardian.state() == "standby" {
        std::thread::sleep(Duration::from_millis(50));
        assert!(begin.elapsed() < Duration::from_secs(45));
    }
    let alone = begin.elapsed();
    assert!(alone >= Duration::from_secs(29), "{alone:?}");
    assert_eq!(guardian.state(), "active");
}

#[test]
fn the_process_is_found_without_being_named() {
    let pair = pair();
    let api = format!("http://127.0.0.1:{}", pair.active.api());
    let run = pair
        .home
        .run(&["guardian", "standby", "--config", "bundle", "--api", &api]);
    assert_eq!(run.code, Some(0), "{}", run.text);
    assert!(
        run.stdout.starts_with("The guardian is standby ("),
        "{}",
        run.text
    );
    becomes(&pair.standby, "active");
}

#[test]
fn only_guardians_are_signalled() {
    let home = Home::with_identity();
    home.write("bundle", bundle(&home, NO_PORTAL, &json!({})).to_string());
    let own = std::process::id().to_string();
    for pid in [own.as_str(), "0", "-1", "999999999"] {
        let pid = format!("--pid={pid}");
        let run = home.run(&["guardian", "standby", "--config", "bundle", &pid]);
        assert_eq!(run.code, Some(1), "{}", run.text);
        assert!(
            run.stderr.contains("no guardian process was found"),
            "{}",
            run.text
        );
    }
    // Of a process that is gone.
    home.write("data/guardian.lock", format!("{own}\n"));
    let run = home.run(&["guardian", "activate", "--config", "bundle"]);
    assert_eq!(run.code, Some(1), "{}", run.text);
}

#[test]
fn many_on_one_folder_are_never_two_that_serve() {
    let home = Home::with_identity();
    let shared = bundle(&home, NO_PORTAL, &json!({}));
    let mut guardians: Vec<_> = (0..4)
        .map(|_| RunningGuardian::start(&home, "bundle", &shared))
        .collect();
    while !guardians.is_empty() {
        let serving = eventually(|| {
            let serving: Vec<_> = (0..guardians.len())
                .filter(|at| guardians[*at].state() == "active")
                .collect();
            assert!(serving.len() <= 1, "{serving:?}");
            serving.first().copied()
        });
        guardians.remove(serving.expect("nobody serves")).kill();
    }
}
