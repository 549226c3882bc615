//! `key change-passphrase` and `key export` killed, or failed, at every system call that changes a file.

use crate::support::faults;
use crate::support::{Home, IDENTITY, KEY_FILE, OPERATOR_ID, SECRET_HEX, decrypted, payload};

const NEW: &str = "battery horse correct";
const CHANGE: [&str; 6] = [
    "key",
    "change-passphrase",
    "--passphrase-file",
    "pass.txt",
    "--new-passphrase-file",
    "new.txt",
];
const EXPORT: [&str; 8] = [
    "key",
    "export",
    "--out",
    "key.hex",
    "--confirm",
    OPERATOR_ID,
    "--passphrase-file",
    "pass.txt",
];

fn home() -> Home {
    let home = Home::with_identity();
    home.write("new.txt", NEW);
    home.write("empty.txt", "");
    home
}

/// Takes the lock, then fails.
fn settle(home: &Home) {
    home.run(&["key", "change-passphrase", "--passphrase-file", "empty.txt"])
        .exits(1);
    for name in home.tree() {
        assert!(
            !(name.contains(".tmp") || name.contains("pending")),
            "{name} was left"
        );
    }
}

#[test]
fn the_old_passphrase_or_the_new_one_needs_strace() {
    if !faults::can_inject() {
        return;
    }
    let old = home().read(KEY_FILE);
    let calls = faults::calls(&home(), &CHANGE);
    faults::campaign("key change-passphrase", &calls, |call, fault| {
        let home = home();
        faults::run_with_fault(&home, &CHANGE, call, fault);
        settle(&home);
        let now = home.read(KEY_FILE);
        // The old file opens with the old passphrase alone; no need to try.
        if now == old {
            return "old";
        }
        assert_eq!(decrypted(&now, NEW), Some(payload()), "{call} {fault:?}");
        "new"
    });
}

#[test]
fn no_key_leaves_unmarked_needs_strace() {
    if !faults::can_inject() {
        return;
    }
    let calls = faults::calls(&home(), &EXPORT);
    faults::campaign("key export", &calls, |call, fault| {
        let home = home();
        faults::run_with_fault(&home, &EXPORT, call, fault);
        settle(&home);
        let marked = home.text(IDENTITY).contains("\"exported\": true");
        let written = home
            .tree()
            .iter()
            .any(|name| home.path(name).is_file() && home.read(name).starts_with(SECRET_HEX.as_bytes()));
        if home.path("key.hex").exists() {
            assert_eq!(
                home.text("key.hex"),
                format!("{SECRET_HEX}\n"),
                "{call} {fault:?}: half a key"
            );
        }
        assert!(marked || !written, "{call} {fault:?}: exported, and not marked");
        match (marked, written) {
            (true, true) => "marked, exported",
            (true, false) => "marked",
            _ => "nothing",
        }
    });
}
