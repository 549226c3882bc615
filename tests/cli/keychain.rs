//! A real keychain: gnome-keyring on a D-Bus session of its own.

use snapbox::str;

use crate::support::{Home, KEY_FILE, Keyring, OPERATOR_ID, SECRET_HEX, payload};

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
fn chosen_by_itself_where_it_works_needs_keyring() {
    let mut home = Home::new();
    let Some(keyring) = Keyring::start(&mut home) else {
        return;
    };
    home.write("words.txt", crate::support::words());
    home.run_line(&format!(
        "init --restore --scheme bip340 --from words.txt --expect-id {OPERATOR_ID}"
    ))
    .is(str![[r#"
$ oc-guardian init --restore --scheme bip340 --from words.txt --expect-id op-132f39a98c31baaddba6525f5d43f295
The operator key is made and stored.
operator id    op-132f39a98c31baaddba6525f5d43f295
public key     79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798
scheme         bip340
keystore       keychain

Next: oc-guardian config gen
--- stderr
Testing the keychain
Storing the key in the keychain
--- exit 0

"#]]);
    home.run(&["key", "show"]).is(str![[r#"
$ oc-guardian key show
operator id    op-132f39a98c31baaddba6525f5d43f295
public key     79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798
scheme         bip340
keystore       keychain
origin         restored
made           [TIME]
--- exit 0

"#]]);
    assert_eq!(keyring.lookup(&home, OPERATOR_ID), Some(payload()));
    assert!(!home.tree().iter().any(|name| name.ends_with(".age")));
    home.run(&EXPORT).is(str![[r#"
$ oc-guardian key export --out key.hex --confirm op-132f39a98c31baaddba6525f5d43f295
The private key of op-132f39a98c31baaddba6525f5d43f295 is in [DIR]/key.hex.
note: it is not encrypted: remove it as soon as it is where it belongs. The identity is marked as exported.
--- stderr
Opening the key in the keychain
--- exit 0

"#]]);
    assert_eq!(home.text("key.hex"), format!("{SECRET_HEX}\n"));
}

#[test]
fn demanded_and_generated_needs_keyring() {
    let mut home = Home::new();
    let Some(keyring) = Keyring::start(&mut home) else {
        return;
    };
    home.run_line("init --keystore keychain --words-file words.txt --yes")
        .exits(0);
    let shown = home.run(&["key", "show", "--json"]).json();
    assert_eq!(
        (shown["keystore"].as_str(), shown["key_file"].as_str()),
        (Some("keychain"), None)
    );
    assert!(
        keyring
            .lookup(&home, shown["operator_id"].as_str().unwrap())
            .is_some()
    );
    home.run(&["key", "verify-backup", "--from", "words.txt"])
        .exits(0);
}

#[test]
fn moved_to_a_file_and_back_needs_keyring() {
    let Some((home, keyring)) = home() else {
        return;
    };
    home.write("pass.txt", crate::support::PASSPHRASE);
    home.run_line("key migrate --to file --passphrase-file pass.txt")
        .is(str![[r#"
$ oc-guardian key migrate --to file --passphrase-file pass.txt
The key is moved.
operator id    op-132f39a98c31baaddba6525f5d43f295
public key     79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798
scheme         bip340
keystore       file [DIR]/home/data/keys/op-132f39a98c31baaddba6525f5d43f295.age
The keychain's entry is removed. A second home with the same key there needs its own copy:
restore it from the 24 words, or copy this home.
--- stderr
Opening the key in the keychain
Moving the key
--- exit 0

"#]]);
    assert_eq!(keyring.lookup(&home, OPERATOR_ID), None);
    assert!(home.path(KEY_FILE).exists());
    home.run_line("key migrate --to keychain --passphrase-file pass.txt --json")
    .is(str![[r#"
$ oc-guardian key migrate --to keychain --passphrase-file pass.txt --json
{"ok":true,"operator_id":"op-132f39a98c31baaddba6525f5d43f295","scheme":"bip340","operator_pubkey_hex":"79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798","keystore":"keychain","key_file":null,"origin":"imported","exported":false,"created_at":"[TIME]"}
--- stderr
Testing the keychain
Opening the key file
Moving the key
--- exit 0

"#]]);
    assert_eq!(keyring.lookup(&home, OPERATOR_ID), Some(payload()));
    assert!(!home.path(KEY_FILE).exists());
    home.run(&["key", "migrate", "--to", "keychain"]).is(str![[r#"
$ oc-guardian key migrate --to keychain
--- stderr
error: the key is in the keychain keystore already
hint: Nothing needs to be done.
--- exit 1

"#]]);
    home.run(&["key", "change-passphrase"]).is(str![[r#"
$ oc-guardian key change-passphrase
--- stderr
error: the key is in the keychain, which has no passphrase of ours
hint: Move the key to an encrypted file first: oc-guardian key migrate --to file
--- exit 1

"#]]);
}
