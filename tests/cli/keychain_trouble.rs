//! A real keychain that is locked, hangs, or lost the key.

use std::time::{Duration, Instant};

use snapbox::str;

use crate::support::{Home, Keyring, OPERATOR_ID, SECRET_HEX, payload};

const EXPORT: [&str; 6] = ["key", "export", "--out", "key.hex", "--confirm", OPERATOR_ID];

/// A home whose imported key is in the keychain.
fn home() -> Option<(Home, Keyring)> {
    let mut home = Home::new();
    let keyring = Keyring::start(&mut home)?;
    home.write("key.hex", SECRET_HEX);
    home.run_line("init --import-hex --scheme bip340 --from key.hex --yes -q")
        .exits(0);
    std::fs::remove_file(home.path("key.hex")).unwrap();
    Some((home, keyring))
}

#[test]
fn an_entry_that_is_gone_needs_keyring() {
    let Some((home, keyring)) = home() else {
        return;
    };
    keyring.clear(&home, OPERATOR_ID);
    home.run(&EXPORT).is(str![[r#"
$ oc-guardian key export --out key.hex --confirm op-132f39a98c31baaddba6525f5d43f295
--- stderr
Opening the key in the keychain
error: the keychain has no entry for op-132f39a98c31baaddba6525f5d43f295
hint: Unlock the keychain and run this again; if the entry is really gone, restore the key with the 24 words (OC_GUARDIAN_HOME=NEW-FOLDER oc-guardian init --restore --scheme SCHEME).
--- exit 1

"#]]);
    assert!(!home.path("key.hex").exists());
}

#[test]
fn a_keychain_that_is_gone_needs_keyring() {
    let Some((home, mut keyring)) = home() else {
        return;
    };
    keyring.kill();
    home.run(&EXPORT).is(str![[r#"
$ oc-guardian key export --out key.hex --confirm op-132f39a98c31baaddba6525f5d43f295
--- stderr
Opening the key in the keychain
error: no keychain is reachable: zbus error: org.freedesktop.DBus.Error.ServiceUnknown: The name org.freedesktop.secrets was not provided by any .service files
hint: Run inside a session with a keychain (on a server: dbus-run-session and gnome-keyring-daemon); a new key can be kept in an encrypted file instead (init --keystore file).
--- exit 1

"#]]);
    home.run(&["key", "show"]).exits(0);
    home.run(&[&EXPORT[..], &["--json"]].concat()).exits(1);
}

#[test]
fn a_locked_keychain_needs_keyring() {
    let Some((home, keyring)) = home() else {
        return;
    };
    keyring.lock(&home);
    let started = Instant::now();
    home.run(&EXPORT).is(str![[r#"
$ oc-guardian key export --out key.hex --confirm op-132f39a98c31baaddba6525f5d43f295
--- stderr
Opening the key in the keychain
error: the keychain is locked or refuses access: SS error: prompt dismissed
hint: Unlock the keychain and run this again (without a desktop: gnome-keyring-daemon --unlock); a new key can be kept in an encrypted file instead (init --keystore file).
--- exit 1

"#]]);
    assert!(started.elapsed() < Duration::from_secs(20));
    assert!(!home.path("key.hex").exists());
}

#[test]
fn init_with_a_locked_keychain_takes_a_file_needs_keyring() {
    let mut home = Home::new();
    let Some(keyring) = Keyring::start(&mut home) else {
        return;
    };
    keyring.lock(&home);
    home.write("key.hex", SECRET_HEX);
    let init = [
        "init",
        "--import-hex",
        "--scheme",
        "bip340",
        "--from",
        "key.hex",
        "--yes",
    ];
    home.run(&init).is(str![[r#"
$ oc-guardian init --import-hex --scheme bip340 --from key.hex --yes
--- stderr
Testing the keychain
Keeping the key in an encrypted file: the keychain is locked or refuses access: SS error: prompt dismissed.
error: nobody can be asked (no terminal, or --no-input): New passphrase for the key file
hint: Answer with --passphrase-file FILE.
--- exit 2

"#]]);
    home.run(&[&init[..], &["--keystore", "keychain"]].concat())
        .is(str![[r#"
$ oc-guardian init --import-hex --scheme bip340 --from key.hex --yes --keystore keychain
--- stderr
Testing the keychain
error: the keychain is locked or refuses access: SS error: prompt dismissed
hint: Unlock the keychain and run this again (without a desktop: gnome-keyring-daemon --unlock); a new key can be kept in an encrypted file instead (init --keystore file).
--- exit 1

"#]]);
    home.assert_nothing_stored();
}

#[test]
fn a_keychain_that_hangs_is_not_waited_for_long_needs_keyring() {
    let Some((home, keyring)) = home() else {
        return;
    };
    keyring.freeze();
    let started = Instant::now();
    home.run(&EXPORT).is(str![[r#"
$ oc-guardian key export --out key.hex --confirm op-132f39a98c31baaddba6525f5d43f295
--- stderr
Opening the key in the keychain
error: no keychain is reachable: it does not answer within 10 s
hint: Run inside a session with a keychain (on a server: dbus-run-session and gnome-keyring-daemon); a new key can be kept in an encrypted file instead (init --keystore file).
--- exit 1

"#]]);
    assert!(
        started.elapsed() < Duration::from_secs(20),
        "{:?}",
        started.elapsed()
    );
}

#[test]
fn an_entry_that_holds_something_else_needs_keyring() {
    let Some((home, keyring)) = home() else {
        return;
    };
    keyring.overwrite(&home, OPERATOR_ID, "my shopping list");
    home.run(&EXPORT).is(str![[r#"
$ oc-guardian key export --out key.hex --confirm op-132f39a98c31baaddba6525f5d43f295
--- stderr
Opening the key in the keychain
error: the keychain entry of op-132f39a98c31baaddba6525f5d43f295 is no operator key: not the JSON object {"version":1,"scheme":…,"secret_hex":…}
hint: Restore the key with the 24 words (OC_GUARDIAN_HOME=NEW-FOLDER oc-guardian init --restore --scheme SCHEME).
--- exit 1

"#]]);
    keyring.overwrite(
        &home,
        OPERATOR_ID,
        &payload().replace(SECRET_HEX, &SECRET_HEX.replace('1', "2")),
    );
    home.run(&EXPORT).is(str![[r#"
$ oc-guardian key export --out key.hex --confirm op-132f39a98c31baaddba6525f5d43f295
--- stderr
Opening the key in the keychain
error: the stored key belongs to op-0135da2f8acf7b9e3090939432e47684, not to op-132f39a98c31baaddba6525f5d43f295 of operator.json
hint: operator.json and the stored key do not belong together: put the right one of the two back from a backup.
--- exit 1

"#]]);
    assert!(!home.path("key.hex").exists());
}
