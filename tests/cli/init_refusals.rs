//! What `init` refuses to do, whatever the key. Nothing is ever stored or overwritten.

use snapbox::str;

use crate::support::{Home, IDENTITY, KEY_FILE, PASSPHRASE};

fn home() -> Home {
    let home = Home::new();
    home.write("pass.txt", PASSPHRASE);
    home
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
    home.run_line("init --passphrase-file pass.txt --words-file words.txt --yes")
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
    home.run_line("init --passphrase-file pass.txt --words-file usb/words.txt --yes")
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
    home.run_line("init --passphrase-file pass.txt --words-file words.txt --yes")
    .is(str![[r#"
$ oc-guardian init --passphrase-file pass.txt --words-file words.txt --yes
--- stderr
error: there is an encrypted key at [DIR]/home/data/keys/op-132f39a98c31baaddba6525f5d43f295.age, but no operator.json that belongs to it
hint: If operator.json was lost, open the key with `age -d [DIR]/home/data/keys/op-132f39a98c31baaddba6525f5d43f295.age`, move the file away and give its secret_hex to `oc-guardian init --import-hex --scheme SCHEME`; to start afresh, move it away.
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
    home.run_line("init --keystore keychain --words-file words.txt --yes")
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
