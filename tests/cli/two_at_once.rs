//! Two processes with one home, and processes that are killed at any moment.

use std::io::Write;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use snapbox::str;

use crate::support::{Home, IDENTITY, PASSPHRASE, decrypted};

const LOCK: &str = "home/config/operator.lock";
const INIT: [&str; 6] = [
    "init",
    "--passphrase-file",
    "pass.txt",
    "--words-file",
    "words.txt",
    "--yes",
];

/// An `init` that holds the lock and waits for its passphrase.
fn waiting(home: &Home) -> Child {
    let child = home
        .command(&[
            "init",
            "--passphrase-file",
            "-",
            "--words-file",
            "first.txt",
            "--yes",
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let started = Instant::now();
    let pid = format!("{}\n", child.id());
    while !home.path(LOCK).exists() || home.text(LOCK) != pid {
        assert!(
            started.elapsed() < Duration::from_secs(20),
            "it does not take the lock"
        );
        std::thread::sleep(Duration::from_millis(5));
    }
    child
}

#[test]
fn the_second_init_names_the_first() {
    let home = Home::new();
    home.write("pass.txt", PASSPHRASE);
    let mut first = waiting(&home);
    let pid = format!("PID {}", first.id());
    home.run(&INIT).replacing(&pid, "PID [PID]").is(str![[r#"
$ oc-guardian init --passphrase-file pass.txt --words-file words.txt --yes
--- stderr
error: another oc-guardian process (PID [PID]) is working on this identity (lock [DIR]/home/config/operator.lock)
hint: Wait until it has finished, or stop it, then run this again. If it is sign --serve, which goes on until stopped: answer what waits there, or with oc-guardian sign --pending.
--- exit 1

"#]]);
    home.run(&[&INIT[..], &["--json"]].concat())
        .replacing(&pid, "PID [PID]")
        .is(str![[r#"
$ oc-guardian init --passphrase-file pass.txt --words-file words.txt --yes --json
{"ok":false,"reason":"identity-locked","detail":"another oc-guardian process (PID [PID]) is working on this identity (lock [DIR]/home/config/operator.lock)","hint":"Wait until it has finished, or stop it, then run this again. If it is sign --serve, which goes on until stopped: answer what waits there, or with oc-guardian sign --pending."}
--- exit 1

"#]]);
    first
        .stdin
        .take()
        .unwrap()
        .write_all(PASSPHRASE.as_bytes())
        .unwrap();
    assert!(first.wait().unwrap().success());
    assert!(home.path("first.txt").exists() && !home.path("words.txt").exists());
}

#[test]
fn a_killed_holder_leaves_no_lock() {
    let home = Home::new();
    home.write("pass.txt", PASSPHRASE);
    let mut first = waiting(&home);
    first.kill().unwrap();
    first.wait().unwrap();
    home.run(&INIT).exits(0);
}

#[test]
fn reading_needs_no_lock() {
    let home = Home::with_identity();
    home.write("words.txt", crate::support::words());
    let mut holder = home
        .command(&["key", "change-passphrase", "--passphrase-file", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let pid = format!("{}\n", holder.id());
    while home.text(LOCK) != pid {
        std::thread::sleep(Duration::from_millis(5));
    }
    home.run(&["key", "show"]).exits(0);
    home.run(&["key", "verify-backup", "--from", "words.txt"])
        .exits(0);
    home.run(&["key", "change-passphrase", "--passphrase-file", "pass.txt"])
        .exits(1);
    holder.kill().unwrap();
    holder.wait().unwrap();
}

#[test]
fn of_two_at_once_exactly_one_wins() {
    let home = Home::new();
    home.write("pass.txt", PASSPHRASE);
    let start = |words: &str| {
        home.command(&[
            "init",
            "--passphrase-file",
            "pass.txt",
            "--words-file",
            words,
            "--yes",
        ])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
    };
    let mut both = [start("one.txt"), start("two.txt")];
    let won = both
        .each_mut()
        .map(|child| child.wait().unwrap().code() == Some(0));
    assert_eq!(won.iter().filter(|won| **won).count(), 1, "{won:?}");
    assert_eq!(
        [home.path("one.txt").exists(), home.path("two.txt").exists()],
        won
    );
    let words = if won[0] { "one.txt" } else { "two.txt" };
    home.run(&["key", "verify-backup", "--from", words]).exits(0);
}

#[test]
fn killed_at_any_moment() {
    let whole = Home::new();
    whole.write("pass.txt", PASSPHRASE);
    let started = Instant::now();
    whole.run(&INIT).exits(0);
    let whole = started.elapsed();
    let mut complete = 0;
    for round in 0..20_u32 {
        let home = Home::new();
        home.write("pass.txt", PASSPHRASE);
        let mut child = home
            .command(&INIT)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // Half of them anywhere, half of them around the end, where the files are written.
        let moment = match round % 2 {
            0 => whole * round / 20,
            _ => whole * (90 + round) / 100,
        };
        std::thread::sleep(moment);
        let _ = child.kill();
        child.wait().unwrap();
        home.write("empty.txt", "");
        home.run_line("init --passphrase-file empty.txt --words-file other.txt --yes")
            .exits(1);
        for name in home.tree() {
            assert!(
                !name.contains(".tmp") && !name.contains("pending"),
                "after {moment:?}: {name}"
            );
        }
        if home.path(IDENTITY).exists() {
            complete += 1;
            let shown = home.run(&["key", "show", "--json"]).exits(0).json();
            let key_file = format!("home/data/keys/{}.age", shown["operator_id"].as_str().unwrap());
            assert!(decrypted(&home.read(&key_file), PASSPHRASE).is_some());
            home.run(&["key", "verify-backup", "--from", "words.txt"])
                .exits(0);
        } else {
            home.assert_nothing_stored();
            assert!(!home.path("words.txt").exists());
        }
    }
    println!(
        "20 kills of an init of {whole:?}: {complete} complete, {} nothing",
        20 - complete
    );
}
