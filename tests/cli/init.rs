//! Making, restoring and importing a key, without a terminal and a keychain.

use snapbox::str;

use crate::support::{
    ED25519_ID, Home, IDENTITY, KEY_FILE, OPERATOR_ID, PASSPHRASE, SECRET_HEX, decrypted, payload, words,
};

fn home() -> Home {
    let home = Home::new();
    home.write("pass.txt", PASSPHRASE);
    home
}

#[test]
fn generates_with_a_words_file() {
    let home = home();
    let made = home
        .run(&[
            "init",
            "--passphrase-file",
            "pass.txt",
            "--words-file",
            "words.txt",
            "--yes",
        ])
        .exits(0);
    let identity: serde_json::Value = serde_json::from_str(&home.text(IDENTITY)).unwrap();
    let id = identity["operator_id"].as_str().unwrap();
    let key = identity["operator_pubkey_hex"].as_str().unwrap();
    made.replacing(id, "[ID]").replacing(key, "[KEY]").is(str![[r#"
$ oc-guardian init --passphrase-file pass.txt --words-file words.txt --yes
The operator key is made and stored.
operator id    [ID]
public key     [KEY]
scheme         bip340
keystore       file [DIR]/home/data/keys/[ID].age
24 words       [DIR]/words.txt (move them to a safe place off this machine)

Next: oc-guardian config gen
--- stderr
A bip340 key can hold a federation share and sign everything this kit signs; whether the portal's public pages accept its signatures is not established.
Encrypting the key
--- exit 0

"#]]);
    assert_eq!(identity["origin"], "generated");
    assert_eq!(home.mode("words.txt"), 0o600);
    assert_eq!(home.text("words.txt").split_whitespace().count(), 24);
    let words = home.text("words.txt");
    home.run(&["key", "verify-backup", "--from", "words.txt"])
        .replacing(id, "[ID]")
        .is(str![[r#"
$ oc-guardian key verify-backup --from words.txt
These words are the backup of [ID].
--- exit 0

"#]]);
    home.run_with_input(
        &["key", "verify-backup", "--from", "-"],
        words.to_uppercase().as_bytes(),
    )
    .exits(0);
}

#[test]
fn everything_it_makes_is_closed_to_others() {
    let home = home();
    home.run(&[
        "init",
        "--passphrase-file",
        "pass.txt",
        "--words-file",
        "words.txt",
        "--yes",
    ])
    .exits(0);
    for name in home.tree() {
        let wanted = if name.ends_with('/') { 0o700 } else { 0o600 };
        assert_eq!(home.mode(&name), wanted, "{name}");
    }
}

#[test]
fn restores_from_a_file() {
    let home = home();
    home.write("words.txt", words());
    home.run(&[
        "init",
        "--restore",
        "--scheme",
        "bip340",
        "--from",
        "words.txt",
        "--expect-id",
        OPERATOR_ID,
        "--keystore",
        "file",
        "--passphrase-file",
        "pass.txt",
    ])
    .is(str![[r#"
$ oc-guardian init --restore --scheme bip340 --from words.txt --expect-id op-132f39a98c31baaddba6525f5d43f295 --keystore file --passphrase-file pass.txt
The operator key is made and stored.
operator id    op-132f39a98c31baaddba6525f5d43f295
public key     79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798
scheme         bip340
keystore       file [DIR]/home/data/keys/op-132f39a98c31baaddba6525f5d43f295.age

Next: oc-guardian config gen
--- stderr
Encrypting the key
--- exit 0

"#]]);
    assert_eq!(decrypted(&home.read(KEY_FILE), PASSPHRASE), Some(payload()));
}

#[test]
fn restores_from_standard_input() {
    let home = home();
    home.run_with_input(
        &[
            "init",
            "--restore",
            "--scheme",
            "ed25519",
            "--from",
            "-",
            "--expect-id",
            ED25519_ID,
            "--passphrase-file",
            "pass.txt",
            "--json",
        ],
        words().as_bytes(),
    )
    .is(str![[r#"
$ oc-guardian init --restore --scheme ed25519 --from - --expect-id op-4a67330b803d5c88757afb9328615344 --passphrase-file pass.txt --json
{"ok":true,"operator_id":"op-4a67330b803d5c88757afb9328615344","scheme":"ed25519","operator_pubkey_hex":"4cb5abf6ad79fbf5abbccafcc269d85cd2651ed4b885b5869f241aedf0a5ba29","keystore":"file","key_file":"[DIR]/home/data/keys/op-4a67330b803d5c88757afb9328615344.age","origin":"restored","exported":false,"created_at":"[TIME]","words_file":null,"next":"oc-guardian config gen"}
--- stderr
Encrypting the key
--- exit 0

"#]]);
}

#[test]
fn imports_with_the_passphrase_on_standard_input() {
    let home = Home::new();
    home.write("key.hex", format!("{SECRET_HEX}\n"));
    home.run_with_input(
        &[
            "init",
            "--import-hex",
            "--scheme",
            "bip340",
            "--from",
            "key.hex",
            "--yes",
            "--passphrase-file",
            "-",
            "--json",
        ],
        format!("{PASSPHRASE}\r\n").as_bytes(),
    )
    .is(str![[r#"
$ oc-guardian init --import-hex --scheme bip340 --from key.hex --yes --passphrase-file - --json
{"ok":true,"operator_id":"op-132f39a98c31baaddba6525f5d43f295","scheme":"bip340","operator_pubkey_hex":"79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798","keystore":"file","key_file":"[DIR]/home/data/keys/op-132f39a98c31baaddba6525f5d43f295.age","origin":"imported","exported":false,"created_at":"[TIME]","words_file":null,"next":"oc-guardian config gen"}
--- stderr
Encrypting the key
--- exit 0

"#]]);
    assert_eq!(decrypted(&home.read(KEY_FILE), PASSPHRASE), Some(payload()));
}

#[test]
fn an_identity_is_never_overwritten() {
    let home = Home::with_identity();
    let before = (home.read(IDENTITY), home.read(KEY_FILE), home.tree());
    let again = [
        "init",
        "--passphrase-file",
        "pass.txt",
        "--words-file",
        "words.txt",
        "--yes",
    ];
    home.run(&again).is(str![[r#"
$ oc-guardian init --passphrase-file pass.txt --words-file words.txt --yes
--- stderr
error: there is an operator identity already: op-132f39a98c31baaddba6525f5d43f295 in [DIR]/home/config/operator.json
hint: An existing identity is never overwritten. For another one beside it, set OC_GUARDIAN_HOME to another folder.
--- exit 1

"#]]);
    home.run(&[&again[..], &["--json"]].concat()).is(str![[r#"
$ oc-guardian init --passphrase-file pass.txt --words-file words.txt --yes --json
{"ok":false,"reason":"identity-exists","detail":"there is an operator identity already: op-132f39a98c31baaddba6525f5d43f295 in [DIR]/home/config/operator.json","hint":"An existing identity is never overwritten. For another one beside it, set OC_GUARDIAN_HOME to another folder."}
--- exit 1

"#]]);
    assert_eq!((home.read(IDENTITY), home.read(KEY_FILE), home.tree()), before);
}

#[test]
fn a_words_file_is_never_overwritten() {
    let home = home();
    home.write("words.txt", "somebody else's");
    home.run(&[
        "init",
        "--passphrase-file",
        "pass.txt",
        "--words-file",
        "words.txt",
        "--yes",
    ])
    .is(str![[r#"
$ oc-guardian init --passphrase-file pass.txt --words-file words.txt --yes
--- stderr
error: [DIR]/words.txt exists already
hint: Nothing is overwritten. Choose another path, or move the old file away.
--- exit 1

"#]]);
    assert_eq!(home.text("words.txt"), "somebody else's");
    home.assert_nothing_stored();
}

#[test]
fn a_words_file_in_a_folder_that_is_not_there() {
    let home = home();
    home.run(&[
        "init",
        "--passphrase-file",
        "pass.txt",
        "--words-file",
        "usb/words.txt",
        "--yes",
    ])
    .is(str![[r#"
$ oc-guardian init --passphrase-file pass.txt --words-file usb/words.txt --yes
--- stderr
error: cannot write [DIR]/usb/words.txt: No such file or directory (os error 2)
hint: Make the folder first.
--- exit 1

"#]]);
    home.assert_nothing_stored();
}

#[test]
fn a_key_without_its_identity_is_not_buried() {
    let home = Home::with_identity();
    std::fs::remove_file(home.path(IDENTITY)).unwrap();
    home.run(&[
        "init",
        "--passphrase-file",
        "pass.txt",
        "--words-file",
        "words.txt",
        "--yes",
    ])
    .is(str![[r#"
$ oc-guardian init --passphrase-file pass.txt --words-file words.txt --yes
--- stderr
error: there is an encrypted key at [DIR]/home/data/keys/op-132f39a98c31baaddba6525f5d43f295.age, but no operator.json that belongs to it
hint: If operator.json was lost, move this file away, open it with `age -d [DIR]/home/data/keys/op-132f39a98c31baaddba6525f5d43f295.age` and give its secret_hex to `oc-guardian init --import-hex`; to start afresh, move it away.
--- exit 1

"#]]);
    assert!(home.path(KEY_FILE).exists());
}

#[test]
fn nobody_to_show_the_words_to() {
    let home = home();
    home.run(&["init", "--passphrase-file", "pass.txt"]).is(str![[r#"
$ oc-guardian init --passphrase-file pass.txt
--- stderr
A bip340 key can hold a federation share and sign everything this kit signs; whether the portal's public pages accept its signatures is not established.
error: nobody can be asked (no terminal, or --no-input): a place for the 24-word backup
hint: Answer with --words-file FILE --yes.
--- exit 2

"#]]);
    home.run(&[
        "init",
        "--passphrase-file",
        "pass.txt",
        "--words-file",
        "words.txt",
    ])
    .is(str![[r#"
$ oc-guardian init --passphrase-file pass.txt --words-file words.txt
--- stderr
A bip340 key can hold a federation share and sign everything this kit signs; whether the portal's public pages accept its signatures is not established.
error: nobody can be asked (no terminal, or --no-input): The 24 words will be written, readable, to words.txt. Will you move them to a safe place off this machine?
hint: Answer with --yes.
--- exit 2

"#]]);
    home.run(&["init", "--json", "--words-file", "words.txt", "--yes"])
        .is(str![[r#"
$ oc-guardian init --json --words-file words.txt --yes
{"ok":false,"reason":"no-terminal","detail":"nobody can be asked (no terminal, or --no-input): New passphrase for the key file","hint":"Answer with --passphrase-file FILE."}
--- stderr
A bip340 key can hold a federation share and sign everything this kit signs; whether the portal's public pages accept its signatures is not established.
Testing the keychain
Keeping the key in an encrypted file: no keychain is reachable: zbus error: Failed to connect to address `unix:path=/nonexistent/bus`: No such file or directory (os error 2).
--- exit 2

"#]]);
    home.assert_nothing_stored();
}

#[test]
fn no_keychain_where_one_is_demanded() {
    let home = home();
    home.run(&[
        "init",
        "--keystore",
        "keychain",
        "--words-file",
        "words.txt",
        "--yes",
    ])
    .is(str![[r#"
$ oc-guardian init --keystore keychain --words-file words.txt --yes
--- stderr
A bip340 key can hold a federation share and sign everything this kit signs; whether the portal's public pages accept its signatures is not established.
Testing the keychain
error: no keychain is reachable: zbus error: Failed to connect to address `unix:path=/nonexistent/bus`: No such file or directory (os error 2)
hint: Run inside a session with a keychain (on a server: dbus-run-session and gnome-keyring-daemon); a new key can be kept in an encrypted file instead (init --keystore file).
--- exit 1

"#]]);
    home.run(&["init", "--keystore", "keychain", "--passphrase-file", "pass.txt"])
        .is(str![[r#"
$ oc-guardian init --keystore keychain --passphrase-file pass.txt
--- stderr
error: --passphrase-file belongs to --keystore file
hint: Leave one of the two out.
--- exit 2

"#]]);
    home.assert_nothing_stored();
}
