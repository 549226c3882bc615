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
        .run_line("init --passphrase-file pass.txt --words-file words.txt --yes")
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
    home.run_line("init --passphrase-file pass.txt --words-file words.txt --yes")
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
    home.run_line(&format!("init --restore --scheme bip340 --from words.txt --expect-id {OPERATOR_ID} --keystore file --passphrase-file pass.txt"))
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
