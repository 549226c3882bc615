//! `key migrate` killed, or failed, on its way: the key is in one place, whole, and nowhere else.

use crate::support::faults::{self, Call, Fault};
use crate::support::{
    Home, IDENTITY, KEY_FILE, Keyring, OPERATOR_ID, SECRET_HEX, Transcript, decrypted, payload,
};

const TO_KEYCHAIN: [&str; 6] = [
    "key",
    "migrate",
    "--to",
    "keychain",
    "--passphrase-file",
    "pass.txt",
];
const TO_FILE: [&str; 6] = ["key", "migrate", "--to", "file", "--passphrase-file", "pass.txt"];

fn in_file() -> Option<(Home, Keyring)> {
    let mut home = Home::with_identity();
    let keyring = Keyring::start(&mut home)?;
    Some((home, keyring))
}

fn in_keychain() -> Option<(Home, Keyring)> {
    let (home, keyring) = in_file()?;
    home.run(&TO_KEYCHAIN).exits(0);
    Some((home, keyring))
}

/// Settles, then looks where the key is.
fn whereabouts(home: &Home, keyring: &Keyring, context: &str) -> &'static str {
    home.run(&[
        "key",
        "export",
        "--confirm",
        crate::support::ED25519_ID,
        "--out",
        "none",
    ])
    .exits(1);
    for name in home.tree() {
        let ours = name.starts_with("home/");
        assert!(
            !ours || !(name.contains(".tmp") || name.contains("pending")),
            "{context}: {name} was left"
        );
    }
    let entry = keyring.lookup(home, OPERATOR_ID);
    if home.text(IDENTITY).contains("\"keychain\"") {
        assert_eq!(entry, Some(payload()), "{context}");
        assert!(!home.path(KEY_FILE).exists(), "{context}: a second copy");
        let run = home
            .run_line(&format!("key export --confirm {OPERATOR_ID} --out out"))
            .exits(0);
        assert_eq!(home.text("out"), format!("{SECRET_HEX}\n"), "{}", run.text);
        "keychain"
    } else {
        assert_eq!(entry, None, "{context}: a second copy");
        assert_eq!(
            decrypted(&home.read(KEY_FILE), crate::support::PASSPHRASE),
            Some(payload()),
            "{context}"
        );
        "file"
    }
}

fn check(
    start: fn() -> Option<(Home, Keyring)>,
    arguments: &[&str],
    call: &Call,
    fault: Fault,
) -> &'static str {
    let (home, keyring) = start().unwrap();
    faults::run_with_fault(&home, arguments, call, fault);
    whereabouts(&home, &keyring, &format!("{call} {fault:?}"))
}

/// A fault at the write of a file leaves what one at the sync after it does, which is among these.
fn calls(home: &Home, arguments: &[&str]) -> Vec<Call> {
    let mut calls = faults::calls(home, arguments);
    calls.retain(|call| !call.is_write());
    calls
}

#[test]
fn migrate_to_the_keychain_needs_strace_and_keyring() {
    let Some((home, _keyring)) = in_file().filter(|_| faults::can_inject()) else {
        return;
    };
    let calls = calls(&home, &TO_KEYCHAIN);
    faults::campaign("key migrate --to keychain", &calls, |call, fault| {
        check(in_file, &TO_KEYCHAIN, call, fault)
    });
}

#[test]
fn migrate_to_a_file_needs_strace_and_keyring() {
    let Some((home, _keyring)) = in_keychain().filter(|_| faults::can_inject()) else {
        return;
    };
    let calls = calls(&home, &TO_FILE);
    faults::campaign("key migrate --to file", &calls, |call, fault| {
        check(in_keychain, &TO_FILE, call, fault)
    });
}

#[test]
fn migrate_killed_while_it_talks_to_the_keychain_needs_strace_and_keyring() {
    if in_file().is_none() || !faults::can_inject() {
        return;
    }
    for nth in 1..200 {
        let (home, keyring) = in_file().unwrap();
        let run: Transcript = faults::run_killed_at_message(&home, &TO_KEYCHAIN, nth);
        println!(
            "message {nth:>2}: {}",
            whereabouts(&home, &keyring, &format!("message {nth}"))
        );
        if run.code == Some(0) {
            return;
        }
    }
    panic!("it never ran through");
}

#[test]
fn a_failed_init_leaves_the_entry_of_another_home_needs_strace_and_keyring() {
    let Some((first, keyring)) = in_keychain().filter(|_| faults::can_inject()) else {
        return;
    };
    let import = [
        "init",
        "--import-hex",
        "--scheme",
        "bip340",
        "--from",
        "key.hex",
        "--yes",
    ];
    let beside = || {
        let second = Home::beside(&first);
        second.write("key.hex", SECRET_HEX);
        second
    };
    let mut calls = calls(&beside(), &import);
    calls.retain(Call::is_rename);
    faults::campaign("init of a key that another home has", &calls, |call, fault| {
        let second = beside();
        faults::run_with_fault(&second, &import, call, fault);
        second.write("empty.txt", "");
        second
            .run_line("init --passphrase-file empty.txt --words-file w --yes")
            .exits(1);
        second.assert_nothing_stored();
        assert_eq!(
            keyring.lookup(&first, OPERATOR_ID),
            Some(payload()),
            "{call} {fault:?}"
        );
        "kept"
    });
    first
        .run_line("key export --out out --confirm op-132f39a98c31baaddba6525f5d43f295")
        .exits(0);
}
