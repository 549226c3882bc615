//! `devnet` when its processes, or it itself, are killed.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::support::Home;
use crate::support::devnet::{Devnet, folders, is_there, pid_of, signal};

const QUICK: [&str; 4] = ["--attest-interval", "1s", "--stale-after", "4s"];

fn colour_of(devnet: &Devnet, number: usize) -> String {
    devnet.colours().get(number - 1).cloned().unwrap_or_default()
}

#[test]
fn a_killed_guardian_turns_red_and_green_again() {
    let home = Home::new();
    let devnet = Devnet::start(&home, &[&QUICK[..], &["--restart-after", "12s"]].concat());
    devnet.until_green();
    let dead = pid_of(&devnet.the_guardian(2)["guardian"]).unwrap();
    signal(dead, Signal::KILL);
    let killed = Instant::now();
    devnet.until("said to be down", |it| {
        let guardian = it.the_guardian(2);
        let ended = guardian["guardian"]["ended"].as_str();
        ended.is_some_and(|ended| ended.contains("SIGKILL"))
    });
    devnet.until("red on the board", |it| colour_of(it, 2) == "red stale");
    assert!(
        killed.elapsed() < Duration::from_secs(9),
        "{:?}",
        killed.elapsed()
    );
    let others: Vec<String> = devnet.colours();
    assert!(
        [0, 2, 3].iter().all(|other| others[*other] == "green fresh"),
        "{others:?}"
    );
    devnet.until_green();
    let again = devnet.the_guardian(2);
    assert_eq!(again["guardian"]["restarts"], 1);
    assert_ne!(pid_of(&again["guardian"]), Some(dead));
}

#[test]
fn a_guardian_that_hangs_turns_red() {
    let home = Home::new();
    let mut devnet = Devnet::start(&home, &QUICK);
    devnet.until_green();
    let hanging = pid_of(&devnet.the_guardian(4)["guardian"]).unwrap();
    signal(hanging, Signal::STOP);
    devnet.until("red on the board", |it| colour_of(it, 4) == "red stale");
    // Also one that hangs is ended in time.
    let asked = Instant::now();
    devnet.signal(Signal::TERM);
    assert_eq!(devnet.end(), Some(0));
    assert!(asked.elapsed() < Duration::from_secs(10), "{:?}", asked.elapsed());
    assert!(!is_there(hanging));
}

#[test]
fn without_its_signing_server_a_guardian_turns_red() {
    let home = Home::new();
    let devnet = Devnet::start(&home, &[&QUICK[..], &["--restart-after", "8s"]].concat());
    devnet.until_green();
    signal(pid_of(&devnet.the_guardian(1)["signer"]).unwrap(), Signal::KILL);
    devnet.until("red on the board", |it| colour_of(it, 1) == "red stale");
    assert_eq!(
        devnet.the_guardian(1)["guardian"]["restarts"],
        0,
        "the guardian itself goes on"
    );
    devnet.until_green();
}

#[test]
fn a_portal_that_is_started_anew_knows_its_federation_again() {
    let home = Home::new();
    let devnet = Devnet::start(&home, &QUICK);
    devnet.until_green();
    let place = home.path("").display().to_string();
    let other = format!("sha256:{}", "b".repeat(64));
    let own = devnet.text("image_digest").to_owned();
    home.run(&["devnet", "pin", &own, &other, "--home", &place])
        .exits(0);
    let before = devnet.get("/api/public/federations/oc-devnet/directory").unwrap();
    let portal = devnet.portal().unwrap();
    signal(portal, Signal::KILL);
    devnet.until("another portal", |it| {
        it.portal().is_some_and(|pid| pid != portal) && it.board().is_some()
    });
    assert_eq!(
        devnet.get("/api/public/federations/oc-devnet/directory").unwrap(),
        before
    );
    devnet.until_green();
    devnet.until("the charter on its page", |it| {
        let page = it.get("/api/public/federations/oc-devnet").unwrap();
        let members = page["federation"]["members"].as_array().unwrap().clone();
        members.iter().all(|member| !member["charter"].is_null())
    });
    let board = devnet
        .get("/api/operator/attestation?federation=oc-devnet")
        .unwrap();
    assert_eq!(board["pins"], serde_json::json!([own, other]));
}

#[test]
fn killed_itself_it_leaves_no_process_and_the_next_start_cleans_up() {
    let home = Home::new();
    let mut devnet = Devnet::start(&home, &[]);
    devnet.until_green();
    let processes = devnet.processes();
    assert_eq!(processes.len(), 9);
    devnet.signal(Signal::KILL);
    devnet.end();
    let killed = Instant::now();
    while processes.iter().any(|pid| is_running(*pid)) {
        assert!(
            killed.elapsed() < Duration::from_secs(5),
            "left behind: {processes:?}"
        );
        std::thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(folders(&home.path("")).len(), 1);
    let left = devnet.folder();
    let mut next = Devnet::start(&home, &[]);
    assert_eq!(next.started["swept"], 1);
    assert!(!left.exists());
    next.signal(Signal::TERM);
    assert_eq!(next.end(), Some(0));
    assert_eq!(folders(&home.path("")), [""; 0]);
}

/// Orphans that have ended may wait for somebody to collect them.
fn is_running(pid: i32) -> bool {
    let Ok(stat) = std::fs::read_to_string(format!("/proc/{pid}/stat")) else {
        return false;
    };
    !stat
        .rsplit(')')
        .next()
        .is_some_and(|rest| rest.trim_start().starts_with('Z'))
}

#[test]
fn two_at_once_do_not_meet() {
    let home = Home::new();
    let mut one = Devnet::start(&home, &[]);
    let two = Devnet::start(&home, &[]);
    assert_eq!(two.started["swept"], 0);
    assert_ne!(one.text("portal"), two.text("portal"));
    one.until_green();
    two.until_green();
    let place = home.path("").display().to_string();
    let failed = home
        .run(&["devnet", "stop", "--json", "--home", &place])
        .exits(1)
        .json();
    assert_eq!(failed["reason"], "many-devnets");
    one.signal(Signal::INT);
    assert_eq!(one.end(), Some(0));
    two.until_green();
    assert!(two.folder().exists() && !one.folder().exists());
}

#[test]
fn ctrl_c_in_the_middle_of_the_start() {
    let home = Home::new();
    let place = home.path("").display().to_string();
    let mut child = home
        .command(&["devnet", "--home", &place])
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let start = Instant::now();
    while folders(&home.path("")).is_empty() {
        assert!(start.elapsed() < Duration::from_secs(20));
        std::thread::sleep(Duration::from_millis(5));
    }
    rustix::process::kill_process(rustix::process::Pid::from_child(&child), Signal::INT).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(folders(&home.path("")), [""; 0]);
}
