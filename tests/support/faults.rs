//! Killing the binary, or failing a system call of it, at one chosen place. Done with strace, so that it is the same place
//! in every run.

use std::collections::BTreeMap;
use std::fmt;

use super::{Home, Transcript, needs, starts};

/// The system calls that change files. Their numbers are counted for each name, from 1.
const CHANGING: &str = "openat,write,fsync,fdatasync,ftruncate,rename,renameat,renameat2,link,linkat,unlink,unlinkat,\
                        mkdir,mkdirat,chmod,fchmod,fchmodat";

/// A system call of a run that changes a file below the home.
#[derive(Clone, Debug)]
pub struct Call {
    name: String,
    nth: usize,
    what: String,
}

impl Call {
    /// Threads wake each other by writing: with a keychain, the number of a write differs from run to run.
    pub fn is_write(&self) -> bool {
        self.name == "write"
    }

    /// Whether it puts a file in its place.
    pub fn is_rename(&self) -> bool {
        self.name.starts_with("rename")
    }

    /// Whether it makes a name durable or an open one durable: an error of it is `EIO`, of all others `ENOSPC`.
    fn is_sync(&self) -> bool {
        self.name.ends_with("sync")
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<9} {:>2}  {:<62}", self.name, self.nth, self.what)
    }
}

/// What happens at a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// SIGKILL before it is carried out.
    Kill,
    /// `ENOSPC`, or `EIO` for a sync, instead of it.
    Error,
}

/// Whether strace can follow a program here; see [`needs`].
#[track_caller]
pub fn can_inject() -> bool {
    needs("STRACE", "strace", || {
        starts("strace", "-V")
            && std::process::Command::new("strace")
                .args(["-o", "/dev/null", "-e", "inject=getpid:error=EIO", "true"])
                .status()
                .is_ok_and(|status| status.success())
    })
}

/// The calls of a whole run that a fault can hit, in order.
pub fn calls(home: &Home, arguments: &[&str]) -> Vec<Call> {
    let log = home.path("strace.log");
    let trace = format!("trace={CHANGING}");
    let run = home.run_under(
        &[
            "strace",
            "-f",
            "-y",
            "-qq",
            "-o",
            log.to_str().unwrap(),
            "-e",
            &trace,
        ],
        arguments,
    );
    assert_eq!(run.code, Some(0), "{}", run.text);
    let folder = home
        .path("")
        .display()
        .to_string()
        .trim_end_matches('/')
        .to_owned();
    let mut seen = BTreeMap::new();
    let mut calls = Vec::new();
    for line in home.text("strace.log").lines() {
        let call = line.split_once(' ').unwrap().1.trim_start();
        let Some((name, rest)) = call.split_once('(') else {
            continue;
        };
        if name.contains(' ') {
            continue;
        }
        let nth = *seen
            .entry(name.to_owned())
            .and_modify(|count| *count += 1)
            .or_insert(1);
        let below_home = rest.matches(&folder).count() > rest.matches("AT_FDCWD").count();
        let is_output = name == "write" && (rest.starts_with("1<") || rest.starts_with("2<"));
        // The process id in the lock file is a courtesy; losing it is tried on a full disk.
        let is_courtesy = rest.contains(".lock") && name != "openat";
        if below_home && !is_output && !is_courtesy && (name != "openat" || rest.contains("O_CREAT")) {
            let what = rest.rsplit(&folder).next().unwrap();
            let what = what.split(['"', '>']).next().unwrap().trim_start_matches('/');
            let what = if what.is_empty() { "." } else { what };
            calls.push(Call {
                name: name.to_owned(),
                nth,
                what: what.to_owned(),
            });
        }
    }
    std::fs::remove_file(log).unwrap();
    assert!(calls.len() > 5, "{calls:?}");
    calls
}

/// A run with a fault in it. A killed one has no exit code.
pub fn run_with_fault(home: &Home, arguments: &[&str], call: &Call, fault: Fault) -> Transcript {
    let what = match fault {
        Fault::Kill => "signal=SIGKILL",
        Fault::Error if call.is_sync() => "error=EIO",
        Fault::Error => "error=ENOSPC",
    };
    let inject = format!("inject={}:{what}:when={}", call.name, call.nth);
    let run = home.run_under(
        &["strace", "-f", "-qq", "-o", "/dev/null", "-e", &inject],
        arguments,
    );
    match fault {
        Fault::Kill => assert_eq!(run.code, None, "{call}: {}", run.text),
        Fault::Error => assert!(matches!(run.code, Some(0 | 1)), "{call}: {}", run.text),
    }
    run
}

/// A run that is killed when one of its threads sends for the `nth` time, to the D-Bus.
pub fn run_killed_at_message(home: &Home, arguments: &[&str], nth: usize) -> Transcript {
    let inject = format!("inject=sendmsg,sendto:signal=SIGKILL:when={nth}");
    home.run_under(
        &["strace", "-f", "-qq", "-o", "/dev/null", "-e", &inject],
        arguments,
    )
}

/// Does `check` for every call and both faults, two at a time, and prints what came out of each. `check` says in a word
/// what it found.
pub fn campaign(title: &str, calls: &[Call], check: impl Fn(&Call, Fault) -> &'static str + Sync) {
    let started = std::time::Instant::now();
    let points: Vec<(&Call, Fault)> = calls
        .iter()
        .flat_map(|call| [(call, Fault::Kill), (call, Fault::Error)])
        .collect();
    let next = std::sync::atomic::AtomicUsize::new(0);
    let outcomes = std::sync::Mutex::new(BTreeMap::new());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some((call, fault)) =
                    points.get(next.fetch_add(1, std::sync::atomic::Ordering::SeqCst))
                {
                    let outcome = check(call, *fault);
                    let at = calls.iter().position(|it| std::ptr::eq(it, *call));
                    outcomes
                        .lock()
                        .unwrap()
                        .insert((at, *fault == Fault::Error), outcome);
                }
            });
        }
    });
    let outcomes = outcomes.into_inner().unwrap();
    println!("{title}: {} points in {:.0?}", points.len(), started.elapsed());
    for ((at, error), outcome) in &outcomes {
        println!(
            "  {} {:<5}  {outcome}",
            calls[at.unwrap()],
            if *error { "error" } else { "kill" }
        );
    }
    assert_eq!(outcomes.len(), points.len());
}
