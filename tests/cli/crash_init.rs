//! `init` killed, or failed, at every system call that changes a file: nothing, or a complete identity.

use std::collections::BTreeSet;
use std::sync::Mutex;

use crate::support::faults;
use crate::support::{Home, IDENTITY, PASSPHRASE, decrypted};

const INIT: [&str; 6] = [
    "init",
    "--passphrase-file",
    "pass.txt",
    "--words-file",
    "words.txt",
    "--yes",
];

fn home() -> Home {
    let home = Home::new();
    home.write("pass.txt", PASSPHRASE);
    home
}

/// Runs something that takes the lock and so settles what was interrupted, from another folder, and fails early.
fn settle(home: &Home) -> i32 {
    home.write("elsewhere/empty.txt", "");
    let arguments = [
        "init",
        "--passphrase-file",
        "empty.txt",
        "--words-file",
        "other.txt",
        "--yes",
    ];
    let output = home
        .command(&arguments)
        .current_dir(home.path("elsewhere"))
        .output()
        .unwrap();
    let run = home.transcript(&arguments, &output).exits(1);
    i32::from(run.stderr.contains("identity already"))
}

/// A key that opens, and the words of exactly that key.
fn assert_complete(home: &Home) {
    let identity: serde_json::Value = serde_json::from_str(&home.text(IDENTITY)).unwrap();
    let key_file = format!("home/data/{}", identity["keystore"]["path"].as_str().unwrap());
    assert!(decrypted(&home.read(&key_file), PASSPHRASE).is_some());
    assert_eq!(home.mode(&key_file), 0o600);
    assert_eq!(home.mode("words.txt"), 0o600);
    home.run(&["key", "verify-backup", "--from", "words.txt"])
        .exits(0);
}

#[test]
fn nothing_or_a_complete_identity_needs_strace() {
    if !faults::can_inject() {
        return;
    }
    let calls = faults::calls(&home(), &INIT);
    // What is left where nothing was made; a fresh init is tried once for each of them.
    let vacant = Mutex::new(BTreeSet::new());
    faults::campaign("init", &calls, |call, fault| {
        let home = home();
        let run = faults::run_with_fault(&home, &INIT, call, fault);
        let made = settle(&home) == 1;
        for name in home.tree() {
            assert!(
                !name.contains(".tmp") && !name.contains("pending"),
                "{call} {fault:?}: {name} was left"
            );
        }
        if made {
            assert_complete(&home);
            return "complete";
        }
        assert_ne!(run.code, Some(0), "{call}: {}", run.text);
        home.assert_nothing_stored();
        assert!(
            !home.path("words.txt").exists(),
            "{call} {fault:?}: words of a key that is nowhere"
        );
        if vacant.lock().unwrap().insert(home.tree()) {
            home.run(&INIT).exits(0);
            assert_complete(&home);
        }
        "nothing"
    });
}
