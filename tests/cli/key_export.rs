//! Giving the private key out, and checking its backup.

use snapbox::str;

use crate::support::{Home, OPERATOR_ID, SECRET_HEX, words};

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

#[test]
fn to_a_file() {
    let home = Home::with_identity();
    home.run(&EXPORT).is(str![[r#"
$ oc-guardian key export --out key.hex --confirm op-132f39a98c31baaddba6525f5d43f295 --passphrase-file pass.txt
The private key of op-132f39a98c31baaddba6525f5d43f295 is in [DIR]/key.hex.
note: it is not encrypted: remove it as soon as it is where it belongs. The identity is marked as exported.
--- stderr
Opening the key file
--- exit 0

"#]]);
    assert_eq!(home.text("key.hex"), format!("{SECRET_HEX}\n"));
    assert_eq!(home.mode("key.hex"), 0o600);
    home.run(&["key", "show"]).is(str![[r#"
$ oc-guardian key show
operator id    op-132f39a98c31baaddba6525f5d43f295
public key     79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798
scheme         bip340
keystore       file [DIR]/home/data/keys/op-132f39a98c31baaddba6525f5d43f295.age
origin         imported, exported since
made           [TIME]
--- exit 0

"#]]);
}

#[test]
fn to_a_file_as_json() {
    let home = Home::with_identity();
    home.run(&[&EXPORT[..], &["--json"]].concat()).is(str![[r#"
$ oc-guardian key export --out key.hex --confirm op-132f39a98c31baaddba6525f5d43f295 --passphrase-file pass.txt --json
{"ok":true,"operator_id":"op-132f39a98c31baaddba6525f5d43f295","out":"[DIR]/key.hex","exported":true}
--- stderr
Opening the key file
--- exit 0

"#]]);
}

#[test]
fn never_over_a_file() {
    let home = Home::with_identity();
    home.write("key.hex", "somebody else's");
    home.run(&EXPORT).is(str![[r#"
$ oc-guardian key export --out key.hex --confirm op-132f39a98c31baaddba6525f5d43f295 --passphrase-file pass.txt
--- stderr
error: [DIR]/key.hex exists already
hint: Nothing is overwritten. Choose another path, or move the old file away.
--- exit 1

"#]]);
    assert_eq!(home.text("key.hex"), "somebody else's");
    assert_eq!(home.run(&["key", "show", "--json"]).json()["exported"], false);
}

#[test]
fn into_a_folder_that_is_not_there() {
    let home = Home::with_identity();
    home.run_line(&format!("key export --out usb/key.hex --confirm {OPERATOR_ID} --passphrase-file pass.txt"))
    .is(str![[r#"
$ oc-guardian key export --out usb/key.hex --confirm op-132f39a98c31baaddba6525f5d43f295 --passphrase-file pass.txt
--- stderr
error: cannot write [DIR]/usb/key.hex: No such file or directory (os error 2)
hint: Make the folder first.
--- exit 1

"#]]);
}

#[test]
fn never_into_a_pipe() {
    let home = Home::with_identity();
    home.run_line(&format!(
        "key export --confirm {OPERATOR_ID} --passphrase-file pass.txt"
    ))
    .is(str![[r#"
$ oc-guardian key export --confirm op-132f39a98c31baaddba6525f5d43f295 --passphrase-file pass.txt
--- stderr
error: the private key goes only to a terminal or to a file of its own
hint: Name a new file with --out FILE.
--- exit 2

"#]]);
}

#[test]
fn another_id_confirms_nothing() {
    let home = Home::with_identity();
    home.run(&[
        "key",
        "export",
        "--out",
        "key.hex",
        "--confirm",
        crate::support::ED25519_ID,
    ])
    .is(str![[r#"
$ oc-guardian key export --out key.hex --confirm op-4a67330b803d5c88757afb9328615344
--- stderr
error: this identity is op-132f39a98c31baaddba6525f5d43f295
hint: Nothing was exported. Repeat the operator id exactly, if this is the key that you mean.
--- exit 1

"#]]);
    home.run_line("key export --out key.hex --passphrase-file pass.txt")
    .is(str![[r#"
$ oc-guardian key export --out key.hex --passphrase-file pass.txt
--- stderr
warning: whoever sees the private key signs as you, and holds your share of the federation key
error: nobody can be asked (no terminal, or --no-input): Type the operator id to export its private key (op-132f39a98c31baaddba6525f5d43f295)
hint: Answer with --confirm ID.
--- exit 2

"#]]);
    assert!(!home.path("key.hex").exists());
}

#[test]
fn a_backup_that_matches() {
    let home = Home::with_identity();
    home.write("words.txt", words());
    home.run(&["key", "verify-backup", "--from", "words.txt"])
        .is(str![[r#"
$ oc-guardian key verify-backup --from words.txt
These words are the backup of op-132f39a98c31baaddba6525f5d43f295.
--- exit 0

"#]]);
    home.run(&["key", "verify-backup", "--from", "words.txt", "--json"])
        .is(str![[r#"
$ oc-guardian key verify-backup --from words.txt --json
{"ok":true,"operator_id":"op-132f39a98c31baaddba6525f5d43f295"}
--- exit 0

"#]]);
}

#[test]
fn a_backup_of_another_key() {
    let home = Home::with_identity();
    home.write(
        "words.txt",
        "legal winner thank year wave sausage worth useful ".repeat(2)
            + "legal winner thank year wave sausage worth title",
    );
    home.run(&["key", "verify-backup", "--from", "words.txt"])
        .is(str![[r#"
$ oc-guardian key verify-backup --from words.txt
--- stderr
error: these words are the backup of op-758d392587e0d8f5e1822c9e1cdf3cbb, not of op-132f39a98c31baaddba6525f5d43f295
hint: Look for the right paper: no command shows the words again. While the key still opens, a copy of its key file and passphrase is a backup too; without any, plan for a new key.
--- exit 1

"#]]);
}

#[test]
fn a_backup_with_a_wrong_word() {
    let home = Home::with_identity();
    home.write("words.txt", words().replacen("abandon", "abundon", 1));
    home.run(&["key", "verify-backup", "--from", "words.txt", "--json"])
        .is(str![[r#"
$ oc-guardian key verify-backup --from words.txt --json
{"ok":false,"reason":"words-invalid","detail":"word 1 of 24 is not in the BIP-39 English word list","hint":"Compare this word with your backup, letter by letter."}
--- exit 1

"#]]);
}

#[test]
fn migrating_to_where_it_is() {
    let home = Home::with_identity();
    home.run_line("key migrate --to file --passphrase-file pass.txt")
        .is(str![[r#"
$ oc-guardian key migrate --to file --passphrase-file pass.txt
--- stderr
error: the key is in the file keystore already
hint: Nothing needs to be done.
--- exit 1

"#]]);
    home.run_line("key migrate --to keychain --passphrase-file pass.txt")
    .is(str![[r#"
$ oc-guardian key migrate --to keychain --passphrase-file pass.txt
--- stderr
Testing the keychain
error: no keychain is reachable: zbus error: Failed to connect to address `unix:path=/nonexistent/bus`: No such file or directory (os error 2)
hint: Run inside a session with a keychain (on a server: dbus-run-session and gnome-keyring-daemon); a new key can be kept in an encrypted file instead (init --keystore file).
--- exit 1

"#]]);
}
