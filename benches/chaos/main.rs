//! A day in minutes: a devnet whose guardians, signing servers and portal are killed, stopped and started anew at random,
//! while the board is watched and, at the end, the audit logs are read.
//!
//!     cargo bench --profile dev --bench chaos -- --attestations 2000 --guardians 12 --seed 1
//!
//! On loopback only, bounded in time, and it stops by itself. Exit code 0 when everything held.

// A check fails by panicking, and the counts are what it is run for.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::format_push_string,
    clippy::used_underscore_binding,
    clippy::too_many_lines,
    unreachable_pub,
    missing_docs
)]
#![allow(dead_code, unused_imports, reason = "support/ is shared with the tests")]

#[path = "../../tests/support/mod.rs"]
mod support;

mod harm;
mod logs;
mod memory;
mod truth;

use std::time::{Duration, Instant};

use harm::Harm;
use memory::Memory;
use support::Home;
use support::devnet::Devnet;
use truth::Truth;

/// Above a second, so that no guardian has two attestations of one: they would be the same.
const INTERVAL: &str = "1200ms";
pub const STALE: Duration = Duration::from_secs(5);
const TURN: Duration = Duration::from_millis(100);
/// How long all may take to be green again when nobody is harmed any more.
const RECOVERY: Duration = Duration::from_secs(90);

struct Options {
    attestations: usize,
    guardians: usize,
    seed: u64,
    /// Longest pause between two acts of harm, in milliseconds.
    pause: u64,
    /// The end, whatever was reached, in seconds.
    limit: u64,
}

fn options() -> Options {
    let mut options = Options {
        attestations: 2000,
        guardians: 12,
        seed: 1,
        pause: 2500,
        limit: 1800,
    };
    let mut arguments = std::env::args().skip(1).filter(|it| it != "--bench");
    while let Some(name) = arguments.next() {
        let value: u64 = arguments
            .next()
            .and_then(|value| value.parse().ok())
            .unwrap_or_else(|| panic!("{name} needs a number"));
        let count = usize::try_from(value).unwrap();
        match name.as_str() {
            "--attestations" => options.attestations = count,
            "--guardians" => options.guardians = count,
            "--seed" => options.seed = value,
            "--pause" => options.pause = value.max(100),
            "--limit" => options.limit = value,
            _ => panic!("{name}: one of --attestations --guardians --seed --pause --limit"),
        }
    }
    options
}

fn main() {
    let options = options();
    let home = Home::new();
    let guardians = options.guardians.to_string();
    let stale = format!("{}s", STALE.as_secs());
    let flags = [
        "--guardians",
        &guardians,
        "--attest-interval",
        INTERVAL,
        "--stale-after",
        &stale,
        "--restart-after",
        "1s",
    ];
    let started = Instant::now();
    let mut devnet = Devnet::start(&home, &flags);
    devnet.until_green();
    println!(
        "{} guardians, seed {}: all green {:.1} s after the start",
        options.guardians,
        options.seed,
        started.elapsed().as_secs_f64()
    );
    let mut truth = Truth::new(&devnet, options.guardians);
    let mut harm = Harm::new(options.seed, options.guardians, options.pause);
    let mut memory = Memory::default();
    let mut told = Instant::now();
    let mut signed = 0;
    while signed < options.attestations {
        assert!(
            started.elapsed() < Duration::from_secs(options.limit),
            "only {signed} attestations within {} s",
            options.limit
        );
        assert_eq!(devnet.child.try_wait().unwrap(), None, "the devnet itself ended");
        let turn = Instant::now();
        harm.turn(&devnet, &mut truth);
        truth.look(&devnet);
        if told.elapsed() > Duration::from_secs(5) {
            memory.sample(&devnet);
            signed = logs::count(&devnet);
            told = Instant::now();
        }
        std::thread::sleep(TURN.saturating_sub(turn.elapsed()));
    }
    let harmed = started.elapsed();
    harm.end(&devnet, &mut truth);
    let recovery = Instant::now();
    loop {
        truth.look(&devnet);
        let colours = devnet.colours();
        if colours.len() == options.guardians && colours.iter().all(|it| it == "green fresh") {
            break;
        }
        assert!(recovery.elapsed() < RECOVERY, "not all green again: {colours:?}");
        std::thread::sleep(TURN);
    }
    println!("harm      {}", harm.report());
    println!("board     {}", truth.report());
    println!(
        "recovery  all green again {:.1} s after the last harm",
        recovery.elapsed().as_secs_f64()
    );
    println!("logs      {}", logs::check(&home, &devnet));
    println!("memory    {}", memory.check());
    println!("time      {:.0} s under harm", harmed.as_secs_f64());
    let processes = devnet.processes();
    devnet.signal(rustix::process::Signal::INT);
    assert_eq!(devnet.end(), Some(0));
    assert!(
        !processes.iter().any(|pid| support::devnet::is_there(*pid)),
        "processes are left"
    );
    assert!(
        support::devnet::folders(&home.path("")).is_empty(),
        "a folder is left"
    );
    println!("held      all of it");
}
